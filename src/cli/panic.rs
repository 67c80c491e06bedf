//! A panic is a mistake of landfall's: it is told as one, without what it may quote.

use std::io::Write as _;
use std::panic::PanicHookInfo;

use super::veil;

/// From now on, panics are told on standard error in landfall's words. Called once, before anything else.
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|info| {
        // Nobody listening is no second panic.
        let _ = std::io::stderr().lock().write_all(told(info).as_bytes());
    }));
}

fn told(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
    text(info.payload_as_str().unwrap_or("it said nothing"), &place)
}

fn text(message: &str, place: &str) -> String {
    format!(
        "error: this is a mistake in landfall{place}: {}\nhelp: what was done is in the state; run the same command again, and \
         please report this text\n",
        veil::covered(message)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_without_secrets() {
        veil::learn(["Canary-of-a-panic"]);
        let told = text("BUG: \"Canary-of-a-panic\" is no number", " (src/x.rs:1)");
        assert!(told.contains("(src/x.rs:1)") && told.contains("\"(secret)\" is no number"), "{told}");
    }
}
