//! Standard output for data, standard error for talk; colours only where they are wanted.

use std::io::{IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::args::Color;
use super::error::CommandError;
use super::veil;

/// Where output goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    color: ColorChoice,
    columns: usize,
}

impl Terminal {
    pub(super) fn new(color: Color, columns: Option<usize>) -> Self {
        let color = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        // Wide terminals do not make a plan wide: the eye has to find the way back.
        Self { color, columns: columns.unwrap_or(80).clamp(60, 120) }
    }

    /// Columns to lay text out for.
    pub(super) fn columns(self) -> usize {
        self.columns
    }

    /// Data.
    pub(super) fn out(self, text: &str) -> Result<(), CommandError> {
        let mut stream = AutoStream::new(std::io::stdout().lock(), self.color);
        stream.write_all(veil::covered(text).as_bytes())?;
        Ok(stream.flush()?)
    }

    /// Data, to the byte.
    pub(super) fn raw(self, bytes: &[u8]) -> Result<(), CommandError> {
        let mut stream = std::io::stdout().lock();
        stream.write_all(bytes)?;
        Ok(stream.flush()?)
    }

    /// Talk. Nobody listening is no error.
    pub(super) fn say(self, text: &str) {
        let mut stream = AutoStream::new(std::io::stderr().lock(), self.color);
        let _ = stream.write_all(veil::covered(text).as_bytes());
        let _ = stream.flush();
    }

    /// One line of talk.
    pub(super) fn line(self, text: &str) {
        self.say(&format!("{text}\n"));
    }

    /// Whether a person watches standard error.
    pub(super) fn watched(self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Whether a person agrees, or did by `--yes`. What was not agreed to is not done, and it is said.
    pub(super) fn agreed(self, question: &str, yes: bool) -> Result<bool, CommandError> {
        if yes {
            return Ok(true);
        }
        match self.confirm(question) {
            Some(true) => Ok(true),
            Some(false) => {
                self.line("Nothing was changed.");
                Ok(false)
            }
            None => {
                Err(CommandError::refused("nobody is here to confirm it").hint("pass --yes to go ahead without asking"))
            }
        }
    }

    /// Asks for a word; an empty answer takes `otherwise`. `None` when nobody is there to answer.
    pub(super) fn ask(self, question: &str, otherwise: &str) -> Option<String> {
        if !self.answers() {
            return None;
        }
        let hint = if otherwise.is_empty() { String::new() } else { format!(" [{otherwise}]") };
        self.say(&format!("{question}{hint}: "));
        let mut answer = String::new();
        // The end of the input is nobody too.
        if std::io::stdin().read_line(&mut answer).ok()? == 0 {
            return None;
        }
        let answer = answer.trim();
        Some(if answer.is_empty() { otherwise.to_owned() } else { answer.to_owned() })
    }

    /// Whether a person is there to answer.
    pub(super) fn answers(self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Asks a question that is answered with `yes`; `None` when nobody is there to answer.
    pub(super) fn confirm(self, question: &str) -> Option<bool> {
        if !self.answers() {
            return None;
        }
        self.say(&format!("{question} [y/N] "));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).ok()?;
        Some(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
    }
}
