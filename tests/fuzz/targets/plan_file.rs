//! Any text as a saved plan: it is refused, or it is a plan that can be shown, checked against what Azure has, and saved
//! again as it was.

#![no_main]

use std::time::Duration;

use landfall::environment::{MapSources, load};
use landfall::model::{HashKey, Live};
use landfall::plan::{PlanFile, reads_of_plan, stale};
use landfall::report::{Heading, plan_json, plan_text};
use libfuzzer_sys::fuzz_target;

const NOTHING: &str = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n";

fuzz_target!(|text: &str| {
    let file = match PlanFile::parse(text) {
        Ok(file) => file,
        Err(why) => return drop(why.to_string()),
    };
    let written = file.to_text();
    let again = PlanFile::parse(&written).expect("what was written reads");
    assert!(again == file && again.to_text() == written, "what was written reads as it was");
    let plan = file.plan().expect("it was read");
    drop((plan_text(&plan, Heading { reads: 0, elapsed: Duration::ZERO }, 80), plan.diagnostics.render(false)));
    drop((reads_of_plan(&plan), stale(&plan, &Live::default()), file.moved(None)));
    let saved = PlanFile::of(&plan, &file.head(), &HashKey(vec![7; 32]));
    let shown = saved.plan().expect("what a plan is saved as is one");
    assert_eq!(plan_json(&shown), plan_json(&plan), "a plan is saved as it is");
    let (desired, _) = load(&"t".parse().expect("a name"), &MapSources::new().file("t.yaml", NOTHING));
    if let Err(why) = file.resolve(&desired.expect("an environment")) {
        drop(why.to_string());
    }
});
