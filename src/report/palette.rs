//! The few colours. They never carry meaning that the text does not: the same text without them says the same.

use anstyle::{AnsiColor, Style};

use crate::plan::{Action, Disruption};

pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const CHANGE: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const TELL: Style = AnsiColor::Cyan.on_default();

/// The colour of an action.
pub(super) fn of_action(action: Action) -> Style {
    match action {
        Action::Create => GOOD,
        Action::Update => CHANGE,
        Action::Rotate | Action::Replace | Action::Delete => BAD,
        Action::Adopt => TELL,
    }
}

/// The colour of a disruption.
pub(super) fn of_disruption(disruption: Disruption) -> Style {
    match disruption {
        Disruption::None => DIM,
        Disruption::Unknown | Disruption::Restarts | Disruption::Reimages => CHANGE,
        Disruption::Rotates | Disruption::Replaces => BAD,
    }
}

/// The sign before an address.
pub(super) fn sign(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Update => "~",
        Action::Rotate | Action::Replace => "±",
        Action::Delete => "-",
        Action::Adopt => "=",
    }
}

/// Text in a style.
pub(super) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}
