//! Where things lie: environment files, states, the sandbox's world.

use std::path::{Path, PathBuf};

use super::args::Global;
use super::clock;
use super::error::CommandError;
use super::files::FolderSources;
use super::settings::Variables;
use super::terminal::Terminal;
use crate::environment;
use crate::model::{Desired, StateLocation};
use crate::names::EnvName;
use crate::state::{Holder, LocalStore, State, Store};

/// One project: its folders and how it is looked at.
#[derive(Debug)]
pub(super) struct Project {
    pub environments: PathBuf,
    pub state: PathBuf,
    pub sandbox: bool,
    pub terminal: Terminal,
    pub variables: Variables,
}

impl Project {
    pub(super) fn new(global: &Global, terminal: Terminal, variables: Variables) -> Self {
        Self {
            environments: global.environments.clone(),
            state: global.state.clone(),
            sandbox: global.sandbox,
            terminal,
            variables,
        }
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

    /// The store of an environment's state.
    pub(super) fn store(&self, name: &EnvName, location: &StateLocation) -> Result<Box<dyn Store>, CommandError> {
        let folder = if self.sandbox { self.sandbox_folder() } else { self.state.clone() };
        match location {
            StateLocation::Blob(url) if !self.sandbox => Err(CommandError::failed(format!(
                "{name} keeps its state in {url}, and this version of landfall keeps states in local files only"
            ))
            .hint(
                "take `state:` out of the environment file, or try it with --sandbox, which keeps a state of its own",
            )),
            _ => Ok(Box::new(LocalStore::new(folder.join(format!("{name}.json")), name.clone()))),
        }
    }

    /// The state, or a new one that was never saved.
    pub(super) async fn state(&self, store: &dyn Store, name: &EnvName) -> Result<State, CommandError> {
        let found = store.load().await?;
        Ok(found.unwrap_or_else(|| State::new(name.clone(), clock::lineage(), clock::hash_key())))
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
