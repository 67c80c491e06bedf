//! Container registries: names that are taken, SKUs that lack a feature, identities and network rules.

use serde_json::{Value as Json, json};

use super::call::{Answered, Call};
use super::complete::same;
use super::json_path::{at, set, text};
use super::message::Response;
use super::refusal::Refusal;
use super::resources::Write;
use super::show::REGISTRY;

impl Call<'_> {
    fn registry_taken(&self, name: &str, but: &str) -> bool {
        self.world
            .resources
            .iter()
            .any(|(key, r)| r.arm_type == REGISTRY && r.name.eq_ignore_ascii_case(name) && key != but)
    }

    /// Answers `checkNameAvailability`.
    pub(super) fn check_registry_name(&self) -> Answered {
        let body = self.body()?;
        let name = text(&body, "name");
        let fits = (5..=50).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        let answer = if self.registry_taken(name, "") {
            json!({"nameAvailable": false, "reason": "AlreadyExists", "message": format!("The registry {name} is already in use.")})
        } else if fits {
            json!({"nameAvailable": true, "availableLoginServerName": format!("{}.azurecr.io", name.to_ascii_lowercase())})
        } else {
            json!({"nameAvailable": false, "reason": "Invalid",
                "message": "The name must have 5 to 50 alphanumeric characters."})
        };
        Ok(Response::json(200, &answer))
    }

    pub(super) fn before_registry(&self, write: &mut Write<'_>) -> Result<(), Refusal> {
        let name = write.target.name();
        if write.old.is_none() && !(5..=50).contains(&name.len()) {
            let message = format!("'{name}' is no valid registry name: it must have 5 to 50 alphanumeric characters.");
            return Err(Refusal::arm(400, "InvalidResourceName", message));
        }
        if write.old.is_none() && self.registry_taken(name, &write.key) {
            let message = format!(
                "The registry DNS name {}.azurecr.io is already in use. You can check if the name is already claimed using following \
                 API: https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/checknameavailability",
                name.to_ascii_lowercase()
            );
            return Err(Refusal::arm(409, "AlreadyInUse", message).member("status", json!("Failed")));
        }
        // A rule for one address is answered without its /32, and with the only action there is.
        if let Some(Json::Array(rules)) = write.sent.pointer_mut("/properties/networkRuleSet/ipRules") {
            for rule in rules.iter_mut().filter(|r| r.is_object()) {
                let value = rule["value"].as_str().unwrap_or_default();
                rule["value"] = json!(value.strip_suffix("/32").unwrap_or(value));
                if rule["action"].as_str().unwrap_or_default().is_empty() {
                    rule["action"] = json!("Allow");
                }
            }
        }
        let sku = match text(&write.sent, "sku.name") {
            "" => write.old.as_ref().map(|old| text(old, "sku.name")).unwrap_or_default(),
            said => said,
        };
        if sku.eq_ignore_ascii_case("Premium") {
            return Ok(());
        }
        for feature in &write.behaviour.premium {
            let asked = at(&write.sent, &feature.path).filter(|v| !v.is_null());
            if asked.is_some_and(|asked| !feature.ordinary.iter().any(|o| same(asked, o))) {
                let message = format!(
                    "The property '{}' is not supported for the SKU '{sku}'; it needs the SKU 'Premium'.",
                    feature.path
                );
                return Err(Refusal::arm(400, "SkuNotSupported", message).target(&feature.path));
            }
        }
        Ok(())
    }

    pub(super) fn after_registry(&self, write: &Write<'_>, body: &mut Json) -> Result<(), Refusal> {
        self.fill_identity(write, body)?;
        let kind = text(body, "identity.type").to_owned();
        if !kind.is_empty() {
            let camel = |word: &str| {
                let word = word.trim();
                if word.eq_ignore_ascii_case("SystemAssigned") { "systemAssigned" } else { "userAssigned" }
            };
            let kinds: Vec<&str> = kind.split(',').map(camel).collect();
            set(body, "identity.type", json!(kinds.join(", ")));
        }
        let leaves_premium = text(body, "sku.name") != "Premium"
            && self.world.below(&write.key).iter().any(|key| key.contains("/replications/"));
        if leaves_premium {
            let message = "A registry with replications cannot leave the SKU 'Premium'.";
            return Err(Refusal::arm(400, "SkuNotSupported", message).target("sku.name"));
        }
        Ok(())
    }

    /// Refuses children of a registry whose SKU has none of their kind.
    pub(super) fn premium_parent(&self, write: &Write<'_>) -> Result<(), Refusal> {
        let parent = write.target.parent().map(|p| p.key()).unwrap_or_default();
        let sku = self.world.resources.get(&parent).map(|r| text(&r.body, "sku.name")).unwrap_or_default();
        if sku == "Premium" {
            return Ok(());
        }
        let message = format!(
            "A resource of type '{}' needs a registry of the SKU 'Premium'; this one has '{sku}'.",
            write.resource.name
        );
        Err(Refusal::arm(400, "SkuNotSupported", message))
    }
}
