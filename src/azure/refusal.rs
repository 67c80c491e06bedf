//! Reads the bodies in which Azure refuses: `{"error": {..}}`, flat, capitalised, JSON within a message, XML, HTML, text,
//! nothing. Pure; it never fails, since even an unreadable refusal is one.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::named::Named;
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

/// Codes and messages, from the outside in, and what they name.
#[derive(Default)]
pub(super) struct Refusal {
    pub(super) parts: Vec<Detail>,
    pub(super) named: Named,
}

/// Nesting beyond this is not followed: no recorded refusal is deeper than four.
const DEPTH: usize = 8;
/// A message is cut after so many characters: longer ones are whole pages.
const LONGEST: usize = 2000;
/// A list of more items than this (regions, VM sizes) is cut to its first ones.
const LISTED: usize = 12;

impl Refusal {
    pub(super) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut refusal = Self::default();
        match serde_json::from_str::<Json>(text) {
            Ok(json) => walk(&json, 0, &mut refusal),
            Err(_) if text.starts_with('<') => refusal.parts.extend(markup(text)),
            Err(_) if !text.is_empty() => {
                refusal.named.read(text);
                refusal.parts.push(Detail { message: told(text), ..Detail::default() });
            }
            Err(_) => {}
        }
        refusal
    }
}

/// A member by its name, whatever its case.
pub(super) fn member<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    let object = json.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn walk(json: &Json, depth: usize, out: &mut Refusal) {
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

fn one(json: &Json, depth: usize, out: &mut Refusal) {
    let text = |name| member(json, name).and_then(Json::as_str).unwrap_or_default();
    let code = match member(json, "code") {
        Some(Json::String(code)) => code.as_str(),
        Some(Json::Number(_)) => "",
        _ => match (member(json, "error"), member(json, "nameAvailable")) {
            (Some(Json::String(word)), _) => word.as_str(),
            (_, Some(Json::Bool(false))) => text("reason"),
            _ => "",
        },
    };
    let message = [text("message"), text("error_description"), text("reason")].into_iter().find(|t| !t.is_empty());
    let message = message.unwrap_or_default();
    let target = member(json, "target").and_then(Json::as_str).map(str::to_owned);
    if !code.is_empty() || !message.is_empty() {
        let message = unescaped(message);
        out.named.read(&message);
        out.parts.push(Detail { code: code.to_owned(), message: told(&message), target });
        within(&message, depth, out);
    }
    if let Some(Json::Array(all)) = member(json, "additionalInfo") {
        all.iter().filter_map(|one| member(one, "info")).for_each(|info| out.named.read_policy(info));
    }
}

/// Reads the JSON that some services put into a message.
fn within(text: &str, depth: usize, out: &mut Refusal) {
    if let Some(json) = text.find('{').and_then(|at| object(&text[at..])) {
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
    message.map(|message| Detail { code, message: told(&message), target: None })
}

/// A message as a person can read it: one line, without the JSON that some services put into it (what that says is read on its
/// own), without rules of dashes, with long lists cut.
fn told(text: &str) -> String {
    if text.trim_start().starts_with('<')
        && let Some(inner) = markup(text)
    {
        return inner.message;
    }
    let line = without_json(text).split_whitespace().collect::<Vec<_>>().join(" ");
    tidy(&with_short_lists(&without_rules(&line)))
}

/// A message that was quoted into another, without the marks of that.
fn unescaped(text: &str) -> Cow<'_, str> {
    let quoted = text.contains("\\n") || text.contains("\\\"");
    let json = || text.find('{').is_some_and(|at| object(&text[at..]).is_some());
    if !quoted || json() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'r' | 't') => out.push('\n'),
                Some(escaped) => out.push(escaped),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The JSON object that a text begins with.
fn object(text: &str) -> Option<Json> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    stream.next()?.ok().filter(Json::is_object)
}

fn without_json(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[']) {
        out.push_str(&rest[..at]);
        let mut stream = serde_json::Deserializer::from_str(&rest[at..]).into_iter::<Json>();
        let end = match stream.next() {
            // `[az aks get-versions]` is a way to quote, and an empty or flat list may be what the sentence is about.
            Some(Ok(json)) if json.is_object() || json[0].is_object() => at + stream.byte_offset(),
            _ => {
                let next = rest[at..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[at..at + next]);
                rest = &rest[at + next..];
                continue;
            }
        };
        out.push_str("...");
        rest = &rest[end..];
    }
    out.push_str(rest);
    if out.trim() == "..." { String::new() } else { out }
}

fn without_rules(line: &str) -> String {
    let words = line.split(' ').filter(|word| word.len() < 4 || word.chars().any(|c| c != '-'));
    words.collect::<Vec<_>>().join(" ")
}

fn with_short_lists(line: &str) -> String {
    let cut = |part: &str| {
        let items: Vec<&str> = part.split(',').collect();
        // Between two quotes stands a list, or a stretch of prose.
        if items.len() <= LISTED || items.iter().any(|item| item.len() > 60 || item.contains(". ")) {
            return part.to_owned();
        }
        let first: Vec<&str> = items[..LISTED].iter().map(|item| item.trim()).collect();
        format!("{} and {} more", first.join(", "), items.len() - LISTED)
    };
    line.split('\'').map(cut).collect::<Vec<_>>().join("'")
}

/// The text without tokens: a JWT, or what is said to be a bearer token. Some gateways repeat what they do not like.
fn without_tokens(line: &str) -> String {
    let token = |word: &str| {
        let jwt = word.starts_with("eyJ") && word.len() > 20;
        if jwt { Some("(token)") } else { None }
    };
    let marks = |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c));
    let mut out = String::with_capacity(line.len());
    let mut bearer = false;
    for piece in line.split_inclusive(marks) {
        let word = piece.trim_end_matches(marks);
        let cover = token(word).or_else(|| (bearer && word.len() > 20).then_some("(token)"));
        out.push_str(cover.unwrap_or(word));
        out.push_str(&piece[word.len()..]);
        bearer = word.eq_ignore_ascii_case("bearer") || (bearer && word.is_empty());
    }
    out
}

/// One line, of bounded length, without what a URL may have signed.
pub(super) fn tidy(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = without_tokens(&without_queries(&line));
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}
