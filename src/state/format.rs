//! The state file, format 1: the only place where the shape of the file is known.
//!
//! Every field is known or the file is refused: a landfall that dropped what it does not know would lose something on the
//! next save. So a field more is a new format, and each format that was ever written stays readable.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::journal::{Failure, JournalEntry, JournalStatus, RecordedOperation};
use super::record::{out_of_order, replay};
use super::{State, StateError, Version};
use crate::document::{Packed, Path, Unwritable, Value, decode, encode};
use crate::model::{Entry, HashKey, Recorded};
use crate::names::{Address, ArmId, EnvName, Serial};

/// The format this landfall writes, and the newest it reads.
const FORMAT: u64 = 1;

/// A document of a file that was read only as far as to know that it is JSON. Large states have many, and they are turned into
/// values one at a time.
type Unread = Box<RawValue>;

/// What is enough of a file of any format to say that it is too new.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    format: u64,
    written_by: Option<String>,
}

/// What is enough of a file to say which version of which state it is.
#[derive(Deserialize)]
struct WireVersion {
    format: u64,
    environment: String,
    lineage: String,
    serial: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireState<D> {
    format: u64,
    written_by: String,
    environment: String,
    lineage: String,
    serial: u64,
    key: String,
    resources: Pairs<WireEntry<D>>,
    journal: Vec<WireJournalEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireEntry<D> {
    id: String,
    r#type: String,
    applied: D,
    defaulted: D,
    seen: D,
    created: bool,
    protect: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
    depends_on: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireJournalEntry {
    step: String,
    address: String,
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    status: WireStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<WireOperation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<WireFailure>,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum WireStatus {
    Intended,
    Running,
    Done,
    Failed,
    Left,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireOperation {
    url: String,
    kind: String,
    api_version: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireFailure {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation: Option<String>,
}

/// A JSON object in the order of the file, in which no key may stand twice: of two records of one resource, one would
/// silently be lost.
struct Pairs<T>(Vec<(String, T)>);

impl<T: Serialize> Serialize for Pairs<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, item)| (key, item)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Pairs<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut out: Vec<(String, T)> = Vec::new();
                let mut keys = BTreeSet::new();
                while let Some((key, item)) = map.next_entry::<String, T>()? {
                    if !keys.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!("`{key}` stands here twice")));
                    }
                    out.push((key, item));
                }
                Ok(Pairs(out))
            }
        }
        deserializer.deserialize_map(Read(PhantomData))
    }
}

/// Where a file comes from, for the errors of reading it.
pub(super) struct Origin<'a> {
    /// The state as a person knows it.
    pub what: &'a str,
    /// Where an earlier version lies, if there is one.
    pub backup: Option<String>,
    /// Whose state it must be.
    pub environment: &'a EnvName,
}

/// The file of a state, with `serial` in place of its own.
///
/// # Errors
/// [`StateError::Unwritable`] and [`StateError::Journal`]: what is written can always be read.
pub(super) fn write(state: &State, serial: Serial) -> Result<Vec<u8>, StateError> {
    replay(&state.journal).map_err(|(at, why)| out_of_order(&state.journal[at], why))?;
    let mut resources = Vec::new();
    for (address, entry) in &state.recorded.resources {
        resources.push((address.to_string(), write_entry(address, entry)?));
    }
    let wire = WireState {
        format: FORMAT,
        written_by: concat!("landfall ", env!("CARGO_PKG_VERSION")).to_owned(),
        environment: state.environment.to_string(),
        lineage: state.lineage.to_string(),
        serial: serial.0,
        key: BASE64.encode(&state.recorded.key.0),
        resources: Pairs(resources),
        journal: state.journal.iter().map(write_journal).collect(),
    };
    let mut out = serde_json::to_vec_pretty(&wire).expect("text, numbers and maps with text keys are always JSON");
    out.push(b'\n');
    Ok(out)
}

fn write_entry(address: &Address, entry: &Entry) -> Result<WireEntry<Json>, StateError> {
    let unwritable = |refused: Unwritable| StateError::Unwritable {
        address: address.clone(),
        path: refused.path,
        kind: refused.kind,
    };
    let document = |value: &Value| encode(value, &Path::root()).map_err(unwritable);
    Ok(WireEntry {
        id: entry.id.to_string(),
        r#type: entry.arm_type.clone(),
        applied: document(&entry.applied)?,
        defaulted: document(&entry.defaulted)?,
        seen: entry.seen.to_json().map_err(unwritable)?,
        created: entry.created,
        protect: entry.protect,
        chosen: entry.chosen.clone(),
        depends_on: entry.depends_on.iter().map(Address::to_string).collect(),
    })
}

fn write_journal(entry: &JournalEntry) -> WireJournalEntry {
    WireJournalEntry {
        step: entry.step.clone(),
        address: entry.address.to_string(),
        action: entry.action.clone(),
        id: entry.id.as_ref().map(ToString::to_string),
        status: match entry.status {
            JournalStatus::Intended => WireStatus::Intended,
            JournalStatus::Running => WireStatus::Running,
            JournalStatus::Done => WireStatus::Done,
            JournalStatus::Failed => WireStatus::Failed,
            JournalStatus::Left => WireStatus::Left,
        },
        operation: entry.operation.as_ref().map(|operation| WireOperation {
            url: operation.url.to_string(),
            kind: operation.kind.clone(),
            api_version: operation.api_version.clone(),
        }),
        digest: entry.digest.clone(),
        at: entry.at.clone(),
        failure: entry.failure.as_ref().map(|failure| WireFailure {
            code: failure.code.clone(),
            message: failure.message.clone(),
            correlation: failure.correlation.as_ref().map(ToString::to_string),
        }),
    }
}

/// The state of a file.
///
/// # Errors
/// [`StateError::Damaged`], [`StateError::Invalid`], [`StateError::Format`], [`StateError::OtherEnvironment`].
pub(super) fn read(bytes: &[u8], origin: &Origin<'_>) -> Result<State, StateError> {
    let damaged = |source: serde_json::Error| StateError::Damaged {
        what: origin.what.to_owned(),
        line: source.line(),
        column: source.column(),
        backup: origin.backup.clone(),
        source,
    };
    let probe: Probe = serde_json::from_slice(bytes).map_err(damaged)?;
    if probe.format != FORMAT {
        return Err(StateError::Format {
            what: origin.what.to_owned(),
            found: probe.format,
            newest: FORMAT,
            writer: probe.written_by.unwrap_or_else(|| "an unknown landfall".to_owned()),
        });
    }
    let wire: WireState<Unread> = serde_json::from_slice(bytes).map_err(damaged)?;
    if wire.environment != origin.environment.as_str() {
        return Err(StateError::OtherEnvironment {
            what: origin.what.to_owned(),
            expected: origin.environment.clone(),
            found: wire.environment,
        });
    }
    read_wire(wire, origin.environment).map_err(|(place, source)| StateError::Invalid {
        what: origin.what.to_owned(),
        place,
        backup: origin.backup.clone(),
        source,
    })
}

/// The version of the state in a file: what a save looks at before it replaces one. The rest is read no further than to know
/// that it is JSON, since a large state is saved often; what is not plainly a state of this environment is read whole, for
/// the error.
///
/// # Errors
/// As [`read`].
pub(super) fn version(bytes: &[u8], origin: &Origin<'_>) -> Result<Option<Version>, StateError> {
    let plain = serde_json::from_slice::<WireVersion>(bytes)
        .ok()
        .filter(|wire| wire.format == FORMAT && wire.environment == origin.environment.as_str());
    match plain.and_then(|wire| Some((wire.lineage.parse().ok()?, Serial(wire.serial)))) {
        Some(version) => Ok((version.1 != Serial::default()).then_some(version)),
        None => Ok(read(bytes, origin)?.version()),
    }
}

/// Reads what was taken out of a store, or written by hand: the state of `environment` from the file `what`.
///
/// # Errors
/// [`StateError::Damaged`], [`StateError::Invalid`], [`StateError::Format`], [`StateError::OtherEnvironment`].
pub fn read_state(bytes: &[u8], what: &str, environment: &EnvName) -> Result<State, StateError> {
    read(bytes, &Origin { what, backup: None, environment })
}

/// Which version of which state a file is; `None` where it does not say.
pub(super) fn version_of(bytes: &[u8]) -> Option<Version> {
    let mark: WireVersion = serde_json::from_slice(bytes).ok()?;
    Some((mark.lineage.parse().ok()?, Serial(mark.serial)))
}

/// How many bytes the record of one resource takes in the file, about.
pub(super) fn bytes_of(address: &Address, entry: &Entry) -> usize {
    let wire = write_entry(address, entry).ok().and_then(|wire| serde_json::to_vec_pretty(&wire).ok());
    wire.map_or(0, |bytes| bytes.len())
}

/// A place in the file and what is wrong there.
type Wrong = (String, Box<dyn std::error::Error + Send + Sync>);

/// Turns the error of a value into one that says where it stands.
fn at<T, E: std::error::Error + Send + Sync + 'static>(
    result: Result<T, E>,
    place: impl FnOnce() -> String,
) -> Result<T, Wrong> {
    result.map_err(|error| (place(), Box::new(error) as _))
}

fn read_wire(wire: WireState<Unread>, environment: &EnvName) -> Result<State, Wrong> {
    let key = at(BASE64.decode(&wire.key), || "key".to_owned())?;
    let mut recorded = Recorded { key: HashKey(key), ..Recorded::default() };
    for (name, entry) in wire.resources.0 {
        let address: Address = at(name.parse(), || "resources".to_owned())?;
        recorded.resources.insert(address, read_entry(entry, &name)?);
    }
    let journal = wire
        .journal
        .into_iter()
        .enumerate()
        .map(|(i, entry)| read_journal(entry, i))
        .collect::<Result<Vec<_>, Wrong>>()?;
    replay(&journal).map_err(|(i, why)| (format!("journal[{i}].status"), Box::new(why) as _))?;
    Ok(State {
        lineage: at(wire.lineage.parse(), || "lineage".to_owned())?,
        serial: Serial(wire.serial),
        environment: environment.clone(),
        recorded,
        journal,
    })
}

fn read_entry(wire: WireEntry<Unread>, name: &str) -> Result<Entry, Wrong> {
    let place = |field: &'static str| move || format!("resources.{name}.{field}");
    Ok(Entry {
        id: at(ArmId::parse(&wire.id), place("id"))?,
        arm_type: wire.r#type,
        applied: document(&wire.applied, place("applied"))?,
        defaulted: document(&wire.defaulted, place("defaulted"))?,
        seen: at(Packed::from_json(json(&wire.seen, place("seen"))?), place("seen"))?,
        created: wire.created,
        protect: wire.protect,
        chosen: wire.chosen,
        depends_on: wire
            .depends_on
            .iter()
            .map(|text| at(text.parse(), place("dependsOn")))
            .collect::<Result<_, Wrong>>()?,
    })
}

fn document(text: &RawValue, place: impl FnOnce() -> String) -> Result<Value, Wrong> {
    let place = place();
    at(decode(json(text, || place.clone())?), || place)
}

/// A part of the file. What was skipped at first may be no JSON after all: half a surrogate pair, a number without end.
fn json(text: &RawValue, place: impl FnOnce() -> String) -> Result<Json, Wrong> {
    at(serde_json::from_str(text.get()), place)
}

fn read_journal(wire: WireJournalEntry, i: usize) -> Result<JournalEntry, Wrong> {
    let place = |field: &'static str| move || format!("journal[{i}].{field}");
    let operation = match wire.operation {
        None => None,
        Some(operation) => Some(RecordedOperation {
            url: at(operation.url.parse(), place("operation.url"))?,
            kind: operation.kind,
            api_version: operation.api_version,
        }),
    };
    let failure = match wire.failure {
        None => None,
        Some(failure) => Some(Failure {
            code: failure.code,
            message: failure.message,
            correlation: at(failure.correlation.map(|text| text.parse()).transpose(), place("failure.correlation"))?,
        }),
    };
    Ok(JournalEntry {
        address: at(wire.address.parse(), place("address"))?,
        step: wire.step,
        action: wire.action,
        id: at(wire.id.map(|text| ArmId::parse(&text)).transpose(), place("id"))?,
        status: match wire.status {
            WireStatus::Intended => JournalStatus::Intended,
            WireStatus::Running => JournalStatus::Running,
            WireStatus::Done => JournalStatus::Done,
            WireStatus::Failed => JournalStatus::Failed,
            WireStatus::Left => JournalStatus::Left,
        },
        operation,
        digest: wire.digest,
        at: wire.at,
        failure,
    })
}
