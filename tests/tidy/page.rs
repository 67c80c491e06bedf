//! `docs/ARCHITECTURE.md` as the checks read it: its tables, by their headings.

use std::collections::BTreeMap;

/// The tables of the page that checks obey.
#[derive(Debug, Default, Clone)]
pub struct Page {
    /// By name.
    pub rooms: BTreeMap<String, Room>,
    /// Edges between rooms of one level, each with its reason.
    pub same_level: Vec<(String, String)>,
    /// Files that may name properties of ARM, and which.
    pub named_properties: Vec<(String, Vec<String>)>,
    /// What is excused: a check and a file.
    pub exceptions: Vec<(String, String)>,
    /// What is wrong with the page itself.
    pub findings: Vec<String>,
}

/// A row of the table of rooms.
#[derive(Debug, Default, Clone)]
pub struct Room {
    /// Imports go down only.
    pub level: u32,
    /// What it may import; `None` for all.
    pub imports: Option<Vec<String>>,
}

impl Page {
    /// Reads the page. A row without its reason is a finding.
    pub fn read(text: &str) -> Page {
        let mut page = Page::default();
        for row in table(text, &["room", "level", "imports", "holds"], &mut page.findings) {
            let level = row[1].parse().unwrap_or_else(|_| {
                page.findings.push(format!("docs/ARCHITECTURE.md: `{}` has no level", row[0]));
                0
            });
            let imports = match row[2].as_str() {
                "all" => None,
                "-" => Some(Vec::new()),
                names => Some(words(names)),
            };
            page.rooms.insert(row[0].clone(), Room { level, imports });
        }
        for row in table(text, &["from", "to", "why"], &mut page.findings) {
            page.same_level.push((row[0].clone(), row[1].clone()));
        }
        for row in table(text, &["file", "properties", "why"], &mut page.findings) {
            page.named_properties.push((row[0].clone(), words(&row[1])));
        }
        for row in table(text, &["check", "file", "why"], &mut page.findings) {
            page.exceptions.push((row[0].clone(), row[1].clone()));
        }
        page
    }

    /// Whether the page excuses a file from a check.
    pub fn excuses(&self, check: &str, file: &str) -> bool {
        self.exceptions.iter().any(|(of, excused)| of == check && excused == file)
    }
}

fn words(cell: &str) -> Vec<String> {
    cell.split(',').map(|word| word.trim().to_owned()).collect()
}

/// The rows of the one table with these columns, without backticks. A missing table or an empty cell is a finding.
fn table(text: &str, columns: &[&str], findings: &mut Vec<String>) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_matches('|');
        inner.split('|').map(|cell| cell.replace('`', "").trim().to_owned()).collect()
    };
    let mut lines = text.lines().enumerate();
    if !lines.any(|(_, line)| line.starts_with('|') && cells(line) == columns) {
        findings.push(format!("docs/ARCHITECTURE.md: no table with the columns {}", columns.join(", ")));
        return Vec::new();
    }
    let mut out = Vec::new();
    for (at, line) in lines.skip(1).take_while(|(_, line)| line.starts_with('|')) {
        let row = cells(line);
        if row.len() == columns.len() && row.iter().all(|cell| !cell.is_empty()) {
            out.push(row);
        } else {
            findings.push(format!("docs/ARCHITECTURE.md:{}: an empty cell, or one too many or too few", at + 1));
        }
    }
    out
}
