//! Why a step failed and what to do, for a terminal: laid out to its width, with commands left whole.

use super::palette::{DIM, TELL, paint};
use crate::event::Trouble;

/// What stands before a step that a person may take.
const NEXT: &str = "help: ";

/// The lines below a failed step's own.
pub(super) fn trouble_lines(trouble: &Trouble, indent: usize, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(indent);
    let mut out = wrapped(&trouble.reason, room);
    for step in &trouble.next {
        let lines = wrapped(step, room - NEXT.len()).into_iter().enumerate();
        out.extend(lines.map(|(at, line)| match at {
            0 => format!("{}{line}", paint(TELL, NEXT)),
            _ => format!("{}{line}", " ".repeat(NEXT.len())),
        }));
    }
    out.extend(trouble.circumstances.iter().flat_map(|fact| wrapped(fact, room)).map(|line| paint(DIM, line)));
    out.into_iter().map(|line| format!("{}{line}", " ".repeat(indent))).collect()
}

/// The text in lines of so many columns. A command between backticks is one word: nobody types what a line break tore apart.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for word in text.split_whitespace() {
        match out.last_mut() {
            Some(last) if open => {
                last.push(' ');
                last.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
        open ^= word.matches('`').count() % 2 == 1;
    }
    // A backtick that is never closed is Azure's own: its words are words.
    if open { text.split_whitespace().map(str::to_owned).collect() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stay_whole() {
        let text = "see what is used with `az vm list-usage --location westus2`; then ask";
        assert_eq!(wrapped(text, 30), ["see what is used with", "`az vm list-usage --location westus2`;", "then ask"]);
        assert_eq!(wrapped("it says ` and goes on", 10), ["it says `", "and goes", "on"]);
    }
}
