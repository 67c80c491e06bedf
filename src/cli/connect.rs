//! A client of the Azure that is meant: the real one, one named by variables, or the sandbox.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use azure_core::credentials::TokenCredential;
use azure_core::http::HttpClient;
use url::Url;

use super::args::Global;
use super::error::{CommandError, chain};
use super::project::Project;
use crate::azure::{Client, ClientSettings, CredentialSettings, Patience, Trace, credential, transport};
use crate::environment::cloud_endpoints;
use crate::model::Cloud;
use crate::sandbox::{InProcess, Options, Pace, Sandbox, SystemClock};

/// A client, and the sandbox it talks to, if it does.
pub(super) struct Connection {
    pub client: Client,
}

/// Makes a client for the cloud of an environment.
pub(super) fn connect(project: &Project, global: &Global, cloud: &Cloud) -> Result<Connection, CommandError> {
    let terminal = project.terminal;
    let trace = (global.verbose > 0).then(|| {
        let tell = move |trace: &Trace| terminal.line(&trace.to_string());
        Arc::new(tell) as Arc<dyn Fn(&Trace) + Send + Sync>
    });
    let (endpoint, _) = endpoints(project, cloud)?;
    let way = project.way(cloud)?;
    let (credential, chosen) = way.credential()?;
    if global.verbose > 0 {
        terminal.line(&format!("resource manager {endpoint}, credential {chosen}"));
    }
    let client = Client::new(ClientSettings {
        audience: endpoint.origin().ascii_serialization(),
        resource_manager: endpoint,
        credential,
        transport: way.transport.clone(),
        trace,
        parallelism: usize::from(global.parallelism),
        patience: Patience::default(),
        warm: !project.sandbox,
    })?;
    Ok(Connection { client })
}

/// How requests leave this machine and who asks: one for all that a command talks to.
pub(super) struct Way {
    pub transport: Arc<dyn HttpClient>,
    settings: CredentialSettings,
    credential: OnceLock<Credential>,
}

/// A credential, and what it is called.
type Credential = (Arc<dyn TokenCredential>, &'static str);

impl Way {
    pub(super) fn new(project: &Project, cloud: &Cloud) -> Result<Self, CommandError> {
        let (_, authority) = endpoints(project, cloud)?;
        let (transport, variables): (Arc<dyn HttpClient>, BTreeMap<String, String>) = if project.sandbox {
            (Arc::new(InProcess(open_sandbox(&project.world(), Pace::demo())?)), sandbox_login())
        } else {
            (
                transport(&authorities(project)?).map_err(|e| CommandError::failed(chain(&e)))?,
                project.variables.all().clone(),
            )
        };
        let choice = match &project.credential {
            Some(word) if !project.sandbox => {
                Some(word.parse().map_err(|e: crate::azure::CredentialError| CommandError::wrong(e.to_string()))?)
            }
            _ => None,
        };
        let settings = CredentialSettings {
            choice,
            authority,
            transport: transport.clone(),
            environment: variables,
            read_file: Arc::new(|path: &Path| std::fs::read(path)),
        };
        Ok(Self { transport, settings, credential: OnceLock::new() })
    }

    /// The credential that is configured, found when it is first needed.
    pub(super) fn credential(&self) -> Result<Credential, CommandError> {
        if let Some(found) = self.credential.get() {
            return Ok(found.clone());
        }
        let found = credential(self.settings.clone()).map_err(|e| {
            CommandError::failed(chain(&e)).hint("see docs/authentication.md for how credentials are found")
        })?;
        Ok(self.credential.get_or_init(|| found).clone())
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The settings hold secrets.
        f.debug_struct("Way").finish_non_exhaustive()
    }
}

/// Where resource manager and authority are: variables win over the file.
fn endpoints(project: &Project, cloud: &Cloud) -> Result<(Url, Url), CommandError> {
    let (mut manager, mut authority) = cloud_endpoints(if project.sandbox { &Cloud::Public } else { cloud });
    if !project.sandbox {
        if let Some(url) = project.variables.get("LANDFALL_RESOURCE_MANAGER") {
            manager = url.to_owned();
        }
        if let Some(url) = project.variables.get("AZURE_AUTHORITY_HOST") {
            authority = url.to_owned();
        }
    }
    Ok((https("LANDFALL_RESOURCE_MANAGER", &manager)?, https("AZURE_AUTHORITY_HOST", &authority)?))
}

fn https(name: &str, text: &str) -> Result<Url, CommandError> {
    // `login.microsoftonline.com` without a scheme is how some pipelines write it.
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    match Url::parse(&text) {
        Ok(url) if url.scheme() == "https" && url.host_str().is_some() => Ok(url),
        _ => Err(CommandError::wrong(format!("{name}: `{text}` is no https URL")).hint(
            "tokens are sent over TLS only; a test server needs a certificate, trusted with --ca-file or SSL_CERT_FILE",
        )),
    }
}

fn authorities(project: &Project) -> Result<Vec<(String, Vec<u8>)>, CommandError> {
    let from_variable = project.variables.get("LANDFALL_CA_FILE").map(std::path::PathBuf::from);
    let files = project.ca_file.clone().into_iter().chain(from_variable);
    files
        .map(|path| {
            let bytes =
                std::fs::read(&path).map_err(|e| CommandError::wrong(format!("--ca-file {}: {e}", path.display())))?;
            Ok((path.display().to_string(), bytes))
        })
        .collect()
}

/// The sandbox with its world in a file.
pub(super) fn open_sandbox(world: &Path, pace: Pace) -> Result<Arc<Sandbox>, CommandError> {
    if let Some(folder) = world.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|e| CommandError::failed(format!("failed to make {}: {e}", folder.display())))?;
    }
    writable(world).map_err(|e| {
        CommandError::failed(format!("failed to write the sandbox's world, {}: {e}", world.display()))
            .hint("every request changes it: its folder and the file must be writable")
    })?;
    let options = Options { clock: Arc::new(SystemClock), pace, world: Some(world.to_owned()), ..Options::default() };
    Sandbox::open(options).map_err(|e| {
        CommandError::failed(format!("failed to read the sandbox's world, {}: {e}", world.display()))
            .next("start over with", "sandbox reset")
    })
}

/// Whether a world can be written: beside the file, since it is written whole and put in its place, and to the file itself.
fn writable(world: &Path) -> std::io::Result<()> {
    let draft = world.with_extension(format!("{}.try", std::process::id()));
    std::fs::File::create(&draft)?;
    std::fs::remove_file(&draft)?;
    match std::fs::OpenOptions::new().append(true).open(world) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The sandbox takes any client that knows a secret.
fn sandbox_login() -> BTreeMap<String, String> {
    let pairs = [
        ("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111"),
        ("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222"),
        ("AZURE_CLIENT_SECRET", "sandbox"),
    ];
    pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}
