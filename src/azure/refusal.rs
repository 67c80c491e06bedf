//! Reads the bodies in which Azure refuses: `{"error": {..}}`, flat, capitalised, JSON within a message, XML, HTML, text,
//! nothing. Pure; it never fails, since even an unreadable refusal is one.

use serde_json::Value as Json;

use super::request::without_queries;

/// One code with its message, somewhere in a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// Azure's code; empty where there is none.
    pub code: String,
    /// The message on one line, without the query strings of any URL.
    pub message: String,
    /// The property or resource it is about.
    pub target: Option<String>,
}

/// Codes and messages, from the outside in.
pub(super) struct Refusal {
    pub(super) parts: Vec<Detail>,
}

/// Nesting beyond this is not followed: no recorded refusal is deeper than four.
const DEPTH: usize = 8;
/// A message is cut after so many characters: longer ones are whole pages or lists of regions.
const LONGEST: usize = 2000;

impl Refusal {
    pub(super) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut parts = Vec::new();
        match serde_json::from_str::<Json>(text) {
            Ok(json) => walk(&json, 0, &mut parts),
            Err(_) if text.starts_with('<') => parts.extend(markup(text)),
            Err(_) if !text.is_empty() => parts.push(Detail { message: tidy(text), ..Detail::default() }),
            Err(_) => {}
        }
        Self { parts }
    }
}

/// A member by its name, whatever its case.
pub(super) fn member<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    let object = json.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn walk(json: &Json, depth: usize, out: &mut Vec<Detail>) {
    if depth > DEPTH {
        return;
    }
    match json {
        Json::String(text) => within(text, depth, out),
        Json::Array(items) => items.iter().for_each(|item| walk(item, depth + 1, out)),
        Json::Object(_) => {
            one(json, depth, out);
            for name in ["error", "details", "innererror", "errorEntity", "statusMessage"] {
                // The `error` of OAuth is a word with a description beside it; `one` has read both.
                if let Some(inner) = member(json, name)
                    && !(name == "error" && inner.is_string())
                {
                    walk(inner, depth + 1, out);
                }
            }
            if let Some(properties) = member(json, "properties") {
                for name in ["error", "statusMessage"] {
                    if let Some(inner) = member(properties, name) {
                        walk(inner, depth + 1, out);
                    }
                }
            }
        }
        _ => {}
    }
}

fn one(json: &Json, depth: usize, out: &mut Vec<Detail>) {
    let text = |name| member(json, name).and_then(Json::as_str).unwrap_or_default();
    let code = match member(json, "code") {
        Some(Json::String(code)) => code.as_str(),
        Some(Json::Number(_)) => "",
        _ => match member(json, "error") {
            Some(Json::String(word)) => word.as_str(),
            _ => "",
        },
    };
    let message = [text("message"), text("error_description"), text("reason")].into_iter().find(|t| !t.is_empty());
    let message = message.unwrap_or_default();
    let target = member(json, "target").and_then(Json::as_str).map(str::to_owned);
    if !code.is_empty() || !message.is_empty() {
        out.push(Detail { code: code.to_owned(), message: tidy(message), target });
        within(message, depth, out);
    }
}

/// Reads the JSON that some services put into a message.
fn within(text: &str, depth: usize, out: &mut Vec<Detail>) {
    let Some(at) = text.find('{') else { return };
    let mut stream = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Json>();
    if let Some(Ok(json @ Json::Object(_))) = stream.next() {
        walk(&json, depth + 1, out);
    }
}

fn markup(text: &str) -> Option<Detail> {
    let between = |tag: &str| {
        let lower = text.to_ascii_lowercase();
        let start = lower.find(&format!("<{tag}>"))? + tag.len() + 2;
        let end = lower[start..].find(&format!("</{tag}>"))? + start;
        Some(text.get(start..end)?.to_owned())
    };
    let message = ["message", "detail", "title", "h1"].into_iter().find_map(between);
    let code = between("code").filter(|c| !c.contains('<')).unwrap_or_default();
    message.map(|message| Detail { code, message: tidy(&message), target: None })
}

/// One line, of bounded length, without what a URL may have signed.
pub(super) fn tidy(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = without_queries(&line);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}
