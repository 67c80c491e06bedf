//! The written shape of a saved plan, format 1, and the way between it and a plan. The only place that knows that shape.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::expectation::Expectation;
use super::file_value::{Broken, decode, encode, path, read_path};
use super::step::{
    Action, Alteration, Disruption, DriftItem, Hold, InlineChild, InlineEdit, Plan, Record, Step, UnmanagedItem, Work,
};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::diff::Reason;
use crate::document::{Path, SecretHash, Value};
use crate::model::{Grant, Target};
use crate::names::{Address, Location, Serial};

/// The format this landfall writes, and the newest it reads.
pub(super) const FORMAT: u64 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WirePlan {
    pub format: u64,
    pub written_by: String,
    pub written_at: String,
    pub environment: String,
    pub resource_group: String,
    pub location: Option<String>,
    pub sandbox: bool,
    pub destroy: bool,
    pub record: Option<WireVersion>,
    /// Under which this plan's secrets are hashed, in hexadecimal.
    pub key: String,
    pub steps: Vec<WireStep>,
    pub unchanged: Vec<String>,
    pub drift: Vec<WireMoved>,
    pub unmanaged: Vec<WireMoved>,
    pub remember: BTreeMap<String, WireRecord>,
    pub forget: Vec<String>,
    #[serde(default)]
    pub gone: Vec<String>,
    pub diagnostics: Vec<WireDiagnostic>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireVersion {
    pub lineage: String,
    pub serial: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireStep {
    id: String,
    address: String,
    r#type: String,
    action: String,
    disruption: String,
    pools: Vec<String>,
    changes: Vec<WireChange>,
    depends_on: Vec<String>,
    note: Option<String>,
    work: WireWork,
    holds: Vec<WireHold>,
    record: Option<WireRecord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireChange {
    path: Json,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    before: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    after: Option<Json>,
    reason: String,
    disruption: String,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum WireWork {
    Create {
        target: WireTarget,
        body: Json,
        inline: Vec<WireInline>,
    },
    Update {
        id: String,
        edits: Vec<WireEdit>,
        inline: Vec<WireInlineEdit>,
        expects: WireExpectation,
        leaves: Option<WireExpectation>,
    },
    Delete {
        id: String,
        only: Option<Vec<String>>,
    },
    Adopt {
        id: String,
    },
    Within {
        step: String,
        id: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum WireTarget {
    Id(String),
    Grant { scope: String, role: String, principal: Json },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireInline {
    property: String,
    element: Json,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireEdit {
    path: Json,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    value: Option<Json>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireInlineEdit {
    property: String,
    path: Json,
    value: Json,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireExpectation {
    paths: Vec<Json>,
    digest: String,
    after: Vec<WireEdit>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireHold {
    id: String,
    shared: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireRecord {
    id: Option<String>,
    r#type: String,
    applied: Json,
    defaulted: Json,
    created: bool,
    protect: bool,
    chosen: Option<String>,
    depends_on: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireMoved {
    address: String,
    path: Json,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    before: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    after: Option<Json>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireDiagnostic {
    severity: String,
    summary: String,
    help: Vec<String>,
}

/// A `null` that is written is a value; only what is left out is none.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}

const ACTIONS: [Action; 6] =
    [Action::Create, Action::Update, Action::Rotate, Action::Replace, Action::Delete, Action::Adopt];
const DISRUPTIONS: [Disruption; 6] = [
    Disruption::None,
    Disruption::Unknown,
    Disruption::Restarts,
    Disruption::Reimages,
    Disruption::Rotates,
    Disruption::Replaces,
];
const REASONS: [(Reason, &str); 4] = [
    (Reason::File, "file"),
    (Reason::Drift, "drift"),
    (Reason::Removed, "removed"),
    (Reason::Dependency, "dependency"),
];
const SEVERITIES: [(Severity, &str); 3] =
    [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Information, "information")];

/// Writes the parts of a plan, secrets hashed under `key`.
pub(super) struct Writer<'a> {
    pub key: &'a [u8],
}

impl Writer<'_> {
    pub(super) fn step(&self, step: &Step) -> WireStep {
        WireStep {
            id: step.id.to_string(),
            address: step.address.to_string(),
            r#type: step.arm_type.clone(),
            action: step.action.word().to_owned(),
            disruption: step.disruption.word().to_owned(),
            pools: step.pools.clone(),
            changes: step.changes.iter().map(|change| self.change(change)).collect(),
            depends_on: texts(&step.depends_on),
            note: step.note.clone(),
            work: self.work(&step.work),
            holds: step.holds.iter().map(|h| WireHold { id: h.id.to_string(), shared: h.shared }).collect(),
            record: step.record.as_ref().map(|record| self.record(record)),
        }
    }

    fn change(&self, change: &Alteration) -> WireChange {
        WireChange {
            path: path(&change.path),
            before: self.maybe(change.before.as_ref()),
            after: self.maybe(change.after.as_ref()),
            reason: word_of(&REASONS, change.reason),
            disruption: change.disruption.word().to_owned(),
            note: change.note.clone(),
        }
    }

    fn work(&self, work: &Work) -> WireWork {
        match work {
            Work::Create { target, body, inline } => WireWork::Create {
                target: match target {
                    Target::Id(id) => WireTarget::Id(id.to_string()),
                    Target::Grant(grant) => WireTarget::Grant {
                        scope: grant.scope.to_string(),
                        role: grant.role.to_string(),
                        principal: encode(&grant.principal, self.key),
                    },
                },
                body: encode(body, self.key),
                inline: inline
                    .iter()
                    .map(|c| WireInline { property: c.property.clone(), element: encode(&c.element, self.key) })
                    .collect(),
            },
            Work::Update { id, edits, inline, expects, leaves } => WireWork::Update {
                leaves: leaves.as_ref().map(|leaves| self.expectation(leaves)),
                id: id.to_string(),
                edits: self.edits(edits),
                inline: inline
                    .iter()
                    .map(|edit| WireInlineEdit {
                        property: edit.property.clone(),
                        path: path(&edit.path),
                        value: encode(&edit.value, self.key),
                    })
                    .collect(),
                expects: self.expectation(expects),
            },
            Work::Delete { id, only } => WireWork::Delete { id: id.to_string(), only: only.as_ref().map(texts) },
            Work::Adopt { id } => WireWork::Adopt { id: id.to_string() },
            Work::Within { step, id } => WireWork::Within { step: step.to_string(), id: id.to_string() },
        }
    }

    fn expectation(&self, expectation: &Expectation) -> WireExpectation {
        WireExpectation {
            paths: expectation.paths.iter().map(path).collect(),
            digest: expectation.digest.clone(),
            after: self.edits(&expectation.after),
        }
    }

    fn edits(&self, edits: &[(Path, Option<Value>)]) -> Vec<WireEdit> {
        edits.iter().map(|(at, value)| WireEdit { path: path(at), value: self.maybe(value.as_ref()) }).collect()
    }

    pub(super) fn record(&self, record: &Record) -> WireRecord {
        WireRecord {
            id: record.id.as_ref().map(ToString::to_string),
            r#type: record.arm_type.clone(),
            applied: encode(&record.applied, self.key),
            defaulted: encode(&record.defaulted, self.key),
            created: record.created,
            protect: record.protect,
            chosen: record.chosen.clone(),
            depends_on: texts(&record.depends_on),
        }
    }

    pub(super) fn moved(
        &self,
        address: &Address,
        at: &Path,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> WireMoved {
        WireMoved { address: address.to_string(), path: path(at), before: self.maybe(before), after: self.maybe(after) }
    }

    fn maybe(&self, value: Option<&Value>) -> Option<Json> {
        value.map(|value| encode(value, self.key))
    }
}

/// The written form of what was told beside the plan. Places in a file are left out: the file may have moved on.
pub(super) fn told(diagnostics: &Diagnostics) -> Vec<WireDiagnostic> {
    let one = |d: &Diagnostic| WireDiagnostic {
        severity: word_of(&SEVERITIES, d.severity),
        summary: d.summary.clone(),
        help: d.help.clone(),
    };
    diagnostics.sorted().into_iter().map(one).collect()
}

/// Opens a secret's hash: what is to stand for it, given the address and the path it stands at.
pub(super) type Open<'a> = &'a mut dyn FnMut(SecretHash, &str, &Path) -> Value;

impl WirePlan {
    /// The plan; `open` turns hashes of secrets into what is to stand for them.
    pub(super) fn plan(self, open: Open<'_>) -> Result<Plan, Broken> {
        let mut reader = Reader { open };
        let mut diagnostics = Diagnostics::default();
        for told in self.diagnostics {
            diagnostics.push(Diagnostic {
                severity: of_word(&SEVERITIES, &told.severity)?,
                help: told.help,
                ..Diagnostic::error("planned", told.summary)
            });
        }
        let remembered = self.remember.into_iter().map(|(address, record)| {
            let record = reader.record(record, &address)?;
            Ok((parsed(&address)?, record))
        });
        let remember = remembered.collect::<Result<_, Broken>>()?;
        let record = match self.record {
            Some(version) => Some((parsed(&version.lineage)?, Serial(version.serial))),
            None => None,
        };
        let steps = self.steps.into_iter().map(|step| reader.step(step)).collect::<Result<Vec<_>, Broken>>()?;
        ordered(&steps)?;
        Ok(Plan {
            environment: parsed(&self.environment)?,
            resource_group: parsed(&self.resource_group)?,
            location: self.location.as_deref().map(Location::new),
            record,
            steps,
            unchanged: all(&self.unchanged)?,
            drift: self
                .drift
                .into_iter()
                .map(|m| {
                    let (address, path, recorded, live) = reader.moved(m)?;
                    Ok(DriftItem { address, path, recorded, live })
                })
                .collect::<Result<_, Broken>>()?,
            unmanaged: self
                .unmanaged
                .into_iter()
                .map(|m| {
                    let (address, path, before, after) = reader.moved(m)?;
                    Ok(UnmanagedItem { address, path, before, after })
                })
                .collect::<Result<_, Broken>>()?,
            unread: Vec::new(),
            diagnostics,
            remember,
            seen: BTreeMap::new(),
            forget: all(&self.forget)?,
            gone: all(&self.gone)?,
        })
    }
}

/// Ids are unique, and what a step waits for stands before it.
fn ordered(steps: &[Step]) -> Result<(), Broken> {
    let mut before = BTreeSet::new();
    for step in steps {
        let carrier = if let Work::Within { step, .. } = &step.work { Some(step) } else { None };
        if let Some(missing) = step.depends_on.iter().chain(carrier).find(|id| !before.contains(*id)) {
            return Err(format!("step {} waits for {missing}, which does not stand before it", step.id));
        }
        if !before.insert(&step.id) {
            return Err(format!("there are two steps {}", step.id));
        }
        if crate::schema::Schema::get().resource(&step.arm_type).is_none() {
            return Err(format!("`{}` is no resource type of this landfall", step.arm_type));
        }
    }
    Ok(())
}

struct Reader<'a> {
    open: Open<'a>,
}

impl Reader<'_> {
    fn step(&mut self, step: WireStep) -> Result<Step, Broken> {
        let address = step.address.as_str();
        Ok(Step {
            id: parsed(&step.id)?,
            address: parsed(address)?,
            arm_type: step.r#type,
            action: *ACTIONS.iter().find(|a| a.word() == step.action).ok_or_else(|| strange(&step.action))?,
            disruption: disruption(&step.disruption)?,
            pools: step.pools,
            changes: step
                .changes
                .into_iter()
                .map(|change| {
                    Ok(Alteration {
                        path: read_path(change.path)?,
                        before: self.maybe(change.before, address)?,
                        after: self.maybe(change.after, address)?,
                        reason: of_word(&REASONS, &change.reason)?,
                        disruption: disruption(&change.disruption)?,
                        note: change.note,
                    })
                })
                .collect::<Result<_, Broken>>()?,
            depends_on: all(&step.depends_on)?,
            note: step.note,
            work: self.work(step.work, address)?,
            holds: step
                .holds
                .into_iter()
                .map(|hold| Ok(Hold { id: id(&hold.id)?, shared: hold.shared }))
                .collect::<Result<_, Broken>>()?,
            record: match step.record {
                Some(record) => Some(self.record(record, address)?),
                None => None,
            },
        })
    }

    fn work(&mut self, work: WireWork, address: &str) -> Result<Work, Broken> {
        Ok(match work {
            WireWork::Create { target, body, inline } => Work::Create {
                target: match target {
                    WireTarget::Id(text) => Target::Id(id(&text)?),
                    WireTarget::Grant { scope, role, principal } => Target::Grant(Grant {
                        scope: id(&scope)?,
                        role: parsed(&role)?,
                        principal: self.value(principal, address)?,
                    }),
                },
                body: self.value(body, address)?,
                inline: inline
                    .into_iter()
                    .map(|c| Ok(InlineChild { property: c.property, element: self.value(c.element, address)? }))
                    .collect::<Result<_, Broken>>()?,
            },
            WireWork::Update { id: text, edits, inline, expects, leaves } => Work::Update {
                leaves: match leaves {
                    Some(leaves) => Some(self.expectation(leaves, address)?),
                    None => None,
                },
                id: id(&text)?,
                edits: self.edits(edits, address)?,
                inline: inline
                    .into_iter()
                    .map(|edit| {
                        let at = read_path(edit.path)?;
                        let open = &mut self.open;
                        let value = decode(edit.value, &at, &mut |hash, path| open(hash, address, path))?;
                        Ok(InlineEdit { property: edit.property, path: at, value })
                    })
                    .collect::<Result<_, Broken>>()?,
                expects: self.expectation(expects, address)?,
            },
            WireWork::Delete { id: text, only } => Work::Delete {
                id: id(&text)?,
                only: match only {
                    Some(ids) => Some(ids.iter().map(|text| id(text)).collect::<Result<_, Broken>>()?),
                    None => None,
                },
            },
            WireWork::Adopt { id: text } => Work::Adopt { id: id(&text)? },
            WireWork::Within { step, id: text } => Work::Within { step: parsed(&step)?, id: id(&text)? },
        })
    }

    fn expectation(&mut self, wire: WireExpectation, address: &str) -> Result<Expectation, Broken> {
        Ok(Expectation {
            paths: wire.paths.into_iter().map(read_path).collect::<Result<_, Broken>>()?,
            digest: wire.digest,
            after: self.edits(wire.after, address)?,
        })
    }

    fn edits(&mut self, edits: Vec<WireEdit>, address: &str) -> Result<Vec<(Path, Option<Value>)>, Broken> {
        let read = |edit: WireEdit| {
            let at = read_path(edit.path)?;
            let value = match edit.value {
                Some(json) => {
                    let open = &mut self.open;
                    Some(decode(json, &at, &mut |hash, path| open(hash, address, path))?)
                }
                None => None,
            };
            Ok((at, value))
        };
        edits.into_iter().map(read).collect()
    }

    fn record(&mut self, record: WireRecord, address: &str) -> Result<Record, Broken> {
        Ok(Record {
            id: match record.id {
                Some(text) => Some(id(&text)?),
                None => None,
            },
            arm_type: record.r#type,
            applied: self.value(record.applied, address)?,
            defaulted: self.value(record.defaulted, address)?,
            created: record.created,
            protect: record.protect,
            chosen: record.chosen,
            depends_on: record.depends_on.iter().map(|text| parsed(text)).collect::<Result<_, Broken>>()?,
        })
    }

    fn moved(&mut self, moved: WireMoved) -> Result<(Address, Path, Option<Value>, Option<Value>), Broken> {
        let before = self.maybe(moved.before, &moved.address)?;
        let after = self.maybe(moved.after, &moved.address)?;
        Ok((parsed(&moved.address)?, read_path(moved.path)?, before, after))
    }

    fn maybe(&mut self, json: Option<Json>, address: &str) -> Result<Option<Value>, Broken> {
        json.map(|json| self.value(json, address)).transpose()
    }

    fn value(&mut self, json: Json, address: &str) -> Result<Value, Broken> {
        let open = &mut self.open;
        decode(json, &Path::root(), &mut |hash, path| open(hash, address, path))
    }
}

fn texts<T: Display>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, Broken> {
    text.parse().map_err(|why| format!("`{text}`: {why}"))
}

fn id(text: &str) -> Result<crate::names::ArmId, Broken> {
    crate::names::ArmId::parse(text).map_err(|why| format!("`{text}`: {why}"))
}

fn all<T: FromStr<Err: Display> + Ord>(words: &[String]) -> Result<BTreeSet<T>, Broken> {
    words.iter().map(|word| parsed(word)).collect()
}

fn strange(word: &str) -> Broken {
    format!("`{word}` is a word this landfall does not know")
}

fn disruption(word: &str) -> Result<Disruption, Broken> {
    DISRUPTIONS.iter().find(|d| d.word() == word).copied().ok_or_else(|| strange(word))
}

fn word_of<T: Copy + PartialEq>(table: &[(T, &'static str)], it: T) -> String {
    table.iter().find(|(t, _)| *t == it).map(|(_, word)| (*word).to_owned()).expect("BUG: the table is whole")
}

fn of_word<T: Copy>(table: &[(T, &'static str)], word: &str) -> Result<T, Broken> {
    table.iter().find(|(_, w)| *w == word).map(|(t, _)| *t).ok_or_else(|| strange(word))
}
