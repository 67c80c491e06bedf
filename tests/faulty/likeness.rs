//! What a run leaves behind, in a form in which two runs can be compared: identifiers that are drawn anew each time are
//! numbered in the order in which they come, and points in time are left out.

use std::collections::BTreeMap;
use std::time::Duration;

use landfall::document::Packed;
use landfall::model::Entry;
use landfall::sandbox::{Request, Sandbox};
use landfall::state::State;

/// State and world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    lines: Vec<String>,
    /// What Azure showed of each resource when it was last looked at.
    seen: Vec<String>,
}

impl Likeness {
    pub async fn of(sandbox: &Sandbox, state: &State) -> Self {
        sandbox.set_latency(Duration::ZERO);
        let mut names = Names::default();
        let (mut out, mut seen) = (Vec::new(), Vec::new());
        for (address, entry) in &state.recorded.resources {
            let kept = Entry { seen: Packed::default(), ..entry.clone() };
            out.push(names.replaced(&at_rest(&format!("{address}: {kept:?}")), true));
            seen.push(names.replaced(&at_rest(&format!("{address}: {:?}", entry.seen.unpack())), true));
        }
        out.extend(state.journal.iter().map(|entry| format!("journal: {entry:?}")));
        let (mut things, mut grants) = (Vec::new(), Vec::new());
        for id in sandbox.ids() {
            let url = format!("https://management.azure.com{id}?api-version=2026-05-01");
            let shown = sandbox.handle(Request::new("GET", &url)).await.body_json().to_string();
            let all = if id.to_ascii_lowercase().contains("/roleassignments/") { &mut grants } else { &mut things };
            all.push(at_rest(&format!("{id}: {} made: {shown}", sandbox.created_count(&id))));
        }
        out.extend(things.iter().map(|text| names.replaced(text, true)));
        let mut grants: Vec<String> = grants.iter().map(|text| names.replaced(text, false)).collect();
        grants.sort();
        out.extend(grants);
        Self { lines: out, seen }
    }

    /// The first difference.
    pub fn unlike(&self, other: &Self) -> Option<String> {
        self.elsewhere(other).or_else(|| unlike(&self.seen, &other.seen))
    }

    /// The first difference but for what was last seen: where the look after a change failed, the next run finds nothing to
    /// change, and remembers what was seen before.
    pub fn elsewhere(&self, other: &Self) -> Option<String> {
        unlike(&self.lines, &other.lines)
    }
}

fn unlike(one: &[String], other: &[String]) -> Option<String> {
    let extra = |a: &[String], b: &[String]| a.iter().find(|line| !b.contains(line)).cloned();
    match (extra(one, other), extra(other, one)) {
        (None, None) => None,
        (mine, theirs) => {
            let (mine, theirs) = (mine.unwrap_or_default(), theirs.unwrap_or_default());
            let same = mine.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(60);
            let part = |text: &str| {
                String::from_utf8_lossy(&text.as_bytes()[same.min(text.len())..]).chars().take(300).collect::<String>()
            };
            Some(format!("here: ..{}\n      there: ..{}", part(&mine), part(&theirs)))
        }
    }
}

/// A state as last seen says how far Azure was at that moment, and a pool is shown without autoscaler in two ways.
fn at_rest(text: &str) -> String {
    let words = ["Updating", "Creating", "Failed"].map(|word| format!("\"provisioningState\": String(\"{word}\")"));
    let text = words
        .iter()
        .fold(text.to_owned(), |text, word| text.replace(word, "\"provisioningState\": String(\"Succeeded\")"));
    let text = text.split("\"eTag\"").map(without_tag).collect::<Vec<_>>().join("\"eTag\"");
    // Azure's IDs change their casing with the way by which they are read.
    let text = text.replace("/resourcegroups/", "/resourceGroups/");
    let unsaid = ["\"enableAutoScaling\": Bool(false), ", "\"enableAutoScaling\":false,"];
    unsaid.iter().fold(text, |text, said| text.replace(said, ""))
}

/// What stands after the key of a tag, without the tag's text.
fn without_tag(text: &str) -> &str {
    let value = text.strip_prefix(": String(\"").or_else(|| text.strip_prefix(":\""));
    value.and_then(|value| value.split_once('"')).map_or(text, |(_, rest)| rest)
}

#[derive(Default)]
struct Names(BTreeMap<String, usize>);

impl Names {
    fn replaced(&mut self, text: &str, learn: bool) -> String {
        let bytes = text.as_bytes();
        let mut out = String::with_capacity(text.len());
        let (mut at, mut from) = (0, 0);
        while at < bytes.len() {
            let (long, word) = if is_like(&bytes[at..], GUID) {
                let guid = text[at..at + GUID.len()].to_ascii_lowercase();
                let next = self.0.len();
                let number = match learn {
                    true => Some(*self.0.entry(guid).or_insert(next)),
                    false => self.0.get(&guid).copied(),
                };
                (GUID.len(), number.map_or_else(|| "<new>".to_owned(), |n| format!("<{n}>")))
            } else if let Some(long) = label(bytes, at) {
                (long, "<label>".to_owned())
            } else if is_like(&bytes[at..], TIME) {
                // With what is smaller than a second.
                let rest = bytes[at + TIME.len()..].iter().take_while(|b| b".Z0123456789".contains(b)).count();
                (TIME.len() + rest, "<time>".to_owned())
            } else {
                at += 1;
                continue;
            };
            out.push_str(&text[from..at]);
            out.push_str(&word);
            at += long;
            from = at;
        }
        out.push_str(&text[from..]);
        out
    }
}

const GUID: &[u8] = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const TIME: &[u8] = b"dddd-dd-ddTdd:dd:dd";

/// How long the hexadecimal word is that begins here: a part of an endpoint's name, drawn when it is made.
fn label(bytes: &[u8], at: usize) -> Option<usize> {
    let within = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
    let long = bytes[at..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let ends = bytes.get(at + long).is_none_or(|b| !b.is_ascii_alphanumeric());
    (!within && ends && long >= 8).then_some(long)
}

fn is_like(bytes: &[u8], pattern: &[u8]) -> bool {
    let fits = |(byte, wanted): (&u8, &u8)| match wanted {
        b'x' => byte.is_ascii_hexdigit(),
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    };
    bytes.len() >= pattern.len() && bytes.iter().zip(pattern).all(fits)
}
