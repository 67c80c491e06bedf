//! `${env:NAME}`, `${env:NAME:-default}`, `${clusters.x.id}` and `$${` in a text. Only takes texts apart; looks nothing up.

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands, `$${` already turned into `${`.
    Text(String),
    /// An environment variable.
    Variable {
        /// Its name.
        name: String,
        /// What stands in when it is unset or empty.
        default: Option<String>,
    },
    /// The words between `${` and `}`.
    Reference(String),
}

/// Takes a text apart.
///
/// # Errors
/// What is wrong with one of its `${`.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            plain.push_str(before);
            plain.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        plain.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else {
            return Err("a `${` without its `}`".to_owned());
        };
        if !plain.is_empty() {
            out.push(Piece::Text(std::mem::take(&mut plain)));
        }
        out.push(piece(&rest[at + 2..at + end])?);
        rest = &rest[at + end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        out.push(Piece::Text(plain));
    }
    Ok(out)
}

fn piece(inner: &str) -> Result<Piece, String> {
    let inner = inner.trim();
    if let Some(variable) = inner.strip_prefix("env:") {
        let (name, default) = match variable.split_once(":-") {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (variable, None),
        };
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(fine) {
            return Err("a variable's name is made of letters, digits and _".to_owned());
        }
        return Ok(Piece::Variable { name: name.to_owned(), default });
    }
    if inner.is_empty() {
        return Err("nothing between `${` and `}`".to_owned());
    }
    if inner.contains("${") {
        return Err("a `${` inside another".to_owned());
    }
    if let Some((kind, _)) = inner.split_once(':').filter(|(kind, _)| kind.chars().all(char::is_alphanumeric)) {
        return Err(format!("no kind of reference is called `{kind}:`; there is only `env:`"));
    }
    Ok(Piece::Reference(inner.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_texts_apart() {
        let text = |t: &str| Piece::Text(t.to_owned());
        let variable = |n: &str, d: Option<&str>| Piece::Variable { name: n.to_owned(), default: d.map(str::to_owned) };
        let cases: [(&str, Vec<Piece>); 7] = [
            ("", vec![]),
            ("a $b {c}", vec![text("a $b {c}")]),
            ("${env:A}", vec![variable("A", None)]),
            ("x${env:A:-y:z}w", vec![text("x"), variable("A", Some("y:z")), text("w")]),
            ("$${env:A}", vec![text("${env:A}")]),
            ("${clusters.a.id}/b", vec![Piece::Reference("clusters.a.id".to_owned()), text("/b")]),
            ("${env:A:-}", vec![variable("A", Some(""))]),
        ];
        for (given, expected) in cases {
            assert_eq!(pieces(given), Ok(expected), "{given}");
        }
        for bad in ["${", "${}", "${env:}", "${env:A B}", "${file:x}", "a ${b ${c}"] {
            assert!(pieces(bad).is_err(), "{bad}");
        }
    }
}
