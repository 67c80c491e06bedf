//! Where a run ends: all of Azure, how often each resource was made, and the record, without what differs from one life of
//! the world to another: identifiers that Azure makes up, and times.

use std::collections::BTreeMap;

use landfall::document::Value;
use landfall::model::Entry;
use landfall::names::ArmId;
use landfall::sandbox::Sandbox;
use landfall::state::{State, Store};
use regex_lite::Regex;
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
        let resources = world["resources"].as_object().unwrap().iter().map(|(key, resource)| {
            let shown = serde_json::json!({"body": resource["body"], "state": resource["state"]});
            (names.fill(key), names.fill(&format!("{shown:#}")))
        });
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
                let kept = Entry { id, seen: Value::map(), ..entry.clone() };
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
struct Names {
    made_up: Regex,
    /// What makes a cluster's host names its own, and its number.
    hosts: Regex,
    times: Regex,
    places: BTreeMap<String, String>,
}

impl Names {
    fn of(world: &Json) -> Self {
        // Version 5: derived by the sandbox, or by landfall from what the sandbox made up. Roles are of version 4.
        let guid = "[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}";
        let mut out = Self {
            made_up: Regex::new(guid).unwrap(),
            hosts: Regex::new(r#"-[0-9a-f]{8}\.|"[0-9a-f]{24}""#).unwrap(),
            times: Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap(),
            places: BTreeMap::new(),
        };
        for (key, resource) in world["resources"].as_object().unwrap() {
            if !key.contains(GRANT) {
                out.learn(key, &resource["body"]);
            }
        }
        out
    }

    fn learn(&mut self, place: &str, value: &Json) {
        match value {
            Json::String(text) if self.made_up.is_match(text) => {
                for found in self.made_up.find_iter(text) {
                    self.places.entry(found.as_str().to_owned()).or_insert_with(|| format!("<{place}>"));
                }
            }
            Json::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| self.learn(&format!("{place} {n}"), item))
            }
            Json::Object(map) => map.iter().for_each(|(key, item)| self.learn(&format!("{place} {key}"), item)),
            _ => {}
        }
    }

    /// A text with names for identifiers.
    fn fill(&self, text: &str) -> String {
        let named = self.made_up.replace_all(text, |found: &regex_lite::Captures<'_>| {
            self.places.get(&found[0]).cloned().unwrap_or_else(|| "<made up>".to_owned())
        });
        let named = self.hosts.replace_all(&named, "<host>");
        self.times.replace_all(&named, "<time>").into_owned()
    }
}
