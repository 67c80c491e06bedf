//! What plan, apply and destroy begin with: the file, the record, the reads, the plan.

use std::collections::BTreeSet;

use super::error::CommandError;
use crate::apply;
use crate::azure::Client;
use crate::diagnostic::Diagnostic;
use crate::model::Desired;
use crate::names::{Address, Serial};
use crate::observe::{Statistics, Wants, observe};
use crate::plan::{Inputs, Plan, Reads, build, reads};
use crate::report::Heading;
use crate::state::State;

/// What is asked of a plan beside the file.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub destroy: bool,
    pub replace: BTreeSet<Address>,
}

impl Asked {
    pub(super) fn new(destroy: bool, replace: &[String]) -> Result<Self, CommandError> {
        let addresses = replace.iter().map(|text| {
            text.parse().map_err(|e: crate::names::AddressError| CommandError::wrong(format!("--replace: {e}")))
        });
        Ok(Self { destroy, replace: addresses.collect::<Result<_, _>>()? })
    }
}

/// What a plan has to read.
pub(super) fn needs(desired: &Desired, state: &State, asked: &Asked) -> Wants {
    wants(reads(desired, &state.recorded, asked.destroy, &apply::ours(state)))
}

/// The state and what is to be read, found while the token is fetched: neither needs the other.
pub(super) async fn state_and_token(
    client: &Client,
    desired: &Desired,
    asked: &Asked,
    state: impl Future<Output = Result<State, CommandError>>,
) -> Result<(State, Wants), CommandError> {
    let found = async {
        let state = state.await?;
        let needed = needs(desired, &state, asked);
        Ok::<_, CommandError>((state, needed))
    };
    let (ready, found) = futures::join!(client.ready(), found);
    let found = found?;
    ready?;
    Ok(found)
}

/// Reads what the plan needs, and plans. The client has its token.
pub(super) async fn survey(
    client: &Client,
    desired: &Desired,
    state: &State,
    asked: &Asked,
    needed: &Wants,
) -> Result<(Plan, Heading), CommandError> {
    let (live, statistics) = observe(client, needed).await;
    let saved = state.serial != Serial::default();
    let ours = apply::ours(state);
    let replace = &asked.replace - &apply::replaced(state);
    let mut plan = build(Inputs {
        desired,
        recorded: &state.recorded,
        record: saved.then_some((&state.lineage, state.serial)),
        live: &live,
        destroy: asked.destroy,
        replace: &replace,
        ours: &ours,
    });
    for address in asked.replace.difference(&replace) {
        let fact = format!("{address} was made anew by the run that was interrupted, and is not made anew once more");
        plan.diagnostics.push(Diagnostic::information("replaced-already", fact));
    }
    Ok((plan, heading(statistics)))
}

pub(super) fn heading(statistics: Statistics) -> Heading {
    Heading { reads: statistics.reads, elapsed: statistics.elapsed }
}

/// The reads of a plan as the observer takes them.
pub(super) fn wants(reads: Reads) -> Wants {
    Wants {
        resources: reads.resources.into_iter().collect(),
        grants: reads.grants.into_iter().collect(),
        listings: reads.listings.into_iter().collect(),
        answers: reads.answers.into_iter().collect(),
    }
}
