//! How each resource type behaves, read from `data/behaviour.json`, and what the service as a whole offers, from
//! `data/service.json`. Both are written from recordings and know nothing of the engine's own tables.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value as Json;

use super::limits::Limit;

/// How one type behaves.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Behaviour {
    /// Who answers: `aks`, `acr`, `msi` or `arm`. It decides the form of errors and operations.
    pub family: String,
    /// Which of the paces an operation takes.
    pub pace: String,
    /// `merge`: what a PUT leaves out survives; `replace`: it is gone.
    pub put: String,
    /// Has a location, which must be said.
    pub located: bool,
    /// Answers ids with `/resourcegroups/`.
    pub lower_groups: bool,
    /// Where the resource shows its eTag.
    pub etag: Option<String>,
    /// The answered `type`, where it differs from the tables'.
    pub type_name: Option<String>,
    /// Shows no `provisioningState`.
    pub stateless: bool,
    /// Shows `systemData`.
    pub system_data: bool,
    /// Shows `tags: {}` where there are none.
    pub tags_always: bool,
    /// Answers a create with a `Location` that has no host.
    pub relative_location: bool,
    /// How a PUT is answered that makes the resource.
    pub create: Outcome,
    /// How a PUT is answered that changes it.
    pub update: Outcome,
    /// How a PATCH is answered; none where there is no PATCH.
    pub patch: Option<Outcome>,
    /// What makes a PATCH run as an operation in any case.
    pub patch_operation: Vec<String>,
    /// How a DELETE is answered.
    pub delete: Outcome,
    /// The api-version in operation URLs.
    pub operation_version: String,
    /// What an operation answers on its way, in order.
    pub stages: Vec<String>,
    /// Empty lists and maps that were sent are not shown.
    pub drop_empties: bool,
    /// Top-level keys whose empties are shown all the same.
    pub keep_empties: Vec<String>,
    /// Maps that are replaced whole rather than merged.
    pub whole: Vec<String>,
    /// Null in a PATCH takes a value away.
    pub null_removes: bool,
    /// Paths where an empty value says nothing.
    pub unsaid: Vec<String>,
    /// What a create must say, beyond the tables' flags.
    pub required: Vec<String>,
    /// Siblings of which one at a time holds.
    pub exclusive: Vec<Vec<String>>,
    /// The words taken at a path, in the casing that is answered.
    pub words: BTreeMap<String, Vec<String>>,
    /// What the service fills in, in order.
    pub rules: Vec<Rule>,
    /// What it fills in beyond that for a child that came in a PUT of its own.
    pub alone: Vec<Rule>,
    /// What the service does not show.
    pub drops: Vec<Drop>,
    /// What cannot change.
    pub fixed: Vec<String>,
    /// What can change in some ways only.
    pub transitions: Vec<Transition>,
    /// What needs the Premium SKU.
    pub premium: Vec<Premium>,
    /// Exists below a Premium parent only.
    pub premium_parent: bool,
    /// A path of the request that is answered under another.
    pub moved: Vec<(String, String)>,
    /// Paths that only these api-versions show.
    pub shown_at: BTreeMap<String, Vec<String>>,
    /// The provider's own 404, where it has one.
    pub not_found_from_provider: Option<NotFound>,
}

/// How a request is answered.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Outcome {
    pub status: u16,
    pub operation: bool,
}

/// A value that the service fills in where there is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub path: String,
    /// With `{name}`, `{group}`, `{location}`, `{=path}`, ... in its texts.
    pub value: Json,
    /// Only where each of these paths has one of these values; null stands for absent or empty.
    #[serde(default)]
    pub when: BTreeMap<String, Vec<Json>>,
    /// Only where none of these paths has a value.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Only where this path has a value.
    #[serde(default)]
    pub under: Option<String>,
    /// Also over a value that is there: what the service computes.
    #[serde(default)]
    pub always: bool,
    /// An empty value counts as a value.
    #[serde(default)]
    pub exactly: bool,
}

/// A value that is not shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drop {
    pub path: String,
    #[serde(default)]
    pub value: Option<Json>,
    #[serde(default)]
    pub when: BTreeMap<String, Vec<Json>>,
    #[serde(default)]
    pub unless: BTreeMap<String, Vec<Json>>,
}

/// A property whose changes are listed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Transition {
    pub path: String,
    /// From and to; null stands for absent, empty or false, `*` for anything.
    pub allowed: Vec<(Json, Json)>,
    /// Only where the changed body has one of these values at each of these paths.
    #[serde(default)]
    pub only_when: BTreeMap<String, Vec<Json>>,
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
}

/// A property that other SKUs have in its ordinary values only.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Premium {
    pub path: String,
    pub ordinary: Vec<Json>,
}

/// A provider's own 404.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotFound {
    pub code: String,
    pub detail: String,
    pub message: String,
    pub subcode: String,
}

/// What the service as a whole offers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Service {
    pub kubernetes: Kubernetes,
    pub grants_needed: Vec<GrantNeeded>,
    pub limits: Vec<Limit>,
    pub regions: Vec<String>,
    pub tenant: String,
}

/// Kubernetes versions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kubernetes {
    /// What a cluster gets that asks for none.
    pub default: String,
    /// Patches by minor, oldest first.
    pub offered: BTreeMap<String, Vec<String>>,
}

/// A role that a cluster's control-plane identity needs on something that the cluster names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantNeeded {
    pub path: String,
    pub roles: Vec<String>,
    pub code: String,
    pub message: String,
}

static TABLE: LazyLock<BTreeMap<String, Behaviour>> = LazyLock::new(|| {
    let table: BTreeMap<String, Behaviour> =
        serde_json::from_str(include_str!("data/behaviour.json")).expect("BUG: data/behaviour.json reads");
    table.into_iter().map(|(name, behaviour)| (name.to_ascii_lowercase(), behaviour)).collect()
});

static SERVICE: LazyLock<Service> =
    LazyLock::new(|| serde_json::from_str(include_str!("data/service.json")).expect("BUG: data/service.json reads"));

static PLAIN: LazyLock<Behaviour> = LazyLock::new(|| Behaviour {
    family: "arm".into(),
    put: "replace".into(),
    create: Outcome { status: 201, operation: false },
    update: Outcome { status: 200, operation: false },
    patch: Some(Outcome { status: 200, operation: false }),
    delete: Outcome { status: 200, operation: false },
    ..Behaviour::default()
});

/// The behaviour of a type; what has no row is made and deleted at once, and echoes what it is sent.
pub(super) fn of(arm_type: &str) -> &'static Behaviour {
    TABLE.get(&arm_type.to_ascii_lowercase()).unwrap_or(&PLAIN)
}

/// What the service offers.
pub(super) fn service() -> &'static Service {
    &SERVICE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn every_row_is_about_a_type_of_the_tables_and_every_writable_type_has_one() {
        for name in TABLE.keys() {
            assert!(Schema::get().resource(name).is_some(), "{name}");
        }
        for resource in Schema::get().resources().filter(|r| r.writable && !r.name.contains("Authorization")) {
            assert!(TABLE.contains_key(&resource.name.to_ascii_lowercase()), "{}", resource.name);
        }
        assert!(service().kubernetes.offered.contains_key(&service().kubernetes.default));
    }
}
