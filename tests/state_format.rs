//! The state file: old files stay readable, what is written reads back, and what is wrong with a file is said exactly.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use insta::assert_snapshot;
use landfall::document::{Map, Packed, SecretHash, Value};
use landfall::model::{Entry, HashKey, Recorded};
use landfall::names::{Address, ArmId, EnvName, Serial};
use landfall::state::{
    Failure, JournalEntry, JournalStatus, LocalStore, MemoryStore, RecordedOperation, State, StateError, Store,
    write_atomically,
};
use proptest::prelude::*;

const FORMAT_1: &str = include_str!("state/format-1.json");

/// The state in a file of this text.
fn read(text: &str) -> Result<State, StateError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("prod.json");
    write_atomically(&path, text.as_bytes()).unwrap();
    runtime().block_on(LocalStore::new(path, prod()).load()).map(|state| state.expect("the file is there"))
}

/// The error of a file, with its causes, without the directory it happened to lie in.
fn error(text: &str) -> String {
    let error = read(text).expect_err("the file is wrong");
    let what = match &error {
        StateError::Damaged { what, .. }
        | StateError::Invalid { what, .. }
        | StateError::Format { what, .. }
        | StateError::OtherEnvironment { what, .. } => what.clone(),
        other => panic!("{other:?}"),
    };
    let mut out = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        out.push_str(&format!(": {next}"));
        cause = next.source();
    }
    out.replace(&what, "prod.json")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn prod() -> EnvName {
    "prod".parse().unwrap()
}

#[test]
fn a_file_of_format_1_reads() {
    let state = read(FORMAT_1).unwrap();
    assert_eq!((state.serial, state.environment.as_str()), (Serial(41), "prod"));
    assert_eq!(state.recorded.key, HashKey((0..32).collect()));
    let cluster = &state.recorded.resources[&Address::top("clusters", "aks-monadic-prod")];
    assert!(cluster.created && cluster.protect && cluster.chosen.is_none());
    assert_eq!(cluster.depends_on.len(), 2);
    assert!(cluster.id.as_str().contains("/resourcegroups/"), "ids are kept as received");
    let applied = |path: &str| cluster.applied.get(&landfall::document::Path::parse(path).unwrap()).cloned();
    assert!(matches!(applied("windowsProfile.adminPassword"), Some(Value::Hash(_))));
    assert_eq!(applied("tags.$hmac"), Some(Value::text("a person's own key")));
    let open: Vec<_> = state.open_steps().into_iter().map(|e| (e.step.as_str(), e.status)).collect();
    assert_eq!(open, [("1", JournalStatus::Running)]);
    assert!(state.open_steps()[0].operation.is_some());
    assert_eq!(state.failed_steps()[0].1.and_then(|f| f.code.as_deref()), Some("AlreadyInUse"));
}

#[test]
fn format_1_is_written_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("prod.json");
    let store = LocalStore::new(path.clone(), prod());
    write_atomically(&path, FORMAT_1.as_bytes()).unwrap();
    let mut state = runtime().block_on(store.load()).unwrap().unwrap();
    runtime().block_on(store.save(&mut state)).unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    let version = format!("landfall {}", env!("CARGO_PKG_VERSION"));
    let same = written.replace("\"serial\": 42", "\"serial\": 41").replace(&version, "landfall 0.1.0");
    assert_eq!(same, FORMAT_1);
    assert_eq!(std::fs::read_to_string(directory.path().join("prod.json.backup")).unwrap(), FORMAT_1);
}

/// What is JSON at a first look only is found where it stands, in each of the documents.
#[test]
fn a_document_that_is_none_is_refused_and_not_kept_for_later() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200));
    for wrong in
        [r#"{"a": "\ud800"}"#, r#"{"a": 1e999}"#, r#"{"\u0024hmac": 1}"#, r#"[{"$hmac": "ab", "b": 1}]"#, &deep]
    {
        for field in ["applied", "defaulted", "seen"] {
            let mut lines: Vec<String> = FORMAT_1.lines().map(str::to_owned).collect();
            let at = lines.iter().rposition(|l| l.trim_start().starts_with(&format!("\"{field}\": {{"))).unwrap();
            let end =
                at + lines[at..].iter().position(|l| l.trim_start().starts_with('}') || l.ends_with("{},")).unwrap();
            lines.splice(at..=end, [format!("\"{field}\": {wrong},")]);
            let told = error(&lines.join("\n"));
            assert!(told.contains(&format!(".{field}")) || told.contains("recursion limit"), "{field} {wrong}: {told}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let with = |from: &str, to: &str| {
        assert!(FORMAT_1.contains(from), "{from}");
        error(&FORMAT_1.replacen(from, to, 1))
    };
    assert_snapshot!(error(""), @"prod.json cannot be read as a state: line 1, column 0: EOF while parsing a value at line 1 column 0");
    assert_snapshot!(error("<<<<<<< HEAD\n{}"), @"prod.json cannot be read as a state: line 1, column 1: expected value at line 1 column 1");
    assert_snapshot!(error(&FORMAT_1[..FORMAT_1.len() / 2]), @"prod.json cannot be read as a state: line 49, column 1: EOF while parsing an object at line 49 column 1");
    assert_snapshot!(error("{}"), @"prod.json cannot be read as a state: line 1, column 2: missing field `format` at line 1 column 2");
    assert_snapshot!(error(r#"{"format": 7, "writtenBy": "landfall 3.0.0", "shards": []}"#), @"prod.json has format 7, written by landfall 3.0.0; this landfall reads up to format 1: upgrade landfall");
    assert_snapshot!(error(r#"{"format": 7}"#), @"prod.json has format 7, written by an unknown landfall; this landfall reads up to format 1: upgrade landfall");
    assert_snapshot!(with("\"prod\"", "\"test\""), @"prod.json is the state of environment test, not of prod");
    assert_snapshot!(with("\"protect\": true", "\"protect\": true,\n      \"pinned\": true"), @"prod.json cannot be read as a state: line 39, column 14: unknown field `pinned`, expected one of `id`, `type`, `applied`, `defaulted`, `seen`, `created`, `protect`, `chosen`, `dependsOn` at line 39 column 14");
    assert_snapshot!(with("clusters.aks-monadic-prod.identities.control\": {", "clusters.aks-monadic-prod\": {"), @"prod.json cannot be read as a state: line 57, column 3: `clusters.aks-monadic-prod` stands here twice at line 57 column 3");
    assert_snapshot!(with("clusters.aks-monadic-prod\": {", "clusters\": {"), @"prod.json holds something wrong at resources: `clusters` is no address; one looks like resourceGroup, clusters.NAME or clusters.NAME.nodePools.NAME");
    assert_snapshot!(with("\"/subscriptions", "\"subscriptions"), @"prod.json holds something wrong at resources.clusters.aks-monadic-prod.id: an ARM resource ID starts with /subscriptions/ or /providers/");
    assert_snapshot!(with("\"$hmac\": \"9f", "\"salt\": 1, \"$hmac\": \"9f"), @"prod.json holds something wrong at resources.clusters.aks-monadic-prod.applied: `$hmac` stands for a hash and must be the only key, with a text");
    assert_snapshot!(with("AAECAw", "?"), @"prod.json holds something wrong at key: Invalid symbol 63, offset 0.");
    assert_snapshot!(with("\"status\": \"intended\"", "\"status\": \"done\""), @"prod.json holds something wrong at journal[0].status: done cannot follow nothing");
    assert_snapshot!(with("\"status\": \"running\"", "\"status\": \"walking\""), @"prod.json cannot be read as a state: line 79, column 25: unknown variant `walking`, expected one of `intended`, `running`, `done`, `failed`, `left` at line 79 column 25");
    assert_snapshot!(with("https://management", "http://management"), @"prod.json holds something wrong at journal[2].operation.url: an operation URL starts with https://");
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![Just("$hmac".to_owned()), Just("$$hmac".to_owned()), "[a-z$./\\PC]{0,6}"]
}

fn number() -> impl Strategy<Value = serde_json::Number> {
    // Decimal fractions as people and Azure write them; 15 digits survive any JSON reader.
    let fraction = (-1_000_000_000_i64..1_000_000_000, 1..5_u32).prop_filter_map("finite", |(n, digits)| {
        serde_json::Number::from_f64(n as f64 / f64::from(10_u32.pow(digits)))
    });
    prop_oneof![any::<i64>().prop_map(Into::into), any::<u64>().prop_map(Into::into), fraction]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(Value::Number),
        "\\PC{0,8}".prop_map(Value::String),
        "[0-9a-f]{64}".prop_map(|hash| Value::Hash(SecretHash(hash))),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::vec((key(), inner), 0..4)
                .prop_map(|pairs| Value::Map(pairs.into_iter().collect::<Map>())),
        ]
    })
}

fn address() -> impl Strategy<Value = Address> {
    "[a-zA-Z]{1,6}\\.[a-z0-9-]{1,6}(\\.[a-zA-Z]{1,6}\\.[a-z0-9_]{1,6})?".prop_map(|text| text.parse().unwrap())
}

fn id() -> impl Strategy<Value = ArmId> {
    "/subscriptions/[a-z0-9-]{1,8}/resource[gG]roups/[a-zA-Z0-9_.()-]{1,8}".prop_map(|t| ArmId::parse(&t).unwrap())
}

fn record() -> impl Strategy<Value = Entry> {
    let flags = (any::<bool>(), any::<bool>());
    let documents = (value(), value(), value());
    let rest = (proptest::option::of("\\PC{0,12}"), proptest::collection::vec(address(), 0..3));
    (id(), "[A-Za-z./]{1,20}", documents, flags, rest).prop_map(
        |(id, arm_type, (applied, defaulted, seen), (created, protect), (chosen, depends_on))| Entry {
            id,
            arm_type,
            applied,
            defaulted,
            seen: Packed::from(&seen),
            created,
            protect,
            chosen,
            depends_on,
        },
    )
}

fn noted() -> impl Strategy<Value = JournalEntry> {
    use JournalStatus::{Done, Failed, Intended, Left, Running};
    let operation = ("https://[a-z]{1,6}/[a-z?=&%]{0,12}", "[A-Za-z-]{1,12}", "[0-9-]{10}")
        .prop_map(|(url, kind, api_version)| RecordedOperation { url: url.parse().unwrap(), kind, api_version });
    let failure = (proptest::option::of("[A-Za-z]{1,8}"), "\\PC{0,12}", proptest::option::of("[a-f0-9]{8}")).prop_map(
        |(code, message, correlation)| Failure { code, message, correlation: correlation.map(|c| c.parse().unwrap()) },
    );
    let status = proptest::sample::select(vec![Intended, Running, Done, Failed, Left]);
    let rest = (proptest::option::of(operation), proptest::option::of("[a-f0-9]{8}"), proptest::option::of(failure));
    ("[1-3]", address(), "[a-z]{1,8}", proptest::option::of(id()), status, rest).prop_map(
        |(step, address, action, id, status, (operation, digest, failure))| JournalEntry {
            step,
            address,
            action,
            id,
            status,
            operation,
            digest,
            at: "2026-11-22T10:00:00Z".to_owned(),
            failure,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        resources in proptest::collection::btree_map(address(), record(), 0..4),
        entries in proptest::collection::vec(noted(), 0..8),
        key in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let lineage = "0d3b7f5e-9f0a-4c39-9f43-8a1f0b6c2d11".parse().unwrap();
        let mut state = State::new(prod(), lineage, HashKey::default());
        state.recorded = Recorded { resources, key: HashKey(key) };
        for entry in entries {
            let first = JournalEntry { status: JournalStatus::Intended, ..entry.clone() };
            // What may not follow is refused; the rest of the journal stands.
            let _ = state.note(first);
            let _ = state.note(entry);
        }
        let store = MemoryStore::new(prod());
        runtime().block_on(store.save(&mut state)).unwrap();
        prop_assert_eq!(runtime().block_on(store.load()).unwrap(), Some(state));
    }
}
