//! What to do about each kind of failure: data alone. The first row that fits is taken; of the wordings of a step, the first whose
//! words are all known. What stands between backticks is typed as it is.

use super::kind::Kind;

/// What to do about failures that fit all of these.
pub(super) struct Row {
    /// Of this kind; any, when none.
    pub kind: Option<Kind>,
    /// With one of these codes, at whatever depth; any, when empty.
    pub codes: &'static [&'static str],
    /// With a message that says this, in lower case; any, when empty.
    pub says: &'static str,
    /// Steps, each with its wordings.
    pub next: &'static [&'static [&'static str]],
}

const fn codes(codes: &'static [&'static str], next: &'static [&'static [&'static str]]) -> Row {
    Row { kind: None, codes, says: "", next }
}

const fn of(kind: Kind, codes: &'static [&'static str], next: &'static [&'static [&'static str]]) -> Row {
    Row { kind: Some(kind), codes, says: "", next }
}

const fn says(kind: Kind, says: &'static str, next: &'static [&'static [&'static str]]) -> Row {
    Row { kind: Some(kind), codes: &[], says, next }
}

const fn any(kind: Kind, next: &'static [&'static [&'static str]]) -> Row {
    Row { kind: Some(kind), codes: &[], says: "", next }
}

/// A role of Azure's own that has an action; the first that fits. Of roles that have it, the one with the least beside it.
pub(super) const ACTIONS: &[(&str, &str)] = &[
    ("Microsoft.Authorization/roleAssignments/read", "Reader"),
    ("Microsoft.Authorization/roleAssignments/*", "Role Based Access Control Administrator"),
    ("Microsoft.Authorization/locks/*", "Owner"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", "Managed Identity Operator"),
    ("*/read", "Reader"),
    ("Microsoft.ManagedIdentity/*", "Managed Identity Contributor"),
    ("Microsoft.ContainerService/managedClusters/*", "Azure Kubernetes Service Contributor Role"),
    ("Microsoft.Network/privateDnsZones/*", "Private DNS Zone Contributor"),
    ("Microsoft.Network/*", "Network Contributor"),
    ("*", "Contributor"),
];

const AGAIN: &[&str] = &["run the same command again: what is done is recorded, and nothing is made twice"];
const SUPPORT: &[&str] = &[
    "if it goes on, see https://status.azure.com, and give Azure's support the correlation ID {correlation}",
    "if it goes on, see https://status.azure.com",
];
const GRANT: &[&str] = &[
    "ask somebody who may give roles there (Owner, User Access Administrator) for one with the action {action}: `az role \
     assignment create --assignee-object-id {object} --role \"{role}\" --scope {scope}`",
    "ask somebody who may give roles there (Owner, User Access Administrator) for one with the action {action}: `az role \
     assignment create --assignee PRINCIPAL --role \"{role}\" --scope {scope}`",
    "ask an owner of the subscription which role is missing",
];
const SEEN: &[&str] = &["a role that was given just now takes up to ten minutes to be seen: then run it again"];
const USAGE: &[&str] = &[
    "see what is used with `az vm list-usage --location {location} --output table`",
    "see what is used with `az vm list-usage --location LOCATION --output table`",
];
const MORE: &[&str] = &[
    "request a quota of at least {raised}, for all of them or on the portal's page Quotas: \
     https://learn.microsoft.com/azure/quotas/regional-quota-requests",
    "request a higher quota on the portal's page Quotas: https://learn.microsoft.com/azure/quotas/regional-quota-requests",
];
const LESS: &[&str] =
    &["or ask for less: fewer or smaller nodes, a smaller `maxSurge` (surge nodes count too), another `location`"];
const SIZES: &[&str] = &[
    "see what is offered with `az vm list-skus --location {location} --resource-type virtualMachines --output table`",
    "see what is offered with `az vm list-skus --location LOCATION --resource-type virtualMachines --output table`",
];
const REGISTER: &[&str] = &[
    "register it, with Contributor on the subscription: `az provider register --namespace {namespace} --subscription \
     {subscription} --wait`",
    "register it, with Contributor on the subscription: `az provider register --namespace {namespace} --wait`",
    "register it, with Contributor on the subscription: `az provider register --namespace NAMESPACE --wait`",
];
const LOGIN: &[&str] = &["see docs/authentication.md for how credentials are found, or run `az login`"];
const PLAN: &[&str] = &["plan again: what is gone or new is then part of the plan"];
const HELD: &[&str] =
    &["it is still used by {holder}: delete or detach that first", "delete or detach first what still uses it"];
const MEND: &[&str] =
    &["mend {address} in the environment file, then plan again", "mend the environment file, then plan again"];
const OTHER_LOCATION: &[&str] = &["choose another `location`; the message lists what is offered"];
const OPERATION: &[&str] = &[
    "see what runs with `az aks operation show-latest --resource-group {group} --name {cluster}`; it is ended with `az aks \
     operation-abort --resource-group {group} --name {cluster}`",
];
const WAITED: &[&str] = &[
    "landfall asked {waited}; run the same command again when the other operation has ended",
    "run the same command again when the other operation has ended",
];
const EGRESS: &[&str] = &["the nodes cannot reach what they need to start: let them out to what \
     https://learn.microsoft.com/azure/aks/outbound-rules-control-egress lists, in routes, firewalls, network security groups \
     and DNS"];

/// Rows, the ones that know more first.
pub(super) const ROWS: &[Row] = &[
    // Denied.
    Row {
        kind: Some(Kind::Denied),
        codes: &["LinkedAuthorizationFailed"],
        says: "linked subscription",
        next: &[&[
            "tenant {tenant} may not use the subscription {linked}: log in to the tenant that owns both, or refer to a resource of \
               its own",
            "the subscription belongs to another tenant: log in to the tenant that owns both, or refer to a resource of its own",
        ]],
    },
    of(Kind::Denied, &["AuthorizationFailed", "LinkedAuthorizationFailed"], &[GRANT, SEEN]),
    codes(
        &["DenyAssignmentAuthorizationFailed"],
        &[&[
            "the deny assignment {denial} stands above all roles, and is changed only by what made it: a managed application, a \
               deployment stack, or AKS for its node resource group",
            "a deny assignment stands above all roles, and is changed only by what made it: a managed application, a deployment \
               stack, or AKS for its node resource group",
        ]],
    ),
    codes(
        &["ScopeLocked"],
        &[
            &["the lock is on {lock}"],
            &[
                "find the lock with `az lock list --resource-group {group} --output table`, and have it removed: `az lock delete --ids \
               ID`",
                "find the lock with `az lock list --output table`, and have it removed: `az lock delete --ids ID`",
            ],
        ],
    ),
    codes(
        &["RoleAssignmentUpdateNotPermitted"],
        &[&[
            "an assignment of this name says something else, and cannot be changed: find it with `az role assignment list --scope \
               SCOPE` and delete it, then plan again",
        ]],
    ),
    codes(
        &["SubscriptionNotFound"],
        &[&[
            "check `subscription` in the environment file, and that whoever is logged in has a role there: `az account show \
               --subscription {subscription}`",
            "check `subscription` in the environment file, and that whoever is logged in has a role there",
        ]],
    ),
    codes(
        &["ReadOnlyDisabledSubscription"],
        &[&[
            "the subscription is disabled: its owner can enable it again on the portal's page Cost Management + Billing",
        ]],
    ),
    any(Kind::Denied, &[GRANT, SEEN]),
    // Policy.
    codes(
        &["RequestDisallowedByAzure"],
        &[&[
            "the subscription may not create this here: choose another `location`; free and student subscriptions are offered few",
        ]],
    ),
    any(
        Kind::Policy,
        &[
            &[
                "the policy assignment is \"{policy}\", {assignment}",
                "the policy assignment is \"{policy}\"",
                "the policy assignment is {assignment}",
            ],
            &[
                "change {address} in the environment file so that it complies (`tags`, `location`, `sku` are what policies ask for most)",
                "change the environment file so that it complies (`tags`, `location`, `sku` are what policies ask for most)",
            ],
            &[
                "or have an exemption made by whoever owns the policy: `az policy exemption create --name landfall \
               --exemption-category Waiver --policy-assignment {assignment}`",
                "or have an exemption made by whoever owns the policy: `az policy exemption create --name landfall \
               --exemption-category Waiver --policy-assignment ID`",
            ],
        ],
    ),
    // Quota and capacity.
    Row {
        kind: Some(Kind::Quota),
        codes: &[],
        says: "exceeding approved",
        next: &[
            &[
                "the quota {quota} in {location} is {limit}, {used} of it are used, and {needed} more are needed",
                "the quota is {quota}",
            ],
            USAGE,
            &[
                "request at least {raised} on the portal's page Quotas: \
               https://learn.microsoft.com/azure/quotas/regional-quota-requests",
                "request more on the portal's page Quotas: https://learn.microsoft.com/azure/quotas/regional-quota-requests",
            ],
            LESS,
        ],
    },
    codes(
        &["ErrCode_InsufficientVCPUQuota", "InsufficientVCPUQuota"],
        &[
            &[
                "the quota {quota} in {location} has {free} left, and {needed} are needed",
                "the quota has {free} left, and {needed} are needed",
            ],
            USAGE,
            MORE,
            LESS,
        ],
    ),
    codes(
        &["SkuNotAvailable", "NotAvailableForSubscription", "VMSizeNotSupported", "AvailabilityZoneNotSupported"],
        &[SIZES, &["choose another `vmSize`, other `availabilityZones`, or another `location`"]],
    ),
    says(
        Kind::Quota,
        "vm size",
        &[
            &["much like {size} are {nearest}"],
            SIZES,
            &["choose another `vmSize`, other `availabilityZones`, or another `location`"],
        ],
    ),
    codes(
        &[
            "AllocationFailed",
            "ZonalAllocationFailed",
            "OverconstrainedAllocationRequest",
            "OverconstrainedZonalAllocationRequest",
            "AKSCapacityError",
            "AKSCapacityHeavyUsage",
        ],
        &[&[
            "Azure has no room for it at present: try again later, or with another `vmSize`, other `availabilityZones`, another \
               `location`",
        ]],
    ),
    codes(
        &["PublicIPCountLimitReached"],
        &[
            &[
                "see what is used with `az network list-usages --location LOCATION --output table`; delete addresses that nobody needs",
            ],
            &["request a higher quota: https://learn.microsoft.com/azure/quotas/networking-quota-requests"],
        ],
    ),
    codes(
        &["SubnetIsFull"],
        &[&[
            "subnet {subnet} has no address left: name a larger one, or ask for fewer nodes, a smaller `maxSurge`, a smaller `maxPods`",
            "the subnet has no address left: name a larger one, or ask for fewer nodes, a smaller `maxSurge`, a smaller `maxPods`",
        ]],
    ),
    codes(
        &["RoleAssignmentLimitExceeded"],
        &[&["remove assignments of principals that are gone, or give roles to groups: \
               https://learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits"]],
    ),
    codes(
        &["RegionDoesNotAllowProvisioning"],
        &[&[
            "{location} takes nothing new of this subscription: choose another `location`, or request access to the region: \
               https://learn.microsoft.com/troubleshoot/azure/general/region-access-request-process",
            "choose another `location`, or request access to the region: \
               https://learn.microsoft.com/troubleshoot/azure/general/region-access-request-process",
        ]],
    ),
    codes(
        &["ManagedClusterCountExceedsQuotaLimit"],
        &[&[
            "delete clusters that nobody needs, or request more: https://learn.microsoft.com/azure/aks/quotas-skus-regions",
        ]],
    ),
    any(
        Kind::Quota,
        &[
            &["the limit is {limit} for {quota}", "the quota is {quota}"],
            &[
                "delete what nobody needs in {location}, or choose another `location`",
                "delete what nobody needs, or choose another `location`",
            ],
            MORE,
        ],
    ),
    // Unregistered.
    Row {
        kind: Some(Kind::Unregistered),
        codes: &["MissingRegistrationForLocation"],
        says: "",
        next: &[
            REGISTER,
            &["that registers the locations which came later as well; if it does not, choose another `location`"],
        ],
    },
    Row {
        kind: Some(Kind::Unregistered),
        codes: &[],
        says: "feature",
        next: &[
            &[
                "register the feature: `az feature register --namespace {featurespace} --name {featurename}`, wait until `az feature show` \
               says Registered, then `az provider register --namespace {featurespace}`",
                "register the feature {feature}: find its name with `az feature list --namespace {namespace} --output table`, then `az \
               feature register --namespace {namespace} --name NAME`",
                "register the feature: `az feature register --namespace NAMESPACE --name NAME`, then `az provider register --namespace \
               NAMESPACE`",
            ],
            &["or leave out of {address} what needs it", "or leave out what needs it"],
        ],
    },
    any(Kind::Unregistered, &[REGISTER, AGAIN]),
    // Exists already.
    codes(
        &["RoleAssignmentExists"],
        &[&[
            "the same role is assigned already, under a name that landfall could not find: see `az role assignment list --scope \
               SCOPE --output table`; delete that one, or let it be and drop {address} from the file",
            "the same role is assigned already: see `az role assignment list --scope SCOPE --output table`",
        ]],
    ),
    codes(
        &["VaultAlreadyExists"],
        &[&[
            "a vault that was deleted keeps its name: see `az keyvault list-deleted`, then `az keyvault recover` or `az keyvault \
               purge` it, or choose another name",
        ]],
    ),
    codes(
        &["AlreadyInUse", "RegistryNameAlreadyExists", "NameNotAvailable"],
        &[&[
            "the names of registries are unique in all of Azure: choose another, and check it with `az acr check-name --name \
                 {registry}`",
            "the name is taken, perhaps by something that was deleted a while ago: choose another",
        ]],
    ),
    says(
        Kind::AlreadyExists,
        "already in use",
        &[&[
            "the name is taken: choose another, and check it with `az acr check-name --name {registry}`",
            "the name is taken: choose another",
        ]],
    ),
    codes(
        &["InvalidResourceLocation", "InvalidResourceGroupLocation", "ResourceExistsInDifferentLocation"],
        &[&["it exists in another region: write that `location`, choose another name, or delete it first"]],
    ),
    any(
        Kind::AlreadyExists,
        &[&[
            "if it is to be landfall's, take it into the record with `landfall apply --adopt`; otherwise choose another name",
        ]],
    ),
    // Busy.
    codes(
        &["ResourceGroupBeingDeleted"],
        &[&[
            "wait until the group is gone, with `az group wait --deleted --resource-group {group}`, then plan again",
            "wait until the group is gone, then plan again",
        ]],
    ),
    codes(
        &["DeploymentActive", "DeploymentActiveAndUneditable", "DeploymentBeingDeleted"],
        &[&[
            "the deployment {name} is not landfall's: wait for its end, then run the same command again",
            "wait for the deployment's end, then run the same command again",
        ]],
    ),
    any(Kind::Busy, &[WAITED, OPERATION]),
    any(
        Kind::Throttled,
        &[
            &[
                "landfall asked {waited}, as slowly as Azure told it to; run the same command again later",
                "run the same command again later",
            ],
            &[
                "let other tools on subscription {subscription} rest meanwhile, or ask for less at once with `--parallelism 4`",
                "let other tools on the subscription rest meanwhile, or ask for less at once with `--parallelism 4`",
            ],
        ],
    ),
    // Not found.
    codes(
        &["ResourceGroupNotFound"],
        &[
            &[
                "the resource group {group} is gone; check `subscription` and `resourceGroup` in the environment file",
                "the resource group is gone; check `subscription` and `resourceGroup` in the environment file",
            ],
            PLAN,
        ],
    ),
    codes(&["ParentResourceNotFound"], &[&["{missing}, which it lies in, is gone", "what it lies in is gone"], PLAN]),
    codes(
        &["RoleDefinitionDoesNotExist"],
        &[&[
            "there is no role {role} in this tenant that may be assigned there: see `az role definition list --output table`",
            "there is no such role in this tenant that may be assigned there: see `az role definition list --output table`",
        ]],
    ),
    any(
        Kind::NotFound,
        &[
            &[
                "{missing} is not there: if the environment file names it by its ID, check subscription, group and name",
                "if the environment file names it by its ID, check subscription, group and name",
            ],
            PLAN,
        ],
    ),
    any(
        Kind::Precondition,
        &[&["somebody else works on it too; plan again: the plan then starts from what it is now"]],
    ),
    // Credentials.
    codes(
        &["AADSTS7000215", "invalid_client"],
        &[&["the client's secret is wrong: AZURE_CLIENT_SECRET takes its value, not its ID"], LOGIN],
    ),
    codes(
        &["AADSTS7000222"],
        &[&[
            "the client's secret has expired: `az ad app credential reset --id CLIENT_ID --append`, or use a federated credential",
        ]],
    ),
    codes(
        &["AADSTS700024"],
        &[&["the assertion has expired: let landfall fetch a fresh one (docs/authentication.md), or run it again"]],
    ),
    codes(
        &["AADSTS700213", "AADSTS70021"],
        &[&[
            "no federated credential of the application fits the assertion's issuer, subject and audience: compare `az ad app \
               federated-credential list --id CLIENT_ID`",
        ]],
    ),
    codes(
        &["AADSTS700016", "AADSTS90002"],
        &[&["check AZURE_TENANT_ID and AZURE_CLIENT_ID: this tenant does not know the application"]],
    ),
    codes(
        &["InvalidAuthenticationTokenTenant"],
        &[&[
            "the token is of another tenant than the subscription: log in with `az login --tenant TENANT`, or set AZURE_TENANT_ID",
        ]],
    ),
    any(Kind::Unauthenticated, &[LOGIN]),
    // Not accepted.
    codes(
        &["PropertyChangeNotAllowed", "CustomKubeletConfigOrCustomLinuxOSConfigCanNotBeChanged"],
        &[&[
            "{property} cannot be changed in place: put the old value back, or make it anew with `--replace {address}`",
            "it cannot be changed in place: put the old value back, or make it anew with `--replace {address}`",
            "it cannot be changed in place: put the old value back, or make it anew with `--replace`",
        ]],
    ),
    codes(
        &["K8sVersionNotSupported", "AgentPoolK8sVersionNotSupported"],
        &[
            &[
                "{version} is not offered there; see what is with `az aks get-versions --location LOCATION --output table`",
                "see what is offered with `az aks get-versions --location LOCATION --output table`",
            ],
            &[
                "write an offered version at {address}; one that is only kept for long-term support needs `supportPlan: \
               AKSLongTermSupport`",
                "write an offered version",
            ],
        ],
    ),
    codes(
        &["InvalidPrincipalId", "UnmatchedPrincipalType"],
        &[&[
            "a principal is named by its object ID, not by its client ID or its name: `az ad sp show --id CLIENT_ID --query id`",
        ]],
    ),
    codes(
        &["InvalidResourceReference", "LinkedInvalidPropertyId"],
        &[&[
            "{missing} is not there, or lies in another region: make it first, or mend its ID in the environment file",
            "what the request refers to is not there, or lies in another region: make it first, or mend its ID",
        ]],
    ),
    codes(
        &[
            "CannotDeleteResource",
            "InUseSubnetCannotBeDeleted",
            "InUseRouteTableCannotBeDeleted",
            "InUseNetworkSecurityGroupCannotBeDeleted",
            "PublicIPAddressCannotBeDeleted",
            "LoadBalancerInUseByVirtualMachineScaleSet",
            "NetworkSecurityGroupInUseByVirtualMachineScaleSet",
            "CannotDeleteLoadBalancerWithPrivateLinkService",
            "PrivateLinkServiceWithPrivateEndpointConnectionsCannotBeDeleted",
        ],
        &[HELD, AGAIN],
    ),
    codes(&["LocationNotAvailableForResourceType", "LocationNotAvailableForResourceGroup"], &[OTHER_LOCATION]),
    codes(&["UnsupportedEdgeZone"], &[&["leave `extendedLocation` out, or choose a `location` that has edge zones"]]),
    codes(
        &["NoRegisteredProviderFound", "InvalidResourceType", "InvalidApiVersionParameter"],
        &[
            &[
                "{location} does not have {type} in the API version {version} yet: choose another `location`",
                "the region or the cloud does not have this API version yet: choose another `location`",
            ],
            &[
                "if the provider is new to the subscription, register it: `az provider register --namespace {namespace}`",
            ],
        ],
    ),
    codes(
        &["ParentResourceIsInFailedState"],
        &[&[
            "what it lies in is in a failed state: mend that first, by an apply or on the portal, then run the same command again",
        ]],
    ),
    codes(
        &["AccountNameInvalid", "ReservedResourceName"],
        &[&["choose another name; the message says what it may be made of"]],
    ),
    codes(
        &["InvalidTemplate"],
        &[&["the fault lies in a template, which landfall does not use: whatever deploys it has to be mended"]],
    ),
    codes(
        &["MethodNotAllowed", "CreatesNotAllowed"],
        &[&[
            "Azure does not offer this for this resource (any more); the message says what takes its place, if anything does",
        ]],
    ),
    codes(
        &["InsufficientSubnetSize"],
        &[&[
            "name a larger subnet, or ask for fewer nodes, a smaller `maxSurge`, a smaller `maxPods`; networkPluginMode `overlay` needs \
             no addresses for pods",
        ]],
    ),
    codes(
        &["ServiceCidrOverlapExistingSubnetsCidr", "NetworkProfileCIDROverlapVNET", "DnsServiceIpOutOfServiceCidr"],
        &[&[
            "mend `networkProfile`: `serviceCidr` and `podCidr` lie outside every subnet, and `dnsServiceIP` within `serviceCidr`",
        ]],
    ),
    codes(
        &["UnsatisfiablePDB", "PodDrainFailure", "UpgradeFailed"],
        &[&[
            "see which pods cannot be evicted with `kubectl get poddisruptionbudgets --all-namespaces`; let each of them lose one, or \
               take them away, then run the same command again",
        ]],
    ),
    codes(
        &["UpgradeBlockedOnDeprecatedAPIUsage"],
        &[&[
            "something still uses an API that the new version has not: the message says which; move it over, then run it again",
        ]],
    ),
    codes(
        &["NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", "NodePoolMcVersionIncompatible"],
        &[&["a pool is never newer than its cluster, and not much older: upgrade the cluster first, then its pools"]],
    ),
    codes(
        &[
            "OutboundConnFailVMExtensionError",
            "K8SAPIServerConnFailVMExtensionError",
            "K8SAPIServerDNSLookupFailVMExtensionError",
            "CniDownloadTimeoutVMExtensionError",
            "VMExtensionProvisioningError",
        ],
        &[EGRESS],
    ),
    codes(
        &["InvalidClientSecret"],
        &[&[
            "the secret of the cluster's service principal is wrong or has expired: give it a new one, or use a managed identity",
        ]],
    ),
    says(
        Kind::Invalid,
        "a new agent pool was introduced",
        &[&[
            "the pool appeared between plan and apply: plan again; pools are added one by one, by requests of their own",
        ]],
    ),
    says(
        Kind::Invalid,
        "the cluster are not in the same region",
        &[&["the subnet lies in another region than the cluster: name one that lies in the cluster's `location`"]],
    ),
    any(
        Kind::Invalid,
        &[&["Azure names the property {property}"], MEND, &["`landfall explain PATH` tells what a property takes"]],
    ),
    // What may heal, and did not.
    codes(
        &["PrincipalNotFound", "ServicePrincipalNotFound"],
        &[
            &[
                "landfall asked {waited} for principal {principal}, and tenant {tenant} still does not have it: check that it exists, with \
               `az ad sp show --id {principal}`",
                "check that the principal exists, with `az ad sp show --id {principal}`",
                "check that the principal exists, with `az ad sp show --id PRINCIPAL`",
            ],
            &["a principal is named by its object ID, not by its client ID"],
        ],
    ),
    any(
        Kind::Propagating,
        &[
            &[
                "the cluster's identity needs the action {action}, which the role \"{role}\" has: give it on what it uses (subnet, DNS \
               zone, identity), then run it again",
                "give the cluster's identity its role on what it uses (subnet, DNS zone, identity), then run it again",
            ],
            SEEN,
        ],
    ),
    codes(
        &["GetVnetError", "GetSKUStoreError"],
        &[
            &["AKS could not look something up; landfall asked {waited}", "AKS could not look something up"],
            AGAIN,
            SUPPORT,
        ],
    ),
    any(Kind::Transient, &[&["landfall asked {waited}, and it did not heal"], AGAIN, SUPPORT]),
    any(Kind::Timeout, &[&["it goes on in Azure: run the same command again, and it is followed to its end"]]),
    any(
        Kind::Canceled,
        &[
            &[
                "see who canceled it, with `az monitor activity-log list --correlation-id {correlation}`",
                "see who canceled it, on the portal's page Activity log",
            ],
            AGAIN,
        ],
    ),
    says(
        Kind::Protocol,
        "certificate",
        &[&[
            "a proxy that inspects TLS signs with an authority of its own: docs/authentication.md tells how it is trusted",
        ]],
    ),
    any(
        Kind::Protocol,
        &[
            &[
                "a proxy or a gateway in between may have answered: check HTTPS_PROXY, `--ca-file` and LANDFALL_RESOURCE_MANAGER",
            ],
            AGAIN,
        ],
    ),
];
