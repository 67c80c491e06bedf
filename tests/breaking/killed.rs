//! The built binary, killed outright (SIGKILL) when a request of its run arrives or when it has said that a step is done,
//! and run again. Nothing waits for a time: each kill follows something that is seen.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use landfall::sandbox::{Clock, Sandbox};
use landfall::state::{LocalStore, Store};
use tokio::runtime::{Builder, Runtime};

use crate::cut::same;
use crate::ending::Ending;
use crate::scenarios::{self, Run, Scenario};
use crate::scene::{HEAD, Scene};
use crate::served::Served;
use crate::test_env::TestEnv;

/// Goes on from where a world's clock stood, at the pace of the wall.
struct Onward {
    from_ms: i64,
    since: Instant,
}

impl Clock for Onward {
    fn now_ms(&self) -> i64 {
        self.from_ms + i64::try_from(self.since.elapsed().as_millis()).unwrap()
    }
}

/// What the runs of a scenario begin with.
struct Prepared {
    scenario: Scenario,
    scene: Scene,
    state: Option<Vec<u8>>,
    /// Time stands still in it.
    runtime: Runtime,
}

impl Prepared {
    fn of(name: &str) -> Self {
        let scenario = scenarios::all().into_iter().find(|s| s.name == name).unwrap();
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (scene, state) = runtime.block_on(async {
            let scene = Scene::paced(landfall::sandbox::Pace::instant());
            scenario.prepare(&scene).await;
            let state = scene.store.document().await.unwrap();
            (scene, state)
        });
        scene.sandbox.set_latency(std::time::Duration::ZERO);
        Self { scenario, scene, state, runtime }
    }

    /// A project and a server of its own for one run.
    fn project(&self) -> (TestEnv, Served) {
        let sandbox = self.runtime.block_on(async {
            let from_ms = self.scene.sandbox.now_ms();
            self.scene.sandbox.fork(Arc::new(Onward { from_ms, since: Instant::now() }))
        });
        sandbox.set_latency(std::time::Duration::ZERO);
        let served = Served::of(sandbox);
        let mut env = TestEnv::with("test", &format!("{HEAD}{}", self.scenario.text));
        served.join(&mut env);
        if let Some(state) = &self.state {
            std::fs::create_dir(env.path("state")).unwrap();
            std::fs::write(env.path("state/test.json"), state).unwrap();
        }
        (env, served)
    }

    fn command(&self) -> Vec<&'static str> {
        match &self.scenario.run {
            Run::Apply => vec!["apply", "test", "--yes"],
            Run::Adopt => vec!["apply", "test", "--yes", "--adopt"],
            Run::Replace(named) => [&["apply", "test", "--yes", "--replace"], *named].concat(),
            Run::Destroy => vec!["destroy", "test", "--yes"],
        }
    }

    /// Where it ended.
    fn ending(&self, env: &TestEnv, served: &Served) -> Ending {
        let store = LocalStore::new(env.path("state/test.json"), "test".parse().unwrap());
        self.runtime.block_on(Ending::of(&served.sandbox, &store))
    }
}

/// Runs it to the end, and plans again.
fn finish(env: &TestEnv, command: &[&str]) {
    env.expect(0, command);
    if command[0] != "destroy" {
        let plan = env.expect(0, &["plan", "test", "--exit-code", "--output", "json"]).json();
        assert_eq!(plan["steps"], serde_json::json!([]));
    }
}

/// Starts the run, and kills it at something that is seen. Whether it came to that.
fn kill(env: &TestEnv, command: &[&str], seen: impl FnOnce(&mut dyn BufRead)) -> bool {
    let mut child = env.command(command).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    seen(&mut talk);
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// Waits until so many steps were said to be done, or nothing more is said.
fn steps_done(talk: &mut dyn BufRead, count: usize) {
    let done = |line: &Result<String, _>| line.as_ref().is_ok_and(|line| line.starts_with('✓'));
    let _ = talk.lines().filter(done).nth(count - 1);
}

fn asked(sandbox: &Sandbox, count: usize) {
    Builder::new_current_thread().build().unwrap().block_on(sandbox.asked(count));
}

/// When a run is killed.
#[derive(Debug, Clone, Copy)]
enum Sight {
    /// So many of its requests, in percent, have arrived.
    Requests(usize),
    /// So many of its steps are said to be done.
    Steps(usize),
}

fn killed_and_run_again(name: &str) {
    let prepared = Prepared::of(name);
    let command = prepared.command();
    let (env, served) = prepared.project();
    env.expect(0, &command);
    let requests = served.sandbox.requests().len();
    finish(&env, &command);
    let expected = prepared.ending(&env, &served);

    let sights = [Sight::Requests(40), Sight::Requests(60), Sight::Requests(80), Sight::Steps(1)];
    let projects = sights.map(|sight| (sight, prepared.project()));
    // They wait for their server most of the time.
    let kills = std::thread::scope(|scope| {
        let one = |(sight, (env, served)): &(Sight, (TestEnv, Served))| {
            let killed = kill(env, &command, |talk| match sight {
                Sight::Requests(percent) => asked(&served.sandbox, requests * percent / 100),
                Sight::Steps(count) => steps_done(talk, *count),
            });
            finish(env, &command);
            killed
        };
        let all = projects.each_ref().map(|project| scope.spawn(move || one(project)));
        all.map(|thread| thread.join().unwrap()).into_iter().filter(|killed| *killed).count()
    });
    for (sight, (env, served)) in &projects {
        same(&prepared.ending(env, served), &expected, &format!("{name}, killed at {sight:?}"));
    }
    assert_eq!(kills, sights.len(), "{name}: each was killed before its end");
    println!("{name}: killed outright {kills} times");
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            killed_and_run_again(stringify!($name));
        })*
    };
}

scenarios! { create update rotate adopt destroy }
