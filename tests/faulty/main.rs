//! Azure fails at every request: each scenario is run once unharmed to learn its requests, and then again and again, each time
//! with one fault at one of them. A run ends where the unharmed one did, or with a clear error and a true state, after which the
//! next run ends there.

#![expect(clippy::unwrap_used, reason = "a test fails when what it says does not hold")]

mod blow;
mod likeness;
mod recorded;
#[expect(dead_code, reason = "this target needs less of the scene than others")]
#[path = "../breaking/scenarios.rs"]
mod scenarios;
#[expect(dead_code, reason = "this target needs less of the scene than others")]
#[path = "../engine/scene.rs"]
mod scene;
mod stage;
mod strike;
mod tally;
mod trial;

use stage::Stage;
use tally::Tally;

async fn every_fault_at_every_request(name: &str) {
    let stage = Stage::set(name).await;
    let mut tally = Tally::new(name);
    for (at, asked) in stage.asked.iter().enumerate() {
        for blow in blow::for_request(asked) {
            let ended = trial::run(&stage, at, asked, &blow).await;
            tally.add(at, asked, &blow, ended);
        }
    }
    tally.close();
}

macro_rules! scenario {
    ($($name:ident),+) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            every_fault_at_every_request(stringify!($name)).await;
        })+
    };
}

scenario!(create, update, shrink, rotate, upgrade, switch, replace, adopt, destroy);
