//! `landfall plan`.

use super::saved;
use crate::cli::args::{Global, Output, PlanArgs};
use crate::cli::connect::connect;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::cli::survey::{Asked, state_and_token, survey};
use crate::diagnostic::Severity;
use crate::plan::Plan;
use crate::report::{Heading, next_after_plan, plan_json, plan_text};

/// Plans, and shows it.
pub(crate) async fn run(project: &Project, global: &Global, args: &PlanArgs) -> Result<Exit, CommandError> {
    let desired = project.load(&args.environment)?;
    let store = project.store(&desired.environment, &desired.state, &desired.cloud)?;
    let asked = Asked::new(args.destroy, &args.replace)?;
    let connection = connect(project, global, &desired.cloud)?;
    let state = project.state(store.as_ref(), &desired.environment);
    let (state, needed) = state_and_token(&connection.client, &desired, &asked, state).await?;
    let (plan, heading) = survey(&connection.client, &desired, &state, &asked, &needed).await?;
    show(project, global, &plan, heading)?;
    if let (Some(file), None) = (&args.out, verdict(&plan)) {
        saved::save(project, &plan, args.destroy, file)?;
    } else if global.output == Output::Text && plan.complete() && !plan.diagnostics.has_errors() {
        let next = next_after_plan(&plan, args.destroy, &project.flags);
        project.terminal.out(&next)?;
    }
    Ok(match verdict(&plan) {
        Some(exit) => exit,
        None if args.exit_code && plan.changes_azure() => Exit::Changes,
        None => Exit::Done,
    })
}

/// Prints the plan in the form that was asked for.
pub(super) fn show(project: &Project, global: &Global, plan: &Plan, heading: Heading) -> Result<(), CommandError> {
    match global.output {
        Output::Json => project.terminal.out(&plan_json(plan)),
        Output::Text => project.terminal.out(&plan_text(plan, heading, project.terminal.columns())),
    }
}

/// The exit code of a plan that may not be applied.
pub(super) fn verdict(plan: &Plan) -> Option<Exit> {
    if !plan.complete() {
        return Some(Exit::Failed);
    }
    let problems = plan.diagnostics.sorted();
    let mut errors = problems.iter().filter(|d| d.severity == Severity::Error).peekable();
    errors.peek()?;
    Some(if errors.all(|d| d.code == "replace-unknown") { Exit::WrongInput } else { Exit::Refused })
}
