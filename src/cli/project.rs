//! Where things lie: environment files, states, the sandbox's world.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use url::Url;

use super::args::Global;
use super::clock;
use super::connect::Way;
use super::error::CommandError;
use super::files::FolderSources;
use super::settings::Variables;
use super::terminal::Terminal;
use super::veil;
use crate::document::{Path as DocumentPath, Value};
use crate::environment;
use crate::model::{Cloud, Desired, StateLocation, Wanted};
use crate::names::EnvName;
use crate::state::{BlobSettings, BlobStore, Holder, LocalStore, State, Store};

/// One project: its folders and how it is looked at.
#[derive(Debug)]
pub(super) struct Project {
    pub environments: PathBuf,
    pub state: PathBuf,
    pub sandbox: bool,
    /// What a further command on it has to be given as well, each behind a space.
    pub flags: String,
    /// The part of it that says where things lie.
    pub folders: String,
    pub terminal: Terminal,
    pub variables: Variables,
    /// As `--credential` said.
    pub credential: Option<String>,
    /// As `--ca-file` said.
    pub ca_file: Option<PathBuf>,
    way: OnceLock<Way>,
}

impl Project {
    pub(super) fn new(global: &Global, terminal: Terminal, variables: Variables) -> Self {
        Self {
            environments: global.environments.clone(),
            state: global.state.clone(),
            sandbox: global.sandbox,
            flags: global.flags(),
            folders: global.folders(),
            terminal,
            variables,
            credential: global.credential.clone(),
            ca_file: global.ca_file.clone(),
            way: OnceLock::new(),
        }
    }

    /// How requests leave this machine, made when it is first needed. A command knows one cloud.
    pub(super) fn way(&self, cloud: &Cloud) -> Result<&Way, CommandError> {
        if self.way.get().is_none() {
            let _ = self.way.set(Way::new(self, cloud)?);
        }
        Ok(self.way.get().expect("it was just set"))
    }

    /// The folder of everything that belongs to the sandbox.
    pub(super) fn sandbox_folder(&self) -> PathBuf {
        self.state.join(".sandbox")
    }

    /// The sandbox's world.
    pub(super) fn world(&self) -> PathBuf {
        self.sandbox_folder().join("world.json")
    }

    /// Reads an environment; warnings are told, errors end the command.
    pub(super) fn load(&self, name: &str) -> Result<Desired, CommandError> {
        let name = self.environment_name(name)?;
        let sources = FolderSources::new(&self.environments);
        let (desired, diagnostics) = environment::load(&name, &sources);
        desired.iter().flat_map(|d| d.resources.values()).for_each(learn);
        match desired {
            Some(desired) if !diagnostics.has_errors() => {
                if !diagnostics.is_empty() {
                    self.terminal.line(&diagnostics.render(true));
                }
                Ok(desired)
            }
            _ => Err(CommandError::Input(diagnostics)),
        }
    }

    pub(super) fn environment_name(&self, name: &str) -> Result<EnvName, CommandError> {
        let stem = Path::new(name).file_name().and_then(|f| f.to_str()).unwrap_or(name);
        let plain = stem.strip_suffix(".yaml").or_else(|| stem.strip_suffix(".yml")).unwrap_or(stem);
        plain.parse().map_err(|why| CommandError::wrong(format!("`{name}`: {why}")))
    }

    /// The store of an environment's state. With `--sandbox` it is a file, whatever the environment says.
    pub(super) fn store(
        &self,
        name: &EnvName,
        location: &StateLocation,
        cloud: &Cloud,
    ) -> Result<Box<dyn Store>, CommandError> {
        match location {
            StateLocation::Blob(url) if !self.sandbox => Ok(Box::new(self.blob_store(name, url, cloud)?)),
            _ if self.sandbox => Ok(Box::new(Self::local_store(&self.sandbox_folder(), name))),
            _ => Ok(Box::new(Self::local_store(&self.state, name))),
        }
    }

    /// The store that the environment's file names; where that cannot be read, the folder of local states, and it is said.
    pub(super) fn store_of(&self, name: &EnvName) -> Result<Box<dyn Store>, CommandError> {
        if let Ok(desired) = self.load(name.as_str()) {
            return self.store(name, &desired.state, &desired.cloud);
        }
        if !self.sandbox {
            let folder = self.state.display();
            self.terminal.line(&format!("The file of {name} cannot be read, so its state is looked for in {folder}."));
        }
        self.store(name, &StateLocation::Local, &Cloud::Public)
    }

    /// A store by where it is: a folder, or the URL of a container.
    pub(super) fn store_at(&self, name: &EnvName, place: &str) -> Result<Box<dyn Store>, CommandError> {
        if place.contains("://") {
            let cloud = self.load(name.as_str()).map_or(Cloud::Public, |desired| desired.cloud);
            return Ok(Box::new(self.blob_store(name, place, &cloud)?));
        }
        Ok(Box::new(Self::local_store(Path::new(place), name)))
    }

    /// A state in a folder.
    pub(super) fn local_store(folder: &Path, name: &EnvName) -> LocalStore {
        LocalStore::new(folder.join(format!("{name}.json")), name.clone())
    }

    /// A state in a container.
    pub(super) fn blob_store(&self, name: &EnvName, url: &str, cloud: &Cloud) -> Result<BlobStore, CommandError> {
        let wrong = |why: &str| {
            CommandError::wrong(format!("the URL of the container that keeps the state of {name} {why}"))
                .hint("it looks like https://ACCOUNT.blob.core.windows.net/CONTAINER")
        };
        let container = Url::parse(url).map_err(|error| wrong(&format!("is none: {error}")))?;
        if container.path_segments().into_iter().flatten().all(str::is_empty) {
            return Err(wrong("names no container"));
        }
        let way = self.way(cloud)?;
        let signed = container.query_pairs().any(|(name, _)| name == "sig");
        container.query_pairs().filter(|(name, _)| name == "sig").for_each(|(_, value)| veil::learn([value.as_ref()]));
        let credential = if signed { None } else { Some(way.credential()?.0) };
        let (environment, transport) = (name.clone(), way.transport.clone());
        let session = clock::session();
        Ok(BlobStore::new(BlobSettings { container, environment, credential, transport, session })?)
    }

    /// The state, or a new one that was never saved.
    pub(super) async fn state(&self, store: &dyn Store, name: &EnvName) -> Result<State, CommandError> {
        Ok(store.load().await?.unwrap_or_else(|| self.fresh(name)))
    }

    /// A new state.
    pub(super) fn fresh(&self, name: &EnvName) -> State {
        State::new(name.clone(), clock::lineage(), clock::hash_key())
    }

    /// Who holds the lock, for whoever waits for it.
    pub(super) fn holder(&self, command: &str) -> Holder {
        let user = self.variables.get("USER").or(self.variables.get("USERNAME")).unwrap_or("somebody");
        let host = self.variables.get("HOSTNAME").or(self.variables.get("COMPUTERNAME")).unwrap_or("this machine");
        Holder {
            who: format!("{user}@{host}"),
            pid: std::process::id(),
            command: format!("landfall {command}"),
            since: clock::now(),
        }
    }
}

/// What no line may tell of a resource.
fn learn(wanted: &Wanted) {
    for tree in [&wanted.body, &wanted.create_defaults] {
        tree.walk(&DocumentPath::root(), &mut |_, value| {
            if let Value::Secret(secret) = value {
                veil::learn([secret.reveal()]);
            }
        });
    }
}
