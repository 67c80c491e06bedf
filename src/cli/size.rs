//! What is said of a state that has grown large, and what is no longer begun with one.

use super::error::CommandError;
use super::terminal::Terminal;
use crate::state::{LARGE, State, StateError, TOO_LARGE, weigh};

const MIB: u64 = 1 << 20;

/// Warns of a large state, with what is largest in it. `what` is the state as a person knows it.
pub(super) fn warn(terminal: Terminal, what: &str, state: &State) -> Result<u64, StateError> {
    let weight = weigh(state)?;
    if weight.bytes >= LARGE {
        let largest: Vec<String> =
            weight.largest.iter().map(|(address, bytes)| format!("{address} {}", shown(*bytes))).collect();
        terminal.line(&format!(
            "warning: {what} has grown to {}, and every write sends all of it; the largest: {}, the journal {}. \
             Over {} no run is begun: keep some of it in an environment of its own.",
            shown(weight.bytes),
            largest.join(", "),
            shown(weight.journal),
            shown(TOO_LARGE)
        ));
    }
    Ok(weight.bytes)
}

/// Refuses to begin a run that would write what is too large. A run that has begun writes what it has to.
pub(super) fn begin(terminal: Terminal, what: &str, state: &State) -> Result<(), CommandError> {
    if weigh(state)?.bytes < TOO_LARGE { Ok(()) } else { check(terminal, what, state) }
}

/// Warns, and refuses what is too large. Only where nothing has been done yet that a refusal would lose.
pub(super) fn check(terminal: Terminal, what: &str, state: &State) -> Result<(), CommandError> {
    fits(what, warn(terminal, what, state)?)
}

/// Refuses a state of so many bytes, if those are too many.
pub(super) fn fits(what: &str, bytes: u64) -> Result<(), CommandError> {
    if bytes < TOO_LARGE {
        return Ok(());
    }
    let text = format!("{what} is too large: {} where less than {} may be", shown(bytes), shown(TOO_LARGE));
    Err(CommandError::refused(text).hint("split the environment: each one has a state of its own"))
}

/// As a person reads it: `8.3 MiB`.
fn shown(bytes: u64) -> String {
    if bytes >= MIB {
        return format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB);
    }
    format!("{} KiB", bytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_short() {
        for (bytes, text) in
            [(0, "0 KiB"), (1, "1 KiB"), (MIB - 1, "1024 KiB"), (LARGE, "8.0 MiB"), (8_800_000, "8.3 MiB")]
        {
            assert_eq!(shown(bytes), text);
        }
    }

    #[test]
    fn what_is_too_large_is_refused_with_what_may_be() {
        assert!(fits("it", TOO_LARGE - 1).is_ok());
        let refused = fits("it", TOO_LARGE).expect_err("it is");
        assert!(
            refused.render(None, "").contains("64.0 MiB where less than 64.0 MiB may be"),
            "{}",
            refused.render(None, "")
        );
    }
}
