//! `landfall sandbox serve|reset`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::args::{Pace as PaceArg, SandboxCommand};
use crate::cli::error::{CommandError, chain};
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::sandbox::{Options, Pace, Sandbox, ServeOptions, SystemClock, serve};

/// Serves the sandbox, or forgets its world.
pub(crate) async fn run(project: &Project, command: &SandboxCommand) -> Result<Exit, CommandError> {
    match command {
        SandboxCommand::Reset => reset(project),
        SandboxCommand::Serve { port, tls_dir, pace, latency } => {
            let pace = match pace {
                PaceArg::Instant => Pace::instant(),
                PaceArg::Demo => Pace::demo(),
                PaceArg::Real => Pace::real(),
            };
            let listen = Listen { port: *port, tls_dir: tls_dir.clone(), latency: Duration::from_millis(*latency) };
            listen.serve(project, pace).await
        }
    }
}

struct Listen {
    port: u16,
    tls_dir: PathBuf,
    latency: Duration,
}

impl Listen {
    async fn serve(self, project: &Project, pace: Pace) -> Result<Exit, CommandError> {
        let terminal = project.terminal;
        let world = project.world();
        for folder in world.parent().into_iter().chain([self.tls_dir.as_path()]) {
            std::fs::create_dir_all(folder)
                .map_err(|e| CommandError::failed(format!("failed to make {}: {e}", folder.display())))?;
        }
        let options = Options {
            clock: Arc::new(SystemClock),
            pace,
            latency: self.latency,
            world: Some(world.clone()),
            ..Options::default()
        };
        let sandbox = Sandbox::open(options).map_err(|e| {
            CommandError::failed(format!("failed to read the sandbox's world, {}: {e}", world.display()))
                .next("start over with", "sandbox reset")
        })?;
        let ca = self.tls_dir.join("ca.pem");
        let options = ServeOptions { port: self.port, tls_dir: self.tls_dir };
        let ready = |address: std::net::SocketAddr| {
            let url = format!("https://localhost:{}", address.port());
            terminal.line(&format!("The sandbox answers at {url} until Ctrl-C. For landfall in another terminal:\n"));
            let exports = [
                ("LANDFALL_RESOURCE_MANAGER", url.clone()),
                ("AZURE_AUTHORITY_HOST", url),
                ("LANDFALL_CA_FILE", ca.display().to_string()),
                ("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111".to_owned()),
                ("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222".to_owned()),
                ("AZURE_CLIENT_SECRET", "sandbox".to_owned()),
            ];
            let text: String = exports.iter().map(|(name, value)| format!("export {name}={value}\n")).collect();
            let _ = terminal.out(&text);
        };
        let stop = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        serve(sandbox, options, ready, stop).await.map_err(|e| CommandError::failed(chain(&e)))?;
        Ok(Exit::Done)
    }
}

fn reset(project: &Project) -> Result<Exit, CommandError> {
    let folder = project.sandbox_folder();
    let failed = |e: std::io::Error| CommandError::failed(format!("failed to empty {}: {e}", folder.display()));
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            project.terminal.line("The sandbox was empty.");
            return Ok(Exit::Done);
        }
        Err(error) => return Err(failed(error)),
    };
    // Certificates stay: whoever trusts them need not be told again.
    for entry in entries.flatten().filter(|e| e.path().is_file()) {
        std::fs::remove_file(entry.path()).map_err(failed)?;
    }
    match std::fs::remove_dir_all(folder.join(".history")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    project.terminal.line("The sandbox's world and its states are forgotten.");
    Ok(Exit::Done)
}
