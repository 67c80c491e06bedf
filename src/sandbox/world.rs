//! What exists in the sandbox, and how it is kept on disk. It moves on only when [`World::settle`] is told the time.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;

/// Everything that exists.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct World {
    pub format: u32,
    /// Counts up with everything that is made; identifiers are derived from it.
    pub serial: u64,
    /// By id in lower case.
    pub resources: BTreeMap<String, Resource>,
    pub operations: BTreeMap<String, Operation>,
    /// How often each id was made.
    pub created: BTreeMap<String, u64>,
    /// Principals of identities that are gone.
    pub gone: BTreeSet<String>,
}

/// One resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Resource {
    pub id: String,
    pub arm_type: String,
    pub name: String,
    /// ARM's body, without what is derived when it is shown.
    pub body: Json,
    /// `Succeeded` or `Failed`, once no operation runs.
    pub state: String,
    /// The operation that runs on it.
    pub operation: Option<String>,
    /// The serial at which it was made.
    pub born: u64,
    /// Counts its changes.
    pub etag: u64,
    pub made_ms: i64,
    pub changed_ms: i64,
}

/// A long-running operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Operation {
    pub id: String,
    /// The resource's key.
    pub resource: String,
    pub kind: Kind,
    pub start_ms: i64,
    pub end_ms: i64,
    pub done: bool,
    /// ARM's error, where it ends as `Failed`.
    pub failure: Option<Json>,
    /// It was aborted, and ends as `Canceled`.
    #[serde(default)]
    pub canceled: bool,
    /// The family of the type, which decides the form of the answer.
    pub family: String,
    pub stages: Vec<String>,
    /// Path and query of its URL, as handed out.
    pub url: String,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Create,
    Update,
    Delete,
    /// Ends another one.
    Abort,
}

impl Kind {
    pub(super) fn gerund(self) -> &'static str {
        match self {
            Self::Create => "Creating",
            Self::Update => "Updating",
            Self::Delete => "Deleting",
            Self::Abort => "Canceling",
        }
    }
}

impl Operation {
    /// What its resource shows meanwhile.
    pub(super) fn doing(&self) -> &'static str {
        if self.canceled { Kind::Abort.gerund() } else { self.kind.gerund() }
    }

    /// How it ends.
    pub(super) fn outcome(&self) -> &'static str {
        match (self.canceled, &self.failure) {
            (true, _) => "Canceled",
            (false, Some(_)) => "Failed",
            (false, None) => "Succeeded",
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self {
            format: 1,
            serial: 0,
            resources: BTreeMap::new(),
            operations: BTreeMap::new(),
            created: BTreeMap::new(),
            gone: BTreeSet::new(),
        }
    }
}

impl World {
    /// Reads a world; none is an empty one.
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let world: Self =
            serde_json::from_slice(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if world.format == 1 {
            Ok(world)
        } else {
            let why = format!("the world is of format {}, this is a reader of format 1", world.format);
            Err(io::Error::new(io::ErrorKind::InvalidData, why))
        }
    }

    /// Writes the world: whole or not at all.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        use io::Write as _;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.new", std::process::id()));
        let draft = folder.join(name);
        let mut file = std::fs::File::create(&draft)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    }

    /// A GUID that is not handed out again.
    pub(super) fn guid(&mut self) -> Uuid {
        self.serial += 1;
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("sandbox|{}", self.serial).as_bytes())
    }

    /// The keys of everything below a resource, itself left out.
    pub(super) fn below(&self, key: &str) -> Vec<String> {
        let prefix = format!("{key}/");
        self.resources
            .range(prefix.clone()..)
            .take_while(|(k, _)| k.starts_with(&prefix))
            .map(|(k, _)| k.clone())
            .collect()
    }

    /// The resources of a type directly below `scope` (a key), oldest first.
    pub(super) fn children<'a>(&'a self, scope: &str, arm_type: &'a str) -> Vec<(&'a String, &'a Resource)> {
        let prefix = format!("{scope}/");
        let mut found: Vec<_> = self
            .resources
            .range(prefix.clone()..)
            .take_while(|(k, _)| k.starts_with(&prefix))
            .filter(|(_, r)| r.arm_type.eq_ignore_ascii_case(arm_type))
            .collect();
        found.sort_by_key(|(_, r)| r.born);
        found
    }

    /// Puts a new resource into the world.
    pub(super) fn insert(&mut self, id: &str, arm_type: &str, name: &str, body: Json, now: i64) -> &mut Resource {
        self.serial += 1;
        let key = id.to_ascii_lowercase();
        *self.created.entry(key.clone()).or_default() += 1;
        let resource = Resource {
            id: id.to_owned(),
            arm_type: arm_type.to_owned(),
            name: name.to_owned(),
            body,
            state: "Succeeded".to_owned(),
            operation: None,
            born: self.serial,
            etag: self.serial,
            made_ms: now,
            changed_ms: now,
        };
        self.resources.insert(key.clone(), resource);
        self.resources.get_mut(&key).expect("inserted just above")
    }

    /// Takes a resource and everything below it out of the world; a cluster takes its node resource group along.
    pub(super) fn take(&mut self, key: &str) {
        let mut keys = self.below(key);
        keys.push(key.to_owned());
        for key in keys {
            let Some(resource) = self.resources.remove(&key) else { continue };
            let own = ["/identity/principalId", "/properties/principalId"].map(|path| resource.body.pointer(path));
            for principal in own.into_iter().flatten().filter_map(Json::as_str) {
                if !resource.arm_type.ends_with("/roleAssignments") {
                    self.gone.insert(principal.to_ascii_lowercase());
                }
            }
            if let Some(group) = resource.body.pointer("/properties/nodeResourceGroup").and_then(Json::as_str) {
                let subscription = key.split('/').nth(2).unwrap_or_default();
                self.take(&format!("/subscriptions/{subscription}/resourcegroups/{}", group.to_ascii_lowercase()));
            }
        }
    }

    /// Ends every operation whose time has come.
    pub(super) fn settle(&mut self, now: i64) {
        let mut due: Vec<_> =
            self.operations.values().filter(|o| !o.done && o.end_ms <= now).map(|o| (o.end_ms, o.id.clone())).collect();
        due.sort();
        for (_, id) in due {
            self.finish(&id);
        }
        self.operations.retain(|_, o| !o.done || now - o.end_ms < DAY_MS);
    }

    fn finish(&mut self, id: &str) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        operation.done = true;
        let operation = operation.clone();
        if operation.kind == Kind::Delete && operation.failure.is_none() && !operation.canceled {
            self.take(&operation.resource);
            return;
        }
        for resource in self.resources.values_mut().filter(|r| r.operation.as_deref() == Some(id)) {
            resource.operation = None;
            resource.state = operation.outcome().to_owned();
            resource.etag += 1;
            resource.changed_ms = operation.end_ms;
        }
    }

    /// The operation that runs on a resource.
    pub(super) fn running(&self, key: &str) -> Option<&Operation> {
        let resource = self.resources.get(key)?;
        self.operations.get(resource.operation.as_deref()?).filter(|o| !o.done)
    }
}

impl Resource {
    /// What it shows as its eTag.
    pub(super) fn etag(&self) -> String {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("etag|{}|{}|{}", self.id, self.born, self.etag).as_bytes())
            .to_string()
    }
}
