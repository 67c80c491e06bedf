//! Where a run ends: all of Azure, how often each resource was made, and the record, without what differs from one life of
//! the world to another: identifiers that Azure makes up, and times.

use std::collections::BTreeMap;

use landfall::document::Packed;
use landfall::model::Entry;
use landfall::names::ArmId;
use landfall::sandbox::Sandbox;
use landfall::state::{State, Store};
use serde_json::Value as Json;

const GRANT: &str = "/providers/microsoft.authorization/roleassignments/";

/// Where a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Each resource by its id.
    pub world: BTreeMap<String, String>,
    /// How often each was made; role assignments together, by what they stand on.
    pub made: BTreeMap<String, u64>,
    /// Each entry by its address; `None` where there is no state.
    pub record: Option<BTreeMap<String, String>>,
    /// How many entries the journal has.
    pub journal: usize,
}

impl Ending {
    pub async fn of(sandbox: &Sandbox, store: &dyn Store) -> Self {
        let world = sandbox.exported();
        let names = Names::of(&world);
        let resources = world["resources"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, resource)| (names.fill(key), names.fill(&shown(resource))));
        let mut made = BTreeMap::new();
        for (key, count) in world["created"].as_object().unwrap() {
            let key = match key.split_once(GRANT) {
                Some((scope, _)) => format!("{scope}{GRANT}"),
                None => key.clone(),
            };
            *made.entry(key).or_insert(0) += count.as_u64().unwrap();
        }
        let state = store.load().await.unwrap();
        let record = |state: &State| {
            let one = |(address, entry): (&_, &Entry)| {
                // Ids are the same in any casing.
                let id = ArmId::parse(&entry.id.key()).unwrap();
                let kept = Entry { id, seen: Packed::default(), ..entry.clone() };
                (format!("{address}"), names.fill(&format!("{kept:#?}")))
            };
            state.recorded.resources.iter().map(one).collect()
        };
        Self {
            world: resources.collect(),
            made,
            journal: state.as_ref().map_or(0, |s| s.journal.len()),
            record: state.as_ref().map(record),
        }
    }
}

/// Names for the identifiers that Azure made up: the first place in which each stands.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn of(world: &Json) -> Self {
        let mut out = Self::default();
        for (key, resource) in world["resources"].as_object().unwrap() {
            if !key.contains(GRANT) {
                out.learn(key, &resource["body"]);
            }
        }
        out
    }

    fn learn(&mut self, place: &str, value: &Json) {
        match value {
            Json::String(text) => {
                for (_, guid) in text.char_indices().filter_map(|(at, _)| made_up(text, at)) {
                    self.0.entry(guid.to_owned()).or_insert_with(|| format!("<{place}>"));
                }
            }
            Json::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| self.learn(&format!("{place} {n}"), item));
            }
            Json::Object(map) => map.iter().for_each(|(key, item)| self.learn(&format!("{place} {key}"), item)),
            _ => {}
        }
    }

    /// A text with names for identifiers, and without times.
    fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let (mut from, mut at) = (0, 0);
        while at < text.len() {
            let found = match made_up(text, at) {
                Some((end, guid)) => Some((end, self.0.get(guid).map_or("<made up>", String::as_str))),
                None => time(text, at).map(|end| (end, "<time>")),
            };
            if let Some((end, instead)) = found {
                out.push_str(&text[from..at]);
                out.push_str(instead);
                from = end;
            }
            at = found.map_or(at + 1, |(end, _)| end);
        }
        out.push_str(&text[from..]);
        out
    }
}

/// The GUID of version 5 that stands here, and its end: derived by the sandbox, or by landfall from what the sandbox made up.
/// Roles are of version 4.
fn made_up(text: &str, at: usize) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
    let found = [8, 13, 18, 23].iter().all(|dash| bytes.get(at + dash) == Some(&b'-')) && bytes[at + 14] == b'5';
    let guid =
        text.get(at..at + 36).filter(|guid| found && guid.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()))?;
    Some((at + 36, guid))
}

/// The end of the time that stands here: `2026-11-22T00:00:00Z`.
fn time(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let found = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':')].iter().all(|(n, c)| bytes.get(at + n) == Some(c));
    let end = if found { text[at..].find('Z')? } else { return None };
    Some(at + end + 1)
}

/// What Azure makes up beside GUIDs.
const MADE_UP: [&str; 3] = ["resourceUID", "fqdn", "azurePortalFQDN"];

fn shown(resource: &Json) -> String {
    let mut shown = serde_json::json!({"body": resource["body"], "state": resource["state"]});
    if let Some(properties) = shown["body"]["properties"].as_object_mut() {
        properties.retain(|key, _| !MADE_UP.contains(&key.as_str()));
    }
    format!("{shown:#}")
}
