//! The last guard of secrets: what this process knows to be one leaves it by no line that a person or a log reads.

use std::sync::{Mutex, PoisonError};

use crate::document::Veil;
use crate::event::Report;

/// Shorter ones are words that may stand for something else.
const SHORTEST: usize = 8;

/// For the whole process: what is secret for one command is secret for the next.
static KNOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Learns secrets.
pub(super) fn learn<'a>(secrets: impl IntoIterator<Item = &'a str>) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    for secret in secrets {
        if secret.trim().len() >= SHORTEST && !known.iter().any(|k| k == secret) {
            known.push(secret.to_owned());
        }
    }
}

/// The text without them.
pub(super) fn covered(text: &str) -> String {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    Veil::over(known.iter().map(String::as_str)).cover(text)
}

/// The report without them, before its texts are laid out: a line break would hide a secret from [`covered`].
pub(super) fn covered_report(mut report: Report) -> Report {
    let outcomes = [&mut report.failed, &mut report.skipped, &mut report.left].into_iter().flatten();
    for outcome in outcomes {
        outcome.message = covered(&outcome.message);
        if let Some(trouble) = &mut outcome.trouble {
            let lists = trouble.circumstances.iter_mut().chain(&mut trouble.next);
            lists.chain(&mut trouble.code).chain([&mut trouble.reason]).for_each(|text| *text = covered(text));
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_is_covered() {
        learn(["Learned-Secret-1", "no"]);
        assert_eq!(covered("no Learned-Secret-1, no"), "no (secret), no");
    }
}
