//! What only the store in a container does: lost answers, broken leases, refusals in words, renewal.

use super::azurite::{Azurite, Line, Token, store};
use super::*;
use landfall::state::BlobStore;

async fn container() -> Option<(url::Url, Arc<Line>)> {
    let server = Azurite::get()?;
    let line = Line::new(server.transport());
    Some((server.container(line.clone()).await, line))
}

fn open(container: &url::Url, line: &Arc<Line>) -> BlobStore {
    store(container.clone(), Some(Arc::new(Token)), line.clone())
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_knows_itself() {
    let Some((container, line)) = container().await else { return };
    let writer = open(&container, &line);
    let mut state = with(fresh(ONE), Value::text("first"));
    line.lose(1);
    writer.save(&mut state).await.expect("it was created, whatever was heard of it");
    assert_eq!(state.serial, Serial(1));
    let guard = writer.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    line.lose(2);
    writer.save(&mut state).await.expect("it was written");
    writer.save(&mut state).await.expect("and the next one follows it");
    assert_eq!(open(&container, &line).load().await.unwrap().as_ref(), Some(&state));
    assert_eq!(state.serial, Serial(3), "no write was counted twice");
    guard.release().await.unwrap();

    // Another write is not taken for one's own.
    let mut stale = state.clone();
    writer.save(&mut state).await.unwrap();
    line.lose(1);
    assert!(matches!(open(&container, &line).save(&mut stale).await, Err(StateError::Moved { .. })));
}

#[tokio::test]
async fn whose_lock_was_taken_away_cannot_write() {
    let Some((container, line)) = container().await else { return };
    let (anna, ben) = (open(&container, &line), open(&container, &line));
    let mut state = with(fresh(ONE), Value::text("anna's"));
    let hers = anna.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    anna.save(&mut state).await.unwrap();

    let mut uninvited = state.clone();
    let refused = ben.save(&mut uninvited).await.unwrap_err();
    assert!(matches!(&refused, StateError::Locked { holder: Some(h), .. } if h.who == "anna@one"), "{refused:?}");

    let held = ben.held().await.unwrap().expect("it is locked");
    assert_eq!(held.holder, Some(holder("anna@one")));
    assert_eq!(held.lease.as_deref().map(str::len), Some(36), "its lease id is shown");
    ben.unlock().await.unwrap();
    assert_eq!(ben.held().await.unwrap(), None);
    let before = state.clone();
    let lost = anna.save(&mut state).await.unwrap_err();
    assert!(matches!(&lost, StateError::LockLost { holder: None, .. }), "{lost:?}");

    let his = ben.lock(&holder("ben@two"), Duration::ZERO).await.unwrap();
    let lost = anna.save(&mut state).await.unwrap_err();
    assert!(matches!(&lost, StateError::LockLost { holder: Some(h), .. } if h.who == "ben@two"), "{lost:?}");
    assert!(matches!(anna.remove().await.unwrap_err(), StateError::LockLost { .. }));
    assert_eq!(state, before);
    hers.release().await.expect("what has ended is given back");
    assert_eq!(anna.held().await.unwrap().and_then(|held| held.holder), Some(holder("ben@two")), "and nobody else's");
    ben.save(&mut uninvited).await.unwrap();
    his.release().await.unwrap();
    ben.unlock().await.expect("what is free may be unlocked");
}

#[tokio::test]
async fn a_save_in_a_run_is_one_request() {
    let Some((container, line)) = container().await else { return };
    let store = open(&container, &line);
    let guard = store.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    let mut state = fresh(ONE);
    store.save(&mut state).await.unwrap();
    let before = line.sent();
    for _ in 0..5 {
        store.save(&mut state).await.unwrap();
    }
    assert_eq!(line.sent() - before, 5);
    guard.release().await.unwrap();
}

#[tokio::test]
async fn a_signed_url_needs_no_credential_and_is_never_shown() {
    let Some((mut container, line)) = container().await else { return };
    container.set_query(Some(&Azurite::get().expect("it runs").sas()));
    let store = store(container, None, line);
    let guard = store.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    store.save(&mut fresh(ONE)).await.unwrap();
    assert!(store.load().await.unwrap().is_some());
    guard.release().await.unwrap();
    assert!(!format!("{} {store:?}", store.describe()).contains("sig"));
    assert!(store.describe().ends_with("/prod.json"), "{}", store.describe());
}

#[tokio::test]
async fn a_missing_container_is_told_with_how_to_make_it() {
    let Some((mut container, line)) = container().await else { return };
    container.path_segments_mut().unwrap().pop().push("nowhere");
    let store = open(&container, &line);
    let errors = [
        store.load().await.unwrap_err(),
        store.save(&mut fresh(ONE)).await.unwrap_err(),
        store.lock(&holder("anna@one"), Duration::ZERO).await.err().expect("there is nothing to lock"),
        store.held().await.expect_err("there is nothing to look at"),
    ];
    for error in errors {
        let why = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(why.contains("no container `nowhere`") && why.contains("az storage container create"), "{why}");
    }
}

#[tokio::test]
async fn a_blob_that_is_no_state_is_an_error_and_stays() {
    let Some((container, line)) = container().await else { return };
    let client = raw(&container, &line);
    let store = open(&container, &line);
    for bytes in [&b""[..], b"{", b"There is no state here yet."] {
        client.upload(azure_core::http::RequestContent::from(bytes.to_vec()), None).await.unwrap();
        let error = store.load().await.unwrap_err();
        assert!(matches!(error, StateError::Damaged { .. }), "never taken for absent: {error:?}");
        assert!(store.save(&mut fresh(ONE)).await.is_err(), "what cannot be read is not written over");
        assert_eq!(store.document().await.unwrap().as_deref(), Some(bytes));
    }
}

#[tokio::test]
async fn a_lease_that_nobody_signed_is_seen_and_can_be_taken_away() {
    let Some((container, line)) = container().await else { return };
    let store = open(&container, &line);
    let mut state = fresh(ONE);
    store.save(&mut state).await.unwrap();
    raw(&container, &line).acquire_lease(-1, None).await.unwrap();
    let refused = store.lock(&holder("anna@one"), Duration::ZERO).await.err().expect("it is leased");
    assert!(matches!(&refused, StateError::Locked { holder: None, .. }), "{refused:?}");
    assert!(matches!(store.save(&mut state).await, Err(StateError::Locked { holder: None, .. })));
    let held = store.held().await.unwrap().expect("it is leased");
    assert_eq!((held.holder, held.lease, held.breakable), (None, None, true));
    store.unlock().await.unwrap();
    let guard = store.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    store.save(&mut state).await.unwrap();
    guard.release().await.unwrap();
}

/// The blob as any other client sees it.
fn raw(container: &url::Url, line: &Arc<Line>) -> azure_storage_blob::BlobClient {
    let mut blob = container.clone();
    blob.path_segments_mut().unwrap().push("prod.json");
    let client_options = azure_core::http::ClientOptions {
        transport: Some(azure_core::http::Transport::new(line.clone())),
        ..Default::default()
    };
    let options = azure_storage_blob::BlobClientOptions { client_options, version: "2025-11-05".to_owned() };
    azure_storage_blob::BlobClient::new(blob, Some(Arc::new(Token)), Some(options)).unwrap()
}
