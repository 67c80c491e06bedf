//! The transport against real TLS on loopback: what is trusted, what is not, and how soon that is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_core::http::{HttpClient, Method, Request};
use landfall::azure::{Client, ClientSettings, Kind, Patience, TransportError, transport};
use landfall::names::ArmId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    authority: String,
}

impl Server {
    async fn new(names: &[&str]) -> Self {
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = rcgen::Issuer::new(ca, ca_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let leaf = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), authority }
    }

    fn url(&self) -> url::Url {
        format!("https://localhost:{}/", self.listener.local_addr().unwrap().port()).parse().unwrap()
    }

    /// Answers every connection once, in plain HTTP/1.1 with odd cases and no content type.
    async fn serve(&self) {
        loop {
            let (stream, _) = self.listener.accept().await.unwrap();
            if let Ok(mut tls) = self.acceptor.accept(stream).await {
                let mut request = [0; 4096];
                let _ = tls.read(&mut request).await;
                let answer = b"HTTP/1.1 200 OK\r\nX-MS-REQUEST-ID: r-1\r\nCONTENT-LENGTH: 11\r\nConnection: close\r\n\r\n{\"id\":\"/x\"}";
                let _ = tls.write_all(answer).await;
                let _ = tls.shutdown().await;
            }
        }
    }
}

fn client(server: &Server, transport: Arc<dyn HttpClient>) -> Client {
    #[derive(Debug)]
    struct Anyone;
    #[async_trait::async_trait]
    impl azure_core::credentials::TokenCredential for Anyone {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<azure_core::credentials::TokenRequestOptions<'_>>,
        ) -> azure_core::Result<azure_core::credentials::AccessToken> {
            let far = time::macros::datetime!(2999-01-01 0:00 UTC);
            Ok(azure_core::credentials::AccessToken::new("secret-token", far))
        }
    }
    let settings = ClientSettings {
        resource_manager: server.url(),
        audience: "https://localhost".to_owned(),
        credential: Arc::new(Anyone),
        transport,
        trace: None,
        parallelism: 4,
        patience: Patience::default(),
        warm: true,
    };
    Client::new(settings).unwrap()
}

async fn get(
    server: &Server,
    transport: Arc<dyn HttpClient>,
) -> Result<landfall::azure::Answer, landfall::azure::Error> {
    let id = ArmId::parse("/subscriptions/s").unwrap();
    let client = client(server, transport);
    tokio::select! {
        answer = client.get(&id, "1") => answer,
        () = server.serve() => unreachable!(),
    }
}

#[tokio::test]
async fn an_authority_that_was_named_is_trusted() {
    let server = Server::new(&["localhost"]).await;
    let trusting = transport(&[("ca.pem".to_owned(), server.authority.clone().into_bytes())]).unwrap();
    let answer = get(&server, trusting).await.unwrap();
    assert_eq!((answer.body["id"].as_str(), answer.correlation.unwrap().as_str()), (Some("/x"), "r-1"));
}

#[tokio::test]
async fn an_unknown_authority_fails_at_once_and_says_what_mends_it() {
    let server = Server::new(&["localhost"]).await;
    let start = Instant::now();
    let error = get(&server, transport(&[]).unwrap()).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!((error.kind, error.attempts), (Kind::Protocol, 1));
    let text = error.to_string();
    for part in ["the certificate of localhost is not trusted", "an authority that is not among", "--ca-file"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_says_so() {
    let server = Server::new(&["elsewhere.example"]).await;
    let trusting = transport(&[("ca.pem".to_owned(), server.authority.clone().into_bytes())]).unwrap();
    let error = get(&server, trusting).await.unwrap_err();
    assert_eq!(error.kind, Kind::Protocol);
    assert!(error.to_string().contains("it is for another name"), "{error}");
}

#[tokio::test]
async fn nothing_signed_stands_in_a_network_error() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = format!("https://localhost:{port}/op?sig=sIgNaTuRe").parse().unwrap();
    let error = transport(&[]).unwrap().execute_request(&Request::new(url, Method::Get)).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("cannot connect to localhost") && !text.contains("sIgNaTuRe"), "{text}");
}

#[test]
fn a_file_without_certificates_is_named() {
    for content in ["", "not PEM"] {
        let error = transport(&[("my.pem".to_owned(), content.as_bytes().to_vec())]).unwrap_err();
        assert!(matches!(error, TransportError::Certificates { .. }));
        assert!(error.to_string().contains("`my.pem`"), "{error}");
    }
}
