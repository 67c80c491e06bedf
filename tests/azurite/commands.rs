//! The real program with its state in a container, and in a folder where that is the same: two runs at once, a run that was
//! killed, states that move, that come back, that grow.

#![expect(clippy::disallowed_methods, reason = "what a test writes, nobody else reads")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use super::azurite::{Azurite, Line, store};
use super::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_landfall");

/// A process that ends with its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A project whose Azure is a sandbox of its own, with its state in a container.
struct Project {
    folder: tempfile::TempDir,
    settings: Vec<(String, String)>,
    store: Arc<dyn Store>,
    _sandbox: Process,
}

impl Project {
    /// With the state in a container.
    async fn new() -> Option<Self> {
        let server = Azurite::get()?;
        let line = Line::new(server.transport());
        let mut container = server.container(line.clone()).await;
        container.set_query(Some(&server.sas()));
        let line_of_state = "\nstate:\n  blob: ${env:STATES}\n";
        let mut project = Self::with_file(line_of_state, Some(&server.authority));
        project.settings.push(("STATES".to_owned(), container.to_string()));
        project.store = Arc::new(store(container, None, line));
        Some(project)
    }

    /// With the state in a container, which is reached with the login that Azure is asked with.
    async fn logged_in() -> Option<Self> {
        let server = Azurite::get()?;
        let line = Line::new(server.transport());
        let container = server.container(line.clone()).await;
        let line_of_state = "\nstate:\n  blob: ${env:STATES}\n";
        let mut project = Self::with_file(line_of_state, Some(&server.authority));
        project.settings.push(("STATES".to_owned(), container.to_string()));
        project.store = Arc::new(store(container, Some(Arc::new(azurite::Token)), line));
        Some(project)
    }

    /// With the state where it is when nothing is said.
    fn local() -> Self {
        Self::with_file("", None)
    }

    fn with_file(line_of_state: &str, authority: Option<&[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = include_str!("../../environments/demo.yaml");
        std::fs::create_dir(folder.path().join("environments")).unwrap();
        std::fs::write(folder.path().join("environments/prod.yaml"), format!("{demo}{line_of_state}")).unwrap();
        let mut sandbox = Command::new(PROGRAM)
            .args(["sandbox", "serve", "--port", "0", "--pace", "demo"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(sandbox.stdout.take().expect("it is piped")).lines();
        let settings: Vec<(String, String)> = said
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("export ")?.split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())))
            .take(6)
            .collect();
        let ca = || folder.path().join("state/.sandbox/tls/ca.pem");
        let trusted = authority.map_or_else(|| std::fs::read(ca()).unwrap(), <[u8]>::to_vec);
        std::fs::write(folder.path().join("more.pem"), trusted).unwrap();
        let store = Arc::new(LocalStore::new(folder.path().join("state/prod.json"), environment()));
        Self { folder, settings, store, _sandbox: Process(sandbox) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).args(["--ca-file", "more.pem"]).current_dir(self.folder.path());
        command.env_remove("AZURE_SUBSCRIPTION_ID").env_remove("HOSTNAME").env("USER", "anna");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end, aside from the test's own work.
    async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let ended = Ended::of(output);
        assert!(!ended.said.contains("sig="), "the signature of the container is shown: {}", ended.said);
        ended
    }

    fn begin(&self, arguments: &[&str]) -> Process {
        Process(self.command(arguments).spawn().unwrap())
    }

    /// Waits until somebody holds the lock.
    async fn locked(&self) {
        let waiting = async {
            while self.store.held().await.unwrap().and_then(|held| held.holder).is_none() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("a run takes the lock");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// How a run ended, and all it said.
struct Ended {
    code: Option<i32>,
    out: String,
    said: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let out = String::from_utf8(output.stdout).unwrap();
        let said = format!("{out}{}", String::from_utf8(output.stderr).unwrap());
        Self { code: output.status.code(), out, said }
    }

    #[track_caller]
    fn ends(self, code: i32, saying: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.said);
        for words in saying {
            assert!(self.said.contains(words), "`{words}` is not said: {}", self.said);
        }
        self
    }
}

async fn one_of_two_is_refused_or_waits(project: &Project) {
    let mut first = project.begin(&["apply", "prod", "--yes"]);
    project.locked().await;
    project.run(&["apply", "prod", "--yes"]).await.ends(4, &["is locked by anna@", "landfall apply prod", "since 20"]);
    project.run(&["plan", "prod"]).await.ends(0, &[]);
    let patience = ["apply", "prod", "--yes", "--lock-timeout", "1s"];
    let (began, ended) = (Instant::now(), project.run(&patience).await);
    ended.ends(4, &["is locked by anna@"]);
    assert!(began.elapsed() >= Duration::from_secs(1), "it waited as long as it was told");
    let waited = project.run(&["apply", "prod", "--yes", "--lock-timeout", "5m"]).await;
    waited.ends(0, &["Nothing to do"]);
    let mut said = String::new();
    first.0.stderr.take().expect("it is piped").read_to_string(&mut said).unwrap();
    assert_eq!(first.0.wait().unwrap().code(), Some(0), "{said}");
}

#[tokio::test]
async fn of_two_runs_at_once_on_a_container_one_is_refused_or_waits() {
    let Some(project) = Project::new().await else { return };
    one_of_two_is_refused_or_waits(&project).await;
    assert!(!project.path("state/prod.json").exists(), "nothing is kept here");
}

#[tokio::test]
async fn of_two_runs_at_once_on_a_file_one_is_refused_or_waits() {
    let project = Project::local();
    one_of_two_is_refused_or_waits(&project).await;
    project.run(&["state", "unlock", "prod"]).await.ends(0, &["is not locked"]);
    let held = project.store.lock(&holder("ben@two"), Duration::ZERO).await.unwrap();
    project
        .run(&["state", "unlock", "prod", "--yes"])
        .await
        .ends(4, &["is locked by ben@two", "ends with that process"]);
    held.release().await.unwrap();
}

#[tokio::test]
async fn the_lock_of_a_killed_run_is_shown_and_taken_away() {
    let Some(project) = Project::new().await else { return };
    project.run(&["state", "unlock", "prod"]).await.ends(0, &["is not locked"]);
    let run = project.begin(&["apply", "prod", "--yes"]);
    project.locked().await;
    // Not before it has begun something.
    while project.store.load().await.unwrap().is_none_or(|state| state.open_steps().is_empty()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(run);
    project.run(&["apply", "prod", "--yes"]).await.ends(4, &["landfall state unlock"]);
    project.run(&["state", "journal", "prod"]).await.ends(0, &["open", "Go on with: landfall apply prod"]);
    project.run(&["state", "unlock", "prod"]).await.ends(4, &["is locked by anna@", "Its lease is", "--yes"]);
    project.run(&["state", "unlock", "prod", "--yes"]).await.ends(0, &["It is unlocked"]);
    project.run(&["apply", "prod", "--yes"]).await.ends(0, &[]);
    project.run(&["plan", "prod", "--exit-code"]).await.ends(0, &[]);
    project.run(&["state", "journal", "prod"]).await.ends(0, &["ended well"]);
}

#[tokio::test]
async fn states_move_and_never_backwards() {
    let Some(project) = Project::new().await else { return };
    project.run(&["state", "pull", "prod"]).await.ends(1, &["no state of prod"]);
    let mut state = with(fresh(ONE), Value::text("x"));
    project.store.save(&mut state).await.unwrap();
    let pulled = project.run(&["state", "pull", "prod"]).await.ends(0, &[]).out;
    assert_eq!(Some(pulled.as_bytes()), project.store.document().await.unwrap().as_deref(), "to the byte");
    std::fs::write(project.path("old.json"), &pulled).unwrap();
    project.run(&["state", "push", "prod", "old.json"]).await.ends(0, &["is that already"]);

    project.store.save(&mut state).await.unwrap();
    project.run(&["state", "push", "prod", "old.json", "--yes"]).await.ends(4, &["is older", "--force"]);
    std::fs::write(project.path("other.json"), pulled.replace(ONE, OTHER)).unwrap();
    project.run(&["state", "push", "prod", "other.json", "--yes"]).await.ends(4, &["another state", "--force"]);
    project.run(&["state", "push", "prod", "other.json", "--force"]).await.ends(4, &["--yes"]);
    assert_eq!(project.store.load().await.unwrap().as_ref(), Some(&state), "nothing was stored by then");
    project.run(&["state", "push", "prod", "other.json", "--force", "--yes"]).await.ends(0, &["has serial 3"]);

    project.run(&["state", "migrate", "prod", "--to", "kept"]).await.ends(0, &["stays as it was"]);
    let moved = std::fs::read_to_string(project.path("kept/prod.json")).unwrap();
    assert!(moved.contains(OTHER) && moved.contains("\"serial\": 4"), "{moved}");
    project.run(&["state", "migrate", "prod", "--from", "kept"]).await.ends(0, &["has serial 5"]);
    project.run(&["state", "migrate", "prod", "--to", "kept"]).await.ends(0, &["has serial 6"]);
    project.run(&["state", "migrate", "prod", "--from", "nowhere"]).await.ends(1, &["no state of prod"]);
    assert!(!Path::exists(&project.path("nowhere/prod.json")));
    assert_eq!(project.store.held().await.unwrap(), None, "every lock was given back");
}

#[tokio::test]
async fn a_container_is_reached_with_the_login_of_azure() {
    let Some(project) = Project::logged_in().await else { return };
    project.run(&["apply", "prod", "--yes"]).await.ends(0, &[]);
    project.run(&["plan", "prod", "--exit-code"]).await.ends(0, &[]);
    let held = project.store.lock(&holder("ben@two"), Duration::ZERO).await.unwrap();
    project.run(&["apply", "prod", "--yes"]).await.ends(4, &["is locked by ben@two"]);
    held.release().await.unwrap();
    let serial = project.store.load().await.unwrap().expect("it is there").serial;

    // Lost, and found again in Azure.
    project.store.remove().await.unwrap();
    project.run(&["state", "list", "prod"]).await.ends(1, &["no state of prod"]);
    let stored = project.run(&["state", "rebuild", "prod", "--yes"]).await;
    stored.ends(0, &["clusters.aks-landfall-demo.identities.kubelet", "has serial 1"]);
    project.run(&["plan", "prod", "--exit-code"]).await.ends(0, &[]);
    project.run(&["state", "rebuild", "prod", "--yes"]).await.ends(4, &["--force"]);
    project.run(&["state", "history", "prod"]).await.ends(0, &["of lineage", &format!("{serial}  of lineage")]);
    project.run(&["destroy", "prod", "--yes"]).await.ends(0, &[]);
    assert_eq!(project.store.load().await.unwrap(), None);
}

/// A state whose record has these registries.
fn recording(mut state: State, names: &[&str]) -> State {
    state.recorded.resources.clear();
    for name in names {
        state.recorded.resources.insert(Address::top("registries", name), entry(Value::text(*name)));
    }
    state
}

async fn versions_come_back(project: &Project) {
    project.run(&["state", "history", "prod"]).await.ends(0, &["no state of prod now", "Nothing earlier is kept"]);
    let mut state = recording(fresh(ONE), &["one", "two"]);
    project.store.save(&mut state).await.unwrap();
    std::fs::write(project.path("three.json"), project.run(&["state", "pull", "prod"]).await.out).unwrap();
    let commands =
        [&["state", "rm", "prod", "registries.two", "--yes"][..], &["state", "rm", "prod", "registries.one", "--yes"]];
    for command in commands {
        project.run(command).await.ends(0, &[]);
    }
    let listed = project.run(&["state", "history", "prod", "--output", "json"]).await.ends(0, &[]).out;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let serials: Vec<u64> =
        listed["versions"].as_array().unwrap().iter().map(|v| v["serial"].as_u64().unwrap()).collect();
    assert_eq!((serials, listed["stored"]["serial"].as_u64()), (vec![2, 1], Some(3)), "{listed}");
    assert!(listed["versions"][0]["replaced"].as_str().is_some_and(|at| at.starts_with("20")), "{listed}");

    project.run(&["state", "restore", "prod", "9", "--yes"]).await.ends(3, &["version 9", "is not kept"]);
    project.run(&["state", "restore", "prod", "3", "--yes"]).await.ends(0, &["is at 3 already"]);
    project.run(&["state", "restore", "prod", "1"]).await.ends(4, &["Recorded again", "registries.two", "--yes"]);
    let held = project.store.lock(&holder("ben@two"), Duration::ZERO).await.unwrap();
    project.run(&["state", "restore", "prod", "1", "--yes"]).await.ends(4, &["is locked by ben@two"]);
    held.release().await.unwrap();
    let restored = project.run(&["state", "restore", "prod", "1", "--yes", "--output", "json"]).await.ends(0, &[]);
    let restored: serde_json::Value = serde_json::from_str(&restored.out).unwrap();
    assert_eq!((&restored["serial"], &restored["lineage"]), (&serde_json::json!(4), &serde_json::json!(ONE)));
    assert_eq!(restored["changes"]["knownAgain"].as_array().map(Vec::len), Some(2), "{restored}");
    let stored = project.store.load().await.unwrap().expect("it is there");
    assert_eq!(stored.recorded, state.recorded, "as it was");
    assert_eq!(stored.version(), Some((ONE.parse().unwrap(), Serial(4))));
    let pulled = project.run(&["state", "pull", "prod", "--serial", "1"]).await.ends(0, &[]).out;
    assert_eq!(pulled, std::fs::read_to_string(project.path("three.json")).unwrap(), "to the byte");
    project.run(&["state", "restore", "prod", "3", "--yes"]).await.ends(0, &["Forgotten", "registries.one"]);

    // What an interrupted run left open is not forgotten.
    let mut open = project.store.load().await.unwrap().expect("it is there");
    open.journal.push(JournalEntry {
        step: "1".to_owned(),
        address: Address::resource_group(),
        action: "create".to_owned(),
        id: None,
        status: JournalStatus::Intended,
        operation: None,
        digest: None,
        at: "2026-11-22T10:00:00Z".to_owned(),
        failure: None,
    });
    project.store.save(&mut open).await.unwrap();
    project.run(&["state", "restore", "prod", "1", "--yes"]).await.ends(4, &["interrupted run"]);

    // What was removed comes back above all that is kept, so that no version gets the name of another.
    project.store.remove().await.unwrap();
    let newest = project.store.history().await.unwrap().iter().map(|kept| kept.serial.0).max();
    project.run(&["state", "restore", "prod", "1", "--yes"]).await.ends(0, &["registries.two"]);
    let stored = project.store.load().await.unwrap().expect("it is there");
    assert_eq!(Some(stored.serial.0), newest.map(|newest| newest + 1));

    // Of another state nothing is put back.
    project.store.remove().await.unwrap();
    project.store.save(&mut recording(fresh(OTHER), &["other"])).await.unwrap();
    project.run(&["state", "restore", "prod", "4", "--yes"]).await.ends(4, &["another state", "push --force"]);
}

#[tokio::test]
async fn versions_come_back_from_a_container() {
    let Some(project) = Project::new().await else { return };
    versions_come_back(&project).await;
}

#[tokio::test]
async fn versions_come_back_from_a_folder() {
    versions_come_back(&Project::local()).await;
}

#[tokio::test]
async fn a_large_state_is_told_of_and_a_huge_one_not_begun() {
    let project = Project::local();
    let large = with(fresh(ONE), Value::text("x".repeat(9 << 20)));
    project.store.save(&mut large.clone()).await.unwrap();
    let pulled = project.run(&["state", "pull", "prod"]).await.ends(0, &[]).out;
    std::fs::write(project.path("large.json"), pulled.replace("\"serial\": 1", "\"serial\": 5")).unwrap();
    let told = ["warning", "has grown to 9.0 MiB", "resourceGroup 9.0 MiB", "has serial 6"];
    project.run(&["state", "push", "prod", "large.json", "--yes"]).await.ends(0, &told);
    std::fs::write(project.path("huge.json"), " ".repeat(65 << 20)).unwrap();
    project.run(&["state", "push", "prod", "huge.json", "--yes"]).await.ends(4, &["too large", "65.0 MiB"]);
}
