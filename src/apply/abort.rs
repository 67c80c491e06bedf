//! What Azure works on for a run, and asking Azure to end it. Nothing is written here: whoever follows the work sees how it ends,
//! and so does the next run.

use crate::azure::{Client, Error};
use crate::names::{Address, ArmId};
use crate::schema::{ResourceType, Schema};
use crate::state::{RecordedOperation, State};

/// A step that no run has seen the end of.
#[derive(Debug, Clone, PartialEq)]
pub struct AtWork {
    /// Of what.
    pub address: Address,
    /// What is done, as one word.
    pub action: String,
    /// The resource, where its id is known by then.
    pub id: Option<ArmId>,
    /// Azure's operation; none before Azure has accepted the request, and where it names none.
    pub operation: Option<RecordedOperation>,
}

/// What became of asking Azure to end it.
#[derive(Debug, Clone)]
pub enum Aborted {
    /// Azure ends it.
    Asked,
    /// Azure refuses, since nothing runs there any more.
    Ended(Error),
    /// Azure has no way to end work on such a resource; what a person calls it.
    Impossible(String),
    /// Azure has not accepted it yet: there is nothing to end.
    NotAccepted,
    /// Azure could not be asked.
    Failed(Error),
}

/// The steps that the journal says are open, in the order in which they were begun. What travels in the request of another one,
/// a pool in the create of its cluster, is part of that.
pub fn at_work(state: &State) -> Vec<AtWork> {
    let one = |last: &crate::state::JournalEntry| {
        let history = || state.journal.iter().rev().filter(|e| e.step == last.step && e.address == last.address);
        AtWork {
            address: last.address.clone(),
            action: last.action.clone(),
            id: history().find_map(|e| e.id.clone()),
            operation: history().find_map(|e| e.operation.clone()),
        }
    };
    let all: Vec<AtWork> = state.open_steps().into_iter().map(one).collect();
    let carried = |work: &AtWork| {
        let parent = work.id.as_ref().filter(|_| work.operation.is_none()).and_then(ArmId::parent);
        parent.is_some_and(|parent| {
            all.iter().any(|other| other.action == work.action && other.id.as_ref() == Some(&parent))
        })
    };
    all.iter().filter(|work| !carried(work)).cloned().collect()
}

impl AtWork {
    /// Why it cannot be ended, if that is known without asking.
    pub fn unending(&self) -> Option<Aborted> {
        match (self.resource(), &self.operation) {
            (Some(resource), _) if resource.abort.is_none() => Some(Aborted::Impossible(resource.label.clone())),
            (None, _) | (_, None) => Some(Aborted::NotAccepted),
            _ => None,
        }
    }

    /// Asks Azure to end it, and does not wait for that.
    pub async fn abort(&self, client: &Client) -> Aborted {
        if let Some(why) = self.unending() {
            return why;
        }
        let (Some(id), Some(resource)) = (&self.id, self.resource()) else { return Aborted::NotAccepted };
        let action = resource.abort.as_deref().unwrap_or_default();
        match client.post(&format!("{id}/{action}"), None, &resource.api_version).await {
            Ok(_) => Aborted::Asked,
            // AKS: "If the operation completes before cancellation can take place, a 409 error code is returned." What is gone
            // by now has ended too.
            Err(error) if matches!(error.status, Some(404 | 409)) => Aborted::Ended(error),
            Err(error) => Aborted::Failed(error),
        }
    }

    fn resource(&self) -> Option<&'static ResourceType> {
        Schema::get().resource(&self.id.as_ref()?.resource_type()?)
    }
}
