//! Who holds a lock, as one line of JSON in ASCII: in a lock file, and in the metadata of a blob, which are HTTP headers.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::Holder;

#[derive(Serialize, Deserialize)]
struct WireHolder {
    who: String,
    pid: u32,
    command: String,
    since: String,
}

/// The line of a holder.
pub(super) fn write(holder: &Holder) -> String {
    let wire = WireHolder {
        who: holder.who.clone(),
        pid: holder.pid,
        command: holder.command.clone(),
        since: holder.since.clone(),
    };
    let json = serde_json::to_string(&wire).expect("text and numbers are always JSON");
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// The holder of a line; `None` for a line that is none, or not wholly written yet.
pub(super) fn read(line: &str) -> Option<Holder> {
    let wire: WireHolder = serde_json::from_str(line).ok()?;
    Some(Holder { who: wire.who, pid: wire.pid, command: wire.command, since: wire.since })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_survives_the_line() {
        for who in ["anna@one", "Jürgen@büro", "名前\n\"x\"\u{7f}@🖥", ""] {
            let holder =
                Holder { who: who.to_owned(), pid: 7, command: "landfall".to_owned(), since: "now".to_owned() };
            let line = write(&holder);
            assert!(line.bytes().all(|b| (0x20..0x7f).contains(&b)), "{line}");
            assert_eq!(read(&line), Some(holder));
        }
        assert_eq!(read("{\"who\":\"an"), None);
    }
}
