//! What a registry offers in the SKU Premium only.

use super::table::{Case, is, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;

pub(super) const CODE: &str = "needs-premium";
const REGISTRY: &str = "Microsoft.ContainerRegistry/registries";
const SKU: &str = "sku.name";
const PREMIUM: &str = "Premium";
const LOWER: [&str; 3] = ["Basic", "Standard", "Classic"];

/// When a value needs Premium.
enum When {
    /// Whatever it says, if it says something.
    Said,
    /// When it is true.
    True,
    /// When it is this word.
    Is(&'static str),
}

/// Properties of a registry (`az acr show-usage` and the service tiers list them).
const PROPERTIES: [(&str, When); 9] = [
    ("zoneRedundancy", When::Is("Enabled")),
    ("dataEndpointEnabled", When::True),
    ("publicNetworkAccess", When::Is("Disabled")),
    ("networkRuleSet.ipRules", When::Said),
    ("networkRuleSet.defaultAction", When::Is("Deny")),
    ("encryption.status", When::Is("enabled")),
    ("policies.trustPolicy.status", When::Is("enabled")),
    ("policies.retentionPolicy.status", When::Is("enabled")),
    ("policies.exportPolicy.status", When::Is("disabled")),
];

/// Types of children.
const CHILDREN: [&str; 3] = [
    "Microsoft.ContainerRegistry/registries/replications",
    "Microsoft.ContainerRegistry/registries/privateEndpointConnections",
    "Microsoft.ContainerRegistry/registries/connectedRegistries",
];

pub(super) fn check(case: &mut Case<'_>) {
    for registry in case.of_type(REGISTRY) {
        let sku = match value(registry, SKU) {
            Some(Value::String(sku)) if LOWER.iter().any(|lower| is(registry, SKU, lower)) => sku.clone(),
            _ => continue,
        };
        let problem = |what: &str| {
            Diagnostic::error(CODE, format!("`{what}` needs the SKU {PREMIUM}, this registry is {sku}"))
                .help(format!("write `sku: {{name: {PREMIUM}}}`"))
        };
        for (path, when) in &PROPERTIES {
            let needs = match when {
                When::Said => value(registry, path).is_some(),
                When::True => value(registry, path).and_then(Value::as_bool) == Some(true),
                When::Is(word) => is(registry, path, word),
            };
            if needs {
                case.report(registry, path, problem(path));
            }
        }
        for arm_type in CHILDREN {
            for child in case.of_type(arm_type) {
                if child.parent.as_ref() == Some(&registry.address) {
                    case.report(child, "", problem(child.address.collection()));
                }
            }
        }
    }
}
