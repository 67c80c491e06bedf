//! What only the store in a file does: the files beside the state, what a crash leaves, whose they are.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::path::Path;
use std::time::Duration;

use landfall::model::HashKey;
use landfall::names::EnvName;
use landfall::state::{Holder, LocalStore, State, StateError, Store, write_atomically};

const FORMAT_1: &str = include_str!("state/format-1.json");
const LINEAGE: &str = "0d3b7f5e-9f0a-4c39-9f43-8a1f0b6c2d11";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn prod() -> EnvName {
    "prod".parse().unwrap()
}

fn holder(who: &str) -> Holder {
    Holder { who: who.to_owned(), pid: 1, command: "landfall".to_owned(), since: "2026-11-22T10:00:00Z".to_owned() }
}

fn names(directory: &Path) -> Vec<String> {
    let mut out: Vec<String> =
        std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    out.sort();
    out
}

#[test]
fn the_backup_is_from_before_the_command_and_errors_name_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("prod.json");
    let backup = directory.path().join("prod.json.backup");
    write_atomically(&path, FORMAT_1.as_bytes()).unwrap();
    let store = LocalStore::new(path.clone(), prod());
    runtime().block_on(async {
        let mut state = store.load().await.unwrap().unwrap();
        store.save(&mut state).await.unwrap();
        store.save(&mut state).await.unwrap();
        assert_eq!(std::fs::read_to_string(&backup).unwrap(), FORMAT_1, "not the version of a moment ago");
        store.remove().await.unwrap();
        assert_eq!(std::fs::read_to_string(&backup).unwrap(), FORMAT_1);
        write_atomically(&path, b"{").unwrap();
        let error = store.load().await.unwrap_err().to_string();
        assert!(error.contains("prod.json.backup holds an earlier version"), "{error}");
        assert!(store.save(&mut state).await.is_err(), "what cannot be read is not written over");
        assert_eq!(std::fs::read(&path).unwrap(), b"{");
    });
}

#[cfg(unix)]
#[test]
fn the_files_are_their_owners() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let store = LocalStore::new(directory.path().join("prod.json"), prod());
    runtime().block_on(async {
        let mut state = State::new(prod(), LINEAGE.parse().unwrap(), HashKey::default());
        store.save(&mut state).await.unwrap();
        LocalStore::new(directory.path().join("prod.json"), prod()).save(&mut state).await.unwrap();
        drop(store.lock(&holder("anna@one"), Duration::ZERO).await.unwrap());
    });
    let mut names = Vec::new();
    let mut folders = vec![directory.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap();
            let (about, path) = (file.metadata().unwrap(), file.path());
            let wanted = if about.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(about.permissions().mode() & 0o777, wanted, "{path:?}");
            names.push(path.strip_prefix(directory.path()).unwrap().to_string_lossy().into_owned());
            folders.extend(about.is_dir().then_some(path));
        }
    }
    names.sort();
    let kept = format!(".history/prod/1-{LINEAGE}.json");
    let wanted =
        [".history", ".history/prod", kept.as_str(), ".prod.json.write", "prod.json", "prod.json.backup", "prod.lock"];
    assert_eq!(names, wanted);
}

#[test]
fn a_file_that_is_no_file_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let error = runtime().block_on(LocalStore::new(directory.path().to_owned(), prod()).load()).unwrap_err();
    assert!(matches!(&error, StateError::Access { act: "read", .. }), "never taken for absent: {error:?}");
}

#[test]
fn what_a_crash_leaves_is_swept_by_the_next_save() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("prod.json");
    write_atomically(&path, FORMAT_1.as_bytes()).unwrap();
    let left = [".prod.json.4711-0.tmp", ".prod.json.backup.4711-12.tmp"];
    let foreign = [".prod.json.notes.tmp", ".prod.json.json.4711-0.tmp", ".test.json.4711-0.tmp"];
    for name in left.iter().chain(&foreign) {
        std::fs::File::create(directory.path().join(name)).unwrap();
    }
    let store = LocalStore::new(path.clone(), prod());
    let shelf = directory.path().join(".history/prod");
    std::fs::create_dir_all(&shelf).unwrap();
    std::fs::File::create(shelf.join(".1-x.json.4711-0.tmp")).unwrap();
    runtime().block_on(async {
        let mut state = store.load().await.unwrap().expect("half a file beside it does no harm");
        store.save(&mut state).await.unwrap();
    });
    let mut wanted = vec![".history", ".prod.json.write", "prod.json", "prod.json.backup"];
    wanted.extend(foreign);
    wanted.sort_unstable();
    assert_eq!(names(directory.path()), wanted);
    let kept = names(&shelf);
    assert!(kept.len() == 1 && kept[0].ends_with(&format!("-{LINEAGE}.json")), "{kept:?}");
}

#[test]
fn a_lock_file_without_its_process_is_no_lock() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("prod.json");
    let dead =
        br#"{"who":"a much longer name than anna's@two","pid":2,"command":"landfall","since":"2026-11-21T10:00:00Z"}"#;
    for text in [&dead[..], b"no JSON", b""] {
        write_atomically(&directory.path().join("prod.lock"), text).unwrap();
        runtime().block_on(async {
            let guard = LocalStore::new(path.clone(), prod()).lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
            let refused = LocalStore::new(path.clone(), prod()).lock(&holder("ben@two"), Duration::ZERO).await;
            let Some(StateError::Locked { holder: Some(found), .. }) = refused.err() else { panic!("it is held") };
            assert_eq!(*found, holder("anna@one"));
            guard.release().await.unwrap();
        });
    }
}
