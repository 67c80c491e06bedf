//! A source file as the checks see it: tokens with their lines, test code told apart, comments gone.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One file of `src`.
pub struct Source {
    /// From the repository's root, with forward slashes: `src/state/mod.rs`.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// Every path that is written in it, `use` groups written out: `crate::names::Address`.
    pub paths: Vec<Found<Vec<String>>>,
    /// Every identifier.
    pub words: Vec<Found<String>>,
    /// Every text literal, without its quotes.
    pub literals: Vec<Found<String>>,
    /// Lines of `#[cfg(test)]` items.
    test_lines: Vec<(usize, usize)>,
}

/// Something, and the line it stands in.
pub struct Found<T> {
    /// Counted from 1.
    pub line: usize,
    /// What.
    pub what: T,
    /// Whether it stands in a `#[cfg(test)]` item.
    pub test: bool,
}

impl Source {
    /// Reads a file's text.
    pub fn read(path: &str, text: &str) -> Result<Source, String> {
        let tokens: TokenStream = text.parse().map_err(|error| format!("{path}: no Rust: {error}"))?;
        let mut source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
            paths: Vec::new(),
            words: Vec::new(),
            literals: Vec::new(),
            test_lines: Vec::new(),
        };
        // A module of tests in a file of its own.
        let whole = path.trim_end_matches(".rs").split('/').any(|part| part == "tests");
        source.walk(tokens, whole, &[]);
        if whole {
            source.test_lines = vec![(1, text.lines().count())];
        }
        Ok(source)
    }

    /// The room a file lies in; `None` for the files at the top.
    pub fn room(&self) -> Option<&str> {
        let (room, _) = self.path.strip_prefix("src/")?.split_once('/')?;
        Some(room)
    }

    /// How many `super`s lead from this file to the crate's root.
    pub fn depth(&self) -> usize {
        let parts = self.path.trim_start_matches("src/").trim_end_matches(".rs").split('/');
        parts.filter(|part| *part != "mod").count()
    }

    /// Lines that are no test code.
    pub fn product_lines(&self) -> usize {
        let tests: usize = self.test_lines.iter().map(|(from, to)| to + 1 - from).sum();
        self.text.lines().count() - tests
    }

    /// `outer` is what a `use` group stands behind: `crate::names` for what is inside `use crate::names::{...}`.
    fn walk(&mut self, stream: TokenStream, test: bool, outer: &[String]) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut in_test: Option<usize> = None;
        let mut i = 0;
        while i < trees.len() {
            let now = test || in_test.is_some();
            let line = trees[i].span().start().line;
            match &trees[i] {
                TokenTree::Punct(hash) if hash.as_char() == '#' && !inner_attribute(&trees, i) => {
                    // Documentation is an attribute too, and its text is no literal of the program.
                    if let Some(TokenTree::Group(attribute)) = trees.get(i + 1) {
                        let text = attribute.stream().to_string();
                        if text.replace(' ', "") == "cfg(test)" && in_test.is_none() {
                            in_test = Some(line);
                        }
                        if !text.starts_with("doc") {
                            self.walk(attribute.stream(), now, &[]);
                        }
                        i += 2;
                        continue;
                    }
                }
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    let is_doc = matches!(trees.get(i + 2), Some(TokenTree::Group(g)) if g.stream().to_string().starts_with("doc"));
                    if is_doc {
                        i += 3;
                        continue;
                    }
                }
                TokenTree::Ident(_) => {
                    i = self.path_at(&trees, i, now, outer);
                    continue;
                }
                TokenTree::Literal(literal) => {
                    if let Some(what) = text_of(&literal.to_string()) {
                        self.literals.push(Found { line, what, test: now });
                    }
                }
                TokenTree::Group(group) => {
                    self.walk(group.stream(), now, &[]);
                    if let Some(from) = in_test
                        && group.delimiter() == Delimiter::Brace
                    {
                        self.test_lines.push((from, group.span_close().end().line));
                        in_test = None;
                    }
                }
                TokenTree::Punct(end) if end.as_char() == ';' => in_test = None,
                TokenTree::Punct(_) => {}
            }
            i += 1;
        }
    }

    /// Takes `a::b::{c, d}` in from its first word; where it ends.
    fn path_at(&mut self, trees: &[TokenTree], from: usize, test: bool, outer: &[String]) -> usize {
        let mut path = outer.to_vec();
        let line = trees[from].span().start().line;
        let mut i = from;
        while let Some(TokenTree::Ident(word)) = trees.get(i) {
            let what = word.to_string();
            self.words.push(Found { line: word.span().start().line, what: what.clone(), test });
            path.push(what);
            i += 1;
            if !double_colon(trees, i) {
                break;
            }
            match trees.get(i + 2) {
                Some(TokenTree::Ident(_)) => i += 2,
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.walk(group.stream(), test, &path);
                    return i + 3;
                }
                _ => break,
            }
        }
        self.paths.push(Found { line, what: path, test });
        i
    }
}

fn double_colon(trees: &[TokenTree], at: usize) -> bool {
    let colon = |i: usize| matches!(trees.get(i), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    colon(at) && colon(at + 1)
}

fn inner_attribute(trees: &[TokenTree], at: usize) -> bool {
    matches!(trees.get(at + 1), Some(TokenTree::Punct(p)) if p.as_char() == '!')
}

/// The text of a plain or raw text literal; `None` for numbers, characters and bytes.
fn text_of(literal: &str) -> Option<String> {
    let inner = literal.trim_start_matches('r').trim_matches('#');
    Some(inner.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}
