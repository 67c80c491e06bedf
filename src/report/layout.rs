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
    if width(right) == 0 {
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

/// A path or a value with its ARM ids cut to what tells them apart: `.../userAssignedIdentities/prod-control`. The JSON form
/// has them whole.
pub(super) fn brief(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("/subscriptions/") {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let end = tail.find(|c: char| "\"'], ".contains(c) || c.is_whitespace()).unwrap_or(tail.len());
        let whole = &tail[..end];
        // As a key it stands below the property that says of what type it is.
        match whole.rsplit('/').next().filter(|_| out.ends_with("[\"")) {
            Some(name) => out.push_str(&format!(".../{name}")),
            None => out.push_str(&brief_id(whole)),
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

fn brief_id(id: &str) -> String {
    let parts: Vec<&str> = id.split('/').collect();
    if parts.len() <= 5 {
        return id.to_owned();
    }
    format!(".../{}", parts[parts.len() - 2..].join("/"))
}

/// A value as a person reads it: text without quotes where it needs none.
pub(super) fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "(unset)".to_owned(),
        Some(Value::String(text)) if plain(text) => text.clone(),
        Some(Value::Map(map)) if map.is_empty() => "(present)".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cut_to_what_tells_them_apart() {
        let id = "/subscriptions/s/resourceGroups/g/providers/M.I/userAssignedIdentities/prod";
        assert_eq!(brief(&format!("a[\"{id}\"].b")), "a[\".../prod\"].b");
        assert_eq!(brief(&format!("x on {id}, so")), "x on .../userAssignedIdentities/prod, so");
        assert_eq!(brief("/subscriptions/s/resourceGroups/g"), "/subscriptions/s/resourceGroups/g");
    }

    #[test]
    fn long_words_go_to_a_line_of_their_own() {
        let long = "x".repeat(70);
        assert_eq!(two("  a", &long, 80), format!("  a  {long}"));
        assert_eq!(two("    abcdefgh", &long, 80), format!("    abcdefgh\n        {long}"));
        assert_eq!(shown(Some(&Value::text("1.35"))), "\"1.35\"", "text that reads as a number keeps its quotes");
    }
}
