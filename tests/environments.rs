//! The environments of this repository load; what they ask for is recorded beside this test.

use std::fmt::Write;
use std::path::PathBuf;

use landfall::environment::{MapSources, load};
use landfall::model::{Desired, Target};

const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";

fn shipped() -> MapSources {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("environments");
    let mut sources = MapSources::new();
    for entry in std::fs::read_dir(dir).expect("environments/ is there") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        if name.ends_with(".yaml") {
            sources = sources.file(&name, std::fs::read(&path).expect("it can be read"));
        }
    }
    sources
}

/// An environment in a form in which a change shows.
fn shown(desired: &Desired) -> String {
    let mut out = format!(
        "subscription {} group {} location {:?} cloud {:?} state {:?}\n",
        desired.subscription,
        desired.resource_group,
        desired.location.as_ref().map(|l| l.as_str()),
        desired.cloud,
        desired.state
    );
    for wanted in desired.resources.values() {
        let _ = writeln!(
            out,
            "\n{}{}{}",
            wanted.address,
            if wanted.existing { " existing" } else { "" },
            if wanted.protect { " protected" } else { "" }
        );
        match &wanted.target {
            Target::Id(id) => drop(writeln!(out, "  {id}")),
            Target::Grant(grant) => drop(writeln!(out, "  {} on {} to {:?}", grant.role, grant.scope, grant.principal)),
        }
        let _ = writeln!(out, "  body     {}", wanted.body.to_display_json());
        let _ = writeln!(out, "  defaults {}", wanted.create_defaults.to_display_json());
        let needs: Vec<&str> = wanted.depends_on.iter().map(|a| a.as_str()).collect();
        let _ = writeln!(out, "  needs    {}", needs.join(", "));
        for attachment in &wanted.pulls_from {
            let _ = writeln!(out, "  pulls    {} {}", attachment.name, attachment.registry);
        }
    }
    out
}

fn check(name: &str, sources: &MapSources) {
    let (desired, problems) = load(&name.parse().expect("a name"), sources);
    assert!(problems.is_empty(), "{}", problems.render(false));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("environments/shipped");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, shown(&desired.expect("no problems, so it is there"))));
}

#[test]
fn the_demo_needs_no_variables() {
    check("demo", &shipped());
}

#[test]
fn the_pipelines_environments() {
    let sources = shipped().with_variable("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION);
    for name in ["dev", "staging", "prod"] {
        check(name, &sources);
    }
}
