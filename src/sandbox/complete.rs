//! What the service makes of a body: fills in, rewrites, drops, and refuses to change, all by the behaviour tables.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use uuid::Uuid;

use super::behaviour::{Behaviour, Drop, Rule};
use super::json_path::{at, fill, remove, set};

/// What the texts of the tables may speak of.
pub(super) struct Context<'a> {
    pub name: &'a str,
    pub group: &'a str,
    pub location: String,
    pub subscription: &'a str,
    pub tenant: &'a str,
    /// Distinguishes this resource from one of the same id that was there before.
    pub seed: String,
    pub made: String,
    pub changed: String,
    /// The parent's body, for paths that start with `^`.
    pub parent: Option<&'a Json>,
}

impl Context<'_> {
    /// A GUID of this resource's own.
    pub(super) fn guid(&self, purpose: &str) -> String {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}|{purpose}", self.seed).as_bytes()).to_string()
    }

    fn look<'b>(&'b self, body: &'b Json, path: &str) -> Option<&'b Json> {
        match path.strip_prefix('^') {
            Some(path) => at(self.parent?, path),
            None => at(body, path),
        }
    }

    fn holds(&self, body: &Json, conditions: &BTreeMap<String, Vec<Json>>) -> bool {
        conditions.iter().all(|(path, values)| {
            let here = self.look(body, path).filter(|v| !unsaid(v));
            values.iter().any(|value| match here {
                None => value.is_null(),
                Some(here) => same(here, value),
            })
        })
    }

    /// The value with its texts filled in; `None` where a path it speaks of has no value.
    fn resolve(&self, body: &Json, value: &Json) -> Option<Json> {
        match value {
            Json::String(text) => self.text(body, text),
            Json::Array(items) => {
                items.iter().map(|v| self.resolve(body, v)).collect::<Option<Vec<_>>>().map(Json::Array)
            }
            Json::Object(map) => {
                let pairs = map.iter().map(|(k, v)| Some((k.clone(), self.resolve(body, v)?)));
                pairs.collect::<Option<serde_json::Map<_, _>>>().map(Json::Object)
            }
            other => Some(other.clone()),
        }
    }

    fn text(&self, body: &Json, text: &str) -> Option<Json> {
        if let Some(path) = text.strip_prefix("{=").and_then(|t| t.strip_suffix('}')).filter(|p| !p.contains('{')) {
            return self.look(body, path).filter(|v| !unsaid(v)).cloned();
        }
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (word, tail) = after.split_once('}')?;
            out.push_str(before);
            out.push_str(&match word {
                "name" => self.name.to_owned(),
                "lower" => self.name.to_ascii_lowercase(),
                "group" => self.group.to_owned(),
                "location" => self.location.clone(),
                "subscription" => self.subscription.to_owned(),
                "tenant" => self.tenant.to_owned(),
                "made" => self.made.clone(),
                "changed" => self.changed.clone(),
                "short" => self.guid("short")[..8].to_owned(),
                "hex24" => self.guid("uid").replace('-', "")[..24].to_owned(),
                _ => match (word.strip_prefix("guid:"), word.strip_prefix('=')) {
                    (Some(purpose), _) => self.guid(purpose),
                    (_, Some(path)) => self.look(body, path)?.as_str()?.to_owned(),
                    _ => panic!("BUG: data/behaviour.json: {{{word}}} means nothing"),
                },
            });
            rest = tail;
        }
        out.push_str(rest);
        Some(Json::String(out))
    }
}

/// Fills in what the service fills in.
pub(super) fn apply_rules(body: &mut Json, rules: &[Rule], context: &Context<'_>) {
    for rule in rules {
        let here = at(body, &rule.path);
        let taken = here.is_some_and(|v| if rule.exactly { !v.is_null() } else { !unsaid(v) && !v.is_object() });
        let fits = (rule.always || !taken)
            && rule.under.as_ref().is_none_or(|path| at(body, path).is_some_and(|v| !v.is_null()))
            && !rule.unless.iter().any(|path| context.look(body, path).is_some_and(|v| !unsaid(v)))
            && context.holds(body, &rule.when);
        if !fits {
            continue;
        }
        let Some(value) = context.resolve(body, &rule.value) else { continue };
        match here.filter(|v| v.is_object() && !rule.always) {
            Some(_) => {
                let mut inner = at(body, &rule.path).cloned().unwrap_or(Json::Null);
                fill(&mut inner, &value);
                set(body, &rule.path, inner);
            }
            None => set(body, &rule.path, value),
        }
    }
}

/// Drops what the service does not show.
pub(super) fn apply_drops(body: &mut Json, drops: &[Drop], context: &Context<'_>) {
    for drop in drops {
        let here = at(body, &drop.path);
        let matches = here.is_some_and(|here| drop.value.as_ref().is_none_or(|value| same(here, value)))
            && context.holds(body, &drop.when)
            && (drop.unless.is_empty() || !context.holds(body, &drop.unless));
        if matches {
            remove(body, &drop.path);
        }
    }
}

/// Puts listed words into the casing that is answered; the first that is not taken is the error.
pub(super) fn apply_words(body: &mut Json, behaviour: &Behaviour) -> Result<(), (String, String, String)> {
    for (path, words) in &behaviour.words {
        let Some(text) = at(body, path).and_then(Json::as_str).filter(|t| !t.is_empty()) else { continue };
        match words.iter().find(|w| w.eq_ignore_ascii_case(text)) {
            // AKS answers "standard" as it was sent, in either casing.
            Some(_) if behaviour.family == "aks" => {}
            Some(word) => set(body, path, Json::String(word.clone())),
            None => return Err((path.clone(), text.to_owned(), words.join(", "))),
        }
    }
    Ok(())
}

/// The first property whose change the service refuses: its path, and a code and message of its own.
pub(super) fn refused_change(
    old: &Json,
    new: &Json,
    behaviour: &Behaviour,
) -> Option<(String, Option<(String, String)>)> {
    for path in &behaviour.fixed {
        let (before, after) = (at(old, path), at(new, path));
        if !same(before.unwrap_or(&Json::Null), after.unwrap_or(&Json::Null)) {
            return Some((path.clone(), None));
        }
    }
    for transition in &behaviour.transitions {
        let (before, after) =
            (at(old, &transition.path).unwrap_or(&Json::Null), at(new, &transition.path).unwrap_or(&Json::Null));
        let allowed = |(from, to): &(Json, Json)| same(before, from) && (to == "*" || same(after, to));
        let condition = |(path, values): (&String, &Vec<Json>)| {
            let here = at(new, path).unwrap_or(&Json::Null);
            values.iter().any(|value| same(here, value))
        };
        let listed = transition.allowed.iter().any(allowed) && transition.only_when.iter().all(condition);
        if !same(before, after) && !listed {
            let own = transition.code.clone().zip(transition.message.clone());
            return Some((transition.path.clone(), own));
        }
    }
    None
}

/// Absent in all but form.
pub(super) fn unsaid(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::Bool(_) => false,
    }
}

/// Equal as far as a service tells values apart: text without case, numbers by value, empty lists and objects as nothing,
/// false as nothing.
pub(super) fn same(a: &Json, b: &Json) -> bool {
    let nothing = |v: &Json| unsaid(v) || *v == Json::Bool(false);
    match (a, b) {
        (Json::String(a), Json::String(b)) => a.eq_ignore_ascii_case(b),
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.keys().chain(b.keys()).all(|k| same(a.get(k).unwrap_or(&Json::Null), b.get(k).unwrap_or(&Json::Null)))
        }
        (a, b) => a == b || (nothing(a) && nothing(b)),
    }
}
