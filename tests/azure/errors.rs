//! What recorded refusals of Azure mean. Where a collection that may hold more of them lies beside the project, all of that is read.

use std::collections::BTreeMap;
use std::path::Path;

use landfall::azure::{Kind, classify};
use serde_json::Value as Json;

/// By recording: the meaning and the code that says most.
const MEANINGS: &[(&str, Kind, &str)] = &[
    ("acr-check-name-already-exists", Kind::AlreadyExists, "AlreadyExists"),
    ("acr-child-resource-not-found", Kind::NotFound, "ResourceNotFound"),
    ("acr-delete-after-resource-group-gone", Kind::NotFound, "ResourceGroupNotFound"),
    ("acr-parent-resource-not-found", Kind::NotFound, "ParentResourceNotFound"),
    ("acr-schedule-run-gateway-timeout", Kind::Transient, "GatewayTimeout"),
    ("aks-agentpool-not-found-from-rp", Kind::NotFound, "NotFound"),
    ("aks-etag-mismatch", Kind::Busy, "EtagMismatch"),
    ("aks-fleet-member-parent-gone", Kind::NotFound, "ParentResourceNotFound"),
    ("aks-get-sku-store-error", Kind::Transient, "GetSKUStoreError"),
    ("aks-get-vnet-error", Kind::Transient, "GetVnetError"),
    ("aks-insufficient-vcpu-quota", Kind::Quota, "ErrCode_InsufficientVCPUQuota"),
    ("aks-internal-server-error", Kind::Transient, "InternalServerError"),
    ("aks-invalid-parameter-vnet-region", Kind::Invalid, "InvalidParameter"),
    ("aks-k8s-version-not-supported-in-region", Kind::Invalid, "K8sVersionNotSupported"),
    ("aks-new-agent-pool-through-cluster-put", Kind::Invalid, "BadRequest"),
    ("aks-not-found", Kind::NotFound, "ResourceNotFound"),
    ("aks-openshift-creates-not-allowed", Kind::Invalid, "CreatesNotAllowed"),
    ("aks-operation-poll-gateway-timeout", Kind::Transient, "GatewayTimeout"),
    ("aks-principal-not-found", Kind::Propagating, "PrincipalNotFound"),
    ("aks-property-change-not-allowed", Kind::Invalid, "PropertyChangeNotAllowed"),
    ("aks-quota-exceeded-preview-limit", Kind::Quota, "QuotaExceeded"),
    ("aks-role-assignment-exists", Kind::AlreadyExists, "RoleAssignmentExists"),
    ("aks-trusted-access-binding-not-found", Kind::NotFound, "NotFound"),
    ("aks-unsupported-edge-zone", Kind::Invalid, "UnsupportedEdgeZone"),
    ("aks-vm-size-not-allowed-in-subscription", Kind::Quota, "BadRequest"),
    ("aks-vm-size-not-available-zones-restricted", Kind::Quota, "BadRequest"),
    ("async-failed-aks-quota-exceeded", Kind::Quota, "QuotaExceeded"),
    ("async-failed-bad-request-nested-conflict", Kind::Busy, "StorageAccountIsNotProvisioned"),
    ("async-failed-deployment", Kind::Invalid, "InvalidParameter"),
    ("async-failed-fleet-hub-vm-size-not-available", Kind::Quota, "HubClusterVMSizeNotAvailable"),
    ("async-failed-gateway-deployment", Kind::Transient, "VmssGatewayDeploymentFailed"),
    ("async-failed-internal-server-error", Kind::Transient, "InternalServerError"),
    ("async-failed-invalid-parameter", Kind::Invalid, "InvalidParameter"),
    ("async-failed-operation-timed-out", Kind::Transient, "OperationTimedOut"),
    ("async-failed-region-does-not-allow-provisioning", Kind::Quota, "RegionDoesNotAllowProvisioning"),
    ("deployment-active", Kind::Busy, "DeploymentActive"),
    ("deployment-being-deleted", Kind::Busy, "DeploymentBeingDeleted"),
    ("deployment-not-found", Kind::NotFound, "DeploymentNotFound"),
    ("deployment-preflight-k8s-version-not-supported", Kind::Invalid, "K8sVersionNotSupported"),
    ("federated-credential-parent-gone", Kind::NotFound, "ParentResourceNotFound"),
    ("federated-credential-parent-gone-old-message", Kind::NotFound, "ParentResourceNotFound"),
    ("gateway-timeout-on-put", Kind::Transient, "GatewayTimeout"),
    ("invalid-parameter-vmss", Kind::Invalid, "InvalidParameter"),
    ("invalid-request-content", Kind::Invalid, "InvalidRequestContent"),
    ("invalid-template-deployment", Kind::Invalid, "InvalidParameter"),
    ("invalid-template-put", Kind::Invalid, "InvalidTemplate"),
    ("invalid-template-validate", Kind::Invalid, "InvalidTemplate"),
    ("invalid-values-for-request-parameters", Kind::Invalid, "InvalidValuesForRequestParameters"),
    ("k8s-extension-not-found", Kind::NotFound, "ResourceNotFound"),
    ("k8s-flux-configuration-not-found", Kind::NotFound, "ResourceNotFound"),
    ("linked-authorization-failed", Kind::Denied, "LinkedAuthorizationFailed"),
    ("location-not-available-for-resource-type", Kind::Invalid, "LocationNotAvailableForResourceType"),
    ("method-not-allowed", Kind::Invalid, "MethodNotAllowed"),
    ("missing-registration-for-location", Kind::Unregistered, "MissingRegistrationForLocation"),
    ("missing-subscription-registration", Kind::Unregistered, "MissingSubscriptionRegistration"),
    ("name-invalid-storage", Kind::Invalid, "AccountNameInvalid"),
    ("name-taken-keyvault", Kind::AlreadyExists, "VaultAlreadyExists"),
    ("network-another-operation-in-progress", Kind::Busy, "AnotherOperationInProgress"),
    ("network-invalid-resource-reference", Kind::Invalid, "InvalidResourceReference"),
    ("network-nested-resources-exist", Kind::Invalid, "CannotDeleteResource"),
    ("network-parent-in-failed-state", Kind::Invalid, "ParentResourceIsInFailedState"),
    ("network-public-ip-in-use", Kind::Invalid, "PublicIPAddressCannotBeDeleted"),
    ("network-retryable-error-429", Kind::Throttled, "ReferencedResourceNotProvisioned"),
    ("network-retryable-error-429-with-retry-after", Kind::Throttled, "RetryableErrorDueToAnotherOperation"),
    ("network-subnet-in-use", Kind::Invalid, "InUseSubnetCannotBeDeleted"),
    ("no-registered-provider-found", Kind::Invalid, "NoRegisteredProviderFound"),
    ("precondition-failed-412", Kind::Precondition, "PreconditionFailed"),
    ("precondition-failed-exclusive-lock", Kind::Busy, "PreconditionFailed"),
    ("property-change-not-allowed-vm", Kind::Invalid, "PropertyChangeNotAllowed"),
    ("quota-total-regional-cores-vmss", Kind::Quota, "OperationNotAllowed"),
    ("request-disallowed-by-policy", Kind::Policy, "RequestDisallowedByPolicy"),
    ("required-feature-disabled", Kind::Unregistered, "RequiredFeatureDisabled"),
    ("resource-group-being-deleted", Kind::Busy, "ResourceGroupBeingDeleted"),
    ("resource-group-head-not-found", Kind::NotFound, ""),
    ("resource-group-location-not-available", Kind::Invalid, "LocationNotAvailableForResourceGroup"),
    ("resource-group-not-found", Kind::NotFound, "ResourceGroupNotFound"),
    ("resource-group-scope-locked", Kind::Denied, "ScopeLocked"),
    ("role-assignment-exists", Kind::AlreadyExists, "RoleAssignmentExists"),
    ("role-assignment-invalid-principal-id", Kind::Invalid, "InvalidPrincipalId"),
    ("role-assignment-principal-not-found", Kind::Propagating, "PrincipalNotFound"),
    ("role-assignment-principal-not-found-old-message", Kind::Propagating, "PrincipalNotFound"),
    ("role-assignment-update-not-permitted", Kind::Denied, "RoleAssignmentUpdateNotPermitted"),
    ("role-definition-does-not-exist", Kind::NotFound, "RoleDefinitionDoesNotExist"),
    ("service-unavailable", Kind::Transient, "ServiceUnavailable"),
    ("throttled-429-eventhub-xml", Kind::Throttled, "MessagingGatewayTooManyRequests"),
    ("throttled-429-lock-not-acquired", Kind::Throttled, "429"),
    ("vm-sku-not-available", Kind::Quota, "SkuNotAvailable"),
];

fn meaning(file: &Path) -> (Kind, String) {
    let json: Json = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let body = match &json["body"] {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        body => body.to_string(),
    };
    // Refusals that were quoted somewhere lost their status; 400 tells nothing.
    let status = json["status"].as_u64().map_or(400, |s| u16::try_from(s).unwrap());
    let classified = classify(status, body.as_bytes());
    assert!(!classified.message.is_empty() && !classified.message.contains('\n'), "{}", file.display());
    (classified.kind, classified.code.unwrap_or_default())
}

fn check(folder: &Path) -> BTreeMap<Kind, usize> {
    let mut counts = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let (kind, code) = meaning(&file);
        if let Some((_, expected, said)) = MEANINGS.iter().find(|(n, ..)| *n == name) {
            assert_eq!((kind, code.as_str()), (*expected, *said), "{name}");
        }
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

#[test]
fn carried_refusals() {
    let counts = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors"));
    assert_eq!(counts.values().sum::<usize>(), MEANINGS.len());
}

#[test]
fn every_recorded_refusal_where_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure/errors");
    // The carried ones stand for the rest on a machine without them.
    let folder = if folder.exists() { folder } else { Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors") };
    let counts = check(&folder);
    #[expect(clippy::disallowed_macros, reason = "shown by `cargo test -- --nocapture`")]
    {
        println!("{counts:?}");
    }
    assert!(!counts.contains_key(&Kind::Protocol), "{counts:?}");
}

#[test]
fn every_shape_is_read() {
    let table: &[(u16, &str, Kind, Option<&str>, &str)] = &[
        (
            409,
            r#"{"Error":{"Code":"Conflict","Message":"Another operation is in progress"}}"#,
            Kind::Busy,
            Some("Conflict"),
            "Another operation is in progress",
        ),
        (409, r#"{"error":{"code":"Conflict","message":"no"}}"#, Kind::Invalid, Some("Conflict"), "no"),
        (
            409,
            r#"{"code":"OperationNotAllowed","message":"Operation is not allowed because there's an in progress create managed cluster operation"}"#,
            Kind::Busy,
            Some("OperationNotAllowed"),
            "",
        ),
        (
            400,
            r#"{"error":{"code":"BadRequest","message":"{\"error\":{\"code\":\"QuotaExceeded\",\"message\":\"full\"}}"}}"#,
            Kind::Quota,
            Some("QuotaExceeded"),
            "full",
        ),
        (
            400,
            r#""{\"code\":\"InvalidParameter\",\"message\":\"bad\"}""#,
            Kind::Invalid,
            Some("InvalidParameter"),
            "bad",
        ),
        (
            401,
            r#"{"error":"invalid_token","error_description":"expired"}"#,
            Kind::Unauthenticated,
            Some("invalid_token"),
            "expired",
        ),
        (
            403,
            "<?xml version=\"1.0\"?><Error><Code>AuthorizationFailed</Code><Message>no</Message></Error>",
            Kind::Denied,
            Some("AuthorizationFailed"),
            "no",
        ),
        (502, "<html><head><title>502 Bad Gateway</title></head></html>", Kind::Transient, None, "502 Bad Gateway"),
        (404, "", Kind::NotFound, None, "the server answered status 404 without a reason"),
        (
            404,
            "\u{feff}{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"gone\"}}",
            Kind::NotFound,
            Some("ResourceNotFound"),
            "gone",
        ),
        (
            404,
            r#"{"error":{"code":"SubscriptionNotFound","message":"no such"}}"#,
            Kind::Denied,
            Some("SubscriptionNotFound"),
            "no such",
        ),
        (500, "oops\n  twice", Kind::Transient, None, "oops twice"),
        (
            400,
            r#"{"error":{"code":"CustomPrivateDNSZoneMissingPermissionError","message":"wait"}}"#,
            Kind::Propagating,
            Some("CustomPrivateDNSZoneMissingPermissionError"),
            "wait",
        ),
        (409, r#"{"error":{"code":null,"message":null,"details":null}}"#, Kind::Invalid, None, ""),
        (
            200,
            r#"{"status":"Failed","properties":{"provisioningState":"Failed"}}"#,
            Kind::Invalid,
            None,
            "the operation failed and no reason was given",
        ),
        (
            200,
            r#"{"properties":{"error":{"code":"AllocationFailed","message":"full"}}}"#,
            Kind::Quota,
            Some("AllocationFailed"),
            "full",
        ),
        (400, "[1, \"two\"]", Kind::Invalid, None, ""),
        (418, "\u{0}\u{1}", Kind::Invalid, None, ""),
        (399, "", Kind::Protocol, None, ""),
        (449, "", Kind::Transient, None, ""),
        // What a code only sounds like gives way to what it wraps.
        (
            409,
            r#"{"code":"OperationNotAllowed","message":"no","details":[{"code":"QuotaExceeded","message":"full"}]}"#,
            Kind::Quota,
            Some("OperationNotAllowed"),
            "no",
        ),
        (
            400,
            r#"{"code":"BadRequest","message":"it said \"{\\n\\\"error\\\": {\\\"code\\\": \\\"SkuNotAvailable\\\", \\\"message\\\": \\\"none left\\\"}}\""}"#,
            Kind::Quota,
            Some("SkuNotAvailable"),
            "none left",
        ),
        (
            400,
            r#"{"error":{"code":"BadRequest","message":"The client 'a' with object id 'b' does not have authorization to perform action 'x/write' over scope '/s'."}}"#,
            Kind::Denied,
            Some("BadRequest"),
            "x/write",
        ),
        (
            409,
            r#"{"nameAvailable":false,"reason":"AlreadyExists","message":"taken"}"#,
            Kind::AlreadyExists,
            Some("AlreadyExists"),
            "taken",
        ),
    ];
    for (status, body, kind, code, message) in table {
        let got = classify(*status, body.as_bytes());
        assert_eq!((got.kind, got.code.as_deref()), (*kind, *code), "{body}");
        assert!(got.message.contains(message), "{} does not say {message}", got.message);
    }
}

/// Codes of Microsoft's pages that no recording has, and codes that nobody has told of and whose names tell enough.
const TOLD: &[(&str, Kind)] = &[
    ("AKSCapacityError", Kind::Quota),
    ("AksCapacityHeavyUsage", Kind::Quota),
    ("AKSOperationPreemptedByDelete", Kind::Busy),
    ("AuthorizationFailed", Kind::Denied),
    ("AvailabilityZoneNotSupported", Kind::Quota),
    ("ConcurrentWidgetOperationInProgress", Kind::Busy),
    ("DenyAssignmentAuthorizationFailed", Kind::Denied),
    ("DeploymentQuotaExceeded", Kind::Quota),
    ("FeatureNotRegistered", Kind::Unregistered),
    ("GatewayAuthorizationFailed", Kind::Denied),
    ("InvalidSubscriptionRegistrationState", Kind::Unregistered),
    ("K8SAPIServerConnFailVMExtensionError", Kind::Invalid),
    ("ManagedClusterCountExceedsQuotaLimit", Kind::Quota),
    ("OutboundConnFailVMExtensionError", Kind::Invalid),
    ("PublicIPCountLimitReached", Kind::Quota),
    ("RequestDisallowedByPolicy", Kind::Policy),
    ("ResourceQuotaExceeded", Kind::Quota),
    ("RoleAssignmentLimitExceeded", Kind::Quota),
    ("ServicePrincipalValidationClientError", Kind::Propagating),
    ("StorageAccountAlreadyTaken", Kind::AlreadyExists),
    ("SubnetIsFull", Kind::Quota),
    ("SubscriptionRequestsThrottled", Kind::Throttled),
    ("UnsatisfiablePDB", Kind::Invalid),
    ("VMExtensionProvisioningTimeout", Kind::Transient),
    ("VMSizeNotSupported", Kind::Quota),
    ("WidgetAlreadyExists", Kind::AlreadyExists),
    ("WidgetNotFound", Kind::NotFound),
    ("WidgetRequestsThrottled", Kind::Throttled),
    ("WidgetTypeNotSupported", Kind::Invalid),
    ("ZonalAllocationFailed", Kind::Quota),
];

#[test]
fn a_code_means_the_same_in_every_shape() {
    let inside = |code: &str| format!(r#"{{"code":"{code}","message":"why"}}"#);
    for (code, kind) in TOLD {
        let one = inside(code);
        let shapes = [
            (400, one.clone()),
            (400, format!(r#"{{"error":{one}}}"#)),
            (400, format!(r#"{{"Error":{{"Code":"{code}","Message":"why"}}}}"#)),
            (400, format!(r#"{{"Code":"{code}","Message":"why","Details":[]}}"#)),
            (200, format!(r#"{{"status":"Failed","error":{one}}}"#)),
            (200, format!(r#"{{"status":"Succeeded","properties":{{"provisioningState":"Failed","error":{one}}}}}"#)),
            (
                200,
                format!(
                    r#"{{"status":"Failed","error":{{"code":"DeploymentFailed","message":"see","details":[{one}]}}}}"#
                ),
            ),
            (
                409,
                format!(
                    r#"{{"error":{{"code":"Conflict","message":{}}}}}"#,
                    Json::String(format!("{{\"error\":{one}}}"))
                ),
            ),
            (400, format!(r#"{{"error":{{"code":"BadRequest","message":"no","innererror":{one}}}}}"#)),
            (400, format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>why</Message></Error>")),
        ];
        for (status, body) in shapes {
            let got = classify(status, body.as_bytes());
            assert_eq!((got.kind, got.code.as_deref(), got.message.as_str()), (*kind, Some(*code), "why"), "{body}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn nothing_is_too_strange(status in 100u16..=999, body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let got = classify(status, &body);
        proptest::prop_assert!(!got.message.is_empty());
    }

    #[test]
    fn no_nesting_is_too_deep(depth in 0usize..100) {
        let body = format!("{}{}{}", "{\"error\":".repeat(depth), r#"{"code":"QuotaExceeded","message":"x"}"#, "}".repeat(depth));
        let kind = classify(400, body.as_bytes()).kind;
        proptest::prop_assert!(kind == Kind::Quota || depth > 7);
    }
}
