//! Node pools: versions, scaling, and that one system pool stays.

use serde_json::{Value as Json, json};

use super::call::{Answered, Call};
use super::complete::apply_rules;
use super::json_path::{at, set, text};
use super::refusal::Refusal;
use super::resources::Write;
use super::show::POOL;

impl Call<'_> {
    pub(super) fn put_pool(&mut self, write: Write<'_>) -> Answered {
        let parent_key = write.target.parent().map(|p| p.key()).unwrap_or_default();
        let parent = self.world.resources.get(&parent_key).map(|r| r.body.clone()).unwrap_or(Json::Null);
        let mut body = self.complete(&write, Some(&parent))?;
        let context = self.context(&write, &body, Some(&parent));
        apply_rules(&mut body, &write.behaviour.alone, &context);
        let body = settled_pool(self, &write, body, &parent)?;
        let was_system = write.old.as_ref().is_some_and(|old| text(old, "properties.mode") == "System");
        if was_system && text(&body, "properties.mode") != "System" {
            self.last_system_pool(&write)?;
        }
        let outcome = if write.old.is_some() { write.behaviour.update } else { write.behaviour.create };
        let nodes = at(&body, "properties.count").and_then(Json::as_u64).unwrap_or(0);
        self.store(&write, body, outcome, nodes)
    }

    /// Refuses to lose the last system pool.
    pub(super) fn last_system_pool(&self, write: &Write<'_>) -> Result<(), Refusal> {
        let parent = write.target.parent().map(|p| p.key()).unwrap_or_default();
        let others = self.world.children(&parent, POOL);
        let stays = others.iter().any(|(key, r)| **key != write.key && text(&r.body, "properties.mode") == "System");
        if stays || write.old.as_ref().is_some_and(|old| text(old, "properties.mode") != "System") {
            return Ok(());
        }
        let message = "There has to be at least one system agent pool. For more information, please check https://aka.ms/aks/system-pools";
        Err(Refusal::aks(400, "OperationNotAllowed", message, ""))
    }
}

/// A pool's body with its version settled, or why Azure refuses it.
pub(super) fn settled_pool(
    call: &Call<'_>,
    write: &Write<'_>,
    mut body: Json,
    cluster: &Json,
) -> Result<Json, Refusal> {
    let plane = text(cluster, "properties.currentKubernetesVersion").to_owned();
    let asked = text(&body, "properties.orchestratorVersion").to_owned();
    let asked = if asked.is_empty() { text(cluster, "properties.kubernetesVersion").to_owned() } else { asked };
    let before = write
        .old
        .as_ref()
        .map(|old| (text(old, "properties.orchestratorVersion"), text(old, "properties.currentOrchestratorVersion")));
    let runs = call.pool_version(&asked, &plane, before)?;
    set(&mut body, "properties.orchestratorVersion", json!(asked));
    set(&mut body, "properties.currentOrchestratorVersion", json!(runs));
    let number = |path: &str| at(&body, path).and_then(Json::as_i64);
    let invalid = |message: &str, target: &str| Err(Refusal::aks(400, "InvalidParameter", message, "").target(target));
    if at(&body, "properties.enableAutoScaling") == Some(&Json::Bool(true)) {
        let (Some(least), Some(most)) = (number("properties.minCount"), number("properties.maxCount")) else {
            return invalid(
                "minCount and maxCount are required when enableAutoScaling is true.",
                "properties.minCount",
            );
        };
        if least > most {
            return invalid("minCount must not be greater than maxCount.", "properties.minCount");
        }
        let count = number("properties.count").unwrap_or(least);
        set(&mut body, "properties.count", json!(count.clamp(least, most)));
    }
    let system = text(&body, "properties.mode") == "System";
    if system && text(&body, "properties.scaleSetPriority").eq_ignore_ascii_case("Spot") {
        return invalid("A system pool cannot have the Spot priority.", "properties.scaleSetPriority");
    }
    if system && text(&body, "properties.osType").eq_ignore_ascii_case("Windows") {
        return invalid("A system pool must run Linux.", "properties.osType");
    }
    Ok(body)
}
