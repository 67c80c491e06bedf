//! What is asked of a resource by POST. What is not imitated is refused by name.

use serde_json::json;

use super::address::Target;
use super::call::{Answered, Call};
use super::credentials::Kind;
use super::json_path::set;
use super::message::Response;
use super::refusal::Refusal;
use super::show::CLUSTER;

impl Call<'_> {
    /// Answers `POST {resource}/{action}`.
    pub(super) fn action(&mut self, target: &Target) -> Answered {
        let mut owner = target.clone();
        let action = owner.types.pop().unwrap_or_default().to_ascii_lowercase();
        let key = owner.key();
        let Some(resource) = self.world.resources.get(&key) else { return self.get(&owner) };
        let cluster = resource.arm_type == CLUSTER;
        match action.as_str() {
            "listclusterusercredential" if cluster => self.cluster_credentials(&key, Kind::User),
            "listclusteradmincredential" if cluster => self.cluster_credentials(&key, Kind::Admin),
            "listclustermonitoringusercredential" if cluster => self.cluster_credentials(&key, Kind::Monitoring),
            "listcredentials" => {
                let name = owner.name();
                Ok(Response::json(
                    200,
                    &json!({"username": name, "passwords": [{"name": "password", "value": "sandbox"},
                        {"name": "password2", "value": "sandbox"}]}),
                ))
            }
            "stop" | "start" => {
                let code = if action == "stop" { "Stopped" } else { "Running" };
                if let Some(resource) = self.world.resources.get_mut(&key) {
                    set(&mut resource.body, "properties.powerState", json!({"code": code}));
                    resource.etag += 1;
                }
                Ok(Response::empty(204))
            }
            _ => {
                let message = format!("The sandbox does not imitate the action '{action}'.");
                Err(Refusal::arm(404, "InvalidResourceType", message))
            }
        }
    }
}
