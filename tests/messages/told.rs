//! Each message says what happened, to which address, why, and what to do next.

use landfall::event::Report;
use serde_json::json;

use crate::recorded::{Recorded, all};

/// Answers to a deletion which say that it has happened.
const GONE: [&str; 4] = [
    "acr-delete-after-resource-group-gone",
    "aks-fleet-member-parent-gone",
    "federated-credential-parent-gone",
    "federated-credential-parent-gone-old-message",
];

#[tokio::test(start_paused = true)]
async fn every_recorded_refusal() {
    let mut told = 0;
    for recorded in all() {
        if check(&recorded).await {
            told += 1;
        }
    }
    #[expect(clippy::disallowed_macros, reason = "shown by `cargo test -- --nocapture`")]
    {
        println!("{told} recorded refusals have a message");
    }
    assert!(told + GONE.len() >= 87, "{told}");
}

/// Refusals that nobody has recorded, as Microsoft's pages quote them.
#[tokio::test(start_paused = true)]
async fn refusals_of_the_documentation() {
    let scope = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/\
                 Microsoft.ContainerRegistry/registries/landfallone";
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}});
    let lacks = |action: &str| {
        error(
            "AuthorizationFailed",
            &format!(
                "The client '5d0f6b1c-1111-4111-8111-111111111111' with object id '5d0f6b1c-2222-4222-8222-222222222222' does not \
                 have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was \
                 recently granted, please refresh your credentials."
            ),
        )
    };
    let table = [
        ("role-authorization-failed", 403, lacks("Microsoft.Authorization/roleAssignments/write")),
        ("acr-authorization-failed", 403, lacks("Microsoft.ContainerRegistry/registries/write")),
        ("acr-forbidden-without-a-word", 403, json!(null)),
        (
            "acr-forbidden-by-html",
            403,
            json!("<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>"),
        ),
        (
            "aks-linked-subnet-join",
            403,
            error(
                "LinkedAuthorizationFailed",
                "The client 'c' with object id '5d0f6b1c-2222-4222-8222-222222222222' has permission to perform action \
                 'Microsoft.ContainerService/managedClusters/write' on scope '/subscriptions/s/resourceGroups/rg'; however, it does \
                 not have permission to perform action(s) 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked \
                 scope(s) '/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/n' \
                 (respectively) or the linked scope(s) are invalid.",
            ),
        ),
        (
            "aks-family-quota",
            400,
            json!({"code": "ErrCode_InsufficientVCPUQuota", "message": "Insufficient vcpu quota requested 8, remaining 2 for family \
                   standardDDSv5Family for region westeurope."}),
        ),
        (
            "aks-feature-not-registered",
            400,
            error(
                "FeatureNotRegistered",
                "Feature Microsoft.ContainerService/AKS-ExtensionManager is not enabled. Please see \
                   https://aka.ms/aks/previews for how to enable features.",
            ),
        ),
        (
            "aks-subnet-is-full",
            400,
            error(
                "SubnetIsFull",
                "Subnet nodes with address prefix 10.0.0.0/28 does not have enough capacity for 14 IP addresses.",
            ),
        ),
        (
            "aks-unsatisfiable-pdb",
            400,
            error(
                "UnsatisfiablePDB",
                "1 error occurred: PDB web/web has minAvailable (2) >= expectedPods (2), so no pod can be evicted.",
            ),
        ),
        (
            "aks-unauthenticated",
            401,
            error("InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer."),
        ),
        ("aks-bad-gateway", 502, json!("<html><head><title>502 Bad Gateway</title></head></html>")),
    ];
    for (name, status, body) in table {
        check(&Recorded::written(name, status, body)).await;
    }
}

/// Whether the run failed. What it shows is a snapshot, and has what every message must have.
async fn check(recorded: &Recorded) -> bool {
    let name = &recorded.name;
    let (report, shown) = recorded.met().await;
    if GONE.contains(&name.as_str()) {
        assert!(report.complete(), "{name}: {report:#?}");
        return false;
    }
    let settings = {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings
    };
    settings.bind(|| insta::assert_snapshot!(name.as_str(), shown));
    let wrong = wrong(&report, &shown);
    assert!(wrong.is_empty(), "{name}: {}\n{shown}", wrong.join(", "));
    true
}

/// What a message lacks, or has and should not have.
fn wrong(report: &Report, shown: &str) -> Vec<&'static str> {
    let Some((outcome, trouble)) = report.failed.first().and_then(|o| Some((o, o.trouble.as_ref()?))) else {
        return vec!["nothing failed"];
    };
    let end = shown.split_once("\nFailed:\n").map_or("", |(_, end)| end);
    // A path or a command is whole; nothing else is longer than the terminal.
    let whole = |line: &str| line.contains('`') || line.trim_start().split(' ').any(|word| word.len() > 60);
    let demands = [
        (
            "it does not say what happened and where",
            end.contains(&format!("{}:", outcome.address)) && end.contains(&trouble.meaning),
        ),
        ("it does not say what to do next", !trouble.next.is_empty() && end.contains("help: ")),
        ("it hides Azure's code", trouble.code.as_ref().is_none_or(|code| end.contains(code.as_str()))),
        ("it hides the correlation ID", outcome.correlation.is_none() || end.contains("correlation ID")),
        ("it shows JSON", !shown.contains("{\"") && !shown.contains("[{")),
        ("it is wider than the terminal", end.lines().all(|line| line.chars().count() <= 80 || whole(line))),
        ("it is a wall", end.lines().count() < 30),
    ];
    demands.into_iter().filter(|(_, met)| !met).map(|(what, _)| what).collect()
}
