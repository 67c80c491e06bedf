//! One fault at one request, and the judgement over what came of it.

use std::collections::BTreeSet;

use landfall::apply;
use landfall::event::Report;
use landfall::plan::Plan;

use crate::blow::Blow;
use crate::scene::{refusals, told};
use crate::stage::{Go, Ran, Stage};
use crate::strike::{Asked, Striker};

/// How it ended; anything else is a text that says what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As if nothing had happened.
    Well,
    /// With a clear error, and the next run where the unharmed one ended.
    Told,
}

/// Tries it.
pub async fn run(stage: &Stage, at: usize, asked: &Asked, blow: &Blow) -> Result<Ended, String> {
    let go = stage.go().await;
    let striker = stage.striker(&go, at, blow);
    let ended = if at < stage.planning {
        let plan = stage.planned(&go, striker.clone(), false).await;
        struck(&striker, at, asked)?;
        if same(&plan, &stage.plan) {
            // The run that follows has been seen.
            return Ok(Ended::Well);
        }
        if !plan.complete() || !refusals(&plan).is_empty() {
            unread(&plan)?;
            Ended::Told
        } else {
            let report = stage.carried_out(&go, Striker::new(go.sandbox.clone(), None), &plan).await;
            judge(stage, &go, (&plan, blow.lies), &report).await?
        }
    } else {
        let report = stage.carried_out(&go, striker.clone(), &stage.plan).await;
        struck(&striker, at - stage.planning, asked)?;
        judge(stage, &go, (&stage.plan, blow.lies), &report).await?
    };
    if blow.heals && ended == Ended::Told {
        return Err("it should have healed within the run".to_owned());
    }
    Ok(ended)
}

/// The request is the one that was meant.
fn struck(striker: &Striker, at: usize, asked: &Asked) -> Result<(), String> {
    let log = striker.asked();
    let found = log.get(at).map(|a| (&a.method, &a.path));
    match found == Some((&asked.method, &asked.path)) {
        true => Ok(()),
        false => Err(format!("not this was struck, but {found:?}")),
    }
}

fn same(one: &Plan, other: &Plan) -> bool {
    one.steps == other.steps
        && one.complete() == other.complete()
        && one.unchanged == other.unchanged
        && one.drift == other.drift
        && one.unmanaged == other.unmanaged
        && one.remember == other.remember
        && one.forget == other.forget
        && refusals(one) == refusals(other)
}

fn unread(plan: &Plan) -> Result<(), String> {
    for one in &plan.unread {
        clear(&one.why)?;
    }
    refusals(plan).iter().try_for_each(|refusal| clear(refusal))
}

/// A person can read it.
fn clear(text: &str) -> Result<(), String> {
    let bad = ["<html", "<h1", "<body", "BUG", "panick", "\n"];
    let says_nothing = text.trim().is_empty() || text.trim().ends_with(':');
    match says_nothing || text.len() > 2500 || bad.iter().any(|b| text.contains(b)) {
        true => Err(format!("no clear message: {text:?}")),
        false => Ok(()),
    }
}

async fn judge(stage: &Stage, go: &Go, (plan, lies): (&Plan, bool), ran: &Ran) -> Result<Ended, String> {
    let report = &ran.report;
    if report.complete() {
        return match stage.ended(go).await.unlike(&stage.end) {
            None => Ok(Ended::Well),
            Some(_) if lies => settled(stage, go, report).await.map(|()| Ended::Told),
            Some(difference) => Err(format!("complete, and not the same:\n      {difference}")),
        };
    }
    only_what_waits_is_skipped(plan, ran)?;
    for failed in &report.failed {
        clear(&failed.message)?;
    }
    true_state(stage, go, report).await?;
    let said: Vec<String> = report.failed.iter().map(|f| format!("{}: {}", f.address, f.message)).collect();
    let after = |what: String| format!("{what}\n      after {}", said.join("\n      "));
    // The next run, with nothing in its way.
    let plan = stage.planned(go, Striker::new(go.sandbox.clone(), None), stage.replaced(go)).await;
    if !plan.complete() || !refusals(&plan).is_empty() {
        return Err(after(format!("the next plan is refused: {:?} {:?}", refusals(&plan), plan.unread)));
    }
    let report = stage.carried_out(go, Striker::new(go.sandbox.clone(), None), &plan).await.report;
    if !report.complete() {
        return Err(after(format!("the next run fails: {:?}", report.failed)));
    }
    match stage.ended(go).await.elsewhere(&stage.end) {
        None => Ok(Ended::Told),
        Some(_) if lies => settled(stage, go, &report).await.map(|()| Ended::Told).map_err(after),
        Some(difference) => Err(after(format!("the next run ends elsewhere:\n      {difference}"))),
    }
}

/// Azure said of something that it is not there. What was done about that may stay, as long as all of it is known and nothing is
/// left to do after another run.
async fn settled(stage: &Stage, go: &Go, report: &Report) -> Result<(), String> {
    true_state(stage, go, report).await?;
    let mut plan = stage.planned(go, Striker::new(go.sandbox.clone(), None), true).await;
    if !told(&plan).is_empty() {
        let report = stage.carried_out(go, Striker::new(go.sandbox.clone(), None), &plan).await.report;
        true_state(stage, go, &report).await?;
        plan = stage.planned(go, Striker::new(go.sandbox.clone(), None), true).await;
    }
    match told(&plan).is_empty() && refusals(&plan).is_empty() && plan.complete() {
        true => Ok(()),
        false => Err(format!("something is left to do: {:?} {:?}", told(&plan), refusals(&plan))),
    }
}

fn only_what_waits_is_skipped(plan: &Plan, ran: &Ran) -> Result<(), String> {
    let (mut lost, mut waited) = (ran.failed.clone(), BTreeSet::new());
    // The plan's order is such that whoever waits comes later.
    for step in &plan.steps {
        if step.depends_on.iter().any(|d| lost.contains(d)) && lost.insert(step.id.clone()) {
            waited.insert(step.id.clone());
        }
    }
    if ran.skipped != waited {
        return Err(format!("skipped are {:?}, and those that wait are {waited:?}", ran.skipped));
    }
    let report = &ran.report;
    match report.done + lost.len() == plan.steps.len() && report.left.is_empty() {
        true => Ok(()),
        false => Err(format!("of {} steps not all are told of: {report:?}", plan.steps.len())),
    }
}

/// What is recorded is there and as recorded, and what was made is recorded, or in the journal.
async fn true_state(stage: &Stage, go: &Go, report: &Report) -> Result<(), String> {
    let state = stage.state(go).await;
    let there: BTreeSet<String> = go.sandbox.ids().iter().map(|id| id.to_ascii_lowercase()).collect();
    let failed: BTreeSet<String> = report.failed.iter().map(|o| o.address.to_string()).collect();
    let skipped: BTreeSet<String> = report.skipped.iter().map(|o| o.address.to_string()).collect();
    for (address, entry) in &state.recorded.resources {
        let known = there.contains(&entry.id.to_string().to_ascii_lowercase());
        // What waits for its parent to be made anew went with it, and is told of.
        if !known && !failed.contains(&address.to_string()) && !skipped.contains(&address.to_string()) {
            return Err(format!("{address} is recorded as {} and is not there", entry.id));
        }
    }
    if let Some(untrue) =
        stage.drifted(go).await.iter().find(|address| !failed.contains(*address) && !skipped.contains(*address))
    {
        return Err(format!("the record of {untrue} is not true"));
    }
    let existed: BTreeSet<String> = stage.existed().iter().map(|id| id.to_ascii_lowercase()).collect();
    let ours: Vec<String> = (state.recorded.resources.values().map(|e| e.id.clone()))
        .chain(apply::ours(&state).into_iter().map(|m| m.id))
        .map(|id| id.to_string().to_ascii_lowercase())
        .collect();
    let known = |id: &&String| {
        ours.iter().any(|o| **id == *o || (id.starts_with(&format!("{o}/")) && !id.contains("/roleassignments/")))
            || id.contains("/resourcegroups/mc_")
    };
    match there.iter().filter(|id| !existed.contains(*id)).find(|id| !known(id)) {
        None => Ok(()),
        Some(id) => Err(format!("{id} was made, and nobody knows: {ours:#?}")),
    }
}
