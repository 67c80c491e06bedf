//! `landfall apply` and `landfall destroy`.

use tokio::time::Instant;

use super::plan::{show, verdict};
use super::saved;
use crate::apply::{Options, recover, run};
use crate::azure::Wait;
use crate::cli::args::{ApplyArgs, DestroyArgs, Global, Output};
use crate::cli::clock;
use crate::cli::connect::connect;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::interrupt::with_stops;
use crate::cli::lock::locked;
use crate::cli::project::Project;
use crate::cli::size;
use crate::cli::survey::{Asked, needs, survey};
use crate::cli::veil::covered_report;
use crate::event::Report;
use crate::model::Desired;
use crate::plan::{Action, Plan, Work};
use crate::report::{Progress, closing, report_json};
use crate::state::{State, Store};

/// Makes Azure what the file says.
pub(crate) async fn apply(project: &Project, global: &Global, args: &ApplyArgs) -> Result<Exit, CommandError> {
    if let Some(file) = &args.plan {
        return saved::apply_file(project, global, args, file).await;
    }
    let asked = Asked::new(false, &args.replace)?;
    let consent = Consent { yes: args.yes, adopt: args.adopt };
    carry_out(project, global, &args.environment, &asked, consent).await
}

/// Deletes everything that the record names.
pub(crate) async fn destroy(project: &Project, global: &Global, args: &DestroyArgs) -> Result<Exit, CommandError> {
    let asked = Asked::new(true, &[])?;
    let consent = Consent { yes: args.yes, adopt: false };
    carry_out(project, global, &args.environment, &asked, consent).await
}

/// What the person agreed to on the command line.
pub(super) struct Consent {
    pub yes: bool,
    pub adopt: bool,
}

async fn carry_out(
    project: &Project,
    global: &Global,
    name: &str,
    asked: &Asked,
    consent: Consent,
) -> Result<Exit, CommandError> {
    let desired = project.load(name)?;
    let environment = &desired.environment;
    let store = project.store(environment, &desired.state, &desired.cloud)?;
    let verb = if asked.destroy { "destroy" } else { "apply" };
    let holder = project.holder(&format!("{verb} {environment}"));
    locked(store.as_ref(), &holder, global.lock_timeout, async || {
        under_lock(project, global, &desired, store.as_ref(), asked, consent).await
    })
    .await
}

async fn under_lock(
    project: &Project,
    global: &Global,
    desired: &Desired,
    store: &dyn Store,
    asked: &Asked,
    consent: Consent,
) -> Result<Exit, CommandError> {
    let terminal = project.terminal;
    let environment = desired.environment.clone();
    let mut state = project.state(store, &environment).await?;
    if !asked.destroy {
        size::begin(terminal, &store.describe(), &state)?;
    }
    let connection = connect(project, global, &desired.cloud)?;
    let client = &connection.client;
    let interrupted = recover_first(project, client, &state).await;
    client.ready().await?;
    let needed = needs(desired, &state, asked);
    let (plan, heading) = survey(client, desired, &state, asked, &needed).await?;
    if global.output == Output::Text {
        show(project, global, &plan, heading)?;
    }
    let early = match verdict(&plan) {
        Some(exit) => Some(exit),
        None => agreed(project, &plan, &consent, asked.destroy)?,
    };
    if let Some(exit) = early {
        if global.output == Output::Json {
            terminal.out(&report_json(&environment, &plan, None))?;
        }
        return Ok(exit);
    }
    let run = Run { plan: &plan, destroy: asked.destroy, ours: &interrupted };
    run.to_its_end(project, global, client, (&mut state, store)).await
}

/// A plan that was agreed to.
pub(super) struct Run<'a> {
    pub plan: &'a Plan,
    pub destroy: bool,
    pub ours: &'a [crate::model::Made],
}

impl Run<'_> {
    /// Carries it out and tells how it ended.
    pub(super) async fn to_its_end(
        &self,
        project: &Project,
        global: &Global,
        client: &crate::azure::Client,
        (state, store): (&mut State, &dyn Store),
    ) -> Result<Exit, CommandError> {
        let terminal = project.terminal;
        let started = Instant::now();
        let progress = Progress::new(terminal.watched(), Box::new(move |line| terminal.line(line)));
        if !self.plan.steps.is_empty() {
            terminal.line("");
        }
        let report = with_stops(terminal, global.timeout, async |stop| {
            let events = |event| progress.tell(&event);
            let options = Options {
                parallelism: usize::from(global.parallelism),
                now: &clock::now,
                events: &events,
                stop,
                ours: self.ours,
            };
            run(client, self.plan, state, store, options).await
        })
        .await?;
        // Whatever it weighs by now, it had to be written: what was done in Azure is not to be lost.
        if !self.plan.steps.is_empty() {
            size::warn(terminal, &store.describe(), state)?;
        }
        if self.destroy && report.complete() && state.recorded.resources.is_empty() && state.journal.is_empty() {
            store.remove().await?;
        }
        let report = covered_report(report);
        tell_end(project, global, self.plan, &report, started, self.destroy)?;
        Ok(ended(&report))
    }
}

/// What a cut-off run left running is followed to its end before anything is planned.
async fn recover_first(project: &Project, client: &crate::azure::Client, state: &State) -> Vec<crate::model::Made> {
    let terminal = project.terminal;
    let told = |address: &crate::names::Address, wait: &Wait| {
        if let Wait::Status(status) = wait {
            terminal.line(&format!("going on from an interrupted run: {address}: {status}"));
        }
    };
    let recovery = recover(client, state, &told).await;
    for (address, why) in &recovery.failed {
        terminal.line(&format!("the interrupted run's work on {address} ended badly: {why}"));
    }
    recovery.ours
}

/// Whether the plan may be carried out: adopting and everything else must be agreed to.
pub(super) fn agreed(
    project: &Project,
    plan: &Plan,
    consent: &Consent,
    destroy: bool,
) -> Result<Option<Exit>, CommandError> {
    let strangers: Vec<String> = plan
        .steps
        .iter()
        .filter(|s| s.action == Action::Adopt && s.record.as_ref().is_some_and(|r| !r.created))
        .map(|s| s.address.to_string())
        .collect();
    if !strangers.is_empty() && !consent.adopt {
        let refused = CommandError::refused(format!(
            "Azure has these already, and they are not in the record: {}",
            strangers.join(", ")
        ))
        .hint("take them into the record with --adopt; what is adopted can later be destroyed")
        .hint("or write `existing: true` to reference them only, or give your own another name");
        return Err(match plan.record {
            Some(_) => refused,
            None => refused.next(
                "there is no record yet; one that was lost is made anew with",
                format!("state rebuild {}", plan.environment),
            ),
        });
    }
    let nothing = !plan.steps.iter().any(|s| !matches!(s.work, Work::Adopt { .. }));
    if nothing || consent.yes {
        return Ok(None);
    }
    let question = if destroy { "Delete all this?" } else { "Apply this?" };
    match project.terminal.confirm(question) {
        Some(true) => Ok(None),
        Some(false) => {
            project.terminal.line("Nothing was changed.");
            Ok(Some(Exit::Refused))
        }
        None => {
            Err(CommandError::refused("nobody is here to confirm the plan")
                .hint("pass --yes to go ahead without asking"))
        }
    }
}

fn tell_end(
    project: &Project,
    global: &Global,
    plan: &Plan,
    report: &Report,
    started: Instant,
    destroy: bool,
) -> Result<(), CommandError> {
    let environment = &plan.environment;
    if global.output == Output::Json {
        return project.terminal.out(&report_json(environment, plan, Some(report)));
    }
    if plan.steps.is_empty() {
        return Ok(());
    }
    let told = closing(report, environment.as_str(), started.elapsed(), destroy, &project.flags);
    project.terminal.out(&format!("\n{told}"))
}

fn ended(report: &Report) -> Exit {
    if report.complete() {
        Exit::Done
    } else if report.interrupted {
        Exit::Interrupted
    } else if report.stale {
        Exit::Refused
    } else {
        Exit::Failed
    }
}
