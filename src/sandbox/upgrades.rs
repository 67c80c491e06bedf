//! Which Kubernetes versions there are, and which of them a cluster or a pool may go to.

use serde_json::{Map, Value as Json, json};

use super::address::Target;
use super::behaviour::service;
use super::call::{Answered, Call};
use super::json_path::text;
use super::message::Response;
use super::refusal::Refusal;
use super::show::CLUSTER;
use super::versions::upgrades;

impl Call<'_> {
    /// Answers `locations/{location}/kubernetesVersions`.
    pub(super) fn kubernetes_versions(&self) -> Response {
        let offered = &service().kubernetes;
        let entry = |(minor, patches): (&String, &Vec<String>)| {
            let patches: Map<String, Json> =
                patches.iter().map(|p| (p.clone(), json!({"upgrades": upgrades(p)}))).collect();
            json!({"version": minor, "isDefault": *minor == offered.default, "isPreview": false,
                "capabilities": {"supportPlan": ["KubernetesOfficial"]}, "patchVersions": patches})
        };
        Response::json(200, &json!({"values": offered.offered.iter().map(entry).collect::<Vec<_>>()}))
    }

    /// Answers `{cluster or pool}/upgradeProfiles/default`.
    pub(super) fn upgrade_profile(&mut self, target: &Target) -> Answered {
        let Some(owner) = target.parent().filter(|p| self.world.resources.contains_key(&p.key())) else {
            return self.get(target);
        };
        if self.request.method != "GET" || target.name() != "default" {
            return Err(Refusal::not_found(
                &target.relative(),
                super::address::group_of(&target.scope).unwrap_or_default(),
            ));
        }
        let resource = &self.world.resources[&owner.key()];
        let to = |versions: Vec<&str>| -> Json {
            versions.into_iter().map(|v| json!({"kubernetesVersion": v, "isPreview": false})).collect()
        };
        let properties = if resource.arm_type == CLUSTER {
            let runs = text(&resource.body, "properties.currentKubernetesVersion");
            json!({"controlPlaneProfile": {"kubernetesVersion": runs, "osType": "Linux", "upgrades": to(upgrades(runs))},
                "agentPoolProfiles": null})
        } else {
            let runs = text(&resource.body, "properties.currentOrchestratorVersion");
            // Nodes never run ahead of their control plane.
            let plane = owner.parent().and_then(|p| self.world.resources.get(&p.key()));
            let plane = plane.map(|p| text(&p.body, "properties.currentKubernetesVersion")).unwrap_or_default();
            let next = upgrades(runs).into_iter().filter(|v| *v == plane || upgrades(v).contains(&plane)).collect();
            json!({"kubernetesVersion": runs, "osType": text(&resource.body, "properties.osType"), "upgrades": to(next),
                "latestNodeImageVersion": text(&resource.body, "properties.nodeImageVersion")})
        };
        let body = json!({"id": format!("{}/upgradeprofiles/default", resource.id), "name": "default",
            "type": target.arm_type(), "properties": properties});
        Ok(Response::json(200, &body))
    }
}
