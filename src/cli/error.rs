//! Errors as a person meets them: what happened, why, what to do; and the exit code that follows.

use std::fmt::Write as _;

use super::exit::Exit;
use crate::apply::StepFailure;
use crate::azure;
use crate::diagnostic::{Diagnostics, wrapped};
use crate::state::StateError;

/// Why a command ends early.
#[derive(Debug)]
pub(super) enum CommandError {
    /// Wrong input, with where it stands.
    Input(Diagnostics),
    /// Anything else: the message, what to do, the exit code.
    Told { message: String, hints: Vec<Hint>, exit: Exit },
    /// Whoever read the output has gone.
    BrokenPipe,
}

/// What to do about an error.
#[derive(Debug)]
pub(super) enum Hint {
    /// Advice.
    Text(String),
    /// Advice that ends in a command on the same project.
    Next { advice: String, words: String },
}

impl CommandError {
    pub(super) fn wrong(message: impl Into<String>) -> Self {
        Self::Told { message: message.into(), hints: Vec::new(), exit: Exit::WrongInput }
    }
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::Told { message: message.into(), hints: Vec::new(), exit: Exit::Failed }
    }
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::Told { message: message.into(), hints: Vec::new(), exit: Exit::Refused }
    }
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told { hints, .. } = &mut self {
            hints.push(Hint::Text(hint.into()));
        }
        self
    }
    /// A hint that ends in a command, without the program's name and the options that every command on this project needs.
    pub(super) fn next(mut self, advice: &str, words: impl Into<String>) -> Self {
        if let Self::Told { hints, .. } = &mut self {
            hints.push(Hint::Next { advice: advice.to_owned(), words: words.into() });
        }
        self
    }

    /// The exit code.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Input(_) => Exit::WrongInput,
            Self::Told { exit, .. } => *exit,
            Self::BrokenPipe => Exit::Done,
        }
    }

    /// The whole text, styled, in lines of so many columns where a person watches; a writer may strip the styles. `flags` are
    /// what a further command needs.
    pub(super) fn render(&self, columns: Option<usize>, flags: &str) -> String {
        use anstyle::{AnsiColor, Style};
        let bad: Style = AnsiColor::Red.on_default().bold();
        let help: Style = AnsiColor::Cyan.on_default();
        match self {
            Self::Input(diagnostics) => format!("{}\n", diagnostics.render(true)),
            Self::BrokenPipe => String::new(),
            Self::Told { message, hints, .. } => {
                let below = |word: &str, text: &str| match columns {
                    // What comes after the first line stands below its beginning.
                    Some(columns) => {
                        wrapped(text, columns - word.len()).replace('\n', &format!("\n{:1$}", "", word.len()))
                    }
                    None => text.to_owned(),
                };
                let mut out = format!("{bad}error{bad:#}: {}\n", below("error: ", message));
                for hint in hints {
                    let hint = match hint {
                        Hint::Text(text) => text.clone(),
                        Hint::Next { advice, words } => format!("{advice}: landfall {words}{flags}"),
                    };
                    let _ = writeln!(out, "{help}help{help:#}: {}", below("help: ", &hint));
                }
                out
            }
        }
    }
}

/// An error and all its causes in one line, each said once.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !out.contains(&text) {
            let _ = write!(out, ": {text}");
        }
        cause = error.source();
    }
    out
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::failed(format!("failed to write the output: {error}"))
    }
}

impl From<StateError> for CommandError {
    fn from(error: StateError) -> Self {
        let text = chain(&error);
        match &error {
            StateError::Locked { what, .. } => {
                let told = Self::refused(text).hint("wait for the other run, or give it time with --lock-timeout");
                // A file's lock ends with its process; a lease goes on for a while.
                if what.contains("://") {
                    told.next("the lock of a run that died ends by itself within a minute, or now", "state unlock")
                } else {
                    told
                }
            }
            StateError::LockLost { .. } | StateError::Unbreakable { .. } => Self::refused(text),
            StateError::Moved { .. } => Self::refused(text).hint("another run wrote the state meanwhile: plan again"),
            _ => Self::failed(text),
        }
    }
}

impl From<StepFailure> for CommandError {
    fn from(failure: StepFailure) -> Self {
        if failure.is_stale() { Self::refused(failure.told()) } else { Self::failed(failure.told()) }
    }
}

impl From<azure::Error> for CommandError {
    fn from(error: azure::Error) -> Self {
        // Below what Azure or Entra said lies only how the SDK met it.
        let told = if error.code.is_some() { error.to_string() } else { chain(&error) };
        error.next_steps("").into_iter().fold(Self::failed(told), Self::hint)
    }
}
