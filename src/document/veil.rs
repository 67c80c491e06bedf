//! Keeps known secrets out of a text, in whatever form somebody has put them there.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// What stands where a secret stood.
const COVER: &str = "(secret)";
/// What ends a text that was cut.
const CUT: &str = "...";
/// The rest of a secret that was cut so short tells nothing.
const REST: usize = 6;

/// Known secrets, in all the forms that are looked for: plain, on one line, JSON-escaped, percent-encoded, Base64.
///
/// ```
/// use landfall::document::Veil;
/// let veil = Veil::over(["pass \"word\""]);
/// assert_eq!(veil.cover(r#"{"said": "pass \"word\" is weak"}"#), r#"{"said": "(secret) is weak"}"#);
/// assert_eq!(veil.cover("q=pass%20%22word%22&x"), "q=(secret)&x");
/// ```
#[derive(Clone, Default)]
pub struct Veil {
    /// Longest first, so that no form is replaced within another.
    forms: Vec<String>,
}

impl Veil {
    /// Over these secrets; empty ones are none.
    pub fn over<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms: Vec<String> = secrets.into_iter().filter(|s| !s.trim().is_empty()).flat_map(forms).collect();
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// Whether nothing is known to be secret.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// The text without them. A text that was cut may end within one: that goes, too.
    pub fn cover(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for form in &self.forms {
            if out.contains(form.as_str()) {
                out = out.replace(form.as_str(), COVER);
            }
        }
        self.cover_cuts(&out)
    }

    /// The text without what is left of a secret before each place where something was cut.
    fn cover_cuts(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(CUT) {
            let (body, tail) = rest.split_at(at);
            let begun = |form: &String| {
                let ends = form.char_indices().map(|(end, _)| end).filter(|end| *end >= REST);
                ends.rev().find(|end| body.ends_with(&form[..*end]))
            };
            match self.forms.iter().filter_map(begun).max() {
                Some(length) => out.extend([&body[..body.len() - length], COVER]),
                None => out.push_str(body),
            }
            out.push_str(CUT);
            rest = &tail[CUT.len()..];
        }
        out.push_str(rest);
        out
    }
}

impl std::fmt::Debug for Veil {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Veil(..)")
    }
}

fn forms(secret: &str) -> Vec<String> {
    let escaped = |text: &str| {
        let json = serde_json::Value::String(text.to_owned()).to_string();
        json[1..json.len() - 1].to_owned()
    };
    let line = secret.split_whitespace().collect::<Vec<_>>().join(" ");
    let once = escaped(secret);
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut out = vec![
        escaped(&once),
        escaped(&line),
        encoded.replace('+', "%20"),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        secret.trim().to_owned(),
        secret.to_owned(),
        once,
        line,
        encoded,
    ];
    // Messages lose the queries of their URLs, and what is left of a URL that is a secret as a whole is part of it.
    if let Some((place, _)) = secret.split_once('?').filter(|_| secret.starts_with("http")) {
        out.push(format!("{place}?{CUT}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_covered() {
        let secret = "-----BEGIN KEY-----\nab+/\"cd\\ef\n-----END KEY-----\n";
        let veil = Veil::over([secret, "https://hooks.example.com/T0/B1?sig=x", ""]);
        let json = serde_json::json!({ "a": secret }).to_string();
        let twice = serde_json::json!({ "b": json }).to_string();
        let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for text in [secret.to_owned(), json, twice, percent, STANDARD.encode(secret), secret.trim().replace('\n', " ")]
        {
            let covered = veil.cover(&format!("<{text}>"));
            assert!(covered.contains(COVER) && !covered.contains("KEY-----") && !covered.contains("ab"), "{covered}");
        }
        assert_eq!(veil.cover("see https://hooks.example.com/T0/B1?... there"), "see (secret) there");
        assert_eq!(veil.cover("it is -----BEGIN KEY-----\nab..."), "it is (secret)...");
        assert_eq!(veil.cover("it is nothing..."), "it is nothing...");
        assert_eq!(veil.cover("a -----BEGIN K... and b...\n"), "a (secret)... and b...\n");
    }
}
