//! What is asked of a resource by POST. What is not imitated is refused by name.

use serde_json::json;

use super::address::Target;
use super::behaviour;
use super::call::{Answered, Call};
use super::credentials::Kind;
use super::json_path::{set, text};
use super::message::Response;
use super::operations::Start;
use super::refusal::Refusal;
use super::show::CLUSTER;
use super::world;

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
            "abort" if behaviour::of(&resource.arm_type).family == "aks" => self.abort(&owner),
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

    /// Ends what runs on a cluster or pool, by an operation of its own. Its answer is the resource as it was before
    /// (azure-cli's recording test_aks_abort.yaml); what has ended already is a conflict.
    fn abort(&mut self, owner: &Target) -> Answered {
        let key = owner.key();
        let shown = self.show(&key);
        let at_work = self.world.running(&key).filter(|o| !o.canceled).map(|o| o.id.clone());
        let (Some(at_work), Some(resource)) = (at_work, self.world.resources.get(&key)) else {
            let state = text(&shown, "properties.provisioningState");
            let message = format!("Cancel operation is not allowed when the ProvisioningState is {state}");
            return Err(Refusal::aks(409, "OperationNotAllowed", message, ""));
        };
        let id = resource.id.clone();
        let cluster = self.world.resources.get(&owner.parent().map_or(key, |parent| parent.key()));
        let location = cluster.map_or("global", |cluster| text(&cluster.body, "location")).to_owned();
        let takes = self.options.pace.other;
        let behaviour = behaviour::of(&owner.arm_type());
        let kind = world::Kind::Abort;
        let start =
            Start { id: &id, kind, behaviour, location: &location, namespace: &owner.namespace, nodes: 0, takes };
        let abort = self.start(&start);
        let ends = self.world.operations.get(&abort).map_or(self.now, |o| o.end_ms);
        if let Some(ended) = self.world.operations.get_mut(&at_work) {
            (ended.canceled, ended.end_ms) = (true, ended.end_ms.min(ends));
        }
        Ok(self.follow(Response::json(202, &shown), &abort))
    }
}
