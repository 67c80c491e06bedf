//! Saved plans: `plan ENV --out FILE`, `show --plan FILE`, `apply ENV FILE`.

use std::path::Path;

use super::apply::{Consent, Run, agreed};
use super::plan::show;
use crate::cli::args::{ApplyArgs, Global, Output};
use crate::cli::clock;
use crate::cli::connect::connect;
use crate::cli::error::{CommandError, chain};
use crate::cli::exit::Exit;
use crate::cli::lock::locked;
use crate::cli::project::Project;
use crate::cli::size;
use crate::cli::survey::wants;
use crate::names::{EnvName, Serial};
use crate::observe::observe;
use crate::plan::{Plan, PlanFile, PlanFileError, PlanHead, protected_since, reads_of_plan, stale};
use crate::report::Heading;
use crate::state::{State, write_atomically_private};

/// Saves a plan that may be applied.
pub(super) fn save(project: &Project, plan: &Plan, destroy: bool, file: &Path) -> Result<(), CommandError> {
    let head = PlanHead { written_at: clock::now(), sandbox: project.sandbox, destroy };
    let text = PlanFile::of(plan, &head, &clock::hash_key()).to_text();
    write_atomically_private(file, text.as_bytes())
        .map_err(|e| CommandError::failed(format!("failed to write {}: {e}", file.display())))?;
    let (file, flags) = (file.display(), &project.flags);
    project.terminal.line(&format!("Saved to {file}. Apply exactly this with:"));
    project.terminal.line(&format!("  landfall apply {} {file}{flags}", plan.environment));
    Ok(())
}

/// Shows a saved plan. Nothing is asked of Azure.
pub(crate) fn show_file(project: &Project, global: &Global, file: &Path) -> Result<Exit, CommandError> {
    let saved = read(file)?;
    let plan = saved.plan().map_err(|why| unfit(file, &why))?;
    show(project, global, &plan, Heading::default())?;
    if global.output == Output::Text {
        let PlanHead { written_at, sandbox, .. } = saved.head();
        let against = if sandbox { ", against the sandbox" } else { "" };
        project.terminal.line(&format!("Saved {written_at}{against}."));
    }
    Ok(Exit::Done)
}

/// Carries a saved plan out exactly as it was shown, or refuses it. Nothing is planned anew.
pub(super) async fn apply_file(
    project: &Project,
    global: &Global,
    args: &ApplyArgs,
    file: &Path,
) -> Result<Exit, CommandError> {
    let saved = read(file)?;
    let name = project.environment_name(&args.environment)?;
    if *saved.environment() != name {
        return Err(CommandError::wrong(format!(
            "{} is a plan of {}, not of {name}",
            file.display(),
            saved.environment()
        )));
    }
    let head = saved.head();
    if head.sandbox != project.sandbox {
        let made = if head.sandbox { "against the sandbox" } else { "against Azure" };
        return Err(CommandError::wrong(format!("{} was made {made}", file.display())).hint(if head.sandbox {
            "apply it with --sandbox"
        } else {
            "apply it without --sandbox"
        }));
    }
    let desired = project.load(&args.environment)?;
    let plan = saved.resolve(&desired).map_err(|why| unfit(file, &why))?;
    if let Some(address) = protected_since(&plan, &desired).first() {
        return Err(CommandError::refused(format!("{address} is protected: no plan may delete, replace or rotate it"))
            .hint(format!("the file protects it since {} was made; plan again", file.display())));
    }
    let store = project.store(&name, &desired.state, &desired.cloud)?;
    let holder = project.holder(&format!("apply {name} {}", file.display()));
    locked(store.as_ref(), &holder, global.lock_timeout, async || {
        let mut state = project.state(store.as_ref(), &name).await?;
        unmoved(&saved, &state)?;
        if !head.destroy {
            size::begin(project.terminal, &store.describe(), &state)?;
        }
        let connection = connect(project, global, &desired.cloud)?;
        let client = &connection.client;
        client.ready().await?;
        let (live, _) = observe(client, &wants(reads_of_plan(&plan))).await;
        let found = stale(&plan, &live);
        if !found.unread.is_empty() {
            return Err(CommandError::failed(format!(
                "what the plan changes could not be read: {}",
                found.unread.join("; ")
            )));
        }
        if !found.moved.is_empty() {
            return Err(is_stale(&name, &found.moved.join("; ")));
        }
        // Who saved it has seen it: as with Terraform, applying the file is the consent. Adopting is said aloud all the same.
        agreed(project, &plan, &Consent { yes: true, adopt: args.adopt }, head.destroy)?;
        let run = Run { plan: &plan, destroy: head.destroy, ours: &[] };
        run.to_its_end(project, global, client, (&mut state, store.as_ref())).await
    })
    .await
}

/// The state is the one that was planned on, and no run was cut off since.
fn unmoved(saved: &PlanFile, state: &State) -> Result<(), CommandError> {
    let stored = (state.serial != Serial::default()).then_some((&state.lineage, state.serial));
    if let Some(why) = saved.moved(stored) {
        return Err(is_stale(saved.environment(), &why));
    }
    if !state.open_steps().is_empty() {
        return Err(is_stale(saved.environment(), "an interrupted run has not been finished"));
    }
    Ok(())
}

fn is_stale(name: &EnvName, why: &str) -> CommandError {
    CommandError::refused(format!("the plan is stale: {why}")).next("plan again", format!("plan {name} --out FILE"))
}

fn read(file: &Path) -> Result<PlanFile, CommandError> {
    let text = std::fs::read(file).map_err(|e| CommandError::wrong(format!("{}: {e}", file.display())))?;
    PlanFile::parse(&String::from_utf8_lossy(&text)).map_err(|why| unfit(file, &why))
}

fn unfit(file: &Path, why: &PlanFileError) -> CommandError {
    let told = format!("{}: {}", file.display(), chain(why));
    match why {
        PlanFileError::OtherSecrets(_) => {
            CommandError::refused(told).hint("give landfall the values it was planned with, or plan again")
        }
        _ => CommandError::wrong(told).next("a saved plan is made with", "plan ENVIRONMENT --out FILE"),
    }
}
