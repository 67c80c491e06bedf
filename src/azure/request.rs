//! URLs of requests: built, compared, and shown without what they may have signed. Pure.

use url::{Host, Url};

/// The query parameters whose values may be shown: everything else may be a signature.
const SHOWN: &[&str] = &["api-version", "$filter", "$expand", "$top", "$select", "linkid"];

/// The URL of a path below the resource manager.
pub(super) fn target(resource_manager: &Url, path: &str, query: &[(&str, &str)], api_version: &str) -> Url {
    let mut url = resource_manager.clone();
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    // Not every server reads a plus as a space; a plus that is meant is already %2B here.
    let text = pairs.extend_pairs(query).append_pair("api-version", api_version).finish().replace('+', "%20");
    url.set_query(Some(&text));
    url
}

/// The URL for a person: values that may be signed are left out.
pub(super) fn shown(url: &Url) -> String {
    let mut out = url.clone();
    let _ = out.set_username("");
    let _ = out.set_password(None);
    out.set_fragment(None);
    out.set_query(None);
    let pairs: Vec<String> = url
        .query_pairs()
        .map(|(key, value)| {
            if SHOWN.iter().any(|s| s.eq_ignore_ascii_case(&key)) {
                format!("{key}={value}")
            } else {
                format!("{key}=...")
            }
        })
        .collect();
    if pairs.is_empty() { out.to_string() } else { format!("{out}?{}", pairs.join("&")) }
}

/// The URL without its query, should that be more than parameters that may be shown, and without a fragment that carries data.
fn plain(url: &str) -> String {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let mut out = match url.split_once('?') {
        Some((path, query)) => {
            let known =
                |pair: &str| SHOWN.iter().any(|s| pair.split_once('=').is_some_and(|(k, _)| s.eq_ignore_ascii_case(k)));
            if query.split('&').all(known) { url.to_owned() } else { format!("{path}?...") }
        }
        None => url.to_owned(),
    };
    if !fragment.is_empty() {
        let anchor =
            fragment.len() <= 60 && fragment.chars().all(|c| c.is_ascii_alphanumeric() || "-_.,;:!".contains(c));
        out.push('#');
        out.push_str(if anchor { fragment } else { "..." });
    }
    out
}

/// The text with the query of every URL cut off: messages quote operation URLs, signature and all.
pub(super) fn without_queries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("https://").into_iter().chain(rest.find("http://")).min() {
        let (before, url) = rest.split_at(at);
        let end = url.find(|c: char| c.is_whitespace() || "\"'<>()\\`".contains(c)).unwrap_or(url.len());
        out.push_str(before);
        out.push_str(&plain(&url[..end]));
        rest = &url[end..];
    }
    out.push_str(rest);
    out
}

/// Whether both URLs lead to the same scheme, host and port.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// Whether the token for this resource manager may be sent to `url`: over TLS to the same host and port, to a host below it
/// (a regional endpoint), or to a direct sibling. Hosts deeper below the parent domain are anybody's: `*.cloudapp.azure.com`.
pub(super) fn may_carry_token(resource_manager: &Url, url: &Url) -> bool {
    if url.scheme() != "https" {
        return false;
    }
    if same_origin(resource_manager, url) {
        return true;
    }
    if url.port_or_known_default() != Some(443) || resource_manager.port_or_known_default() != Some(443) {
        return false;
    }
    let (Some(Host::Domain(ours)), Some(Host::Domain(theirs))) = (resource_manager.host(), url.host()) else {
        return false;
    };
    let parent = |host: &str| host.split_once('.').map(|(_, rest)| rest.to_owned()).filter(|p| p.contains('.'));
    theirs.ends_with(&format!(".{ours}"))
        || parent(ours).is_some_and(|p| parent(theirs).as_deref() == Some(&p))
        // A regional endpoint is configured, and the global one answers.
        || parent(ours).is_some_and(|p| p == theirs && p.matches('.').count() >= 2)
}

/// The subscription a URL is about, in lower case: the unit in which Azure counts requests. Empty for the tenant.
pub(super) fn subscription(url: &Url) -> String {
    let mut segments = url.path_segments().into_iter().flatten();
    let found = segments.by_ref().find(|s| s.eq_ignore_ascii_case("subscriptions"));
    found.and_then(|_| segments.next()).unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn tokens_go_to_the_resource_manager_and_its_kin() {
        let table = [
            ("https://management.azure.com", "https://management.azure.com/x?s=1", true),
            ("https://management.azure.com", "https://westeurope.management.azure.com/x", true),
            ("https://westeurope.management.azure.com", "https://management.azure.com/x", true),
            ("https://westeurope.management.azure.com", "https://northeurope.management.azure.com/x", true),
            ("https://management.azure.com", "https://portal.azure.com/x", true),
            ("https://management.azure.com", "https://evil.westus.cloudapp.azure.com/x", false),
            ("https://management.azure.com", "https://management.azure.com.evil.example/x", false),
            ("https://management.azure.com", "https://evilmanagement.azure.com.example/x", false),
            ("https://management.azure.com", "http://management.azure.com/x", false),
            ("https://management.azure.com", "https://management.azure.com:8443/x", false),
            ("https://127.0.0.1:8443", "https://127.0.0.1:8443/x", true),
            ("https://127.0.0.1:8443", "https://127.0.0.1:8444/x", false),
            ("https://localhost:8443", "https://other.localhost:8443/x", false),
        ];
        for (ours, theirs, may) in table {
            assert_eq!(may_carry_token(&url(ours), &url(theirs)), may, "{ours} to {theirs}");
        }
    }

    #[test]
    fn nothing_signed_is_shown() {
        let signed = "https://management.azure.com/op?api-version=2025-03-01&t=6392&c=MIIH&s=nDL4";
        assert_eq!(shown(&url(signed)), "https://management.azure.com/op?api-version=2025-03-01&t=...&c=...&s=...");
        assert_eq!(
            without_queries(&format!("use '{signed}' or http://a/b, then https://c/d?e=f.")),
            "use 'https://management.azure.com/op?...' or http://a/b, then https://c/d?..."
        );
    }

    #[test]
    fn paths_are_joined_below_the_base() {
        let joined = target(&url("https://h/base/"), "/subscriptions/S", &[("$filter", "a eq 'b'")], "2025-04-01");
        assert_eq!(joined.as_str(), "https://h/base/subscriptions/S?%24filter=a%20eq%20%27b%27&api-version=2025-04-01");
        assert_eq!(subscription(&joined), "s");
        assert_eq!(subscription(&url("https://h/providers/x")), "");
    }
}
