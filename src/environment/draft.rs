//! A first environment file: from a few answers, or from what `az aks show` prints. Text out, nothing written.
//!
//! az renames some of ARM's properties (`enableRbac`, `osDiskSizeGb`) and folds `properties` away, so keys are found in the
//! schema in any capitals.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::document::{Map, Path, Value};
use crate::names::ArmId;
use crate::schema::{Change, Equality, ResourceType, Schema, Shape, ShapeId};

const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
const POOLS: &str = "agentPoolProfiles";
const HEADER: &str = "# yaml-language-server: $schema=../docs/environment.schema.json\n";

/// Why JSON makes no environment.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// No JSON.
    #[error("it is no JSON")]
    Json(#[source] serde_json::Error),
    /// JSON of something else.
    #[error("it is not what `az aks show` prints: {0}")]
    NoCluster(&'static str),
}

/// What a first environment consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The subscription, or a variable that has it.
    pub subscription: String,
    /// The resource group.
    pub resource_group: String,
    /// The region.
    pub location: String,
    /// The registry's name.
    pub registry: String,
    /// The cluster's name.
    pub cluster: String,
    /// The size of its nodes.
    pub node_size: String,
    /// How many nodes its pool has.
    pub node_count: u32,
}

/// An environment of one registry and one cluster that pulls from it.
pub fn first_environment(answers: &Answers) -> String {
    let Answers { subscription, resource_group, location, registry, cluster, node_size, node_count } = answers;
    let word = |text: &str| scalar(&Value::text(text));
    format!(
        "{HEADER}# A registry and a cluster that pulls from it from its first pod on.\nsubscription: {}\nresourceGroup: {}\n\
         location: {}\n\nregistries:\n  {registry}:\n    sku: {{name: Basic}}\n\nclusters:\n  {cluster}:\n    sku: {{name: Base, tier: Free}}\n    \
         networkProfile: {{networkPlugin: azure, networkPluginMode: overlay, networkDataplane: cilium}}\n    nodePools:\n      \
         system: {{mode: System, vmSize: {}, count: {node_count}}}\n    pullsFrom: [{registry}]\n",
        word(subscription),
        word(resource_group),
        word(location),
        word(node_size),
    )
}

/// The environment of a cluster as `az aks show` prints it: what may be written, says something, and is not the default.
///
/// # Errors
/// What is no JSON of a cluster.
pub fn from_az(text: &str) -> Result<String, DraftError> {
    let mut json: Json = serde_json::from_str(text).map_err(DraftError::Json)?;
    // `az resource show` and `az rest` print ARM's own shape.
    if let Some(Json::Object(folded)) = json.get_mut("properties").map(Json::take)
        && let Some(whole) = json.as_object_mut()
    {
        whole.extend(folded);
    }
    let id = json.get("id").and_then(Json::as_str).ok_or(DraftError::NoCluster("it has no `id`"))?;
    let id = ArmId::parse(id).map_err(|_| DraftError::NoCluster("its `id` is none"))?;
    if !id.resource_type().is_some_and(|t| t.eq_ignore_ascii_case(CLUSTER)) {
        return Err(DraftError::NoCluster("its `id` is not that of a cluster"));
    }
    let (Some(subscription), Some(group)) = (id.subscription(), id.resource_group()) else {
        return Err(DraftError::NoCluster("its `id` names no resource group"));
    };
    let schema = Schema::get();
    let cluster = schema.resource(CLUSTER).expect("BUG: the schema has clusters");
    let pools = schema.resource(&format!("{CLUSTER}/agentPools")).expect("BUG: the schema has node pools");
    let mut body = written(cluster, &json);
    if !own_kubelet(&body, &json) {
        body.remove(&Path::of(["identityProfile"]));
    }
    let listed = entry(&json, POOLS).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = listed.iter().filter_map(|pool| {
        let name = pool.get("name").and_then(Json::as_str)?;
        Some((name.to_owned(), written(pools, pool)))
    });
    body.as_map_mut().insert("nodePools".to_owned(), Value::Map(named.collect()));
    let location = body.as_map_mut().shift_remove("location");
    let mut group_says = Map::new();
    group_says.insert("name".to_owned(), Value::text(group));
    group_says.insert("existing".to_owned(), Value::Bool(true));
    let mut root = Map::new();
    root.insert("subscription".to_owned(), Value::text(subscription));
    root.insert("resourceGroup".to_owned(), Value::Map(group_says));
    root.extend(location.map(|location| ("location".to_owned(), location)));
    // What is there was taken by Azure, whatever this version's enumerations say.
    root.insert("allowUnknownValues".to_owned(), Value::Bool(true));
    root.insert("clusters".to_owned(), Value::Map([(id.name().to_owned(), body)].into_iter().collect()));
    let mut out = format!(
        "{HEADER}# Made of what `az aks show` printed of {}.\n# Its resource group is only referenced. Take away what you leave to Azure;\n\
         # add `pullsFrom` to attach a registry.\n",
        id.name()
    );
    block(&root, 0, &mut out);
    Ok(out)
}

/// Whether the kubelet's identity is a person's: AKS makes one in the nodes' resource group where it is told none, and
/// takes one only beside a control plane's own.
fn own_kubelet(body: &Value, json: &Json) -> bool {
    let own_control = body.get(&Path::of(["identity", "type"])).and_then(Value::as_str) == Some("UserAssigned");
    let kubelet = body.get(&Path::of(["identityProfile", "kubeletidentity", "resourceId"])).and_then(Value::as_str);
    let nodes = entry(json, "nodeResourceGroup").and_then(Json::as_str).unwrap_or_default();
    let made = |id: &ArmId| id.resource_group().is_some_and(|group| group.eq_ignore_ascii_case(nodes));
    own_control && kubelet.and_then(|text| ArmId::parse(text).ok()).is_some_and(|id| !made(&id))
}

/// The value under a key, in any capitals.
fn entry<'j>(json: &'j Json, key: &str) -> Option<&'j Json> {
    json.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

fn written(resource: &ResourceType, json: &Json) -> Value {
    let mut out = Map::new();
    for (name, property) in resource.properties().iter().filter(|(_, p)| p.writable() && !p.identifier) {
        let kept = entry(json, name).and_then(|json| kept(resource, property.shape, json, &Path::of([name.as_str()])));
        out.extend(kept.map(|value| (name.clone(), value)));
    }
    Value::Map(out)
}

/// What is worth writing of a value; `None` where nothing is.
fn kept(resource: &ResourceType, shape: ShapeId, json: &Json, at: &Path) -> Option<Value> {
    let fact = resource.fact(at);
    let follows = resource.outdated(at, |_| true);
    let azures = fact.change == Change::Azure || fact.equality == Equality::Ignore || follows;
    if json.is_null() || azures || resource.never_echo.contains(&resource.pattern(at)) || resource.write_only(at) {
        return None;
    }
    let element = at.segments().iter().any(|s| matches!(s, crate::document::Segment::Index(_)));
    let value = match (Schema::get().shape(shape), json) {
        (Shape::Object { properties, additional }, Json::Object(map)) => {
            let mut out = Map::new();
            for (key, inner) in map {
                let known = properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
                let (name, below) = match (known, additional) {
                    (Some((name, property)), _) if property.writable() => (name, property.shape),
                    (None, Some(shape)) => (key, *shape),
                    _ => continue,
                };
                let free = known.is_none();
                match kept(resource, below, inner, &at.key(name)) {
                    Some(value) => drop(out.insert(name.clone(), value)),
                    // The key of a free map says something by itself: `userAssignedIdentities: {ID: {}}`.
                    None if free && inner.is_object() => drop(out.insert(name.clone(), Value::map())),
                    None => {}
                }
            }
            // What says anything says what Azure requires beside it, be that a default.
            if !out.is_empty() || at.parent().is_some_and(|parent| resource.free_map(&parent)) {
                for (name, _) in properties.iter().filter(|(_, p)| p.required && p.writable()) {
                    let said = map.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
                    if let Some((_, value)) = said.filter(|_| !out.contains_key(name)) {
                        out.insert(name.clone(), Value::from_json(value.clone()));
                    }
                }
            }
            Value::Map(out)
        }
        (Shape::List { of, .. }, Json::Array(items)) => {
            let one = |(i, item)| kept(resource, *of, item, &at.index(i));
            Value::List(items.iter().enumerate().filter_map(one).collect())
        }
        (_, Json::String(text)) => Value::text(text.replace("${", "$${")),
        _ => Value::from_json(json.clone()),
    };
    let default = resource.row(at).and_then(|row| row.default.as_ref());
    let is_default = default.is_some_and(|default| same(default, &value)) && !element;
    (!is_default && !matches!(&value, v if v.is_empty() && !element)).then_some(value)
}

fn same(default: &Value, value: &Value) -> bool {
    match (default, value) {
        (Value::String(a), Value::String(b)) => a.eq_ignore_ascii_case(b),
        _ => default.same(value),
    }
}

/// A map in YAML's block style.
fn block(map: &Map, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    for (key, value) in map {
        let key = scalar(&Value::text(key.as_str()));
        match value {
            Value::Map(inner) if !inner.is_empty() => {
                let _ = writeln!(out, "{space}{key}:");
                block(inner, indent + 2, out);
            }
            value => drop(writeln!(out, "{space}{key}: {}", flow(value))),
        }
    }
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let one =
                |(key, value): (&String, &Value)| format!("{}: {}", scalar(&Value::text(key.as_str())), flow(value));
            format!("{{{}}}", map.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        leaf => scalar(leaf),
    }
}

/// A scalar that reads back as it is: text in quotes unless it is plain in every place.
fn scalar(value: &Value) -> String {
    let Some(text) = value.as_str() else { return value.to_display_json().to_string() };
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { Json::String(text.to_owned()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_in_the_shape_of_arm_is_taken_too() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c";
        let pools = r#""agentPoolProfiles": [{"name": "p", "vmSize": "x", "mode": "System"}]"#;
        let flat = from_az(&format!(r#"{{"id": "{id}", "location": "westeurope", {pools}}}"#)).unwrap();
        let arm =
            from_az(&format!(r#"{{"id": "{id}", "location": "westeurope", "properties": {{{pools}}}}}"#)).unwrap();
        assert_eq!(arm, flat);
        assert!(arm.contains("mode: System"), "{arm}");
    }
}
