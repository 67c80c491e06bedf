//! Any resource: GET, PUT, PATCH, DELETE and LIST, by the tables. What truly needs logic is asked of `clusters`, `pools`
//! and `registries`.

use serde_json::{Value as Json, json};

use super::address::{Target, group_of, subscription_of};
use super::behaviour::{self, Behaviour, Outcome, service};
use super::call::{Answered, Call};
use super::check::{Reading, Wrong, check};
use super::complete::{Context, apply_drops, apply_rules, apply_words, refused_change, unsaid};
use super::json_path::{at, merge, prune, remove, set, text};
use super::message::Response;
use super::operations::{Start, time_text};
use super::refusal::Refusal;
use super::show::{CLUSTER, POOL, REGISTRY};
use super::world::Kind;
use crate::names::Location;
use crate::schema::ResourceType;

/// A write on its way.
pub(super) struct Write<'a> {
    pub target: &'a Target,
    pub resource: &'static ResourceType,
    pub behaviour: &'static Behaviour,
    pub key: String,
    /// The id as it is answered.
    pub id: String,
    pub group: String,
    /// What was there before.
    pub old: Option<Json>,
    /// What was sent, as far as it may be kept.
    pub sent: Json,
    pub is_patch: bool,
    /// The serial under which it is made, or was.
    pub born: u64,
}

impl Call<'_> {
    pub(super) fn get(&mut self, target: &Target) -> Answered {
        let key = target.key();
        if self.world.resources.contains_key(&key) {
            return Ok(Response::json(200, &self.show(&key)));
        }
        let group = self.group_named(&target.scope)?.unwrap_or_default();
        if let Some(parent) = target.parent().filter(|p| !self.world.resources.contains_key(&p.key())) {
            let message = format!(
                "Can not perform requested operation on nested resource. Parent resource '{}' not found.",
                parent.name()
            );
            return Err(Refusal::arm(404, "ParentResourceNotFound", message));
        }
        match &behaviour::of(&target.arm_type()).not_found_from_provider {
            None => Err(Refusal::not_found(&target.relative(), &group)),
            Some(own) => {
                let fill = |text: &str| {
                    text.replace("{name}", target.name())
                        .replace("{subscription}", subscription_of(&target.scope).unwrap_or_default())
                        .replace("{group}", group_of(&target.scope).unwrap_or_default())
                        .replace("{parent}", target.names.first().map(String::as_str).unwrap_or_default())
                };
                let details = json!([{"code": "Unspecified", "message": own.detail}]);
                Err(Refusal::aks(404, &own.code, fill(&own.message), &own.subcode).member("details", details))
            }
        }
    }

    pub(super) fn put(&mut self, target: &Target, version: &str) -> Answered {
        self.write(target, version, false)
    }

    pub(super) fn patch(&mut self, target: &Target, version: &str) -> Answered {
        if behaviour::of(&target.arm_type()).patch.is_none() && !target.arm_type().eq_ignore_ascii_case(CLUSTER) {
            let message = "The requested resource does not support http method 'PATCH'.";
            return Err(Refusal::arm(405, "MethodNotAllowed", message));
        }
        if !self.world.resources.contains_key(&target.key()) {
            return self.get(target);
        }
        self.write(target, version, true)
    }

    fn write(&mut self, target: &Target, version: &str, is_patch: bool) -> Answered {
        let Some(resource) = target.resource_type().filter(|r| r.writable) else {
            let message = "The requested resource does not support http method 'PUT'.";
            return Err(Refusal::arm(405, "MethodNotAllowed", message));
        };
        let behaviour = behaviour::of(&resource.name);
        let group = self.group_named(&target.scope)?;
        self.group_stays(&target.scope)?;
        self.parent_there(target, "write")?;
        let key = target.key();
        let existing = self.world.resources.get(&key);
        let (old, id) = match existing {
            Some(r) => (Some(r.body.clone()), r.id.clone()),
            None => (None, target.id(group.as_deref(), behaviour.lower_groups)),
        };
        if old.is_none() {
            name_fits(resource, target)?;
        }
        let mut body = self.body()?;
        for (from, to) in &behaviour.moved {
            if let Some(value) = remove(&mut body, from) {
                set(&mut body, to, value);
            }
        }
        let reading = Reading { whole: !is_patch, unknown: version != resource.api_version };
        let sent = check(resource, &body, reading).map_err(|wrong| refuse_body(behaviour, &wrong))?;
        let group = group.unwrap_or_default();
        let born = self.world.resources.get(&key).map_or_else(|| self.world.serial + 1, |r| r.born);
        // Taken now: what is made in passing has a later one.
        self.world.serial = self.world.serial.max(born);
        let mut write = Write { target, resource, behaviour, key, id, group, old, sent, is_patch, born };
        self.preconditions(&write)?;
        self.not_busy(&write)?;
        locate(&mut write)?;
        match resource.name.as_str() {
            CLUSTER => self.put_cluster(write),
            POOL => self.put_pool(write),
            _ => self.put_plain(write),
        }
    }

    fn put_plain(&mut self, mut write: Write<'_>) -> Answered {
        if write.resource.name == REGISTRY {
            self.before_registry(&mut write)?;
        }
        let parent = write.target.parent().and_then(|p| self.world.resources.get(&p.key())).map(|r| r.body.clone());
        let mut body = self.complete(&write, parent.as_ref())?;
        match write.resource.name.as_str() {
            REGISTRY => self.after_registry(&write, &mut body)?,
            name if name.ends_with("/identityBindings") => self.bind_identity(&mut body)?,
            _ => {}
        }
        if write.behaviour.premium_parent {
            self.premium_parent(&write)?;
        }
        let outcome = outcome(&write);
        self.store(&write, body, outcome, 0)
    }

    /// What becomes of what was sent: merged, filled in, rewritten, and refused where it may not change.
    pub(super) fn complete(&self, write: &Write<'_>, parent: Option<&Json>) -> Result<Json, Refusal> {
        let behaviour = write.behaviour;
        let mut sent = write.sent.clone();
        for path in &behaviour.unsaid {
            if write.old.is_some() && at(&sent, path).is_some_and(unsaid) {
                remove(&mut sent, path);
            }
        }
        let mut body = match &write.old {
            Some(old) if write.is_patch || behaviour.put == "merge" => {
                let mut body = old.clone();
                exclusive(&mut body, &sent, behaviour);
                merge(&mut body, &sent, "", &behaviour.whole, behaviour.null_removes);
                body
            }
            _ => sent,
        };
        let keep: Vec<&str> = behaviour.keep_empties.iter().map(String::as_str).collect();
        prune(&mut body, behaviour.drop_empties, &keep);
        apply_words(&mut body, behaviour).map_err(|(path, word, words)| {
            let message = format!("The value '{word}' of parameter '{path}' is invalid. Allowed values are: {words}.");
            refuse(behaviour, 400, "InvalidParameter", &message).target(&path)
        })?;
        let context = self.context(write, &body, parent);
        apply_rules(&mut body, &behaviour.rules, &context);
        apply_drops(&mut body, &behaviour.drops, &context);
        if let Some(old) = &write.old
            && let Some((path, own)) = refused_change(old, &body, behaviour)
        {
            let (code, message) = own.unwrap_or_else(|| {
                ("PropertyChangeNotAllowed".to_owned(), format!("Changing property '{path}' is not allowed."))
            });
            return Err(refuse(behaviour, 400, &code, &message).target(&path));
        }
        Ok(body)
    }

    pub(super) fn context<'b>(&self, write: &'b Write<'_>, body: &Json, parent: Option<&'b Json>) -> Context<'b> {
        let existing = self.world.resources.get(&write.key);
        let own = text(body, "location");
        let location = if own.is_empty() { text(parent.unwrap_or(body), "location") } else { own }.to_owned();
        Context {
            name: write.target.name(),
            group: &write.group,
            location,
            subscription: subscription_of(&write.target.scope).unwrap_or_default(),
            tenant: &service().tenant,
            seed: format!("{}|{}", write.key, write.born),
            made: time_text(existing.map_or(self.now, |r| r.made_ms)),
            changed: time_text(self.now),
            parent,
        }
    }

    /// Puts a body into the world and answers it, with an operation where one runs.
    pub(super) fn store(&mut self, write: &Write<'_>, body: Json, outcome: Outcome, nodes: u64) -> Answered {
        let now = self.now;
        let location = self.location_of(write, &body);
        match self.world.resources.get_mut(&write.key) {
            Some(resource) => {
                resource.body = body;
                // The state is that of the last write: one that is done at once ended well, one that goes on says so later.
                resource.state = "Succeeded".to_owned();
                resource.etag += 1;
                resource.changed_ms = now;
            }
            None => {
                let made = self.world.insert(&write.id, &write.resource.name, write.target.name(), body, now);
                made.born = write.born;
            }
        }
        let created = write.old.is_none();
        let mut operation = None;
        if outcome.operation || self.failure.is_some() {
            let kind = if created { Kind::Create } else { Kind::Update };
            let takes = self.options.pace.of_kind(&write.behaviour.pace);
            let namespace = &write.target.namespace;
            let start =
                Start { id: &write.id, kind, behaviour: write.behaviour, location: &location, namespace, nodes, takes };
            let id = self.start(&start);
            if let Some(resource) = self.world.resources.get_mut(&write.key) {
                resource.operation = Some(id.clone());
            }
            operation = Some(id);
        }
        let mut response = Response::json(outcome.status, &self.show(&write.key));
        if let Some(operation) = operation {
            response = self.follow(response, &operation);
        }
        if write.behaviour.relative_location && created {
            response = response.with("location", &write.id);
        }
        Ok(response)
    }

    fn location_of(&self, write: &Write<'_>, body: &Json) -> String {
        let own = text(body, "location");
        if !own.is_empty() {
            return own.to_owned();
        }
        let parent = write.target.parent().map(|p| p.key()).unwrap_or_else(|| write.target.scope.to_ascii_lowercase());
        self.world.resources.get(&parent).map_or("global", |r| text(&r.body, "location")).to_owned()
    }

    pub(super) fn delete(&mut self, target: &Target) -> Answered {
        let Some(resource) = target.resource_type().filter(|r| r.writable) else {
            let message = "The requested resource does not support http method 'DELETE'.";
            return Err(Refusal::arm(405, "MethodNotAllowed", message));
        };
        let group = self.group_named(&target.scope)?.unwrap_or_default();
        self.parent_there(target, "delete")?;
        let key = target.key();
        let Some(existing) = self.world.resources.get(&key) else { return Ok(Response::empty(204)) };
        let behaviour = behaviour::of(&resource.name);
        let (id, old) = (existing.id.clone(), existing.body.clone());
        let write = Write {
            target,
            resource,
            behaviour,
            key,
            id,
            group,
            old: Some(old),
            sent: json!({}),
            is_patch: true,
            born: 0,
        };
        self.preconditions(&write)?;
        if let Some(operation) = self.world.running(&write.key).filter(|o| o.kind == Kind::Delete) {
            let id = operation.id.clone();
            return Ok(self.follow(Response::empty(202), &id));
        }
        self.not_busy(&write)?;
        if resource.name == POOL {
            self.last_system_pool(&write)?;
        }
        if !behaviour.delete.operation {
            self.world.take(&write.key);
            return Ok(Response::empty(behaviour.delete.status));
        }
        let location = self.location_of(&write, write.old.as_ref().unwrap_or(&Json::Null));
        let takes = self.options.pace.of_kind(&behaviour.pace) / 2;
        let namespace = &target.namespace;
        let start =
            Start { id: &write.id, kind: Kind::Delete, behaviour, location: &location, namespace, nodes: 0, takes };
        let operation = self.start(&start);
        if let Some(resource) = self.world.resources.get_mut(&write.key) {
            resource.operation = Some(operation.clone());
            resource.etag += 1;
        }
        Ok(self.follow(Response::empty(behaviour.delete.status), &operation))
    }

    pub(super) fn list(&mut self, target: &Target) -> Answered {
        self.group_named(&target.scope)?;
        let resource = target.resource_type();
        let parent = target.parent();
        if let Some(parent) = parent.as_ref().filter(|p| !self.world.resources.contains_key(&p.key())) {
            let group = group_of(&target.scope).unwrap_or_default();
            return Err(Refusal::not_found(&parent.relative(), group));
        }
        let below = parent.map_or_else(|| target.scope.to_ascii_lowercase(), |p| p.key());
        let name = resource.map_or_else(|| target.arm_type(), |r| r.name.clone());
        Ok(self.page(self.world.children(&below, &name).into_iter().map(|(key, _)| self.show(key)).collect()))
    }

    fn parent_there(&self, target: &Target, verb: &str) -> Result<(), Refusal> {
        let parent = match target.parent() {
            Some(parent) => parent,
            // An extension resource needs what it extends, where that is of a type the sandbox holds.
            None => match Target::parse(&target.scope).filter(|s| s.resource_type().is_some()) {
                Some(scope) => scope,
                None => return Ok(()),
            },
        };
        if self.world.resources.contains_key(&parent.key()) {
            return Ok(());
        }
        let group = group_of(&parent.scope).unwrap_or_default();
        Err(Refusal::no_parent(verb, &target.types.join("/"), &parent.id(Some(group), false)))
    }

    fn preconditions(&self, write: &Write<'_>) -> Result<(), Refusal> {
        let current = self.world.resources.get(&write.key).map(|r| r.etag());
        let failed = |message: String| Err(refuse(write.behaviour, 412, "PreconditionFailed", &message));
        if let Some(asked) = self.request.get_header("if-match") {
            let asked = asked.trim_start_matches("W/").trim_matches('"');
            if current.is_none() || (asked != "*" && current.as_deref() != Some(asked)) {
                return failed(format!("The {} has been modified (etag mismatch).", write.target.name()));
            }
        }
        if self.request.get_header("if-none-match").is_some_and(|h| h.trim_matches('"') == "*") && current.is_some() {
            return failed(format!("The {} exists already.", write.target.name()));
        }
        Ok(())
    }

    /// Refuses a write beside a running operation: on the resource itself, its parent, or, for a whole, its parts.
    fn not_busy(&self, write: &Write<'_>) -> Result<(), Refusal> {
        let parent = write.target.parent().map(|p| p.key());
        let parts = if write.resource.name == CLUSTER { self.world.below(&write.key) } else { Vec::new() };
        let near = std::iter::once(&write.key).chain(&parent).chain(&parts);
        let Some(operation) = near.filter_map(|key| self.world.running(key)).next() else { return Ok(()) };
        let doing = operation.kind.gerund();
        let message = format!(
            "Operation is not allowed: Another operation ({doing}) is in progress, please wait for it to finish before starting \
             a new operation. See https://aka.ms/aks-pending-operation for more details"
        );
        Err(match write.behaviour.family.as_str() {
            "aks" if self.request.method == "DELETE" && write.resource.name == CLUSTER => {
                let message = format!(
                    "Failed to save managed cluster {} in subscription {}, resource group {}. Operation is not allowed: Another \
                     operation is in progress",
                    write.target.name(),
                    subscription_of(&write.id).unwrap_or_default(),
                    write.group
                );
                let details = json!([{"code": "Unspecified", "message": "rpc error: code = FailedPrecondition desc = Etag mismatched"}]);
                let subcode = "PutManagedClusterAndAgentPools_FailedPrecondition";
                Refusal::aks(409, "EtagMismatch", message, subcode).member("details", details)
            }
            "aks" => Refusal::aks(409, "OperationNotAllowed", message, ""),
            _ => Refusal::arm(409, "OperationNotAllowed", message),
        })
    }
}

/// How a write is answered.
fn outcome(write: &Write<'_>) -> Outcome {
    let behaviour = write.behaviour;
    if write.is_patch {
        let patch = behaviour.patch.unwrap_or(behaviour.update);
        let runs = behaviour.patch_operation.iter().any(|path| {
            at(&write.sent, path).is_some_and(|new| {
                write.old.as_ref().and_then(|old| at(old, path)).is_none_or(|old| !super::complete::same(old, new))
            })
        });
        return if runs { Outcome { status: 201, operation: true } } else { patch };
    }
    if write.old.is_some() { behaviour.update } else { behaviour.create }
}

fn name_fits(resource: &ResourceType, target: &Target) -> Result<(), Refusal> {
    let Some(pattern) = &resource.name_pattern else { return Ok(()) };
    let name = target.name();
    if regex_lite::Regex::new(pattern).is_ok_and(|p| !p.is_match(name)) {
        let message =
            format!("'{name}' is no valid name for a resource of type '{}'; it must match '{pattern}'.", resource.name);
        return Err(Refusal::arm(400, "InvalidResourceName", message));
    }
    Ok(())
}

/// The location in its short form; what is there stays where it is.
fn locate(write: &mut Write<'_>) -> Result<(), Refusal> {
    let asked = text(&write.sent, "location").to_owned();
    if asked.is_empty() {
        return Ok(());
    }
    let location = Location::new(&asked);
    if !service().regions.iter().any(|r| r == location.as_str()) {
        let message = format!(
            "The provided location '{asked}' is not available for resource type '{}'. List of available regions for the resource \
             type is '{}'.",
            write.resource.name,
            service().regions.join(",")
        );
        return Err(Refusal::arm(400, "LocationNotAvailableForResourceType", message));
    }
    if let Some(before) =
        write.old.as_ref().map(|old| text(old, "location")).filter(|l| !l.is_empty() && *l != location.as_str())
    {
        let message = format!(
            "The resource '{}' already exists in location '{before}' in resource group '{}'. A resource with the same name cannot \
             be created in location '{}'. Please select a new resource name.",
            write.target.name(),
            write.group,
            location.as_str()
        );
        return Err(Refusal::arm(409, "InvalidResourceLocation", message));
    }
    set(&mut write.sent, "location", json!(location.as_str()));
    Ok(())
}

/// Of siblings of which one at a time holds, the newly asked one wins.
fn exclusive(body: &mut Json, sent: &Json, behaviour: &Behaviour) {
    for siblings in &behaviour.exclusive {
        let asked = |path: &&String| at(sent, path).is_some_and(|v| !v.is_null());
        let fresh = siblings.iter().filter(asked).find(|path| at(body, path).is_none());
        if let Some(fresh) = fresh {
            for other in siblings.iter().filter(|s| *s != fresh) {
                remove(body, other);
            }
        }
    }
}

/// A refusal in the family's own form.
pub(super) fn refuse(behaviour: &Behaviour, status: u16, code: &str, message: &str) -> Refusal {
    if behaviour.family == "aks" {
        Refusal::aks(status, code, message, "")
    } else {
        Refusal::arm(status, code, message)
    }
}

pub(super) fn refuse_body(behaviour: &Behaviour, wrong: &[Wrong]) -> Refusal {
    let first = &wrong[0];
    let missing = first.detail.contains("missing");
    match (behaviour.family.as_str(), missing) {
        (_, true) if first.path == "location" => {
            Refusal::arm(400, "LocationRequired", "The location property is required for this definition.")
        }
        ("aks", true) => {
            let message =
                format!("Required parameter {} is missing (null).", first.path.trim_start_matches("properties."));
            Refusal::aks(400, "InvalidParameter", message, "").target(&first.path)
        }
        ("aks", false) => {
            let message = format!("The value of parameter {} is invalid: {}.", first.path, first.detail);
            Refusal::aks(400, "InvalidParameter", message, "").target(&first.path)
        }
        (_, true) => Refusal::invalid_content(&format!(
            "Required property '{}' not found in JSON. Path '{}'.",
            last(&first.path),
            above(&first.path)
        )),
        _ => Refusal::invalid_content(&format!("{} Path '{}'.", first.detail, first.path)),
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn above(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(above, _)| above)
}
