//! Commands as a person runs them: the real binary, a folder of its own, the sandbox behind it.

use std::process::{Command, Output};

use tempfile::TempDir;

/// A project in a folder of its own.
struct Project(TempDir);

/// How a command ended.
struct Ended {
    code: i32,
    out: String,
    talk: String,
}

impl Project {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    /// The same with one environment file more, or with another text in it.
    #[expect(clippy::disallowed_methods, reason = "a scene is set, nothing is kept")]
    fn with(self, name: &str, text: &str) -> Self {
        let folder = self.0.path().join("environments");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        std::fs::write(folder.join(format!("{name}.yaml")), text).expect("a file can be written");
        self
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Puts other words into a file.
    #[expect(clippy::disallowed_methods, reason = "a scene is set, nothing is kept")]
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name);
        assert!(text.contains(from), "{name} has no {from}");
        std::fs::write(self.path(name), text.replace(from, to)).expect("a file can be written");
    }

    /// Runs landfall without a terminal, with these arguments and variables.
    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(arguments).current_dir(self.0.path()).env_clear().env("COLUMNS", "80");
        command.envs(variables.iter().copied()).stdin(std::process::Stdio::null());
        let Output { status, stdout, stderr } = command.output().expect("landfall runs");
        Ended {
            code: status.code().expect("it ends by itself"),
            out: String::from_utf8(stdout).expect("text"),
            talk: String::from_utf8(stderr).expect("text"),
        }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[])
    }

    /// Runs what must end well, and gives its data.
    fn good(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, 0, "{arguments:?}:\n{}{}", ended.out, ended.talk);
        ended.out
    }
}

/// No line is longer than a narrow terminal, but for what cannot be broken: a single long word.
fn fits(text: &str) -> bool {
    text.lines().all(|line| line.chars().count() <= 80 || line.split_whitespace().any(|word| word.len() > 40))
}

const ONE: &str = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg-one\nlocation: westeurope\n\
                   registries:\n  oneregistry: {sku: {name: Standard}, tags: {env: one}}\n";

mod saved {
    use super::*;

    #[test]
    fn a_saved_plan_is_shown_and_applied_as_it_was() {
        let project = Project::new().with("one", ONE);
        let shown = project.good(&["plan", "one", "--sandbox", "--out", "one.plan"]);
        let again = project.good(&["show", "--plan", "one.plan"]);
        let body = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(body(&shown), body(&again));
        // What the file says by then does not matter: nothing is planned anew.
        project.edit("environments/one.yaml", "Standard", "Premium");
        project.good(&["apply", "one", "one.plan", "--sandbox"]);
        assert!(project.good(&["plan", "one", "--sandbox"]).contains("Standard → Premium"));
        let again = project.run(&["apply", "one", "one.plan", "--sandbox"]);
        assert_eq!(again.code, 4);
        assert!(again.talk.contains("the plan is stale: there was no record then"), "{}", again.talk);
    }

    #[test]
    fn what_moved_since_makes_it_stale() {
        let project = Project::new().with("one", ONE);
        project.good(&["apply", "one", "--sandbox", "--yes"]);
        project.edit("environments/one.yaml", "Standard", "Premium");
        project.good(&["plan", "one", "--sandbox", "--out", "one.plan"]);
        project.edit("state/.sandbox/world.json", "\"Standard\"", "\"Basic\"");
        let ended = project.run(&["apply", "one", "one.plan", "--sandbox"]);
        assert_eq!(ended.code, 4);
        assert!(ended.talk.contains("the plan is stale: registries.oneregistry was changed since"), "{}", ended.talk);
    }

    #[test]
    fn what_was_made_since_makes_it_stale() {
        let project = Project::new().with("one", ONE).with("two", ONE);
        project.good(&["plan", "one", "--sandbox", "--out", "one.plan"]);
        project.good(&["apply", "two", "--sandbox", "--yes"]);
        let ended = project.run(&["apply", "one", "one.plan", "--sandbox"]);
        assert_eq!(ended.code, 4);
        let told = "the plan is stale: resourceGroup exists by now; registries.oneregistry exists by now";
        assert!(ended.talk.contains(told), "{}", ended.talk);
    }

    #[test]
    fn a_destroy_can_be_saved() {
        let project = Project::new().with("one", ONE);
        project.good(&["apply", "one", "--sandbox", "--yes"]);
        project.good(&["plan", "one", "--sandbox", "--destroy", "--out", "gone.plan"]);
        project.good(&["apply", "one", "gone.plan", "--sandbox"]);
        assert!(!project.path("state/.sandbox/one.json").exists());
    }

    #[test]
    fn what_is_no_plan_of_this_environment_is_refused() {
        let project = Project::new().with("one", ONE).with("two", ONE);
        project.good(&["plan", "one", "--sandbox", "--out", "one.plan"]);
        let table: [(&[&str], &str); 4] = [
            (&["apply", "two", "one.plan", "--sandbox"], "one.plan is a plan of one, not of two"),
            (&["apply", "one", "one.plan"], "one.plan was made against the sandbox"),
            (&["apply", "one", "environments/one.yaml", "--sandbox"], "environments/one.yaml: it is no saved plan"),
            (&["show", "--plan", "none.plan"], "none.plan: No such file"),
        ];
        for (arguments, why) in table {
            let ended = project.run(arguments);
            assert_eq!(ended.code, 3, "{}", ended.talk);
            assert!(ended.talk.contains(why), "{}", ended.talk);
        }
    }

    #[test]
    fn secrets_stay_out_and_must_be_the_same() {
        let text =
            format!("{ONE}    webhooks: {{hook: {{serviceUri: '${{env:HOOK}}', status: enabled, actions: [push]}}}}\n")
                .replace("{sku: {name: Standard}, tags: {env: one}}\n", "\n    sku: {name: Standard}\n");
        let project = Project::new().with("one", &text);
        let canary = [("HOOK", "https://example.com/canary")];
        let planned = project.run_with(&["plan", "one", "--sandbox", "--out", "one.plan"], &canary);
        assert_eq!(planned.code, 0, "{}", planned.talk);
        assert!(!project.text("one.plan").contains("canary"));
        let apply = ["apply", "one", "one.plan", "--sandbox"];
        let other = project.run_with(&apply, &[("HOOK", "https://example.com/other")]);
        assert_eq!(other.code, 4);
        assert!(other.talk.contains("these secrets are not the ones it was made with"), "{}", other.talk);
        assert!(other.talk.contains("serviceUri of registries.oneregistry.webhooks.hook"), "{}", other.talk);
        let same = project.run_with(&apply, &canary);
        assert_eq!(same.code, 0, "{}", same.talk);
        let next = project.run_with(&["plan", "one", "--sandbox", "--exit-code"], &canary);
        assert_eq!(next.code, 0, "{}", next.out);
    }
}

mod state {
    use super::*;

    const GRANTED: &str = "\nidentities: {reader: {}}\nroleAssignments:\n  reads: {scope: '${registries.oneregistry.id}', role: \
                           AcrPull, principalId: '${identities.reader.principalId}'}\n";

    #[test]
    fn what_is_forgotten_stays_in_azure_and_is_adopted_again() {
        let project = Project::new().with("one", ONE);
        project.good(&["apply", "one", "--sandbox", "--yes"]);
        let alone = project.run(&["state", "rm", "one", "registries.oneregistry", "--sandbox"]);
        assert_eq!(alone.code, 4);
        assert!(alone.talk.contains("pass --yes"), "{}", alone.talk);
        let ended = project.run(&["state", "rm", "one", "registries.oneregistry", "--yes", "--sandbox"]);
        assert_eq!((ended.code, ended.out.as_str()), (0, "  - registries.oneregistry\n"), "{}", ended.talk);
        let plan = project.good(&["plan", "one", "--sandbox"]);
        assert!(plan.contains("1 to adopt; 1 unchanged"), "{plan}");
    }

    #[test]
    fn a_grant_may_have_another_address() {
        let project = Project::new().with("one", &format!("{ONE}{GRANTED}"));
        project.good(&["apply", "one", "--sandbox", "--yes"]);
        project.edit("environments/one.yaml", "reads:", "pulls:");
        let moved = ["state", "mv", "one", "roleAssignments.reads", "roleAssignments.pulls", "--yes", "--sandbox"];
        assert_eq!(project.good(&moved), "  roleAssignments.reads\n    → roleAssignments.pulls\n");
        assert!(project.good(&["plan", "one", "--sandbox"]).contains("Nothing to do."));
    }

    #[test]
    fn nonsense_is_refused_and_nothing_written() {
        let project = Project::new().with("one", &format!("{ONE}{GRANTED}"));
        project.good(&["apply", "one", "--sandbox", "--yes"]);
        let before = project.text("state/.sandbox/one.json");
        let table = [
            (["registries.none", "registries.other"], "the record of one has no registries.none"),
            (["registries.oneregistry", "clusters.oneregistry"], "would be one of type AKS cluster"),
            (["registries.oneregistry", "registries.other"], "is called oneregistry in Azure"),
            (["registries.oneregistry", "identities.reader"], "has identities.reader already"),
            (["registries.oneregistry", "things.other"], "names nothing that an environment may have"),
            (["registries.oneregistry", "registries"], "is no address"),
            (["resourceGroup", "registries.other"], "would be one of type container registry"),
        ];
        for ([from, to], why) in table {
            let ended = project.run(&["state", "mv", "one", from, to, "--yes", "--sandbox"]);
            assert_eq!(ended.code, 3, "{from} {to}: {}", ended.talk);
            assert!(ended.talk.contains(why), "{from} {to}: {}", ended.talk);
        }
        assert_eq!(project.text("state/.sandbox/one.json"), before);
    }
}

mod explain {
    use super::*;

    #[test]
    fn a_property_is_explained() {
        let project = Project::new();
        let expected = "\
clusters.networkProfile.networkPolicy · AKS cluster
  type          a word
  allowed       none, calico, azure, cilium
                and others, where the file says allowUnknownValues: true
  without it    none
  a change      reimages the nodes
  equal         the same word, in any capitals
  known         from Azure's documentation (azurerm
                kubernetes_cluster_resource.go; aks-docs
                node-disruption-policy.md)
";
        assert_eq!(project.good(&["explain", "clusters.prod.networkProfile.networkPolicy"]), expected);
        let json: serde_json::Value =
            serde_json::from_str(&project.good(&["explain", "clusters.bootstrapProfile", "--output", "json"])).unwrap();
        assert_eq!((&json["inferred"], &json["confidence"]), (&true.into(), &"inferred".into()));
        assert!(project.good(&["explain", "clusters.bootstrapProfile"]).contains("inferred: nobody has written down"));
    }

    #[test]
    fn everything_can_be_explained_in_eighty_columns() {
        let project = Project::new();
        for path in
            ["", "clusters", "clusters.nodePools", "registries", "resourceGroup", "roleAssignments", "identities"]
        {
            let text = project.good(&["explain", path]);
            assert!(fits(&text), "{text}");
        }
    }

    #[test]
    fn a_mistyped_path_is_put_right() {
        let project = Project::new();
        let table = [
            ("cluster", "did you mean `clusters`?"),
            ("clusters.networkProfil.x", "did you mean `clusters.networkProfile`?"),
            ("registries.vmSize", "there is `clusters.nodePools.vmSize`"),
        ];
        for (path, hint) in table {
            let ended = project.run(&["explain", path]);
            assert_eq!(ended.code, 3);
            assert!(ended.talk.contains(hint), "{}", ended.talk);
        }
    }
}

mod drawn {
    use super::*;

    const ATTACHED: &str = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: {name: rg, existing: true}\n\
                            location: westeurope\nclusters:\n  c:\n    pullsFrom: [/subscriptions/00000000-0000-0000-0000-\
                            000000000000/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/elsewhere]\n    \
                            nodePools: {p: {vmSize: Standard_D4ds_v5, count: 1}}\n";

    #[test]
    fn a_graph_has_what_attaching_adds() {
        let project = Project::new().with("one", ATTACHED);
        let expected = "\
flowchart BT
  n0[\"clusters.c<br/>AKS cluster\"]
  n1[\"clusters.c.identities.control<br/>managed identity\"]
  n2[\"clusters.c.identities.control.roles.operator<br/>role assignment\"]
  n3[\"clusters.c.identities.kubelet<br/>managed identity\"]
  n4[\"clusters.c.nodePools.p<br/>node pool\"]
  n5[\"clusters.c.pullsFrom.elsewhere<br/>role assignment\"]
  n6[\"resourceGroup<br/>resource group\"]
  n0 --> n1
  n0 --> n2
  n0 --> n3
  n0 --> n5
  n2 --> n1
  n2 --> n3
  n4 --> n0
  n5 --> n3
  classDef added stroke-dasharray: 6 4
  class n1,n2,n3,n5 added
  classDef existing stroke-dasharray: 2 3
  class n6 existing
";
        assert_eq!(project.good(&["graph", "one", "--format", "mermaid"]), expected);
        let dot = project.good(&["graph", "one"]);
        assert!(
            dot.contains("\"clusters.c.nodePools.p\" -> \"clusters.c\"") && dot.contains("style = dotted"),
            "{dot}"
        );
    }

    #[test]
    fn completions_and_manual_pages_know_every_command() {
        let project = Project::new();
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            assert!(project.good(&["completions", shell]).contains("explain"), "{shell}");
        }
        project.good(&["man", "--dir", "man"]);
        assert!(project.text("man/landfall-state-mv.1").contains("under another address"));
        assert!(project.good(&["man"]).contains("SH SUBCOMMANDS"));
    }
}

mod init {
    use super::*;

    const FLAGS: [&str; 6] = [
        "--subscription",
        "00000000-0000-0000-0000-000000000000",
        "--location",
        "westeurope",
        "--registry",
        "myregistry",
    ];

    #[test]
    fn what_is_written_is_right_and_stays() {
        let project = Project::new();
        let mut arguments = vec!["init", "first", "--yes"];
        arguments.extend(FLAGS);
        let ended = project.run(&arguments);
        assert_eq!(ended.code, 0, "{}", ended.talk);
        assert!(ended.talk.contains("landfall plan first --sandbox"), "{}", ended.talk);
        assert!(project.good(&["plan", "first", "--sandbox"]).contains("Plan: 8 to create."));
        let before = project.text("environments/first.yaml");
        let again = project.run(&arguments);
        assert_eq!(again.code, 3);
        assert!(again.talk.contains("is there already"), "{}", again.talk);
        assert_eq!(project.text("environments/first.yaml"), before);
    }

    #[test]
    fn nobody_is_asked_without_a_terminal() {
        let project = Project::new();
        let ended = project.run(&["init", "first", "--location", "westeurope", "--cluster", "c"]);
        assert_eq!(ended.code, 3);
        let told = "these are needed: --subscription, --resource-group, --registry, --node-size, --node-count";
        assert!(ended.talk.contains(told), "{}", ended.talk);
        let mut arguments = vec!["init", "first", "--yes", "--cluster", "a b"];
        arguments.extend(FLAGS);
        let ended = project.run(&arguments);
        assert_eq!(ended.code, 3);
        assert!(ended.talk.contains("`a b` cannot name a resource"), "{}", ended.talk);
        assert!(!project.path("environments").exists());
    }

    #[test]
    fn a_cluster_is_taken_from_az() {
        let id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c";
        let json = format!(
            r#"{{"id": "{id}", "location": "westeurope", "enableRbac": false, "agentPoolProfiles": [{{"name": "p", "vmSize": "x", "count": 1, "mode": "System"}}]}}"#
        );
        let project = Project::new().with("shown", &json);
        project.good(&["init", "taken", "--from", "az", "environments/shown.yaml"]);
        assert!(project.text("environments/taken.yaml").contains("enableRBAC: false"));
        project.good(&["validate", "taken"]);
        let ended = project.run(&["init", "other", "--from", "az", "-"]);
        assert_eq!(ended.code, 3);
        assert!(ended.talk.contains("--from az -: it is no JSON"), "{}", ended.talk);
    }
}

#[test]
fn the_command_that_comes_next_is_told_with_what_it_needs() {
    let project = Project::new().with("demo", "subscription: 1\n");
    let table: [(&[&str], &str); 4] = [
        (&["state", "list", "demo"], "landfall apply demo\n"),
        (&["state", "list", "demo", "--sandbox"], "landfall apply demo --sandbox\n"),
        (&["state", "list", "demo", "--state", "kept/it"], "landfall apply demo --state kept/it\n"),
        (
            &["state", "list", "demo", "--sandbox", "--environments", "environments/.", "--state", "my states"],
            "landfall apply demo --sandbox --environments environments/. --state 'my states'\n",
        ),
    ];
    for (arguments, next) in table {
        let ended = project.run(arguments);
        assert_eq!(ended.code, 1, "{arguments:?}: {}", ended.talk);
        assert!(ended.talk.ends_with(next), "{arguments:?}: {}", ended.talk);
    }
}
