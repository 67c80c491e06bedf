//! Commands that only look: validate, show, state.

use crate::served::Served;
use crate::test_env::TestEnv;

fn small() -> TestEnv {
    TestEnv::with(
        "small",
        "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n\
         registries:\n  landfallone:\n    sku: {name: Basic}\n    tags: {team: platform}\n",
    )
}

#[test]
fn validate() {
    let env = small();
    insta::assert_snapshot!("validate", env.expect(0, &["validate"]).shown());
    insta::assert_snapshot!("validate_json", env.expect(0, &["validate", "small", "--output", "json"]).shown());
    env.write(
        "environments/broken.yaml",
        "extends: small.yaml\nregistries:\n  landfallone:\n    sku: {name: Basicc}\n",
    );
    env.write("environments/_base.yaml", "this: is no environment\n");
    insta::assert_snapshot!("validate_broken", env.expect(3, &["validate"]).shown());
    insta::assert_snapshot!("validate_broken_json", env.expect(3, &["validate", "--output", "json"]).shown());
    insta::assert_snapshot!("validate_nothing", TestEnv::new().expect(3, &["validate"]).shown());
}

#[test]
fn show_and_state() {
    let served = Served::instant();
    let mut env = small();
    served.join(&mut env);
    insta::assert_snapshot!("show_before", env.expect(0, &["show", "small"]).shown());
    insta::assert_snapshot!("state_before", env.expect(1, &["state", "list", "small"]).shown());
    env.expect(0, &["apply", "small", "--yes"]);
    let asked = served.requests().len();
    insta::assert_snapshot!("show", env.expect(0, &["show", "small"]).shown());
    for command in [&["show", "small"][..], &["state", "list", "small"]] {
        let wide: Vec<String> =
            env.expect(0, command).stdout.lines().filter(|l| l.chars().count() > 80).map(str::to_owned).collect();
        assert_eq!(wide, Vec::<String>::new(), "{command:?}");
    }
    insta::assert_snapshot!("show_json", env.expect(0, &["show", "small", "--output", "json"]).shown());
    insta::assert_snapshot!("state_list", env.expect(0, &["state", "list", "small"]).shown());
    insta::assert_snapshot!("state_list_json", env.expect(0, &["state", "list", "small", "--output", "json"]).shown());
    let one = ["state", "show", "small", "registries.landfallone"];
    insta::assert_snapshot!("state_show", env.expect(0, &one).shown());
    let json = [&one[..], &["--output", "json"]].concat();
    insta::assert_snapshot!("state_show_json", env.expect(0, &json).shown());
    insta::assert_snapshot!(
        "state_show_missing",
        env.expect(3, &["state", "show", "small", "registries.other"]).shown()
    );
    env.write("environments/small.yaml", "not: [an environment\n");
    env.expect(0, &["state", "list", "small"]);
    assert_eq!(served.requests().len(), asked, "Azure is asked nothing");
}
