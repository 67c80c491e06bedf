//! Problems as text, in rustc's manner, by `annotate-snippets`, for a terminal of 80 columns.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::wrap::wrapped;
use super::{Diagnostic, Diagnostics, Severity};

/// Columns of the narrowest terminal that anybody uses.
const COLUMNS: usize = 80;
/// Columns that `  = help: ` takes before a line of help, with line numbers of up to three digits.
const BEFORE_HELP: usize = 12;
/// Columns that line numbers take before a line of the file, and the three dots of one that is cut.
const BEFORE_SOURCE: usize = 10;

impl Diagnostics {
    /// All problems as text, one empty line between two; `styled` puts ANSI colours in.
    pub fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(COLUMNS - BEFORE_SOURCE);
        let texts: Vec<String> = self.sorted().into_iter().map(|d| self.render_one(d, &renderer)).collect();
        texts.join("\n\n")
    }

    fn render_one(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Information => Level::INFO,
        };
        // What is wrong stays one line, so that logs can be searched for it.
        let title = level.primary_title(diagnostic.summary.as_str()).id(diagnostic.code);
        let mut group = Group::with_title(title);
        if let Some(span) = &diagnostic.span
            && let Some(text) = self.sources.get(&span.file)
        {
            let end = span.range.end.min(text.len());
            let range = span.range.start.min(end)..end;
            let mut annotation = AnnotationKind::Primary.span(range);
            if !diagnostic.label.is_empty() {
                annotation = annotation.label(diagnostic.label.as_str());
            }
            group = group.element(Snippet::source(text.as_str()).path(span.file.as_str()).annotation(annotation));
        }
        let help: Vec<String> = diagnostic.help.iter().map(|line| wrapped(line, COLUMNS - BEFORE_HELP)).collect();
        for line in &help {
            group = group.element(Level::HELP.message(line.as_str()));
        }
        let text = renderer.render(&[group]).to_string();
        if diagnostic.span.is_some() { text } else { without_gutter(&text) }
    }
}

/// The same without the line that leads from a source to the help below it: there is no source.
fn without_gutter(text: &str) -> String {
    let empty = |line: &&str| unstyled(line) != "|";
    text.lines().filter(empty).collect::<Vec<_>>().join("\n")
}

/// A line as it reads without colours and space around it.
fn unstyled(line: &str) -> String {
    anstream::adapter::strip_str(line).to_string().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_place_no_gutter_leads_nowhere() {
        let mut problems = Diagnostics::default();
        problems.push(Diagnostic::error("code", "what").help("how").help("or so"));
        assert_eq!(problems.render(false), "error[code]: what\n = help: how\n = help: or so");
        let styled = anstream::adapter::strip_str(&problems.render(true)).to_string();
        assert_eq!(styled, problems.render(false));
    }
}
