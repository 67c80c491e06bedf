//! `init --from az`: what az shows of a cluster becomes a file that loads, and that plans to an adoption without changes.

use std::collections::BTreeSet;
use std::path::{Path as FilePath, PathBuf};

use landfall::document::Value;
use landfall::environment::{MapSources, from_az, load};
use landfall::model::{Live, Observed, Recorded, Seen};
use landfall::names::ArmId;
use landfall::plan::{Inputs, Work, build};
use landfall::schema::Schema;
use serde_json::{Map, Value as Json, json};

const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";

fn exchanges(folder: &FilePath) -> Vec<(String, Json)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut out: Vec<(String, Json)> = entries
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "json"))
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).expect("it can be read");
            (entry.file_name().to_string_lossy().into_owned(), serde_json::from_str(&text).expect("it is JSON"))
        })
        .collect();
    out.retain(|(_, json): &(String, Json)| {
        let id = json["resource"].as_str().and_then(|text| ArmId::parse(text).ok());
        id.and_then(|id| id.resource_type()).is_some_and(|t| t.eq_ignore_ascii_case(CLUSTER))
    });
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

/// The name that az gives a property: `enableRBAC` is `enableRbac` there.
fn az_name(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at > 0 && letters[at - 1].is_uppercase();
        let ends = letters.get(at + 1).is_none_or(|next| next.is_uppercase() || !next.is_alphabetic());
        out.push(if letter.is_uppercase() && before && ends { letter.to_ascii_lowercase() } else { *letter });
    }
    out
}

/// az's form of an answer: `properties` folded in, keys renamed, `resourceGroup` added, `null` where nothing is.
fn az_form(json: &Json, top: bool) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(|item| az_form(item, false)).collect()),
        Json::Object(map) => {
            let mut out = Map::new();
            for (key, value) in map {
                if top && key == "properties" {
                    if let Json::Object(inner) = az_form(value, false) {
                        out.extend(inner);
                    }
                } else {
                    let plain = key.chars().all(|c| c.is_ascii_alphanumeric());
                    let name = if plain { az_name(key) } else { key.clone() };
                    out.insert(name, az_form(value, false));
                }
            }
            for key in ["supportPlan", "windowsProfile", "httpProxyConfig"].into_iter().filter(|_| top) {
                out.entry(key).or_insert(Json::Null);
            }
            Json::Object(out)
        }
        other => other.clone(),
    }
}

/// What is wrong with the file that an answer becomes; nothing where it adopts the cluster as it is.
fn trouble(answer: &Json) -> Option<String> {
    let mut az = az_form(answer, true);
    az["resourceGroup"] = json!("rg");
    let text = match from_az(&az.to_string()) {
        Ok(text) => text,
        Err(why) => return Some(format!("{why:?}")),
    };
    let name = "taken".parse().expect("a name");
    let (desired, problems) = load(&name, &MapSources::new().file("taken.yaml", text.as_str()));
    let Some(desired) = desired else { return Some(format!("{}\n{text}", problems.render(false))) };
    let resource = Schema::get().resource(CLUSTER).expect("a type");
    let id = ArmId::parse(answer["id"].as_str().expect("it has an id")).expect("an id");
    let body = resource.from_arm(&Value::from_json(answer.clone()));
    let mut live = Live::default();
    let group = id.group_id().expect("it lies in a group");
    let empty = Observed { id: group.clone(), body: Value::map(), etag: None };
    live.resources.insert(group, Seen::Present(empty));
    live.resources.insert(id.clone(), Seen::Present(Observed { id, body, etag: None }));
    let plan = build(Inputs {
        desired: &desired,
        recorded: &Recorded::default(),
        record: None,
        live: &live,
        destroy: false,
        replace: &BTreeSet::new(),
        ours: &[],
    });
    let told: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| !matches!(step.work, Work::Adopt { .. }) || !step.changes.is_empty())
        .map(|step| format!("{} {}: {:?}", step.action.word(), step.address, step.changes))
        .chain(plan.unread.iter().map(|u| u.why.clone()))
        .chain(plan.diagnostics.sorted().iter().map(|d| d.summary.clone()))
        .chain(plan.steps.is_empty().then(|| "no adoption".to_owned()))
        .collect();
    (!told.is_empty()).then(|| format!("{}\n{text}", told.join("\n")))
}

fn check(folder: &FilePath) -> usize {
    let all = exchanges(folder);
    let mut bad = Vec::new();
    for (file, exchange) in &all {
        let answer = ["get", "response", "answer", "after"].iter().find_map(|key| exchange.get(*key));
        let Some(answer) = answer.filter(|a| a["id"].is_string()) else { continue };
        bad.extend(trouble(answer).map(|why| format!("{file}: {why}")));
    }
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), all.len(), bad.join("\n\n"));
    all.len()
}

#[test]
fn recorded_clusters_are_adopted_as_they_are() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    assert!(check(&root.join("tests/exchanges")) + check(&root.join("tests/az")) >= 5);
    // All recordings, where they are at hand.
    let all = root.join("../shared/azure/exchanges");
    if all.is_dir() {
        check(&all);
    }
}

#[test]
fn what_a_cluster_says_is_in_the_file() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/az");
    let all = exchanges(&root);
    let (_, exchange) =
        all.iter().find(|(file, _)| file.starts_with("test_aks_azure_cni_overlay")).expect("it is there");
    let text = from_az(&az_form(&exchange["get"], true).to_string()).expect("it is a cluster");
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_no_cluster_is_refused() {
    let table = [
        ("", "Json("),
        ("[]", "it has no `id`"),
        (r#"{"id": "x"}"#, "its `id` is none"),
        (r#"{"id": "/subscriptions/s/resourceGroups/g"}"#, "its `id` is not that of a cluster"),
    ];
    for (text, why) in table {
        let told = format!("{:?}", from_az(text).expect_err(why));
        assert!(told.contains(why), "{told}");
    }
}
