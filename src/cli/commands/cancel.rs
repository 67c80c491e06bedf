//! `landfall cancel`: asks Azure to end what it works on. It takes no lock and writes no state, since the run that it is about
//! holds the one and writes the other.

use crate::apply::{Aborted, AtWork, at_work};
use crate::cli::args::{CancelArgs, Global, Output};
use crate::cli::connect::connect;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::model::Cloud;
use crate::names::{Address, AddressError};
use crate::report::{Cancelled, cancel_json, cancel_text};

use super::state::missing;

/// Shows what is at work, and asks Azure to end it if that is agreed to.
pub(crate) async fn run(project: &Project, global: &Global, args: &CancelArgs) -> Result<Exit, CommandError> {
    let terminal = project.terminal;
    let name = project.environment_name(&args.environment)?;
    let address = args.address.as_deref().map(str::parse::<Address>).transpose();
    let address = address.map_err(|e: AddressError| CommandError::wrong(e.to_string()))?;
    // Somebody may be editing the file while its last version is applied.
    let (store, cloud) = match project.load(&args.environment) {
        Ok(desired) => (project.store(&name, &desired.state, &desired.cloud)?, desired.cloud),
        Err(_) => (project.store_of(&name)?, Cloud::Public),
    };
    let state = store.load().await?.ok_or_else(|| missing(&name, store.as_ref()))?;
    let mut open = at_work(&state);
    open.retain(|work| address.as_ref().is_none_or(|address| work.address == *address));
    let can = open.iter().any(|work| work.unending().is_none());
    if global.output == Output::Text {
        match &address {
            _ if can => {}
            Some(address) if open.is_empty() => terminal.line(&format!("Azure works on nothing of {address}.")),
            None if open.is_empty() => terminal.line(&format!("Azure works on nothing of {name}.")),
            _ => terminal.line("Nothing of this can be cancelled:"),
        }
        for work in open.iter().filter(|_| can) {
            terminal.line(&shown(work));
        }
    }
    if can && project.sandbox && store.held().await?.is_some() {
        return Err(CommandError::refused("the run that is to be cancelled has the sandbox's world to itself")
            .hint("let both go through `landfall sandbox serve`, or interrupt the run"));
    }
    if can && !terminal.agreed("Cancel this?", args.yes)? {
        return Ok(Exit::Refused);
    }
    let mut steps = Vec::new();
    if can {
        let connection = connect(project, global, &cloud)?;
        connection.client.ready().await?;
        let asked = open.iter().map(|work| work.abort(&connection.client));
        for (work, outcome) in open.iter().zip(futures::future::join_all(asked).await) {
            steps.push(told(work, &outcome));
        }
    } else {
        steps.extend(open.iter().filter_map(|work| work.unending().map(|why| told(work, &why))));
    }
    match global.output {
        Output::Json => terminal.out(&cancel_json(&name, &steps))?,
        Output::Text => terminal.out(&cancel_text(&name, &steps, &project.flags))?,
    }
    Ok(ended(&steps, can))
}

fn ended(steps: &[Cancelled], can: bool) -> Exit {
    if steps.iter().any(|step| step.outcome == "failed") {
        Exit::Failed
    } else if !can && !steps.is_empty() {
        Exit::Refused
    } else {
        Exit::Done
    }
}

fn shown(work: &AtWork) -> String {
    let why = match work.unending() {
        None => String::new(),
        Some(why) => format!(" ({})", told(work, &why).told),
    };
    format!("  {} {}{why}", work.action, work.address)
}

fn told(work: &AtWork, outcome: &Aborted) -> Cancelled {
    let (outcome, told) = match outcome {
        Aborted::Asked => ("asked", "Azure was asked to cancel it".to_owned()),
        Aborted::Ended(error) => ("ended", format!("it had ended already ({})", error.message)),
        Aborted::Impossible(label) => {
            ("impossible", format!("Azure cannot cancel work on a resource of this type ({label})"))
        }
        Aborted::NotAccepted => ("notAccepted", "Azure has not accepted it yet; interrupt the run instead".to_owned()),
        Aborted::Failed(error) => ("failed", error.to_string()),
    };
    Cancelled { address: work.address.clone(), action: work.action.clone(), id: work.id.clone(), outcome, told }
}
