//! Chooses how to log in: what was asked for, else the first way that is configured. It reads no environment itself.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, HttpClient, Method, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId,
};
use url::Url;

use super::assertion::{Proof, Service};
use super::certificate::{CertificateError, Signer};
use super::entra::Entra;
use super::error::Cause;
use super::token::telling;
use crate::document::Veil;

/// Reads a file, whole.
pub type ReadFile = Arc<dyn Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync>;

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// A federated token in a file, as AKS gives it to pods.
    WorkloadIdentity,
    /// The ID token of a GitHub Actions job.
    GitHub,
    /// The ID token of an Azure Pipelines job.
    AzurePipelines,
    /// A client secret.
    ClientSecret,
    /// A client certificate in a PEM file.
    ClientCertificate,
    /// The identity of the machine.
    ManagedIdentity,
    /// Whoever is logged in with the Azure CLI.
    Az,
}

/// What the choice is made from.
#[derive(Clone)]
pub struct CredentialSettings {
    /// What was asked for, if anything.
    pub choice: Option<Choice>,
    /// Where Entra is, for example `https://login.microsoftonline.com`.
    pub authority: Url,
    /// What carries the requests.
    pub transport: Arc<dyn HttpClient>,
    /// The variables `AZURE_*`, `AZURESUBSCRIPTION_*`, `ACTIONS_*` and `SYSTEM_*`.
    pub environment: BTreeMap<String, String>,
    /// Reads the federated token and the certificate.
    pub read_file: ReadFile,
}

/// Why nobody can log in.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// No such way to log in.
    #[error("`{0}` is no way to log in; there are {names}", names = Choice::ALL.map(Choice::as_str).join(", "))]
    Unknown(String),
    /// A way is half configured.
    #[error("logging in by {choice} needs {missing} as well", missing = list(.missing))]
    Missing {
        /// The way.
        choice: &'static str,
        /// The variables that are not set.
        missing: Vec<&'static str>,
    },
    /// An application is named, and nothing that proves to be it.
    #[error(
        "AZURE_CLIENT_ID names an application, but nothing proves to be it: set AZURE_TENANT_ID and one of \
         AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH (in GitHub Actions: \
         `permissions: id-token: write`), or choose with --credential az or managed-identity"
    )]
    NoProof,
    /// A file cannot be read.
    #[error("read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A certificate is of no use.
    #[error("the certificate {} cannot be used: {why}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A variable holds what it must not.
    #[error("logging in by {choice} is not possible: {why}")]
    Invalid {
        /// The way.
        choice: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl Choice {
    /// Every way.
    pub const ALL: [Choice; 7] = [
        Choice::WorkloadIdentity,
        Choice::GitHub,
        Choice::AzurePipelines,
        Choice::ClientSecret,
        Choice::ClientCertificate,
        Choice::ManagedIdentity,
        Choice::Az,
    ];

    /// As `--credential` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Choice::WorkloadIdentity => "workload-identity",
            Choice::GitHub => "github",
            Choice::AzurePipelines => "azure-pipelines",
            Choice::ClientSecret => "client-secret",
            Choice::ClientCertificate => "client-certificate",
            Choice::ManagedIdentity => "managed-identity",
            Choice::Az => "az",
        }
    }
}

impl FromStr for Choice {
    type Err = CredentialError;
    fn from_str(text: &str) -> Result<Self, CredentialError> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or_else(|| CredentialError::Unknown(text.to_owned()))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The credential, and what was chosen. Nothing is sent yet. A credential caches nothing: its user does, and a token that was
/// refused is really asked for anew.
///
/// # Errors
/// When the way that was asked for, or the first that is begun in the environment, is not configured whole.
pub fn credential(settings: CredentialSettings) -> Result<(Arc<dyn TokenCredential>, &'static str), CredentialError> {
    let choice = settings.choice.map_or_else(|| settings.first_configured(), Ok)?;
    let credential = match choice {
        Choice::WorkloadIdentity => settings.workload_identity(),
        Choice::GitHub => settings.github(),
        Choice::AzurePipelines => settings.azure_pipelines(),
        Choice::ClientSecret => settings.client_secret(),
        Choice::ClientCertificate => settings.client_certificate(),
        Choice::ManagedIdentity => settings.managed_identity(),
        Choice::Az => settings.az(),
    }?;
    Ok((credential, choice.as_str()))
}

const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const SEND_CHAIN: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const PIPELINES_URL: &str = "SYSTEM_OIDCREQUESTURI";
const PIPELINES_TOKEN: &str = "SYSTEM_ACCESSTOKEN";
const CONNECTION: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
const CONNECTION_CLIENT: &str = "AZURESUBSCRIPTION_CLIENT_ID";
const CONNECTION_TENANT: &str = "AZURESUBSCRIPTION_TENANT_ID";

impl CredentialSettings {
    fn var(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn first_configured(&self) -> Result<Choice, CredentialError> {
        let any = |names: &[&str]| names.iter().any(|name| self.var(name).is_some());
        // A job that may ask for ID tokens need not use them for Azure: someone must have named the application, too.
        let ways = [
            (Choice::WorkloadIdentity, any(&[TOKEN_FILE])),
            (Choice::GitHub, any(&[GITHUB_URL]) && any(&[CLIENT])),
            (Choice::AzurePipelines, any(&[PIPELINES_URL]) && any(&[CONNECTION])),
            (Choice::ClientSecret, any(&[SECRET])),
            (Choice::ClientCertificate, any(&[CERTIFICATE])),
        ];
        match ways.into_iter().find(|(_, configured)| *configured) {
            Some((choice, _)) => Ok(choice),
            // To log in as someone else than was named would be worse than to ask.
            None if any(&[CLIENT]) => Err(CredentialError::NoProof),
            None => Ok(Choice::Az),
        }
    }

    /// The values of these variables (each the first that is set of its alternatives), or the names of those that are missing.
    fn all<const N: usize>(&self, choice: Choice, names: [&[&'static str]; N]) -> Result<[String; N], CredentialError> {
        let found = names.map(|alternatives| alternatives.iter().find_map(|name| self.var(name)));
        let missing: Vec<&str> = names.iter().zip(&found).filter(|(_, v)| v.is_none()).map(|(n, _)| n[0]).collect();
        if missing.is_empty() {
            Ok(found.map(|value| value.unwrap_or_default().to_owned()))
        } else {
            Err(CredentialError::Missing { choice: choice.as_str(), missing })
        }
    }

    fn workload_identity(&self) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        let choice = Choice::WorkloadIdentity;
        let [file, tenant, client] = self.all(choice, [&[TOKEN_FILE], &[TENANT], &[CLIENT]])?;
        self.by_proof(choice, tenant, client, Proof::File { path: file.into(), read: self.read_file.clone() })
    }

    fn github(&self) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        let choice = Choice::GitHub;
        let names: [&[&str]; 4] = [&[GITHUB_URL], &[GITHUB_TOKEN], &[TENANT], &[CLIENT]];
        let [url, token, tenant, client] = self.all(choice, names)?;
        let mut url = https(choice, GITHUB_URL, &url)?;
        url.query_pairs_mut().append_pair("audience", self.exchange_audience());
        let service = Service {
            name: "GitHub Actions",
            method: Method::Get,
            url,
            token,
            member: "value",
            transport: self.transport.clone(),
        };
        self.by_proof(choice, tenant, client, Proof::Service(Arc::new(service)))
    }

    fn azure_pipelines(&self) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        let choice = Choice::AzurePipelines;
        let [url, token, connection, tenant, client] = self.all(
            choice,
            [
                &[PIPELINES_URL],
                &[PIPELINES_TOKEN],
                &[CONNECTION],
                &[CONNECTION_TENANT, TENANT],
                &[CONNECTION_CLIENT, CLIENT],
            ],
        )?;
        let mut url = https(choice, PIPELINES_URL, &url)?;
        url.query_pairs_mut().append_pair("api-version", "7.1").append_pair("serviceConnectionId", &connection);
        let service = Service {
            name: "Azure Pipelines",
            method: Method::Post,
            url,
            token,
            member: "oidcToken",
            transport: self.transport.clone(),
        };
        self.by_proof(choice, tenant, client, Proof::Service(Arc::new(service)))
    }

    fn client_certificate(&self) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        let choice = Choice::ClientCertificate;
        let [path, tenant, client] = self.all(choice, [&[CERTIFICATE], &[TENANT], &[CLIENT]])?;
        let path = PathBuf::from(path);
        let unusable =
            |why: CertificateError| CredentialError::Certificate { path: path.clone(), why: why.to_string() };
        if self.var("AZURE_CLIENT_CERTIFICATE_PASSWORD").is_some() {
            return Err(unusable(CertificateError::Encrypted));
        }
        let pem = (self.read_file)(&path).map_err(|source| CredentialError::File { path: path.clone(), source })?;
        let send_chain = self.var(SEND_CHAIN).is_some_and(|v| v == "1" || v.eq_ignore_ascii_case("true"));
        let signer = Arc::new(Signer::read(&pem, send_chain).map_err(unusable)?);
        let audience = format!("{}/{tenant}/oauth2/v2.0/token", self.authority_host());
        let proof = Proof::Key { signer, client_id: client.clone(), audience };
        self.by_proof(choice, tenant, client, proof)
    }

    fn by_proof(
        &self,
        choice: Choice,
        tenant: String,
        client: String,
        proof: Proof,
    ) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        let options = self.options();
        Fresh::of(choice, self.veil(), move || {
            let options = ClientAssertionCredentialOptions { client_options: options.clone() };
            let made = ClientAssertionCredential::new(tenant.clone(), client.clone(), proof.clone(), Some(options))?;
            Ok(made as Arc<dyn TokenCredential>)
        })
    }

    fn client_secret(&self) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        let choice = Choice::ClientSecret;
        let [secret, tenant, client] = self.all(choice, [&[SECRET], &[TENANT], &[CLIENT]])?;
        let (options, secret) = (self.options(), Secret::new(secret));
        Fresh::of(choice, self.veil(), move || {
            let options = ClientSecretCredentialOptions { client_options: options.clone() };
            let made = ClientSecretCredential::new(&tenant, client.clone(), secret.clone(), Some(options))?;
            Ok(made as Arc<dyn TokenCredential>)
        })
    }

    fn managed_identity(&self) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        let user_assigned_id = self.var(CLIENT).map(|id| UserAssignedId::ClientId(id.to_owned()));
        let client_options = self.options();
        Fresh::of(Choice::ManagedIdentity, self.veil(), move || {
            let options = ManagedIdentityCredentialOptions {
                user_assigned_id: user_assigned_id.clone(),
                client_options: client_options.clone(),
            };
            Ok(ManagedIdentityCredential::new(Some(options))? as Arc<dyn TokenCredential>)
        })
    }

    fn az(&self) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        let tenant_id = self.var(TENANT).map(str::to_owned);
        Fresh::of(Choice::Az, self.veil(), move || {
            let options = AzureCliCredentialOptions { tenant_id: tenant_id.clone(), ..Default::default() };
            Ok(AzureCliCredential::new(Some(options))? as Arc<dyn TokenCredential>)
        })
    }

    /// The authority is always said, or the SDK would look into the environment; retries belong to `retry`.
    fn options(&self) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.authority_host();
        ClientOptions {
            transport: Some(Transport::new(Arc::new(Entra(self.transport.clone())))),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        }
    }

    /// Over what nobody else may read.
    fn veil(&self) -> Veil {
        let all = [
            SECRET,
            GITHUB_TOKEN,
            PIPELINES_TOKEN,
            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
            "AZURE_FEDERATED_TOKEN",
            "IDENTITY_HEADER",
        ];
        Veil::over(all.into_iter().filter_map(|name| self.var(name)))
    }

    fn authority_host(&self) -> String {
        self.authority.as_str().trim_end_matches('/').to_owned()
    }

    /// Whom an ID token is for, by cloud.
    fn exchange_audience(&self) -> &'static str {
        match self.authority.host_str().unwrap_or_default() {
            "login.microsoftonline.us" => "api://AzureADTokenExchangeUSGov",
            "login.chinacloudapi.cn" | "login.partner.microsoftonline.cn" => "api://AzureADTokenExchangeChina",
            _ => "api://AzureADTokenExchange",
        }
    }
}

fn https(choice: Choice, name: &str, text: &str) -> Result<Url, CredentialError> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" => Ok(url),
        _ => Err(CredentialError::Invalid { choice: choice.as_str(), why: format!("{name} holds no https URL") }),
    }
}

fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The error without secrets, should whoever answered have repeated one; only then is it worded anew.
fn covered(error: azure_core::Error, veil: &Veil) -> azure_core::Error {
    let told = Cause::of(&error).chain();
    let shown = veil.cover(&told);
    if shown == told {
        return error;
    }
    let kind = match telling(&error).kind() {
        ErrorKind::HttpResponse { status, .. } => {
            ErrorKind::HttpResponse { status: *status, error_code: None, raw_response: None }
        }
        kind => kind.clone(),
    };
    azure_core::Error::with_message(kind, shown)
}

type Make = Box<dyn Fn() -> azure_core::Result<Arc<dyn TokenCredential>> + Send + Sync>;

/// Makes the SDK's credential anew for every token: those keep a token to themselves that ARM may have refused.
struct Fresh {
    choice: Choice,
    make: Make,
    veil: Veil,
}

impl Fresh {
    fn of(
        choice: Choice,
        veil: Veil,
        make: impl Fn() -> azure_core::Result<Arc<dyn TokenCredential>> + Send + Sync + 'static,
    ) -> Result<Arc<dyn TokenCredential>, CredentialError> {
        // What the SDK refuses to make is told now, not with the first request.
        make().map_err(|error| CredentialError::Invalid { choice: choice.as_str(), why: error.to_string() })?;
        Ok(Arc::new(Self { choice, make: Box::new(make), veil }))
    }
}

#[async_trait::async_trait]
impl TokenCredential for Fresh {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let answer = (self.make)()?.get_token(scopes, options).await;
        answer.map_err(|error| covered(error, &self.veil))
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh").field("choice", &self.choice).finish_non_exhaustive()
    }
}
