//! Property paths: `networkProfile.networkPolicy`, `tags.team`, `upgradeSettings.maxSurge`.

use std::fmt;

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A property or map key.
    Key(String),
    /// An element of a list, counted from 0.
    Index(usize),
}

/// Where a value stands in a resource's document. Shown in the file's own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(Vec<Segment>);

impl Path {
    /// The document itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path of plain keys.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self(keys.into_iter().map(|k| Segment::Key(k.to_owned())).collect())
    }

    /// This path and one key more.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// This path and one list index more.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut out = self.0.clone();
        out.push(segment);
        Self(out)
    }

    /// The steps from the root.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether this is the document itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path one step up.
    pub fn parent(&self) -> Option<Path> {
        (!self.0.is_empty()).then(|| Self(self.0[..self.0.len() - 1].to_vec()))
    }

    /// Whether `other` is this path or lies above it.
    pub fn starts_with(&self, other: &Path) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Reads the printed form back. Keys that hold dots, brackets or slashes stand in `["..."]`, where a quotation mark and a
    /// backslash have a backslash before them.
    pub fn parse(text: &str) -> Option<Self> {
        let mut out = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix("[\"") {
                let (key, after) = unquoted(quoted)?;
                out.push(Segment::Key(key));
                rest = after;
            } else if let Some(number) = rest.strip_prefix('[') {
                let end = number.find(']')?;
                out.push(Segment::Index(number[..end].parse().ok()?));
                rest = &number[end + 1..];
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end == 0 {
                    return None;
                }
                out.push(Segment::Key(rest[..end].to_owned()));
                rest = &rest[end..];
            }
            if let Some(after) = rest.strip_prefix('.') {
                rest = after;
                if rest.is_empty() {
                    return None;
                }
            }
        }
        Some(Self(out))
    }
}

/// A key up to the `"]` that closes it, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((key, text[at + 1..].strip_prefix(']')?)),
            '\\' => key.push(chars.next()?.1),
            c => key.push(c),
        }
    }
    None
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        for segment in &self.0 {
            match segment {
                Segment::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '/']) => {
                    out.push_str(&format!("[\"{}\"]", key.replace('\\', "\\\\").replace('"', "\\\"")));
                }
                Segment::Key(key) => {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(key);
                }
                Segment::Index(index) => out.push_str(&format!("[{index}]")),
            }
        }
        f.pad(&out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_path_reads_back(keys in prop::collection::vec(r#"([a-z./\[\]"\\ ]|\PC){0,5}"#, 1..4), index in 0usize..9) {
            let path = keys.iter().fold(Path::root(), |path, key| path.key(key)).index(index);
            prop_assert_eq!(Path::parse(&path.to_string()), Some(path));
        }
    }

    #[test]
    fn printed_paths_read_back() {
        for text in ["a", "a.b", "a[0].b", "tags[\"kubernetes.azure.com/x\"]", "a[\"/subscriptions/s\"].clientId"] {
            assert_eq!(Path::parse(text).expect(text).to_string(), text);
        }
        for key in ["\"]", "a.b\"", "a.\\", "\\\"].", "[\"a\"]", "\"", ""] {
            let path = Path::root().key("tags").key(key).key("x");
            assert_eq!(Path::parse(&path.to_string()), Some(path), "{key}");
        }
        assert_eq!(Path::root().to_string(), "");
        for bad in ["a.", ".a", "a[", "a[x]", "a[\"b", "a[\"b\"c]"] {
            assert_eq!(Path::parse(bad), None, "{bad}");
        }
    }
}
