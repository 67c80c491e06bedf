//! The JSON Schema of environment files: current, taken by a validator that is not landfall's, content with what landfall
//! takes and not with what it refuses.

use std::path::PathBuf;

use boon::{Compiler, SchemaIndex, Schemas};
use landfall::environment::json_schema;
use serde_json::Value as Json;

const PAGE: &str = include_str!("../docs/environment.schema.json");
/// Set to write the file anew.
const UPDATE: &str = "LANDFALL_UPDATE_SCHEMA_JSON";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of this test alone, and the file it writes is the repository's"
)]
fn the_file_is_current() {
    let now = json_schema();
    if std::env::var(UPDATE).is_ok() {
        std::fs::write(root().join("docs/environment.schema.json"), &now).expect("the file can be written");
        return;
    }
    assert!(now == PAGE, "docs/environment.schema.json is out of date: run with {UPDATE}=1");
}

/// The schema, compiled.
struct Judge {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Judge {
    fn new() -> Self {
        let mut compiler = Compiler::new();
        let schema: Json = serde_json::from_str(&json_schema()).expect("it is JSON");
        compiler.add_resource("environment.schema.json", schema).expect("it can be added");
        let mut schemas = Schemas::new();
        let index = compiler.compile("environment.schema.json", &mut schemas).expect("it is a JSON Schema");
        Self { schemas, index }
    }

    /// What the schema has against a YAML text; `None` when it takes it.
    fn refusal(&self, text: &str) -> Option<String> {
        let json: Json = serde_saphyr::from_str(text).expect("it is YAML");
        self.schemas.validate(&json, self.index).err().map(|error| format!("{error:#}"))
    }
}

#[test]
fn the_environments_of_this_repository_are_taken() {
    let judge = Judge::new();
    for entry in std::fs::read_dir(root().join("environments")).expect("environments/ is there") {
        let path = entry.expect("it can be listed").path();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        assert_eq!(judge.refusal(&text), None, "{}", path.display());
    }
}

#[test]
fn what_the_reader_takes_is_taken() {
    let judge = Judge::new();
    let table = [
        "clusters: {c: {kubernetesVersion: 1.35, nodePools: {p: {count: '${env:COUNT}', vmSize: x}}}}",
        "clusters: {c: {nodePools: {p: {osDiskSizeGB: 0, maxPods: null, enableAutoScaling: '${env:SCALE:-true}'}}}}",
        "clusters: {c: {sku: {tier: Platinum}}}",
        "clusters: {c: {identity: {userAssignedIdentities: {'${identities.i.id}': {}}}}}",
        "registries: {myregistry: null}",
        "resourceGroup: {name: rg, existing: true}",
        "roleAssignments: {a: {scope: '${registries.r.id}', role: AcrPull, principalId: '${identities.i.principalId}'}}",
        "cloud: {resourceManager: 'https://a', authority: 'https://b'}",
        "x-anything: [1, 2]",
    ];
    for text in table {
        assert_eq!(judge.refusal(text), None, "{text}");
    }
}

#[test]
fn what_the_reader_refuses_is_refused() {
    let judge = Judge::new();
    let table = [
        ("cluster: {}", "additionalProperties 'cluster' not allowed"),
        ("clusters: {c: {nodePool: {}}}", "additionalProperties 'nodePool' not allowed"),
        ("clusters: {c: {agentPoolProfiles: []}}", "additionalProperties 'agentPoolProfiles' not allowed"),
        ("clusters: {c: {fqdn: x}}", "additionalProperties 'fqdn' not allowed"),
        ("clusters: {c: {networkProfile: {networkPolice: x}}}", "additionalProperties 'networkPolice' not allowed"),
        ("clusters: {c: {nodePools: {p: {count: three}}}}", "does not match pattern"),
        ("clusters: {c: {nodePools: {p: {count: 1.5}}}}", "but got number"),
        ("clusters: {c: {nodePools: {p: {maxPods: [1]}}}}", "but got array"),
        ("clusters: {c: {nodePools: [{name: p}]}}", "but got array"),
        ("clusters: {c: {pullsFrom: r}}", "but got string"),
        ("clusters: {c: {protect: 'yes'}}", "does not match pattern"),
        ("registries: {'a b': {}}", "does not match pattern"),
        ("registries: {myregistry: {name: r}}", "additionalProperties 'name' not allowed"),
        ("subscription: mine", "does not match pattern"),
        ("state: {blub: x}", "additionalProperties 'blub' not allowed"),
    ];
    for (text, why) in table {
        let told = judge.refusal(text).unwrap_or_else(|| panic!("taken: {text}"));
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn every_writable_property_says_what_a_change_does() {
    fn walk(json: &Json, at: &str, bare: &mut Vec<String>, seen: &mut usize) {
        let Some(map) = json.as_object() else { return };
        for (name, property) in map.get("properties").and_then(Json::as_object).into_iter().flatten() {
            let path = format!("{at}.{name}");
            *seen += 1;
            if property["description"].as_str().is_none_or(str::is_empty) {
                bare.push(path.clone());
            }
            walk(property, &path, bare, seen);
        }
        for below in ["additionalProperties", "items"] {
            if let Some(inner) = map.get(below) {
                walk(inner, at, bare, seen);
            }
        }
    }
    let schema: Json = serde_json::from_str(PAGE).expect("it is JSON");
    let (mut bare, mut seen) = (Vec::new(), 0);
    walk(&schema, "", &mut bare, &mut seen);
    for (name, definition) in schema["$defs"].as_object().expect("it has definitions") {
        walk(definition, name, &mut bare, &mut seen);
    }
    assert_eq!(bare, Vec::<String>::new());
    assert!(seen > 400, "only {seen} properties");
}
