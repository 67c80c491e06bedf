//! What the words of an environment file come to mean.

#![expect(clippy::unwrap_used, reason = "what these functions unwrap is written in this file")]

use landfall::document::{Path, Value};
use landfall::environment::{MapSources, RULES, load};
use landfall::model::{Cloud, Desired, StateLocation, Target, Wanted};
use landfall::names::Address;
use proptest::prelude::*;

const HEAD: &str = "subscription: 11111111-2222-3333-4444-555555555555\nresourceGroup: rg-x\nlocation: westeurope\n";
const GROUP: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-x";

fn with(sources: &MapSources) -> Desired {
    let (desired, problems) = load(&"t".parse().unwrap(), sources);
    desired.unwrap_or_else(|| panic!("{}", problems.render(false)))
}

fn read(text: &str) -> Desired {
    with(&MapSources::new().file("t.yaml", format!("{HEAD}{text}")))
}

fn warned(text: &str) -> String {
    let (desired, problems) = load(&"t".parse().unwrap(), &MapSources::new().file("t.yaml", format!("{HEAD}{text}")));
    assert!(desired.is_some(), "{}", problems.render(false));
    problems.render(false)
}

fn refused(text: &str) -> String {
    let (desired, problems) = load(&"t".parse().unwrap(), &MapSources::new().file("t.yaml", format!("{HEAD}{text}")));
    assert!(desired.is_none());
    problems.render(false)
}

fn at<'a>(desired: &'a Desired, address: &str) -> &'a Wanted {
    &desired.resources[&address.parse::<Address>().unwrap()]
}

fn body<'a>(desired: &'a Desired, address: &str, path: &str) -> Option<&'a Value> {
    at(desired, address).body.get(&Path::parse(path).unwrap())
}

fn needs(desired: &Desired, address: &str) -> Vec<String> {
    at(desired, address).depends_on.iter().map(ToString::to_string).collect()
}

fn text(text: &str) -> Value {
    Value::text(text)
}

#[test]
fn scalars_keep_their_spelling_where_text_is_wanted() {
    let desired = read(
        "clusters:\n  aks:\n    kubernetesVersion: 1.30\n    tags: {a: 017, b: 1_000, c: true, d: no, e: 0x10}\n    \
         autoScalerProfile: {balance-similar-node-groups: true}\n    nodePools: {system: {vmSize: Standard_D4ds_v5, osDiskSizeGB: 0x40}}\n",
    );
    for (path, expected) in [
        ("kubernetesVersion", "1.30"),
        ("tags.a", "017"),
        ("tags.b", "1_000"),
        ("tags.c", "true"),
        ("tags.d", "no"),
        ("tags.e", "0x10"),
        ("autoScalerProfile.balance-similar-node-groups", "true"),
    ] {
        assert_eq!(body(&desired, "clusters.aks", path), Some(&text(expected)), "{path}");
    }
    assert_eq!(body(&desired, "clusters.aks.nodePools.system", "osDiskSizeGB"), Some(&Value::Number(64.into())));
}

#[test]
fn the_file_wins_over_its_base_and_null_takes_away() {
    let base = format!(
        "{HEAD}tags: {{a: base, b: base}}\nregistries:\n  monadicprod: {{sku: {{name: Basic}}, adminUserEnabled: true}}\n  \
         monadicold: {{}}\nclusters:\n  aks:\n    nodePools: {{system: {{vmSize: a, availabilityZones: ['1', '2']}}}}\n"
    );
    let top = "extends: _base.yaml\ntags: {b: own}\nregistries:\n  monadicprod: {sku: {name: Standard}, adminUserEnabled: null}\n  \
               monadicold: null\nclusters:\n  aks:\n    nodePools: {system: {availabilityZones: ['3']}}\n";
    let desired = with(&MapSources::new().file("_base.yaml", base).file("t.yaml", top));
    assert_eq!(body(&desired, "registries.monadicprod", "sku.name"), Some(&text("Standard")));
    assert_eq!(body(&desired, "registries.monadicprod", "adminUserEnabled"), None);
    assert_eq!(body(&desired, "registries.monadicprod", "tags.a"), Some(&text("base")));
    assert_eq!(body(&desired, "registries.monadicprod", "tags.b"), Some(&text("own")));
    assert!(!desired.resources.contains_key(&"registries.monadicold".parse::<Address>().unwrap()));
    let zones = body(&desired, "clusters.aks.nodePools.system", "availabilityZones");
    assert_eq!(zones, Some(&Value::List(vec![text("3")])));
    assert_eq!(body(&desired, "clusters.aks.nodePools.system", "vmSize"), Some(&text("a")));
}

#[test]
fn variables_take_the_type_that_is_wanted() {
    let file = format!(
        "{HEAD}registries:\n  monadicprod:\n    adminUserEnabled: ${{env:ADMIN}}\n    sku: {{name: '${{env:SKU:-Standard}}'}}\n    \
         tags: {{a: 'x-${{env:EMPTY:-y}}-z', b: '$${{env:ADMIN}}', c: '${{env:DAYS}}'}}\n    \
         policies: {{retentionPolicy: {{days: '${{env:DAYS}}', status: disabled}}}}\n"
    );
    let sources = MapSources::new()
        .file("t.yaml", file)
        .with_variable("ADMIN", "true")
        .with_variable("EMPTY", "")
        .with_variable("DAYS", "7");
    let desired = with(&sources);
    let registry = |path| body(&desired, "registries.monadicprod", path).cloned();
    assert_eq!(registry("adminUserEnabled"), Some(Value::Bool(true)));
    assert_eq!(registry("sku.name"), Some(text("Standard")));
    assert_eq!(registry("tags.a"), Some(text("x-y-z")));
    assert_eq!(registry("tags.b"), Some(text("${env:ADMIN}")));
    assert_eq!(registry("tags.c"), Some(text("7")));
    assert_eq!(registry("policies.retentionPolicy.days"), Some(Value::Number(7.into())));
}

#[test]
fn a_secret_is_a_secret_wherever_it_comes_from() {
    let cluster = |password: &str| {
        format!(
            "clusters:\n  aks:\n    windowsProfile: {{adminUsername: a, adminPassword: {password}}}\n    \
             nodePools: {{system: {{vmSize: Standard_D4ds_v5}}}}\n"
        )
    };
    let sources = MapSources::new()
        .file("t.yaml", format!("{HEAD}{}", cluster("'${env:PASSWORD}'")))
        .with_variable("PASSWORD", "hunter2");
    let (desired, problems) = load(&"t".parse().unwrap(), &sources);
    assert!(problems.is_empty(), "{}", problems.render(false));
    let desired = desired.unwrap();
    assert!(
        matches!(body(&desired, "clusters.aks", "windowsProfile.adminPassword"), Some(Value::Secret(s)) if s.reveal() == "hunter2")
    );
    assert!(!format!("{desired:?}").contains("hunter2"));
    let shown = warned(&cluster("hunter2"));
    assert!(shown.contains("literal-secret") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_value_from_a_variable_is_not_repeated_in_a_message() {
    let file = format!(
        "{HEAD}registries:\n  monadicprod: {{sku: {{name: '${{env:SKU}}'}}, adminUserEnabled: '${{env:SKU}}'}}\n"
    );
    let (_, problems) =
        load(&"t".parse().unwrap(), &MapSources::new().file("t.yaml", file).with_variable("SKU", "hunter2"));
    let shown = problems.render(false);
    assert!(shown.contains("unknown-value") && shown.contains("wrong-type") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn references_are_known_at_once_or_after_apply_and_make_order() {
    let desired = read(
        "identities:\n  control: {}\nregistries:\n  monadicprod: {}\nclusters:\n  aks:\n    \
         identity: {type: UserAssigned, userAssignedIdentities: {'${identities.control.id}': {}}}\n    \
         tags: {name: '${clusters.aks.name}', server: 'https://${registries.monadicprod.loginServer}', where: '${registries.monadicprod.location}'}\n    \
         nodeResourceGroup: ${resourceGroup.name}-nodes\n    nodePools: {system: {vmSize: a}}\n",
    );
    let control = format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/control");
    let identities = body(&desired, "clusters.aks", "identity.userAssignedIdentities").and_then(Value::as_map).unwrap();
    assert_eq!(identities.keys().collect::<Vec<_>>(), [&control]);
    assert_eq!(body(&desired, "clusters.aks", "tags.name"), Some(&text("aks")));
    assert_eq!(body(&desired, "clusters.aks", "tags.where"), Some(&text("westeurope")));
    assert_eq!(body(&desired, "clusters.aks", "nodeResourceGroup"), Some(&text("rg-x-nodes")));
    let Some(Value::Template(server)) = body(&desired, "clusters.aks", "tags.server") else { panic!("a template") };
    assert_eq!(server.to_string(), "https://${registries.monadicprod.loginServer}");
    assert_eq!(needs(&desired, "clusters.aks"), ["identities.control", "registries.monadicprod", "resourceGroup"]);
    assert_eq!(needs(&desired, "clusters.aks.nodePools.system"), ["clusters.aks", "resourceGroup"]);
    assert!(needs(&desired, "resourceGroup").is_empty());
}

#[test]
fn role_assignments_are_grants() {
    let desired = read(
        "identities: {control: {}}\nregistries: {monadicprod: {}}\nroleAssignments:\n  \
         pull: {scope: '${registries.monadicprod.id}', role: acrpull, principalId: '${identities.control.principalId}'}\n  \
         ops: {scope: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/RG-X, roleDefinitionId: 7f951dda-4ed3-4680-a7ca-43fe172d538d,\n        \
         principalId: 99999999-2222-3333-4444-555555555555, principalType: Group, description: why}\n",
    );
    let Target::Grant(grant) = &at(&desired, "roleAssignments.pull").target else { panic!("a grant") };
    assert_eq!(grant.role.to_string(), "7f951dda-4ed3-4680-a7ca-43fe172d538d");
    assert_eq!(grant.scope, at(&desired, "registries.monadicprod").id().unwrap().clone());
    assert!(matches!(&grant.principal, Value::Template(_)));
    let definition = "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d";
    assert_eq!(body(&desired, "roleAssignments.pull", "roleDefinitionId"), Some(&text(definition)));
    assert_eq!(
        at(&desired, "roleAssignments.pull").create_defaults.property("principalType"),
        Some(&text("ServicePrincipal"))
    );
    assert_eq!(
        needs(&desired, "roleAssignments.pull"),
        ["identities.control", "registries.monadicprod", "resourceGroup"]
    );
    assert_eq!(needs(&desired, "roleAssignments.ops"), ["resourceGroup"]);
    let ops = &at(&desired, "roleAssignments.ops").body;
    let keys: Vec<&String> = ops.as_map().unwrap().keys().collect();
    assert_eq!(keys, ["principalId", "principalType", "description", "roleDefinitionId"]);
    assert_eq!(at(&desired, "roleAssignments.ops").create_defaults, Value::map());
}

#[test]
fn the_environments_tag_is_given_to_what_has_tags() {
    let file = "registries: {monadicprod: {sku: {name: Premium}, replications: {northeurope: {}}, cacheRules: {hub: {sourceRepository: a, targetRepository: b}}}}\n\
                clusters: {aks: {tags: {team: a}, nodePools: {system: {vmSize: a}}}, there: {existing: true}}\n\
                identities: {own: {tags: {Made-For: me}}}\n";
    let tags = |file: &str, address: &str| {
        let desired = read(file);
        at(&desired, address).create_defaults.property("tags").map(|tags| tags.to_display_json().to_string())
    };
    let usual = Some(r#"{"landfall-environment":"t"}"#.to_owned());
    for address in ["resourceGroup", "registries.monadicprod", "registries.monadicprod.replications.northeurope"] {
        assert_eq!(tags(file, address), usual, "{address}");
    }
    assert_eq!(tags(file, "clusters.aks"), usual, "beside the file's own");
    for address in ["clusters.aks.nodePools.system", "clusters.there", "registries.monadicprod.cacheRules.hub"] {
        assert_eq!(tags(file, address), None, "{address}");
    }
    let named = format!("environmentTag: made-for\n{file}");
    assert_eq!(tags(&named, "clusters.aks").as_deref(), Some(r#"{"made-for":"t"}"#));
    assert_eq!(tags(&named, "identities.own"), None, "the file says it itself");
    assert_eq!(tags(&format!("environmentTag: false\n{file}"), "clusters.aks"), None);
}

#[test]
fn create_defaults_stand_beside_the_body() {
    let desired = read(
        "environmentTag: false\nregistries: {monadicprod: {location: northeurope, webhooks: {hook: {actions: [push], serviceUri: '${env:URI:-https://x}'}}}}\nclusters:\n  aks:\n    nodePools: {system: {vmSize: a}}\n  \
         pulling: {pullsFrom: [monadicprod], dnsPrefix: own, nodePools: {a: {mode: System}, b: {}}}\n",
    );
    let defaults = |address: &str| at(&desired, address).create_defaults.to_display_json().to_string();
    assert_eq!(
        defaults("clusters.aks"),
        r#"{"dnsPrefix":"aks","identity":{"type":"SystemAssigned"},"location":"westeurope"}"#
    );
    assert_eq!(defaults("clusters.pulling"), r#"{"location":"westeurope"}"#);
    assert_eq!(defaults("clusters.aks.nodePools.system"), r#"{"mode":"System"}"#);
    assert_eq!(defaults("clusters.pulling.nodePools.b"), "{}");
    assert_eq!(defaults("registries.monadicprod"), r#"{"sku":{"name":"Basic"}}"#);
    assert_eq!(defaults("registries.monadicprod.webhooks.hook"), r#"{"location":"northeurope"}"#);
    assert_eq!(body(&desired, "registries.monadicprod", "location"), Some(&text("northeurope")));
}

#[test]
fn what_exists_is_only_referenced_and_its_children_are_managed() {
    let desired = read(
        "tags: {a: b}\nclusters:\n  shared:\n    existing: true\n    resourceGroup: rg-elsewhere\n    subscription: 99999999-2222-3333-4444-555555555555\n    \
         nodePools: {work: {vmSize: a}}\n    extensions: {flux: {extensionType: microsoft.flux}}\n",
    );
    let cluster = at(&desired, "clusters.shared");
    assert!(cluster.existing && cluster.depends_on.is_empty());
    assert_eq!((&cluster.body, &cluster.create_defaults), (&Value::map(), &Value::map()));
    let pool = at(&desired, "clusters.shared.nodePools.work");
    assert!(
        !pool.existing && pool.create_defaults == Value::map(),
        "other pools may exist, so the only one of the file is not System"
    );
    let id = "/subscriptions/99999999-2222-3333-4444-555555555555/resourceGroups/rg-elsewhere/providers/Microsoft.ContainerService/managedClusters/shared";
    assert_eq!(pool.id().unwrap().as_str(), format!("{id}/agentPools/work"));
    let flux = at(&desired, "clusters.shared.extensions.flux").id().unwrap();
    assert_eq!(flux.as_str(), format!("{id}/providers/Microsoft.KubernetesConfiguration/extensions/flux"));
}

#[test]
fn properties_of_what_exists_have_no_effect() {
    let shown = warned("registries: {monadicprod: {existing: true, adminUserEnabled: true, location: northeurope}}\n");
    assert!(
        shown.contains("ignored-property") && shown.contains("t.yaml:4:44") && !shown.contains("`location`"),
        "{shown}"
    );
}

#[test]
fn places_are_right_behind_a_byte_order_mark_and_carriage_returns() {
    let text = format!(
        "\u{feff}{HEAD}tags: {{ü: é}}\nregistries:\n  monadicprod: {{tags: {{ü: é}}, adminUserEnable: true}}\n"
    );
    let (_, problems) = load(&"t".parse().unwrap(), &MapSources::new().file("t.yaml", text.replace('\n', "\r\n")));
    let shown = problems.render(false);
    assert!(shown.contains("environments/t.yaml:6:31"), "{shown}");
}

#[test]
fn a_secret_behind_an_alias_is_not_shown() {
    let shown = refused(
        "x-all: &all {value: plain, adminUserEnable: &flag 1}\nclusters:\n  aks:\n    \
         windowsProfile: {adminUsername: a, adminPassword: *flag, gmsaProfile: *all}\n    nodePools: {system: {vmSize: a}}\n",
    );
    assert!(shown.contains("{value: plain, adminUserEnable: &flag *}"), "{shown}");
}

#[test]
fn protection_spreads_to_what_a_resource_stands_on() {
    let desired = read(
        "identities: {control: {}, other: {}}\nregistries: {monadicprod: {}}\nclusters:\n  aks:\n    protect: true\n    \
         identity: {type: UserAssigned, userAssignedIdentities: {'${identities.control.id}': {}}}\n    nodePools: {system: {vmSize: a}}\n\
         roleAssignments:\n  pull: {scope: '${registries.monadicprod.id}', role: AcrPull, principalId: '${identities.control.principalId}'}\n",
    );
    let protected: Vec<String> =
        desired.resources.values().filter(|w| w.protect).map(|w| w.address.to_string()).collect();
    assert_eq!(
        protected,
        [
            "resourceGroup",
            "identities.control",
            "clusters.aks",
            "clusters.aks.nodePools.system",
            "roleAssignments.pull"
        ]
    );
    let all = read("protect: true\nidentities: {control: {}}\n");
    assert!(all.resources.values().all(|w| w.protect));
}

#[test]
fn attachments_by_name_and_by_id() {
    let elsewhere = "/subscriptions/99999999-2222-3333-4444-555555555555/resourceGroups/r/providers/Microsoft.ContainerRegistry/registries/shared";
    let desired = read(&format!(
        "registries: {{monadicprod: {{}}, monadicother: {{}}}}\nclusters:\n  aks:\n    nodePools: {{system: {{vmSize: a}}}}\n    \
         pullsFrom: [monadicprod, '${{registries.monadicother.id}}', {elsewhere}]\n"
    ));
    let pulls: Vec<(&str, bool)> =
        at(&desired, "clusters.aks").pulls_from.iter().map(|a| (a.name.as_str(), a.address.is_some())).collect();
    assert_eq!(pulls, [("monadicprod", true), ("monadicother", true), ("shared", false)]);
}

#[test]
fn empty_values_are_no_mistake() {
    let desired = read(
        "clusters:\n  aks:\n    kubernetesVersion: ''\n    networkProfile: {networkPlugin: '', dnsServiceIP: '', loadBalancerProfile: {idleTimeoutInMinutes: 0}}\n    \
         aadProfile: {tenantID: ''}\n    nodePools: {system: {mode: System, osDiskSizeGB: 0, nodeTaints: [], nodeLabels: {}, vmSize: null}}\n",
    );
    assert_eq!(body(&desired, "clusters.aks", "kubernetesVersion"), Some(&text("")));
    assert_eq!(body(&desired, "clusters.aks.nodePools.system", "nodeTaints"), Some(&Value::List(vec![])));
    assert_eq!(body(&desired, "clusters.aks.nodePools.system", "vmSize"), None);
}

#[test]
fn settings() {
    let desired = read("cloud: usgov\nstate: {blob: https://a.blob.core.windows.net/states/}\n");
    assert_eq!(
        (desired.cloud, desired.state),
        (Cloud::UsGov, StateLocation::Blob("https://a.blob.core.windows.net/states".into()))
    );
    let desired = read("cloud: {resourceManager: https://arm.example, authority: https://login.example}\n");
    assert!(matches!(desired.cloud, Cloud::Custom { .. }));
}

#[test]
fn words_that_are_newer_than_the_schema_can_be_let_in() {
    let pool = "clusters: {aks: {nodePools: {system: {mode: System, osSKU: FutureLinux}}}}\n";
    assert!(refused(pool).contains("unknown-value"));
    let desired = read(&format!("allowUnknownValues: true\n{pool}"));
    assert_eq!(body(&desired, "clusters.aks.nodePools.system", "osSKU"), Some(&text("FutureLinux")));
}

#[test]
fn rules_have_codes_of_their_own() {
    let mut codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), RULES.len());
}

const GOOD: &str = include_str!("../environments/prod.yaml");
const BASE: &str = include_str!("../environments/_base.yaml");

fn survives(text: impl Into<Vec<u8>>) {
    let sources = MapSources::new()
        .file("t.yaml", text)
        .file("_base.yaml", BASE)
        .with_variable("AZURE_SUBSCRIPTION_ID", "11111111-2222-3333-4444-555555555555");
    let (desired, problems) = load(&"t".parse().unwrap(), &sources);
    assert_eq!(desired.is_none(), problems.has_errors());
    let _ = problems.render(false);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-a-c:{}\\[\\]&*!|>'\"%@`#,?~$<. \t\n\r0-9é€\u{1F600}\u{0}]{0,80}") {
        survives(text);
    }

    #[test]
    fn no_damage_makes_it_panic(
        cuts in prop::collection::vec((0usize..3000, 0usize..30, "[-a-z:{}\\[\\]&*!|>'\"$ \n\té]{0,6}"), 1..6)
    ) {
        let mut text = GOOD.to_owned();
        for (start, length, put) in cuts {
            let start = (start % text.len()..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = (start + length..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            text.replace_range(start..end, &put);
            if text.is_empty() {
                text.push(' ');
            }
        }
        survives(text);
    }
}
