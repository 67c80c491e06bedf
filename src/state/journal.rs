//! The journal of a run: before each request its intent, after it the outcome.
//!
//! Entries are only ever appended, several for one step, so that any prefix of a journal is what a killed run leaves.
//! [`next_status`] is the one judge of what may follow what, for writing ([`State::note`](super::State::note)) and for
//! replay (reading a file) alike. What an open entry means is for its reader to decide.

use crate::names::{Address, ArmId, CorrelationId, OperationUrl};

/// What became of one step at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// The step's id in its plan.
    pub step: String,
    /// Of what.
    pub address: Address,
    /// What is done, as one word: `create`.
    pub action: String,
    /// The resource, where its id is known by then.
    pub id: Option<ArmId>,
    /// How far the step has come.
    pub status: JournalStatus,
    /// The operation Azure runs for it; present with [`JournalStatus::Running`] where Azure gave a URL.
    pub operation: Option<RecordedOperation>,
    /// The digest of the values the step was planned on, so that a resumed step is not taken for another one.
    pub digest: Option<String>,
    /// When, as RFC 3339 in UTC.
    pub at: String,
    /// Why it failed; present with [`JournalStatus::Failed`] alone.
    pub failure: Option<Failure>,
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JournalStatus {
    /// Its request is about to be sent, or was; nobody knows yet.
    Intended,
    /// Azure accepted it and works on it.
    Running,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// The run was interrupted while Azure worked on it.
    Left,
}

/// A long-running operation of Azure, as it must be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedOperation {
    /// Where to ask, to be followed to the letter.
    pub url: OperationUrl,
    /// Which kind of URL it is, in the words of whoever asks: the header it came in.
    pub kind: String,
    /// The api-version the request was sent with.
    pub api_version: String,
}

/// Why a step failed, as far as it is worth remembering.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Azure's word for it: `QuotaExceeded`.
    pub code: Option<String>,
    /// What happened.
    pub message: String,
    /// For Azure's support.
    pub correlation: Option<CorrelationId>,
}

/// A status that cannot follow the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{to} cannot follow {}", .from.map_or("nothing", JournalStatus::word))]
pub struct IllegalStatus {
    /// What stood before; `None` for a step's first entry.
    pub from: Option<JournalStatus>,
    /// What should have followed.
    pub to: JournalStatus,
}

/// The status of a step after `to` was noted, where `from` was its last (`None`: it has no entry yet).
///
/// A step begins with its intent. An intent may be repeated: the run before was killed, and nobody knows whether the
/// request went out. A running step may be noted again, when Azure moves the operation's URL. What failed or was left may
/// be tried again; what is done is never done twice.
pub fn next_status(from: Option<JournalStatus>, to: JournalStatus) -> Result<JournalStatus, IllegalStatus> {
    use JournalStatus::{Done, Failed, Intended, Left, Running};
    match (from, to) {
        (None, Intended)
        | (Some(Intended | Running | Left), Intended | Running | Done | Failed | Left)
        | (Some(Failed), Intended) => Ok(to),
        (None | Some(Failed), _) | (Some(Done), _) => Err(IllegalStatus { from, to }),
    }
}

impl JournalStatus {
    /// The status in one lower-case word, as files and messages say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Left => "left",
        }
    }

    /// Whether nobody knows yet how it ends.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Intended | Self::Running | Self::Left)
    }
}

impl std::fmt::Display for JournalStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::JournalStatus::{Done, Failed, Intended, Left, Running};
    use super::*;

    #[test]
    fn what_may_follow_what() {
        let table = [
            (None, vec![Intended]),
            (Some(Intended), vec![Intended, Running, Done, Failed, Left]),
            (Some(Running), vec![Intended, Running, Done, Failed, Left]),
            (Some(Left), vec![Intended, Running, Done, Failed, Left]),
            (Some(Failed), vec![Intended]),
            (Some(Done), vec![]),
        ];
        for (from, legal) in table {
            for to in [Intended, Running, Done, Failed, Left] {
                let wanted = if legal.contains(&to) { Ok(to) } else { Err(IllegalStatus { from, to }) };
                assert_eq!(next_status(from, to), wanted, "{from:?} -> {to:?}");
            }
        }
        assert_eq!(IllegalStatus { from: None, to: Done }.to_string(), "done cannot follow nothing");
        assert_eq!(IllegalStatus { from: Some(Done), to: Intended }.to_string(), "intended cannot follow done");
    }
}
