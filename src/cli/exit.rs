//! The documented exit codes.

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do in Azure.
    Done,
    /// Failed.
    Failed,
    /// Azure would be changed, or has drifted.
    Changes,
    /// Wrong input.
    WrongInput,
    /// Refused: protected, not adopted, not confirmed, stale, locked.
    Refused,
    /// Interrupted; the next run goes on.
    Interrupted,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::WrongInput => 3,
            Self::Refused => 4,
            Self::Interrupted => 130,
        }
    }
}
