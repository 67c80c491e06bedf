//! One process of landfall as commands run it: lock, state, recovery, reads, plan, run. It ends, or it is killed.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall::apply::{self, Options, Stop, recover};
use landfall::azure::Client;
use landfall::event::Report;
use landfall::model::{Desired, HashKey};
use landfall::names::Address;
use landfall::plan::{Inputs, Plan, build, reads};
use landfall::sandbox::{InProcess, Sandbox};
use landfall::state::{Holder, MemoryStore, State, Store};
use tokio::sync::watch;

use crate::breaker::{Breaker, Store as Breaking, Transport};
use crate::scenarios::Run;
use crate::scene::{see, settings};

/// What a process is started on.
#[derive(Clone)]
pub struct Process<'a> {
    pub sandbox: Arc<Sandbox>,
    pub store: MemoryStore,
    pub desired: &'a Desired,
    pub run: &'a Run,
}

/// How a process ended that was not killed.
#[derive(Debug)]
pub struct Ended {
    pub plan: Plan,
    pub report: Report,
}

impl Process<'_> {
    /// Runs it; `None` where the breaker killed it. Nothing of it runs after that.
    pub async fn live(&self, breaker: &Arc<Breaker>) -> Option<Ended> {
        let struck = breaker.clone();
        tokio::select! {
            biased;
            () = struck.struck() => None,
            ended = self.command(breaker) => Some(ended),
        }
    }

    async fn command(&self, breaker: &Arc<Breaker>) -> Ended {
        let store = Breaking { inner: self.store.clone(), breaker: breaker.clone() };
        let client = client(&self.sandbox, breaker);
        let holder = Holder {
            who: "somebody@somewhere".to_owned(),
            pid: 1,
            command: "landfall apply test".to_owned(),
            since: "2026-11-22T00:00:00Z".to_owned(),
        };
        let guard = store.lock(&holder, std::time::Duration::ZERO).await.unwrap();
        let mut state = state(&store).await;
        let recovery = recover(&client, &state, &|_, _| {}).await;
        assert_eq!(recovery.failed, [], "what was left running ends well");
        let plan = self.plan(&client, &state).await;
        let problems = plan.diagnostics.render(false);
        assert!(!plan.diagnostics.has_errors() && plan.complete(), "{problems}\n{:?}", plan.unread);
        let (_stop, stopped) = watch::channel(Stop::No);
        let options = Options {
            parallelism: 32,
            now: &|| "2026-11-22T00:00:00Z".to_owned(),
            events: &|_| {},
            stop: stopped,
            ours: &recovery.ours,
        };
        let report = apply::run(&client, &plan, &mut state, &store, options).await.unwrap();
        let nothing = state.recorded.resources.is_empty() && state.journal.is_empty();
        if *self.run == Run::Destroy && report.complete() && nothing {
            store.remove().await.unwrap();
        }
        guard.release().await.unwrap();
        Ended { plan, report }
    }

    /// What a next run would do, without what is made anew on demand.
    pub async fn next(&self) -> Plan {
        let client = client(&self.sandbox, &Breaker::never());
        let run = if let Run::Replace(_) = self.run { &Run::Apply } else { self.run };
        let next = Process { run, ..self.clone() };
        next.plan(&client, &state(&self.store).await).await
    }

    async fn plan(&self, client: &Client, state: &State) -> Plan {
        let destroy = *self.run == Run::Destroy;
        let ours = apply::ours(state);
        let live = see(client, reads(self.desired, &state.recorded, destroy, &ours)).await;
        let named: &[&str] = if let Run::Replace(named) = self.run { named } else { &[] };
        let replace: BTreeSet<Address> = named.iter().map(|address| address.parse().unwrap()).collect();
        let replace = &replace - &apply::replaced(state);
        let (desired, recorded) = (self.desired, &state.recorded);
        build(Inputs { desired, recorded, record: None, live: &live, destroy, replace: &replace, ours: &ours })
    }
}

/// What a process begins with.
pub async fn state(store: &dyn Store) -> State {
    store.load().await.unwrap().unwrap_or_else(|| {
        let lineage = "6b6e0bd8-7d0b-4f3c-9a10-0c3a9b8d7f00".parse().unwrap();
        State::new("test".parse().unwrap(), lineage, HashKey(vec![7; 32]))
    })
}

fn client(sandbox: &Arc<Sandbox>, breaker: &Arc<Breaker>) -> Client {
    let transport = Arc::new(Transport { inner: InProcess(sandbox.clone()), breaker: breaker.clone() });
    Client::seeded(settings(transport, 32), 7).unwrap()
}
