//! The saved plan: written by `plan --out`, applied later exactly as shown. Holds no secret, only keyed hashes of them, and
//! decides nothing; whether it still fits the world is asked in `file_check`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Plan;
use super::file_wire::{FORMAT, WirePlan, WireVersion, Writer, told};
use crate::document::{Path, Secret, SecretHash, Value};
use crate::model::{Desired, HashKey};
use crate::names::{EnvName, Lineage, Serial};

/// Why a file is no saved plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// Written by a landfall that knows more.
    #[error("it has format {found}{}, and this landfall reads format {FORMAT}", by(written_by.as_deref()))]
    TooNew {
        /// Its format.
        found: u64,
        /// Who wrote it.
        written_by: Option<String>,
    },
    /// No JSON of the right shape.
    #[error("it is no saved plan")]
    Shape(#[source] serde_json::Error),
    /// JSON of the right shape that makes no plan.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// A secret of the plan has no equal in the environment as it is now.
    #[error("these secrets are not the ones it was made with: {}", .0.join(", "))]
    OtherSecrets(
        /// Address and path of each.
        Vec<String>,
    ),
}

fn by(written_by: Option<&str>) -> String {
    written_by.map(|who| format!(", written by landfall {who}")).unwrap_or_default()
}

/// A plan and what it was made for.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFile {
    wire: WirePlan,
    environment: EnvName,
}

/// What stands in the head of a saved plan beside the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanHead {
    /// When it was made, as RFC 3339 in UTC.
    pub written_at: String,
    /// Whether it was made against the sandbox.
    pub sandbox: bool,
    /// Whether it deletes everything.
    pub destroy: bool,
}

/// What is enough of a file of any format to say that it is too new.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    format: u64,
    written_by: Option<String>,
}

impl PlanFile {
    /// Takes a plan that may be applied. `key` is random and this file's own: its secrets are hashed under it.
    pub fn of(plan: &Plan, head: &PlanHead, key: &HashKey) -> Self {
        let writer = Writer { key: &key.0 };
        let wire = WirePlan {
            format: FORMAT,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            written_at: head.written_at.clone(),
            environment: plan.environment.to_string(),
            resource_group: plan.resource_group.to_string(),
            location: plan.location.as_ref().map(ToString::to_string),
            sandbox: head.sandbox,
            destroy: head.destroy,
            record: plan
                .record
                .as_ref()
                .map(|(lineage, serial)| WireVersion { lineage: lineage.to_string(), serial: serial.0 }),
            key: key.0.iter().map(|b| format!("{b:02x}")).collect(),
            steps: plan.steps.iter().map(|step| writer.step(step)).collect(),
            unchanged: plan.unchanged.iter().map(ToString::to_string).collect(),
            drift: plan
                .drift
                .iter()
                .map(|d| writer.moved(&d.address, &d.path, d.recorded.as_ref(), d.live.as_ref()))
                .collect(),
            unmanaged: plan
                .unmanaged
                .iter()
                .map(|u| writer.moved(&u.address, &u.path, u.before.as_ref(), u.after.as_ref()))
                .collect(),
            remember: plan.remember.iter().map(|(address, r)| (address.to_string(), writer.record(r))).collect(),
            forget: plan.forget.iter().map(ToString::to_string).collect(),
            gone: plan.gone.iter().map(ToString::to_string).collect(),
            diagnostics: told(&plan.diagnostics),
        };
        Self { wire, environment: plan.environment.clone() }
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.wire).expect("text, numbers and lists are JSON");
        text.push('\n');
        text
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// What is no saved plan of a format that this landfall reads.
    pub fn parse(text: &str) -> Result<Self, PlanFileError> {
        let probe: Probe = serde_json::from_str(text).map_err(PlanFileError::Shape)?;
        if probe.format != FORMAT {
            return Err(PlanFileError::TooNew { found: probe.format, written_by: probe.written_by });
        }
        let wire: WirePlan = serde_json::from_str(text).map_err(PlanFileError::Shape)?;
        let environment = wire.environment.parse().map_err(|why| PlanFileError::Damaged(format!("{why}")))?;
        let file = Self { wire, environment };
        file.key()?;
        file.plan()?;
        Ok(file)
    }

    /// Whose plan it is.
    pub fn environment(&self) -> &EnvName {
        &self.environment
    }

    /// What stands beside the plan.
    pub fn head(&self) -> PlanHead {
        let WirePlan { written_at, sandbox, destroy, .. } = &self.wire;
        PlanHead { written_at: written_at.clone(), sandbox: *sandbox, destroy: *destroy }
    }

    /// The plan to be looked at: secrets are hashes in it, so that it cannot be applied.
    ///
    /// # Errors
    /// What is damaged.
    pub fn plan(&self) -> Result<Plan, PlanFileError> {
        self.wire.clone().plan(&mut |hash, _, _| Value::Hash(hash)).map_err(PlanFileError::Damaged)
    }

    /// The plan to be applied: its secrets are taken from the environment, where they must be the same as they were.
    ///
    /// # Errors
    /// [`PlanFileError::OtherSecrets`] where they are not.
    pub fn resolve(&self, desired: &Desired) -> Result<Plan, PlanFileError> {
        let key = self.key()?;
        let mut secrets: BTreeMap<SecretHash, Secret> = BTreeMap::new();
        for wanted in desired.resources.values() {
            wanted.body.walk(&Path::root(), &mut |_, value| {
                if let Value::Secret(secret) = value {
                    secrets.insert(secret.hash(&key), secret.clone());
                }
            });
        }
        let mut missing: Vec<String> = Vec::new();
        let plan = self.wire.clone().plan(&mut |hash, address, path| match secrets.get(&hash) {
            Some(secret) => Value::Secret(secret.clone()),
            None => {
                missing.push(format!("{path} of {address}"));
                Value::Hash(hash)
            }
        });
        let plan = plan.map_err(PlanFileError::Damaged)?;
        missing.sort();
        missing.dedup();
        if missing.is_empty() { Ok(plan) } else { Err(PlanFileError::OtherSecrets(missing)) }
    }

    /// Why the state is no longer the one that was planned on; `stored` is what it is now, `None` before its first write.
    pub fn moved(&self, stored: Option<(&Lineage, Serial)>) -> Option<String> {
        let planned = self.wire.record.as_ref();
        match (planned, stored) {
            (None, None) => None,
            (None, Some((_, serial))) => Some(format!("there was no record then, and now it is at {serial}")),
            (Some(_), None) => Some("the record it was made with is gone".to_owned()),
            (Some(planned), Some((lineage, _))) if planned.lineage != lineage.as_str() => {
                Some("the record is another one, not the one it was made with".to_owned())
            }
            (Some(planned), Some((_, serial))) => (planned.serial != serial.0)
                .then(|| format!("it was made with record {}, which is at {serial} now", planned.serial)),
        }
    }

    fn key(&self) -> Result<Vec<u8>, PlanFileError> {
        let text = self.wire.key.as_bytes();
        let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let bytes: Option<Vec<u8>> = text.chunks(2).map(byte).collect();
        bytes
            .filter(|bytes| !bytes.is_empty() && text.len().is_multiple_of(2))
            .ok_or_else(|| PlanFileError::Damaged("its key is not hexadecimal".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Diagnostic, Diagnostics};
    use crate::diff::Reason;
    use crate::document::{Part, Reference, Template};
    use crate::model::{Grant, Target};
    use crate::names::{Address, ArmId, Location, StepId};
    use crate::plan::{
        Action, Alteration, Disruption, DriftItem, Expectation, Hold, InlineChild, InlineEdit, Record, Step,
        UnmanagedItem, Work,
    };

    const KEY: [u8; 4] = [7, 0, 255, 16];

    fn word() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z]{1,6}", Just("$secret".to_owned()), Just("$$hmac".to_owned()), "\\PC{0,8}"]
    }

    fn path() -> impl Strategy<Value = Path> {
        let segment = prop_oneof![word().prop_map(Ok), (0usize..9).prop_map(Err)];
        prop::collection::vec(segment, 0..4).prop_map(|steps| {
            steps.into_iter().fold(Path::root(), |path, step| match step {
                Ok(key) => path.key(&key),
                Err(index) => path.index(index),
            })
        })
    }

    fn address() -> impl Strategy<Value = Address> {
        ("[a-z]{1,5}", "[a-z0-9-]{1,5}").prop_map(|(collection, name)| Address::top(&collection, &name))
    }

    fn id() -> impl Strategy<Value = ArmId> {
        "[a-zA-Z]{1,6}".prop_map(|name| ArmId::parse(&format!("/subscriptions/s/resourceGroups/{name}")).unwrap())
    }

    fn template() -> impl Strategy<Value = Value> {
        (word(), address(), path()).prop_map(|(text, address, path)| {
            let parts = vec![Part::Text(text), Part::Reference(Reference { address, path })];
            Value::Template(Template { parts })
        })
    }

    /// Values without secrets: those come back only beside the environment that has them.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|n| Value::Number(n.into())),
            Just(Value::from_json(serde_json::json!(-1.5))),
            word().prop_map(Value::text),
            "[0-9a-f]{8}".prop_map(|hash| Value::Hash(SecretHash(hash))),
            template(),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
                prop::collection::vec((word(), inner), 0..3)
                    .prop_map(|entries| Value::Map(entries.into_iter().collect())),
            ]
        })
    }

    fn work() -> impl Strategy<Value = Work> {
        let target = prop_oneof![
            id().prop_map(Target::Id),
            (id(), value()).prop_map(|(scope, principal)| {
                let role = "7f951dda-4ed3-4680-a7ca-43fe172d538d".parse().unwrap();
                Target::Grant(Grant { scope, role, principal })
            }),
        ];
        let inline = (word(), value()).prop_map(|(property, element)| InlineChild { property, element });
        let edits = prop::collection::vec((path(), prop::option::of(value())), 0..3);
        let only = prop::option::of(prop::collection::btree_set(id(), 0..3));
        prop_oneof![
            (target, value(), prop::collection::vec(inline, 0..2)).prop_map(|(target, body, inline)| Work::Create {
                target,
                body,
                inline
            }),
            (id(), edits, prop::collection::vec(path(), 0..3), word()).prop_map(|(id, edits, paths, digest)| {
                let inline = edits.iter().filter_map(|(path, value)| {
                    Some(InlineEdit { property: "list".to_owned(), path: path.clone(), value: value.clone()? })
                });
                let inline = inline.collect();
                let expects = Expectation { paths, digest, after: edits.clone() };
                Work::Update { id, inline, leaves: Some(expects.clone()), expects, edits }
            }),
            (id(), only).prop_map(|(id, only)| Work::Delete { id, only }),
            id().prop_map(|id| Work::Adopt { id }),
        ]
    }

    fn record() -> impl Strategy<Value = Record> {
        let chosen = prop::option::of(word());
        (
            prop::option::of(id()),
            value(),
            value(),
            any::<(bool, bool)>(),
            chosen,
            prop::collection::vec(address(), 0..3),
        )
            .prop_map(|(id, applied, defaulted, (created, protect), chosen, depends_on)| Record {
                id,
                arm_type: "Microsoft.ContainerRegistry/registries".to_owned(),
                applied,
                defaulted,
                created,
                protect,
                chosen,
                depends_on,
            })
    }

    fn change() -> impl Strategy<Value = Alteration> {
        let reason = prop::sample::select(vec![Reason::File, Reason::Drift, Reason::Removed, Reason::Dependency]);
        let disruption = prop::sample::select(vec![Disruption::None, Disruption::Unknown, Disruption::Replaces]);
        (path(), prop::option::of(value()), prop::option::of(value()), reason, disruption, prop::option::of(word()))
            .prop_map(|(path, before, after, reason, disruption, note)| Alteration {
                path,
                before,
                after,
                reason,
                disruption,
                note,
            })
    }

    fn step() -> impl Strategy<Value = Step> {
        let action = prop::sample::select(vec![Action::Create, Action::Update, Action::Delete, Action::Rotate]);
        let head = (address(), action, prop::collection::vec(word(), 0..2));
        (head, prop::collection::vec(change(), 0..3), work(), prop::option::of(record()), (id(), any::<bool>()))
            .prop_map(|((address, action, pools), changes, work, record, (hold, shared))| Step {
                id: "1".parse().unwrap(),
                address,
                arm_type: "Microsoft.ContainerRegistry/registries".to_owned(),
                action,
                disruption: Disruption::Rotates,
                pools,
                changes,
                depends_on: BTreeSet::new(),
                note: None,
                work,
                holds: vec![Hold { id: hold, shared }],
                record,
            })
    }

    fn plan(steps: Vec<Step>) -> Plan {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(Diagnostic::warning("planned", "look out").help("there"));
        Plan {
            environment: "prod".parse().unwrap(),
            resource_group: "rg".parse().unwrap(),
            location: Some(Location::new("westeurope")),
            record: Some(("b6a2a9a5-52a5-4f8c-9c9f-0b4a5b8f9a10".parse().unwrap(), Serial(41))),
            steps,
            unchanged: BTreeSet::from(["resourceGroup".parse().unwrap()]),
            drift: Vec::new(),
            unmanaged: Vec::new(),
            unread: Vec::new(),
            diagnostics,
            remember: BTreeMap::new(),
            seen: BTreeMap::new(),
            forget: BTreeSet::from(["clusters.old".parse().unwrap()]),
            gone: BTreeSet::from(["clusters.old".parse().unwrap()]),
        }
    }

    fn saved(plan: &Plan) -> PlanFile {
        let head = PlanHead { written_at: "2026-11-22T10:00:00Z".to_owned(), sandbox: false, destroy: false };
        PlanFile::of(plan, &head, &HashKey(KEY.to_vec()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
        #[test]
        fn what_is_written_reads_back(steps in prop::collection::vec(step(), 0..4), moved in (address(), path(), value()), kept in record()) {
            let mut wait: Option<StepId> = None;
            let mut chained = Vec::new();
            for (at, mut step) in steps.into_iter().enumerate() {
                step.id = format!("{at}").parse().unwrap();
                step.depends_on.extend(wait.replace(step.id.clone()));
                chained.push(step);
            }
            let mut before = plan(chained);
            let (address, path, value) = moved;
            before.drift.push(DriftItem { address: address.clone(), path: path.clone(), recorded: None, live: Some(value.clone()) });
            before.unmanaged.push(UnmanagedItem { address: address.clone(), path, before: Some(value), after: None });
            before.remember.insert(address, kept);
            let file = PlanFile::parse(&saved(&before).to_text()).expect("it reads back");
            let after = file.plan().expect("it is whole");
            prop_assert_eq!(&before.steps, &after.steps);
            prop_assert_eq!(&before.remember, &after.remember);
            prop_assert_eq!((&before.drift, &before.unmanaged), (&after.drift, &after.unmanaged));
            prop_assert_eq!((&before.unchanged, &before.forget), (&after.unchanged, &after.forget));
            prop_assert_eq!(&before.gone, &after.gone);
            prop_assert_eq!((&before.record, &before.location), (&after.record, &after.location));
            prop_assert_eq!(before.diagnostics.sorted(), after.diagnostics.sorted());
            prop_assert_eq!(saved(&after).to_text(), saved(&before).to_text());
        }
    }

    fn with_secret(text: &str) -> (Plan, Secret) {
        let secret = Secret::new(text.to_owned());
        let mut body = Value::map();
        body.set(&Path::of(["windowsProfile", "adminPassword"]), Value::Secret(secret.clone()));
        let step = Step {
            id: "1".parse().unwrap(),
            address: "clusters.c".parse().unwrap(),
            arm_type: "Microsoft.ContainerService/managedClusters".to_owned(),
            action: Action::Create,
            disruption: Disruption::None,
            pools: Vec::new(),
            changes: Vec::new(),
            depends_on: BTreeSet::new(),
            note: None,
            work: Work::Create {
                target: Target::Id(ArmId::parse("/subscriptions/s/resourceGroups/g").unwrap()),
                body,
                inline: Vec::new(),
            },
            holds: Vec::new(),
            record: None,
        };
        (plan(vec![step]), secret)
    }

    fn environment(password: &str) -> Desired {
        let text = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\nclusters: {c: {windowsProfile: {adminUsername: a, adminPassword: '${env:PASSWORD}'}, nodePools: {p: {vmSize: x, count: 1, mode: System}}}}\n";
        let sources = crate::environment::MapSources::new().file("prod.yaml", text).with_variable("PASSWORD", password);
        crate::environment::load(&"prod".parse().unwrap(), &sources).0.expect("it is right")
    }

    #[test]
    fn a_secret_is_written_as_a_hash_and_taken_from_the_environment() {
        let (plan, secret) = with_secret("hunter2-canary");
        let file = saved(&plan);
        assert!(!file.to_text().contains("canary"));
        let file = PlanFile::parse(&file.to_text()).unwrap();
        let whole = file.resolve(&environment("hunter2-canary")).expect("the secret is the same");
        let Work::Create { body, .. } = &whole.steps[0].work else { panic!("it creates") };
        assert_eq!(body.get(&Path::of(["windowsProfile", "adminPassword"])), Some(&Value::Secret(secret)));
        let refused = file.resolve(&environment("another")).expect_err("the secret is another");
        assert_eq!(
            refused.to_string(),
            "these secrets are not the ones it was made with: windowsProfile.adminPassword of clusters.c"
        );
    }

    #[test]
    fn what_is_no_saved_plan_is_said_to_be_none() {
        let (plan, _) = with_secret("x");
        let text = saved(&plan).to_text();
        let edit = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        };
        let table = [
            (String::new(), "it is no saved plan"),
            ("{}".to_owned(), "it is no saved plan"),
            (text[..text.len() / 2].to_owned(), "it is no saved plan"),
            (
                edit("\"format\": 1", "\"format\": 2"),
                "it has format 2, written by landfall 0.1.0, and this landfall reads format 1",
            ),
            (edit("\"forget\"", "\"forgot\""), "it is no saved plan"),
            (
                edit("\"action\": \"create\"", "\"action\": \"explode\""),
                "it is damaged: `explode` is a word this landfall does not know",
            ),
            (edit("\"$secret\"", "\"$other\""), "it is damaged: `$other` means nothing here"),
            (
                edit("\"id\": \"/subscriptions/s", "\"id\": \"subscriptions/s"),
                "it is damaged: `subscriptions/s/resourceGroups/g`: ",
            ),
            (
                edit("\"dependsOn\": []", "\"dependsOn\": [\"9\"]"),
                "it is damaged: step 1 waits for 9, which does not stand before it",
            ),
            (
                edit("Microsoft.ContainerService/managedClusters", "Microsoft.Nothing/atAll"),
                "it is damaged: `Microsoft.Nothing/atAll` is no resource type of this landfall",
            ),
            (edit("\"key\": \"0700ff10\"", "\"key\": \"xyz\""), "it is damaged: its key is not hexadecimal"),
        ];
        for (text, why) in table {
            let told = PlanFile::parse(&text).expect_err(why).to_string();
            assert!(told.starts_with(why), "{told} / {why}");
        }
    }

    #[test]
    fn a_state_that_moved_makes_it_stale() {
        let (plan, _) = with_secret("x");
        let file = saved(&plan);
        let lineage: Lineage = "b6a2a9a5-52a5-4f8c-9c9f-0b4a5b8f9a10".parse().unwrap();
        let other: Lineage = "00000000-52a5-4f8c-9c9f-0b4a5b8f9a10".parse().unwrap();
        let table = [
            (Some((&lineage, Serial(41))), None),
            (Some((&lineage, Serial(42))), Some("it was made with record 41, which is at 42 now")),
            (Some((&other, Serial(41))), Some("the record is another one, not the one it was made with")),
            (None, Some("the record it was made with is gone")),
        ];
        for (stored, why) in table {
            assert_eq!(file.moved(stored).as_deref(), why);
        }
    }
}
