//! Resource groups, and what is listed across them.

use serde_json::{Value as Json, json};

use super::address::{group_key, group_of, subscription_of};
use super::behaviour::{self, service};
use super::call::{Answered, Call};
use super::check::{Reading, check};
use super::json_path::merge;
use super::message::Response;
use super::operations::Start;
use super::refusal::Refusal;
use super::show::GROUP;
use super::world::Kind;
use crate::names::Location;
use crate::schema::Schema;

impl Call<'_> {
    /// Answers `/subscriptions/{s}/resourceGroups/{g}`.
    pub(super) fn group(&mut self, path: &str) -> Answered {
        let key = group_key(path).unwrap_or_default();
        let name = group_of(path).unwrap_or_default().to_owned();
        let exists = self.world.resources.contains_key(&key);
        match (self.request.method.as_str(), exists) {
            ("PUT", _) => self.put_group(path, &key),
            ("HEAD", true) => Ok(Response::empty(204)),
            ("HEAD", false) => Ok(Response::empty(404).with("x-ms-failure-cause", "gateway")),
            (_, false) => Err(Refusal::no_group(&name)),
            ("GET", true) => Ok(Response::json(200, &self.show(&key))),
            ("PATCH", true) => {
                let sent = self.group_body(false)?;
                self.group_stays(path)?;
                let whole = behaviour::of(GROUP).whole.clone();
                let group = self.world.resources.get_mut(&key).expect("it exists");
                merge(&mut group.body, &sent, "", &whole, true);
                Ok(Response::json(200, &self.show(&key)))
            }
            ("DELETE", true) => Ok(self.delete_group(&key)),
            (method, _) => {
                let message = format!("The requested resource does not support http method '{method}'.");
                Err(Refusal::arm(405, "MethodNotAllowed", message))
            }
        }
    }

    fn group_body(&self, whole: bool) -> Result<Json, Refusal> {
        let resource = Schema::get().resource(GROUP).expect("BUG: the tables have resource groups");
        check(resource, &self.body()?, Reading { whole, unknown: false }).map_err(|wrong| {
            let first = &wrong[0];
            if first.path == "location" && first.detail.contains("missing") {
                return Refusal::arm(400, "LocationRequired", "The location property is required for this definition.");
            }
            Refusal::invalid_content(&format!("{} {}", first.path, first.detail))
        })
    }

    fn put_group(&mut self, path: &str, key: &str) -> Answered {
        let mut sent = self.group_body(true)?;
        self.group_stays(path)?;
        let asked = sent["location"].as_str().unwrap_or_default().to_owned();
        let location = Location::new(&asked);
        if !service().regions.iter().any(|r| r == location.as_str()) {
            let message = format!(
                "The provided location '{asked}' is not available for resource group. List of available regions is '{}'.",
                service().regions.join(",")
            );
            return Err(Refusal::arm(400, "LocationNotAvailableForResourceGroup", message));
        }
        sent["location"] = json!(location.as_str());
        if let Some(object) = sent.as_object_mut() {
            object.remove("properties");
            object.retain(|_, value| !value.is_null());
        }
        let name = group_of(path).unwrap_or_default();
        let Some(old) = self.world.resources.get_mut(key) else {
            let id = format!("/subscriptions/{}/resourceGroups/{name}", subscription_of(path).unwrap_or_default());
            let now = self.now;
            self.world.insert(&id, GROUP, name, sent, now);
            return Ok(Response::json(201, &self.show(key)));
        };
        let before = old.body["location"].as_str().unwrap_or_default();
        if before != location.as_str() {
            let message = format!(
                "Invalid resource group location '{asked}'. The Resource group already exists in location '{before}'."
            );
            return Err(Refusal::arm(409, "InvalidResourceGroupLocation", message));
        }
        old.body = sent;
        old.etag += 1;
        old.changed_ms = self.now;
        Ok(Response::json(200, &self.show(key)))
    }

    fn delete_group(&mut self, key: &str) -> Response {
        let running = self.world.running(key).map(|o| o.id.clone());
        let operation = running.unwrap_or_else(|| {
            let id = self.world.resources[key].id.clone();
            let takes = self.options.pace.group;
            let behaviour = behaviour::of(GROUP);
            let start = Start { id: &id, kind: Kind::Delete, behaviour, location: "", namespace: "", nodes: 0, takes };
            let operation = self.start(&start);
            if let Some(group) = self.world.resources.get_mut(key) {
                group.operation = Some(operation.clone());
            }
            operation
        });
        // Azure says 15 at most; a faster pace says less.
        let left = self.world.operations.get(&operation).map_or(0, |o| o.end_ms - self.now);
        let wait = ((left + 999) / 1000).clamp(1, 15);
        self.follow(Response::empty(202), &operation).with("retry-after", wait.to_string())
    }

    /// Lists the groups of a subscription.
    pub(super) fn list_groups(&self, path: &str) -> Answered {
        let scope = format!("/subscriptions/{}", subscription_of(path).unwrap_or_default()).to_ascii_lowercase();
        Ok(self.page(self.world.children(&scope, GROUP).into_iter().map(|(key, _)| self.show(key)).collect()))
    }

    /// Lists the tracked resources of a group or a subscription: those with a location, groups left out.
    pub(super) fn list_in(&self, path: &str) -> Answered {
        self.group_named(path)?;
        let scope = path.trim_end_matches('/').rsplit_once('/').map_or("", |(scope, _)| scope).to_ascii_lowercase();
        let wanted = self.request.query("$filter").and_then(|f| f.split('\'').nth(1).map(str::to_ascii_lowercase));
        let tracked = self.world.below(&scope).into_iter().filter_map(|key| {
            let resource = &self.world.resources[&key];
            let tracked = resource.arm_type != GROUP && resource.body.get("location").is_some();
            let fits = wanted.as_ref().is_none_or(|kind| resource.arm_type.eq_ignore_ascii_case(kind));
            (tracked && fits).then(|| {
                let shown = self.show(&key);
                let mut out = json!({});
                for part in ["id", "name", "type", "location", "tags", "sku", "identity", "kind", "managedBy"] {
                    if let Some(value) = shown.get(part) {
                        out[part] = value.clone();
                    }
                }
                out
            })
        });
        Ok(self.page(tracked.collect()))
    }
}
