//! Any bytes as a state file: they are refused, or they are a state that is saved as it was read, and can be shown and
//! edited.

#![no_main]

use landfall::names::{Address, EnvName};
use landfall::report::{
    journal_json, journal_text, state_list_json, state_list_text, state_show_json, state_show_text,
};
use landfall::state::{MemoryStore, State, Store, read_state};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let environment: EnvName = "prod".parse().expect("a name");
    let state = match read_state(bytes, "prod.json", &environment) {
        Ok(state) => state,
        Err(why) => return drop(why.to_string()),
    };
    drop((journal_text(&state, "", 80), journal_json(&state), state_list_text(&state, 80), state_list_json(&state)));
    for (address, entry) in &state.recorded.resources {
        drop((state_show_text(address, entry, 80), state_show_json(address, entry)));
    }
    written(&state);
    let mut edited = state.clone();
    if let Some(first) = state.recorded.resources.keys().next() {
        edited.rename(first, &Address::top("clusters", "renamed"));
        written(&edited);
        edited.forget(&[Address::top("clusters", "renamed")]);
        written(&edited);
    }
});

/// Saves a state; where that is not refused, what is stored is the state.
fn written(state: &State) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let store = MemoryStore::new(state.environment.clone());
    let mut saved = state.clone();
    if runtime.block_on(store.replace(&mut saved, None)).is_ok() {
        let loaded = runtime.block_on(store.load()).expect("what was written reads").expect("it is there");
        assert!(loaded == saved, "what was written reads as it was");
        let document = runtime.block_on(store.document()).expect("memory can be read").expect("it is there");
        let read = read_state(&document, "prod.json", &state.environment).expect("what was written reads");
        assert!(read == saved && saved.recorded == state.recorded, "nothing is lost");
    }
}
