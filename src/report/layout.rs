//! Two columns that give way to long words: what does not fit goes to a line of its own, nothing is cut.

use crate::document::Value;

/// Where the second column begins, in a terminal of 80 columns.
pub(super) const COLUMN: usize = 46;

/// How many columns a text takes; styles take none.
pub(super) fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

/// `left` and `right` on one line when both fit; otherwise `right` on a line of its own below, further in.
pub(super) fn two(left: &str, right: &str, columns: usize) -> String {
    if right.is_empty() {
        return left.trim_end().to_owned();
    }
    let (l, r) = (width(left), width(right));
    if l < COLUMN && COLUMN + r <= columns {
        return format!("{left}{}{right}", " ".repeat(COLUMN - l));
    }
    if l + 2 + r <= columns {
        return format!("{left}  {right}");
    }
    let indent = left.chars().take_while(|c| *c == ' ').count() + 4;
    format!("{left}\n{}{right}", " ".repeat(indent))
}

/// A value as a person reads it: text without quotes where it needs none.
pub(super) fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "(unset)".to_owned(),
        Some(Value::String(text)) if plain(text) => text.clone(),
        Some(value) => value
            .to_display_json()
            .to_string()
            .replace("\"(secret)\"", "(secret)")
            .replace("\"(known after apply)\"", "(known after apply)"),
    }
}

fn plain(text: &str) -> bool {
    let clear = !text.is_empty() && text.trim() == text && !text.contains(['\n', '"']);
    // Text that would read as another type keeps its quotes.
    clear && text.parse::<f64>().is_err() && !["true", "false", "null", "(unset)"].contains(&text)
}
