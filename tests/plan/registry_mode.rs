//! A registry whose permissions become per repository, and back: every puller gets the role that will count before the mode
//! is switched, and loses the other one afterwards.

use landfall::sandbox::Fault;
use serde_json::json;

use super::rig::{GROUP, Rig, assignments, told};

const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const REPOSITORY_READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";
const LEGACY: &str = "LegacyRegistryPermissions";
const ABAC: &str = "AbacRepositoryPermissions";

/// Two clusters that pull: one born attached, one with the identity that AKS made.
fn file(mode: &str) -> String {
    let pools = "    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";
    format!(
        "registries:\n  landfallprod:\n    sku: {{name: Basic}}\n    roleAssignmentMode: {mode}\nclusters:\n  born:\n    \
         pullsFrom: [landfallprod]\n{pools}  system:\n    pullsFrom: [landfallprod]\n    identity: {{type: \
         SystemAssigned}}\n{pools}"
    )
}

fn registry() -> String {
    format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/landfallprod")
}

async fn roles(rig: &Rig) -> Vec<String> {
    assignments(rig, &registry()).await.into_values().map(|(role, _)| role).collect()
}

/// The kinds of the writes, names of assignments left out.
fn kinds(rig: &Rig) -> Vec<String> {
    rig.writes()
        .into_iter()
        .map(|w| if w.contains("roleAssignments") { w[..w.len() - 37].to_owned() } else { w })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_switch_gives_first_and_takes_last() {
    let mut rig = Rig::new();
    rig.apply(&file(LEGACY)).await;
    assert_eq!(roles(&rig).await, [ACR_PULL, ACR_PULL]);
    let plan = rig.apply(&file(ABAC)).await;
    let attached = ["clusters.born.pullsFrom.landfallprod", "clusters.system.pullsFrom.landfallprod"];
    assert_eq!(
        told(&plan),
        [
            format!("1 create {} after ", attached[0]),
            format!("2 create {} after ", attached[1]),
            format!("3 update registries.landfallprod [roleAssignmentMode {LEGACY}>{ABAC}] after 1 2"),
            format!("4 deletes {} after 1 3", attached[0]),
            format!("5 deletes {} after 2 3", attached[1]),
        ]
    );
    assert!(plan.steps[0].note.as_ref().is_some_and(|n| n.contains("Repository Reader")), "{:?}", plan.steps[0].note);
    let (put, delete) = ("PUT roleAssignments", "DELETE roleAssignments");
    assert_eq!(kinds(&rig), [put, put, "PATCH registries/landfallprod", delete, delete]);
    assert_eq!(roles(&rig).await, [REPOSITORY_READER, REPOSITORY_READER]);

    rig.apply(&file(LEGACY)).await;
    assert_eq!(kinds(&rig), [put, put, "PATCH registries/landfallprod", delete, delete]);
    assert_eq!(roles(&rig).await, [ACR_PULL, ACR_PULL]);
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_breaks_off_loses_no_grant_and_is_finished() {
    // Where it breaks, and what the next run has to do.
    let (patch, delete) = ("PATCH registries/landfallprod", "DELETE roleAssignments");
    for (method, place, rest) in [
        ("PUT", "roleAssignments", vec!["PUT roleAssignments", patch, delete, delete]),
        ("PATCH", "registries/landfallprod", vec![patch, delete, delete]),
        ("DELETE", "roleAssignments", vec![delete]),
    ] {
        let mut rig = Rig::new();
        rig.apply(&file(LEGACY)).await;
        let refusal = json!({"error": {"code": "AuthorizationFailed", "message": "no"}});
        rig.sandbox.inject(Fault::respond(method, place, 1, 403, &refusal));
        let plan = rig.plan(&file(ABAC)).await;
        let report = rig.carry_out(&plan).await;
        assert!(!report.complete(), "{method}");
        let pulls = roles(&rig).await;
        let counting = if method == "DELETE" { REPOSITORY_READER } else { ACR_PULL };
        assert_eq!(pulls.iter().filter(|r| *r == counting).count(), 2, "{method}: both can pull: {pulls:?}");
        rig.apply(&file(ABAC)).await;
        assert_eq!(kinds(&rig), rest, "{method}");
        assert_eq!(roles(&rig).await, [REPOSITORY_READER, REPOSITORY_READER], "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_is_taken_back_halfway_leaves_nothing_behind() {
    let mut rig = Rig::new();
    rig.apply(&file(LEGACY)).await;
    let refusal = json!({"error": {"code": "AuthorizationFailed", "message": "no"}});
    rig.sandbox.inject(Fault::respond("PATCH", "registries/landfallprod", 1, 403, &refusal));
    let plan = rig.plan(&file(ABAC)).await;
    rig.carry_out(&plan).await;
    assert_eq!(roles(&rig).await.len(), 4);
    rig.apply(&file(LEGACY)).await;
    assert_eq!(kinds(&rig), ["DELETE roleAssignments", "DELETE roleAssignments"]);
    assert_eq!(roles(&rig).await, [ACR_PULL, ACR_PULL]);
}

#[tokio::test(start_paused = true)]
async fn what_pulls_is_not_taken_away_when_the_mode_did_not_switch() {
    let mut rig = Rig::new();
    rig.apply(&file(LEGACY)).await;
    // Azure says yes and does nothing.
    rig.sandbox.inject(Fault::respond("PATCH", "registries/landfallprod", 1, 200, &json!({})));
    let plan = rig.plan(&file(ABAC)).await;
    let report = rig.carry_out(&plan).await;
    assert_eq!((report.failed.len(), report.skipped.len()), (1, 2), "{report:?}");
    assert_eq!(roles(&rig).await.iter().filter(|r| *r == ACR_PULL).count(), 2);
    rig.apply(&file(ABAC)).await;
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_the_file_no_longer_says_goes_back_with_its_roles() {
    let mut rig = Rig::new();
    rig.apply(&file(ABAC)).await;
    assert_eq!(roles(&rig).await, [REPOSITORY_READER, REPOSITORY_READER]);
    let silent = file(ABAC).replace(&format!("    roleAssignmentMode: {ABAC}\n"), "");
    rig.apply(&silent).await;
    let kinds = kinds(&rig);
    let at = |what: &str| kinds.iter().position(|w| w.starts_with(what));
    assert!(at("PUT roleAssignments") < at("PATCH registries"), "{kinds:?}");
    assert!(at("PATCH registries") < at("DELETE roleAssignments"), "{kinds:?}");
    assert_eq!(roles(&rig).await, [ACR_PULL, ACR_PULL]);
}
