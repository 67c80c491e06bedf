//! What a person sees who wrote something wrong: one file and one snapshot for each kind of mistake.

use std::path::PathBuf;

use landfall::environment::{MapSources, load};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/environments/wrong")
}

fn wrong_files() -> (MapSources, Vec<String>) {
    let mut sources = MapSources::new();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".yaml") else { continue };
        sources = sources.file(&name, std::fs::read(&path).expect("it can be read"));
        if !stem.starts_with('_') {
            names.push(stem.to_owned());
        }
    }
    names.sort();
    (sources, names)
}

#[test]
fn every_wrong_file_is_explained() {
    let (sources, names) = wrong_files();
    assert!(names.len() >= 90, "only {} files", names.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("environments/wrong");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for name in names {
        let (desired, problems) = load(&name.parse().expect("a file's name is an environment's"), &sources);
        assert!(desired.is_none() && problems.has_errors(), "{name} is not wrong");
        let shown = problems.render(false);
        assert!(shown.contains("environments/") && shown.contains(".yaml:"), "{name}: {shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("hünter2"), "{name} shows a secret: {shown}");
        settings.bind(|| insta::assert_snapshot!(name.as_str(), shown));
    }
}

#[test]
fn an_environment_that_is_not_there() {
    let sources = MapSources::new().file("prod.yaml", "").file("staging.yaml", "").file("_base.yaml", "");
    let (desired, problems) = load(&"prd".parse().unwrap(), &sources);
    assert!(desired.is_none());
    insta::assert_snapshot!(problems.render(false), @r"
    error[missing-environment]: there is no environment file `environments/prd.yaml`
     = help: did you mean `prod.yaml`?
     = help: there are: prod.yaml, staging.yaml
    ");
}

#[test]
fn no_explanation_is_wider_than_a_terminal() {
    // What a person wrote is not cut: a summary with a long name in it, and the line that the caret stands under.
    let (sources, names) = wrong_files();
    let mut lines = 0;
    for name in names {
        let (_, problems) = load(&name.parse().expect("a file's name is an environment's"), &sources);
        let shown = problems.render(false);
        let of_ours = |line: &&str| line.trim_start().starts_with("= ") || line.starts_with("      ");
        for line in shown.lines().filter(of_ours) {
            assert!(line.chars().count() <= 80, "{name}: {line}");
            lines += 1;
        }
    }
    assert!(lines > 300, "only {lines} lines of help");
}
