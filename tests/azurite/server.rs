//! Azurite, Microsoft's emulator of Azure Storage, behind a certificate made here; and clients of it, good and bad.
//!
//! One server for the whole test binary. It ends with the binary, however that ends: it watches its standard input.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport};
use azure_storage_blob::{BlobContainerClient, BlobContainerClientOptions};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use landfall::azure::transport;
use landfall::names::EnvName;
use landfall::state::{BlobSettings, BlobStore};
use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

/// Azurite's account, and its key, which its manual tells.
pub const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// What runs Azurite until its parent is gone.
const WATCH: &str = "process.stdin.on('end', () => process.exit(0)); process.stdin.resume(); require(require('path').resolve(process.argv[1]))";

/// A running Azurite.
pub struct Azurite {
    /// `https://127.0.0.1:PORT/devstoreaccount1`.
    pub account: Url,
    /// Who may call it.
    pub authority: Vec<u8>,
    _files: tempfile::TempDir,
    /// The process, with its input and output: it ends when they close.
    _process: Mutex<(Child, Lines<BufReader<ChildStdout>>)>,
}

impl Azurite {
    /// The server; `None`, loudly, where Azurite is not installed, which is an error in CI.
    pub fn get() -> Option<&'static Azurite> {
        static SERVER: OnceLock<Option<Azurite>> = OnceLock::new();
        SERVER.get_or_init(Azurite::start).as_ref()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "tests look for what the machine has, and write what nobody else reads"
    )]
    fn start() -> Option<Azurite> {
        let Some(main) = installed() else {
            let missing = "Azurite is missing, so NOTHING IS TESTED OF STATES IN A BLOB CONTAINER. Install it with:\n  \
                           npm install --prefix target/azurite azurite@3.35.0\n";
            assert!(std::env::var("CI").is_ok_and(|ci| ci != "true") || std::env::var("CI").is_err(), "{missing}");
            // Past the capture of passing tests.
            let _ = std::io::stderr().write_all(missing.as_bytes());
            return None;
        };
        let files = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::DigitalSignature];
        let (root, root_key) = (parameters, key);
        let authority = root.self_signed(&root_key).unwrap().pem().into_bytes();
        let issuer = rcgen::Issuer::new(root, root_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let certificate = leaf.signed_by(&key, &issuer).unwrap().pem();
        let (cert_file, key_file) = (files.path().join("cert.pem"), files.path().join("key.pem"));
        std::fs::write(&cert_file, certificate).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        let mut process = Command::new("node")
            .args(["-e", WATCH])
            .arg(main)
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry"])
            .args(["--silent", "--oauth", "basic", "--cert"])
            .arg(cert_file)
            .arg("--key")
            .arg(key_file)
            .current_dir(files.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                Some(line.split_once("successfully listen")?.1.split_once("https://")?.1.trim().to_owned())
            })
            .expect("Azurite says where it listens");
        let account = Url::parse(&format!("https://{url}/{ACCOUNT}")).unwrap();
        Some(Azurite { account, authority, _files: files, _process: Mutex::new((process, lines)) })
    }

    /// A transport that trusts the server.
    pub fn transport(&self) -> Arc<dyn HttpClient> {
        transport(&[("Azurite's certificate".to_owned(), self.authority.clone())]).unwrap()
    }

    /// A new container.
    pub async fn container(&self, transport: Arc<dyn HttpClient>) -> Url {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let mut url = self.account.clone();
        let name = format!("states-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        url.path_segments_mut().unwrap().push(&name);
        let client_options = ClientOptions { transport: Some(Transport::new(transport)), ..Default::default() };
        let options = BlobContainerClientOptions { client_options, version: "2025-11-05".to_owned() };
        let client = BlobContainerClient::new(url.clone(), Some(Arc::new(Token)), Some(options)).unwrap();
        client.create(None).await.expect("a container is made");
        url
    }

    /// What a SAS of the whole account would add to a URL.
    pub fn sas(&self) -> String {
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let (version, services, types, permissions, expiry) =
            ("2020-08-04", "b", "sco", "rwdlac", "2099-01-01T00:00:00Z");
        let text = format!("{ACCOUNT}\n{permissions}\n{services}\n{types}\n\n{expiry}\n\nhttps\n{version}\n");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("sv", version), ("ss", services), ("srt", types), ("sp", permissions), ("se", expiry)] {
            query.append_pair(name, value);
        }
        query.append_pair("spr", "https").append_pair("sig", &signature).finish()
    }
}

/// A store of `prod` in a container, as a process of its own would open it.
pub fn store(
    container: Url,
    credential: Option<Arc<dyn TokenCredential>>,
    transport: Arc<dyn HttpClient>,
) -> BlobStore {
    let environment: EnvName = "prod".parse().unwrap();
    let session = Uuid::new_v4();
    BlobStore::new(BlobSettings { container, environment, credential, transport, session }).unwrap()
}

/// Where `main.js` of Azurite's blob service is.
#[expect(clippy::disallowed_methods, reason = "tests look for what the machine has")]
fn installed() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the folder of all that is built");
    let beside = target.join("azurite/node_modules/.bin/azurite-blob");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("azurite-blob"));
    std::iter::once(beside).chain(on_path).find_map(|file| file.canonicalize().ok())
}

/// A token as Azurite wants it: it reads who it is for, and believes the signature.
#[derive(Debug)]
pub struct Token;

#[async_trait::async_trait]
impl TokenCredential for Token {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://storage.azure.com/.default"]);
        #[expect(clippy::disallowed_methods, reason = "tokens expire by the wall clock")]
        let now = time::OffsetDateTime::now_utc();
        let (from, until) = (now - Duration::from_secs(60), now + Duration::from_secs(3600));
        let claims = serde_json::json!({
            "iat": from.unix_timestamp(), "nbf": from.unix_timestamp(), "exp": until.unix_timestamp(),
            "aud": "https://storage.azure.com", "iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
        });
        let part = |json: String| URL_SAFE_NO_PAD.encode(json);
        let header = part(r#"{"alg":"none","typ":"JWT"}"#.to_owned());
        Ok(AccessToken::new(format!("{header}.{}.x", part(claims.to_string())), until))
    }
}

/// A connection that carries so many requests at once, and loses answers: what was sent has been done all the same.
#[derive(Debug)]
pub struct Line {
    to: Arc<dyn HttpClient>,
    lanes: Semaphore,
    losing: AtomicUsize,
    sent: AtomicUsize,
}

impl Line {
    pub fn new(to: Arc<dyn HttpClient>) -> Arc<Self> {
        Arc::new(Self { to, lanes: Semaphore::new(48), losing: AtomicUsize::new(0), sent: AtomicUsize::new(0) })
    }

    /// Loses the answers of the next writes of a blob.
    pub fn lose(&self, answers: usize) {
        self.losing.store(answers, Ordering::SeqCst);
    }

    /// How many requests were sent.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl HttpClient for Line {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let _lane = self.lanes.acquire().await.expect("it is never closed");
        self.sent.fetch_add(1, Ordering::SeqCst);
        let answer = self.to.execute_request(request).await?;
        let writes = request.method().as_str() == "PUT" && !request.url().query().unwrap_or_default().contains("comp=");
        let lost = |left: usize| left.checked_sub(1);
        if writes && self.losing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lost).is_ok() {
            return Err(azure_core::Error::with_message(ErrorKind::Io, "the answer was lost"));
        }
        Ok(answer)
    }
}
