//! Putting things into the world, or changing them there, behind everyone's back: what rehearsals and drift need.

use serde_json::{Value as Json, json};

use super::behaviour;
use super::json_path::{remove, set, text};
use super::show::{CLUSTER, GROUP, POOL};
use super::world::World;
use crate::names::ArmId;
use crate::schema::Schema;

/// Why something cannot be put into a sandbox's world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// It has no `id`, or one that is none.
    #[error("a resource to seed needs the ARM id under which it was read")]
    Id,
    /// The tables do not have its type.
    #[error("the tables have no type {0}")]
    Type(String),
    /// There is no such resource.
    #[error("there is no {0}")]
    Absent(String),
}

/// Takes what a GET answered into the world as it is, and its group where that is missing.
pub(super) fn seed(world: &mut World, answer: &Json, now: i64) -> Result<(), SeedError> {
    let id = ArmId::parse(text(answer, "id")).map_err(|_| SeedError::Id)?;
    let kind = id.resource_type().ok_or(SeedError::Id)?;
    let resource = Schema::get().resource(&kind).ok_or(SeedError::Type(kind))?;
    let behaviour = behaviour::of(&resource.name);
    if let Some(group) = id.group_id().filter(|g| *g != id && !world.resources.contains_key(&g.key())) {
        let location = text(answer, "location");
        world.insert(group.as_str(), GROUP, group.name(), json!({"location": location}), now);
    }
    let mut body = answer.clone();
    for derived in ["id", "name", "type", "systemData", "properties.provisioningState"] {
        remove(&mut body, derived);
    }
    if let Some(path) = &behaviour.etag {
        remove(&mut body, path);
    }
    if resource.name == CLUSTER {
        remove(&mut body, "properties.networkProfile.loadBalancerProfile.effectiveOutboundIPs");
        let pools = remove(&mut body, "properties.agentPoolProfiles");
        for pool in pools.iter().filter_map(Json::as_array).flatten() {
            let mut inner = pool.clone();
            for derived in ["name", "eTag", "provisioningState"] {
                remove(&mut inner, derived);
            }
            let name = text(pool, "name");
            world.insert(id.child("agentPools", name).as_str(), POOL, name, json!({"properties": inner}), now);
        }
    }
    world.insert(id.as_str(), &resource.name, id.name(), body, now);
    // Nobody made these: they were there.
    let key = id.key();
    world.created.retain(|made, _| *made != key && !made.starts_with(&format!("{key}/")));
    Ok(())
}

/// Changes one value of a resource, whatever Azure would say to it; null takes it away.
pub(super) fn edit(world: &mut World, id: &str, path: &str, value: Json, now: i64) -> Result<(), SeedError> {
    let key = id.trim_end_matches('/').to_ascii_lowercase();
    let resource = world.resources.get_mut(&key).ok_or_else(|| SeedError::Absent(id.to_owned()))?;
    if value.is_null() {
        remove(&mut resource.body, path);
    } else {
        set(&mut resource.body, path, value);
    }
    resource.etag += 1;
    resource.changed_ms = now;
    Ok(())
}
