//! The refusals and failed operations that were recorded of Azure, as faults of the requests they were recorded at.

use std::path::Path;
use std::sync::LazyLock;

use landfall::azure::{Kind, classify};
use landfall::schema::Schema;
use serde_json::Value as Json;

use crate::blow::{Blow, Then, heals};
use crate::strike::Asked;

/// A recording.
#[derive(Debug)]
struct Recording {
    name: String,
    /// `None`: somebody quoted it without the request.
    method: Option<String>,
    /// In lower case; `None`: unknown, or of a type that landfall never writes.
    arm_type: Option<String>,
    status: u16,
    headers: Vec<(String, String)>,
    body: Json,
    /// How the operation ended, where it is that and no refusal.
    failure: Option<Json>,
}

static ALL: LazyLock<Vec<Recording>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure/errors");
    // The carried ones stand for the rest on a machine without them.
    let folder = if folder.exists() { folder } else { Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors") };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| read(file)).collect()
});

fn read(file: &Path) -> Recording {
    let json: Json = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let uri = text(&json["request"]["uri"]).unwrap_or_default();
    let path = uri.split('?').next().unwrap_or_default().trim_start_matches("https://management.azure.com").to_owned();
    let of_cluster = json["context"].as_str().is_some_and(|c| c.contains("Kubernetes Cluster"));
    let arm_type = if of_cluster { "microsoft.containerservice/managedclusters".to_owned() } else { type_of(&path) };
    let ours =
        Schema::get().resources().any(|r| r.name.eq_ignore_ascii_case(&arm_type)) || arm_type.contains("operation");
    let failure = (json["body"]["status"] == "Failed").then(|| json["body"]["error"].clone());
    let headers = json["headers"].as_object().into_iter().flatten();
    Recording {
        name: file.file_stem().unwrap().to_string_lossy().into_owned(),
        method: text(&json["request"]["method"]),
        arm_type: (ours && failure.is_none()).then_some(arm_type),
        // Refusals that were quoted somewhere lost their status.
        status: json["status"].as_u64().map_or(400, |s| u16::try_from(s).unwrap()),
        headers: headers.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect(),
        body: json["body"].clone(),
        failure,
    }
}

/// The type of what a path names, in lower case; of an operation's URL its provider's.
pub fn type_of(path: &str) -> String {
    let path = path.to_ascii_lowercase();
    if path.contains("/oauth2/") {
        return "token".to_owned();
    }
    let (above, below) = path.rsplit_once("/providers/").unwrap_or(("", &path));
    let parts: Vec<&str> = below.trim_matches('/').split('/').collect();
    if let Some(at) = parts.iter().position(|p| p.starts_with("operation")) {
        let namespace = if above.is_empty() && !below.contains('.') { "" } else { parts[0] };
        return format!("{namespace}/{}", parts[at]);
    }
    if !path.contains("/providers/") {
        return match parts.len() {
            4 => "microsoft.resources/resourcegroups".to_owned(),
            _ => format!("microsoft.resources/{}", parts.last().copied().unwrap_or_default()),
        };
    }
    let types: Vec<&str> = parts[1..].iter().step_by(2).copied().collect();
    let whole = if parts.len().is_multiple_of(2) { " list" } else { "" };
    format!("{}/{}{whole}", parts[0], types.join("/"))
}

/// The recordings that this request can meet: of the same method and type. What was recorded at a type that landfall knows
/// nothing of, or without its request, is said by what stands before every type, and is met by any write of that method.
pub fn recorded(asked: &Asked) -> Vec<Blow> {
    let arm_type = type_of(&asked.path);
    let meets = |r: &&Recording| match (&r.failure, &r.arm_type) {
        _ if asked.is_token() => false,
        (Some(_), _) => asked.began && asked.method != "DELETE",
        (None, Some(known)) => *known == arm_type && r.method.as_deref().unwrap_or("PUT") == asked.method,
        (None, None) => asked.is_write() && r.method.as_deref().unwrap_or("PUT") == asked.method,
    };
    ALL.iter().filter(meets).map(|r| blow(r, asked)).collect()
}

fn blow(recording: &Recording, asked: &Asked) -> Blow {
    let name = recording.name.clone();
    if let Some(error) = &recording.failure {
        let kind = classify(200, recording.body.to_string().as_bytes()).kind;
        return Blow {
            name,
            carried_out: true,
            then: Then::Fails(error.clone()),
            heals: kind == Kind::Propagating,
            lies: false,
        };
    }
    let body = match &recording.body {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        body => body.to_string(),
    };
    let kind = classify(recording.status, body.as_bytes()).kind;
    let then = Then::Answers { status: recording.status, headers: recording.headers.clone(), body };
    Blow { name, carried_out: false, then, heals: heals(kind, asked.is_write()), lies: kind == Kind::NotFound }
}
