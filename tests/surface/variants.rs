//! The environments of the surface: which properties stand beside each other, and the values that no shape tells.

use super::generate::Keep::{AllBut, Only};
use super::generate::Variant;

const SYSTEM: Variant = Variant::new("clusters.aks.nodePools", "system")
    .keep(Only(&["vmSize", "mode", "count"]))
    .set(&[("mode", "System"), ("vmSize", "Standard_D4ds_v5")]);

const OWN: Variant = Variant::new("identities", "own");

const KUBELET: Variant = Variant::new("identities", "kubelet").keep(Only(&["location"]));

/// The environments, by name.
pub const ENVIRONMENTS: &[(&str, &[Variant])] = &[
    (
        "registries and identities",
        &[
            Variant::new("resourceGroup", "rg-surface"),
            OWN,
            Variant::new("identities.own.federatedCredentials", "pods"),
            Variant::new("registries", "surface").set(&[
                ("sku.name", "Premium"),
                ("identity.type", "SystemAssigned, UserAssigned"),
                ("identity.userAssignedIdentities.KEY", "${identities.own.id}"),
                ("encryption.keyVaultProperties.identity", "${identities.own.clientId}"),
            ]),
            Variant::new("registries.surface.replications", "northeurope").set(&[("location", "northeurope")]),
            Variant::new("registries.surface.cacheRules", "cache")
                .set(&[("credentialSetResourceId", "${registries.surface.credentialSets.credentials.id}")]),
            Variant::new("registries.surface.credentialSets", "credentials"),
            Variant::new("registries.surface.webhooks", "webhook"),
            Variant::new("registries.surface.scopeMaps", "scopes"),
            Variant::new("registries.surface.tokens", "token")
                .set(&[("scopeMapId", "${registries.surface.scopeMaps.scopes.id}")]),
            Variant::new("registries.surface.connectedRegistries", "connected")
                .set(&[("parent.syncProperties.tokenId", "${registries.surface.tokens.token.id}")]),
            Variant::new("registries.surface.privateEndpointConnections", "endpoint"),
            Variant::new("roleAssignments", "grant")
                .set(&[
                    ("principalId", "${identities.own.principalId}"),
                    ("roleDefinitionId", "AcrPull"),
                    ("conditionVersion", "2.0"),
                ])
                .beside(&[("scope", "${registries.surface.id}")]),
        ],
    ),
    (
        "clusters as most are",
        &[
            OWN,
            KUBELET,
            Variant::new("roleAssignments", "operator")
                .keep(Only(&["principalId", "roleDefinitionId"]))
                .set(&[
                    ("principalId", "${identities.own.principalId}"),
                    ("roleDefinitionId", "Managed Identity Operator"),
                ])
                .beside(&[("scope", "${identities.kubelet.id}")]),
            Variant::new("clusters", "aks")
                .keep(AllBut(&[
                    "fqdnSubdomain",
                    "servicePrincipalProfile",
                    "networkProfile.natGatewayProfile",
                    "networkProfile.loadBalancerProfile.outboundIPs",
                    "networkProfile.loadBalancerProfile.outboundIPPrefixes",
                    "aadProfile.clientAppID",
                    "aadProfile.serverAppID",
                    "aadProfile.serverAppSecret",
                    "apiServerAccessProfile.authorizedIPRanges",
                    "hostedSystemProfile",
                ]))
                .set(&[
                    ("identity.type", "UserAssigned"),
                    ("identity.userAssignedIdentities.KEY", "${identities.own.id}"),
                    ("identityProfile.KEY", "kubeletidentity"),
                    ("identityProfile.*.resourceId", "${identities.kubelet.id}"),
                    ("identityProfile.*.clientId", "${identities.kubelet.clientId}"),
                    ("identityProfile.*.objectId", "${identities.kubelet.principalId}"),
                    ("apiServerAccessProfile.privateDNSZone", "none"),
                    ("serviceMeshProfile.mode", "Istio"),
                ]),
            SYSTEM,
            Variant::new("clusters.aks.nodePools", "full")
                .keep(AllBut(&[
                    "gatewayProfile",
                    "scaleSetPriority",
                    "scaleSetEvictionPolicy",
                    "spotMaxPrice",
                    "virtualMachinesProfile",
                    "virtualMachineNodesStatus",
                    "windowsProfile",
                ]))
                .set(&[
                    ("mode", "User"),
                    ("enableAutoScaling", "true"),
                    ("minCount", "1"),
                    ("maxCount", "3"),
                    ("count", "2"),
                ]),
            Variant::new("clusters.aks.nodePools", "spot")
                .keep(Only(&["vmSize", "count", "scaleSetPriority", "scaleSetEvictionPolicy", "spotMaxPrice"]))
                .set(&[("scaleSetPriority", "Spot")]),
            Variant::new("clusters.aks.nodePools", "gate")
                .keep(Only(&["vmSize", "count", "mode", "gatewayProfile"]))
                .set(&[("mode", "Gateway")]),
            Variant::new("clusters.aks.nodePools", "win")
                .keep(Only(&["vmSize", "count", "osType", "osSKU", "windowsProfile"]))
                .set(&[("osType", "Windows"), ("osSKU", "Windows2022")]),
            Variant::new("clusters.aks.nodePools", "vms")
                .keep(Only(&["type", "virtualMachinesProfile", "virtualMachineNodesStatus"]))
                .set(&[("type", "VirtualMachines")]),
            Variant::new("clusters.aks.maintenanceConfigurations", "default")
                .keep(Only(&["timeInWeek", "notAllowedTime"])),
            Variant::new("clusters.aks.maintenanceConfigurations", "aksManagedAutoUpgradeSchedule").keep(AllBut(&[
                "timeInWeek",
                "notAllowedTime",
                "maintenanceWindow.schedule.weekly",
                "maintenanceWindow.schedule.absoluteMonthly",
                "maintenanceWindow.schedule.relativeMonthly",
            ])),
            Variant::new("clusters.aks.maintenanceConfigurations", "aksManagedNodeOSUpgradeSchedule")
                .keep(Only(&["maintenanceWindow.schedule.weekly"])),
            Variant::new("clusters.aks.managedNamespaces", "space"),
            Variant::new("clusters.aks.trustedAccessRoleBindings", "trust"),
            Variant::new("clusters.aks.identityBindings", "binding")
                .set(&[("managedIdentity.resourceId", "${identities.own.id}")]),
            Variant::new("clusters.aks.privateEndpointConnections", "endpoint"),
            Variant::new("clusters.aks.extensions", "flux"),
            Variant::new("clusters.aks.fluxConfigurations", "config"),
            Variant::new("snapshots", "snapshot"),
        ],
    ),
    (
        "clusters in other ways",
        &[
            Variant::new("clusters", "aks")
                .keep(Only(&[
                    "fqdnSubdomain",
                    "servicePrincipalProfile",
                    "networkProfile.outboundType",
                    "networkProfile.natGatewayProfile",
                    "aadProfile.clientAppID",
                    "aadProfile.serverAppID",
                    "aadProfile.serverAppSecret",
                    "apiServerAccessProfile.authorizedIPRanges",
                ]))
                .set(&[("networkProfile.outboundType", "managedNATGateway")]),
            SYSTEM,
            Variant::new("clusters.aks.maintenanceConfigurations", "aksManagedAutoUpgradeSchedule")
                .keep(Only(&["maintenanceWindow.schedule.absoluteMonthly"])),
            Variant::new("clusters.aks.maintenanceConfigurations", "aksManagedNodeOSUpgradeSchedule")
                .keep(Only(&["maintenanceWindow.schedule.relativeMonthly"])),
        ],
    ),
    (
        "a cluster behind addresses of one's own",
        &[Variant::new("clusters", "aks").keep(Only(&["networkProfile.loadBalancerProfile.outboundIPs"])), SYSTEM],
    ),
    (
        "a cluster behind prefixes of one's own",
        &[
            Variant::new("clusters", "aks").keep(Only(&["networkProfile.loadBalancerProfile.outboundIPPrefixes"])),
            SYSTEM,
        ],
    ),
    (
        "a cluster whose system Azure hosts",
        &[Variant::new("clusters", "aks")
            .keep(Only(&["sku", "hostedSystemProfile"]))
            .set(&[("sku.name", "Automatic"), ("sku.tier", "Standard")])],
    ),
];
