//! AKS clusters: what a cluster's PUT does beyond the tables: versions, identities, and the pools that travel in it.

use serde_json::{Value as Json, json};

use super::address::Target;
use super::behaviour;
use super::call::{Answered, Call};
use super::json_path::{at, remove, set, text};
use super::pools::settled_pool;
use super::refusal::Refusal;
use super::resources::Write;
use super::show::POOL;
use crate::schema::Schema;

impl Call<'_> {
    pub(super) fn put_cluster(&mut self, mut write: Write<'_>) -> Answered {
        if write.is_patch {
            let tags = write.sent.get("tags").cloned().unwrap_or(Json::Null);
            write.sent = json!({"tags": tags});
        }
        let profiles = remove(&mut write.sent, "properties.agentPoolProfiles").filter(|p| !p.is_null());
        let profiles: Option<Vec<Json>> = profiles.and_then(|p| p.as_array().cloned());
        if write.old.is_none() {
            complete_enough(&write.sent, profiles.as_deref())?;
        }
        if !write.is_patch {
            self.same_pools(&write, profiles.as_deref())?;
        }
        let mut body = self.complete(&write, None)?;
        let asked = text(&body, "properties.kubernetesVersion").to_owned();
        let asked = if asked.is_empty() { behaviour::service().kubernetes.default.clone() } else { asked };
        let before = write
            .old
            .as_ref()
            .map(|old| (text(old, "properties.kubernetesVersion"), text(old, "properties.currentKubernetesVersion")));
        let runs = self.cluster_version(write.target.name(), &asked, before)?;
        self.pool_versions_agree(&write, &asked, profiles.as_deref())?;
        set(&mut body, "properties.kubernetesVersion", json!(asked));
        set(&mut body, "properties.currentKubernetesVersion", json!(runs));
        self.fill_identity(&write, &mut body)?;
        // Checked before anything is made: the kubelet's identity may be made in passing.
        let mut pools = Vec::new();
        for profile in profiles.iter().flatten() {
            pools.push(self.profile(&write, &body, profile)?);
        }
        self.lagging(&write, &runs, &pools)?;
        self.node_group_free(&write, &body)?;
        self.check_kubelet_then_fill(&write, &mut body)?;
        if write.old.is_none() {
            self.make_node_group(&write, &body);
        }
        let nodes = pools.iter().filter_map(|(_, _, pool)| at(pool, "properties.count").and_then(Json::as_u64)).sum();
        let outcome = if write.old.is_some() { write.behaviour.update } else { write.behaviour.create };
        let key = write.key.clone();
        let now = self.now;
        for (id, name, pool) in &pools {
            match self.world.resources.get_mut(&id.to_ascii_lowercase()) {
                Some(existing) if existing.body == *pool => {}
                Some(existing) => {
                    existing.body = pool.clone();
                    existing.etag += 1;
                    existing.changed_ms = now;
                }
                None => drop(self.world.insert(id, POOL, name, pool.clone(), now)),
            }
        }
        let mut response = self.store(&write, body, outcome, nodes)?;
        // The pools inside follow the cluster.
        let operation = self.world.resources.get(&key).and_then(|c| c.operation.clone());
        for pool in self.world.children(&key, POOL).into_iter().map(|(k, _)| k.clone()).collect::<Vec<_>>() {
            if let Some(pool) = self.world.resources.get_mut(&pool) {
                pool.operation.clone_from(&operation);
            }
        }
        response.body = self.show(&key).to_string().into_bytes();
        Ok(response)
    }

    fn check_kubelet_then_fill(&mut self, write: &Write<'_>, body: &mut Json) -> Result<(), Refusal> {
        let mut asked = body.clone();
        let named = !text(&write.sent, "properties.identityProfile.kubeletidentity.resourceId").is_empty();
        if named || write.old.is_some() {
            self.fill_kubelet(write, &mut asked)?;
            self.grants_there(write, &asked)?;
            *body = asked;
            return Ok(());
        }
        self.grants_there(write, body)?;
        self.fill_kubelet(write, body)
    }

    /// One entry of `agentPoolProfiles` as a pool: its id, name and body.
    fn profile(&self, cluster: &Write<'_>, parent: &Json, profile: &Json) -> Result<(String, String, Json), Refusal> {
        let name = text(profile, "name").to_owned();
        let mut target: Target = cluster.target.clone();
        target.types.push("agentPools".into());
        target.names.push(name.clone());
        let mut properties = profile.clone();
        remove(&mut properties, "name");
        let key = target.key();
        let resource = Schema::get().resource(POOL).expect("BUG: the tables have pools");
        let behaviour = behaviour::of(POOL);
        let id = target.id(Some(&cluster.group), behaviour.lower_groups);
        let old = self.world.resources.get(&key).map(|r| r.body.clone());
        let sent = json!({"properties": properties});
        let write = Write {
            target: &target,
            resource,
            behaviour,
            key,
            id: id.clone(),
            group: cluster.group.clone(),
            old,
            sent,
            is_patch: false,
            born: 0,
        };
        let body = self.complete(&write, Some(parent))?;
        let body = settled_pool(self, &write, body, parent)?;
        Ok((id, name, body))
    }

    /// A later cluster PUT may name neither more nor fewer pools than there are.
    fn same_pools(&self, write: &Write<'_>, profiles: Option<&[Json]>) -> Result<(), Refusal> {
        let Some(profiles) = profiles else { return Ok(()) };
        let names: Vec<String> = profiles.iter().map(|p| text(p, "name").to_ascii_lowercase()).collect();
        if names.iter().enumerate().any(|(i, name)| names[..i].contains(name)) {
            let message = "Agent pool names must be unique within a cluster.";
            return Err(Refusal::aks(400, "InvalidParameter", message, "").target("agentPoolProfiles.name"));
        }
        if write.old.is_none() {
            return Ok(());
        }
        let there: Vec<String> =
            self.world.children(&write.key, POOL).into_iter().map(|(_, r)| r.name.to_ascii_lowercase()).collect();
        let advice =
            "For agent pool specific change, please use per agent pool operations: https://aka.ms/agent-pool-rest-api";
        if names.iter().any(|name| !there.contains(name)) {
            let message = format!(
                "A new agent pool was introduced. Adding agent pools to an existing cluster is not allowed through managed cluster \
                 operations. {advice}"
            );
            return Err(Refusal::aks(400, "BadRequest", message, ""));
        }
        if there.iter().any(|name| !names.contains(name)) {
            let message = format!(
                "An agent pool is missing. Removing agent pools from an existing cluster is not allowed through managed cluster \
                 operations. {advice}"
            );
            return Err(Refusal::aks(400, "BadRequest", message, ""));
        }
        Ok(())
    }

    /// A later cluster PUT may name the versions of all pools or of none, as they are or as the control plane's.
    fn pool_versions_agree(&self, write: &Write<'_>, asked: &str, profiles: Option<&[Json]>) -> Result<(), Refusal> {
        let Some(profiles) = profiles.filter(|_| write.old.is_some()) else { return Ok(()) };
        let pools = self.world.children(&write.key, POOL);
        let version_of = |name: &str| {
            let pool = pools.iter().find(|(_, r)| r.name.eq_ignore_ascii_case(name));
            pool.map(|(_, r)| text(&r.body, "properties.orchestratorVersion")).unwrap_or_default()
        };
        let said = |p: &&Json| !text(p, "orchestratorVersion").is_empty();
        let some = profiles.iter().filter(said).count();
        let fits = |p: &Json| [version_of(text(p, "name")), asked].contains(&text(p, "orchestratorVersion"));
        if some == 0 || (some == profiles.len() && profiles.iter().all(fits)) {
            return Ok(());
        }
        let message = "Using managed cluster api, all Agent pools' OrchestratorVersion must be all specified or all unspecified. If all \
                       specified, they must be stay unchanged or the same with control plane. For agent pool specific change, please use \
                       per agent pool operations: https://aka.ms/agent-pool-rest-api";
        Err(Refusal::aks(400, "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", message, ""))
    }

    /// No pool may be left more than three minors behind.
    fn lagging(&self, write: &Write<'_>, plane: &str, pools: &[(String, String, Json)]) -> Result<(), Refusal> {
        let minor = |v: &str| v.split('.').nth(1).and_then(|m| m.parse::<u64>().ok()).unwrap_or(0);
        for (key, resource) in self.world.children(&write.key, POOL) {
            let newer = pools.iter().find(|(id, ..)| id.eq_ignore_ascii_case(key)).map(|(_, _, body)| body);
            let runs = text(newer.unwrap_or(&resource.body), "properties.currentOrchestratorVersion");
            if minor(plane).saturating_sub(minor(runs)) > 3 {
                let message = format!(
                    "Node pool version {runs} and control plane version {plane} are incompatible. Minor version of node pool cannot \
                     be more than 3 versions less than control plane version."
                );
                return Err(Refusal::aks(400, "NodePoolMcVersionIncompatible", message, ""));
            }
        }
        Ok(())
    }
}

/// What a new cluster must say.
fn complete_enough(sent: &Json, profiles: Option<&[Json]>) -> Result<(), Refusal> {
    let missing = |name: &str| {
        let message = format!("Required parameter {name} is missing (null).");
        Err(Refusal::aks(400, "InvalidParameter", message, "").target(name))
    };
    let automatic = text(sent, "sku.name").eq_ignore_ascii_case("Automatic");
    if !automatic && profiles.is_none_or(<[Json]>::is_empty) {
        return missing("agentPoolProfiles");
    }
    if text(sent, "properties.dnsPrefix").is_empty() && text(sent, "properties.fqdnSubdomain").is_empty() {
        return missing("dnsPrefix");
    }
    let kind = text(sent, "identity.type");
    let principal = text(sent, "properties.servicePrincipalProfile.clientId");
    if (kind.is_empty() || kind.eq_ignore_ascii_case("None")) && (principal.is_empty() || principal == "msi") {
        return missing("servicePrincipalProfile");
    }
    let system = |p: &Json| text(p, "mode").eq_ignore_ascii_case("System");
    if !automatic && !profiles.is_some_and(|p| p.iter().any(system)) {
        let message =
            "Must define at least one system pool. For more information, please check https://aka.ms/aks/system-pools";
        return Err(Refusal::aks(400, "InvalidParameter", message, "").target("agentPoolProfiles.mode"));
    }
    Ok(())
}
