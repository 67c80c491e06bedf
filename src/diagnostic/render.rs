//! Problems as text, in rustc's manner, by `annotate-snippets`.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, Severity};

impl Diagnostics {
    /// All problems as text, one empty line between two; `styled` puts ANSI colours in.
    pub fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let texts: Vec<String> = self.sorted().into_iter().map(|d| self.render_one(d, &renderer)).collect();
        texts.join("\n\n")
    }

    fn render_one(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Information => Level::INFO,
        };
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
        for line in &diagnostic.help {
            group = group.element(Level::HELP.message(line.as_str()));
        }
        renderer.render(&[group]).to_string()
    }
}
