//! A problem: what is wrong, where, what is allowed, how to mend it.

use std::collections::BTreeMap;
use std::ops::Range;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is done until it is mended.
    Error,
    /// Worth knowing; the work goes on.
    Warning,
    /// A fact.
    Information,
}

/// A stretch of a source file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file as the person named it, with forward slashes.
    pub file: String,
    /// Bytes of its text.
    pub range: Range<usize>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable word for machines and searches: `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub summary: String,
    /// Where.
    pub span: Option<Span>,
    /// What is said at the caret.
    pub label: String,
    /// What is allowed, the nearest right name, what to do; one line each.
    pub help: Vec<String>,
}

/// Problems found together, with the texts they stand in.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    /// The text of each file that spans refer to, by its name in them.
    pub sources: BTreeMap<String, String>,
}

impl Diagnostic {
    /// The same as a warning, where it is an error.
    #[must_use]
    pub fn softened(self) -> Self {
        let severity = if self.severity == Severity::Error { Severity::Warning } else { self.severity };
        Self { severity, ..self }
    }

    /// An error without a place yet.
    pub fn error(code: &'static str, summary: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            summary: summary.into(),
            span: None,
            label: String::new(),
            help: Vec::new(),
        }
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, summary: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, summary) }
    }

    /// A fact.
    pub fn information(code: &'static str, summary: impl Into<String>) -> Self {
        Self { severity: Severity::Information, ..Self::error(code, summary) }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.span = Some(span);
        self.label = label.into();
        self
    }

    /// The same, with one line of help more.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
    }

    /// Adds all of another collection, and its sources.
    pub fn extend(&mut self, other: Diagnostics) {
        self.items.extend(other.items);
        self.sources.extend(other.sources);
    }

    /// Whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// In the order in which they are shown: by file and place, those without a place last, each only once.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        fn key(d: &Diagnostic) -> (bool, Option<(&str, usize)>, Severity) {
            (d.span.is_none(), d.span.as_ref().map(|s| (s.file.as_str(), s.range.start)), d.severity)
        }
        let mut all: Vec<&Diagnostic> = self.items.iter().collect();
        all.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut out: Vec<&Diagnostic> = Vec::new();
        for item in all {
            // Equal problems stand at one place, so only those of this place are looked through.
            let seen = out.iter().rev().take_while(|before| key(before) == key(item)).any(|before| *before == item);
            if !seen {
                out.push(item);
            }
        }
        out
    }

    /// Line and column of a place, both counted from 1, columns in characters.
    pub fn line_column(&self, span: &Span) -> Option<(usize, usize)> {
        let text = self.sources.get(&span.file)?;
        let before = text.get(..span.range.start)?;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }
}
