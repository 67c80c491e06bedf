//! The laws.

use landfall::environment::{MapSources, load};
use landfall::model::Desired;
use landfall::plan::Plan;
use landfall::report::plan_json;
use landfall::sandbox::{Options, Pace, Sandbox};
use serde_json::Value as Json;

use super::draw::Dice;
use super::engine::{Engine, steps};

/// Prints a case that fails.
struct Told<'a> {
    seed: u64,
    number: usize,
    texts: &'a [String],
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("case {} of seed {}", self.number, self.seed);
            self.texts.iter().for_each(|text| println!("---\n{text}"));
        }
    }
}

/// What became of the cases.
#[derive(Debug, Default)]
struct Count {
    /// Applied, planned empty, destroyed.
    taken: usize,
    /// Of these, edited, applied and planned empty too.
    edited: usize,
    /// Refused as the file was read.
    refused: usize,
    /// The edit was refused, as the file was read or as it was planned.
    stood: usize,
    /// Steps in all.
    steps: usize,
}

fn read(text: &str) -> Result<Desired, String> {
    let name = "t".parse().expect("a name");
    let (desired, problems) = load(&name, &MapSources::new().file("t.yaml", text));
    desired.filter(|_| !problems.has_errors()).ok_or_else(|| problems.render(false))
}

fn empty(plan: &Plan, when: &str) {
    assert!(plan.steps.is_empty(), "{when}:\n{}", steps(plan));
    assert!(plan.drift.is_empty(), "{when}: {:?}", plan.drift);
    assert!(!plan.diagnostics.has_errors(), "{when}: {}", plan.diagnostics.render(false));
}

/// Applies, edits and destroys random environments.
async fn live(seed: u64, cases: usize) {
    let mut dice = Dice::new(seed);
    let mut count = Count::default();
    for number in 0..cases {
        let case = dice.case();
        let texts = [case.before.to_string(), case.after.to_string()];
        let _told = Told { seed, number, texts: &texts };
        let before = match read(&texts[0]) {
            Ok(before) => before,
            Err(why) => {
                refused(&mut count.refused, number, &why);
                continue;
            }
        };
        let mut engine = Engine::new(Sandbox::new(Options { pace: Pace::instant(), ..Options::default() }));
        let plan = engine.plan(&before).await;
        if plan.diagnostics.has_errors() {
            refused(&mut count.refused, number, &plan.diagnostics.render(false));
            continue;
        }
        count.steps += plan.steps.len();
        let report = engine.carry_out(&plan).await;
        assert!(report.complete(), "{:#?}\n{:#?}", report.failed, report.left);
        empty(&engine.plan(&before).await, "planned again");
        count.taken += 1;
        let after = match read(&texts[1]) {
            Ok(after) => {
                let plan = engine.plan(&after).await;
                if plan.diagnostics.has_errors() {
                    refused(&mut count.stood, number, &plan.diagnostics.render(false));
                    before
                } else {
                    count.steps += plan.steps.len();
                    let report = engine.carry_out(&plan).await;
                    assert!(report.complete(), "{:#?}\n{:#?}\n{}", report.failed, report.left, steps(&plan));
                    empty(&engine.plan(&after).await, "planned after the edit");
                    count.edited += 1;
                    after
                }
            }
            Err(why) => {
                refused(&mut count.stood, number, &why);
                before
            }
        };
        engine.destroy(&after).await;
    }
    println!("seed {seed}: {count:?}");
    assert!(count.taken * 10 >= cases * 9, "most of what is drawn can be had: {count:?}");
    assert!(count.edited * 10 >= cases * 7, "most edits can be made: {count:?}");
}

fn refused(count: &mut usize, number: usize, why: &str) {
    *count += 1;
    println!("case {number}: {}", why.lines().next().unwrap_or_default());
}

/// How many cases each seed gets; `LANDFALL_RANDOM_CASES`, as the tests are built, asks for more or fewer.
fn cases() -> usize {
    option_env!("LANDFALL_RANDOM_CASES").map_or(120, |text| text.parse().expect("a number of cases"))
}

#[tokio::test(start_paused = true)]
async fn what_was_applied_plans_empty() {
    live(1, cases()).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_applied_plans_empty_for_others_too() {
    live(2, cases()).await;
}

#[tokio::test(start_paused = true)]
async fn no_plan_depends_on_the_order_of_keys() {
    let seed = 3;
    let mut dice = Dice::new(seed);
    let mut taken = 0;
    for number in 0..60 {
        let case = dice.case();
        let texts = [case.before.to_string(), dice.shuffled(&case.before)];
        let _told = Told { seed, number, texts: &texts };
        let (Ok(one), Ok(two)) = (read(&texts[0]), read(&texts[1])) else {
            assert!(read(&texts[0]).is_err() && read(&texts[1]).is_err(), "both are refused, or none");
            continue;
        };
        let engine = Engine::new(Sandbox::new(Options { pace: Pace::instant(), ..Options::default() }));
        let json = |plan: &Plan| -> Json { serde_json::from_str(&plan_json(plan)).expect("it is JSON") };
        assert_eq!(json(&engine.plan(&one).await), json(&engine.plan(&two).await));
        taken += 1;
    }
    assert!(taken >= 54, "most of what is drawn can be had: {taken}");
}
