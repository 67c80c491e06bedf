//! What to do about a failure: fills the sentences of `advice_rows` with what the failure names. Pure.

use super::advice_rows::{ACTIONS, ROWS, Row};
use super::error::Failure;
use super::kind::Kind;

/// So many sizes are offered in place of one that is not.
const NEAREST: usize = 3;

/// What to do next, one sentence each. `address` is what a person calls the resource.
pub(super) fn advice(failure: &Failure, address: &str) -> Vec<String> {
    let row = ROWS.iter().find(|row| fits(row, failure));
    let steps = row.map(|row| row.next).unwrap_or_default();
    steps.iter().filter_map(|wordings| wordings.iter().find_map(|w| filled(w, failure, address))).collect()
}

fn fits(row: &Row, failure: &Failure) -> bool {
    let code = |code: &str| {
        let said = failure.code.iter().chain(failure.details.iter().map(|d| &d.code));
        said.into_iter().any(|c| c.eq_ignore_ascii_case(code))
    };
    let says = |text: &str| {
        let said = std::iter::once(&failure.message).chain(failure.details.iter().map(|d| &d.message));
        said.into_iter().any(|message| message.to_ascii_lowercase().contains(text))
    };
    row.kind.is_none_or(|kind| kind == failure.kind)
        && (row.codes.is_empty() || row.codes.iter().any(|c| code(c)))
        && (row.says.is_empty() || says(row.says))
}

/// The sentence with its words, if all of them are known.
fn filled(wording: &str, failure: &Failure, address: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = wording;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').expect("BUG: a word of a sentence is closed");
        out.push_str(before);
        out.push_str(&word(name, failure, address)?);
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}

/// A word: what the answer names, or what the request tells.
fn word(name: &str, failure: &Failure, address: &str) -> Option<String> {
    let named = |name| failure.named.get(name).map(str::to_owned);
    match name {
        "address" => Some(address.to_owned()).filter(|a| !a.is_empty()),
        "action" => named("action").or_else(|| asked(failure)),
        "scope" => grantable(&named("scope").unwrap_or_else(|| failure.target.clone()), failure),
        "role" => named("role").or_else(|| role(&word("action", failure, address)?).map(str::to_owned)),
        "group" => named("group")
            .or_else(|| segment(&named("lock")?, "resourceGroups"))
            .or_else(|| segment(&failure.target, "resourceGroups")),
        "subscription" => segment(&failure.target, "subscriptions"),
        "namespace" => named("namespace").or_else(|| segment(&failure.target, "providers")),
        "cluster" => segment(&failure.target, "managedClusters"),
        "registry" => segment(&failure.target, "registries"),
        "resource" => failure.target.rsplit('/').next().map(str::to_owned).filter(|r| !r.is_empty()),
        "featurespace" => named("feature")?.split_once('/').map(|(space, _)| space.to_owned()),
        "featurename" => named("feature")?.split_once('/').map(|(_, name)| name.to_owned()),
        "nearest" => nearest(&named("size")?, &named("offered")?),
        "property" => named("property").or_else(|| {
            let target = failure.details.iter().find_map(|d| d.target.clone());
            target.filter(|t| !t.starts_with('/') && !t.contains(' '))
        }),
        "waited" if failure.attempts > 1 => {
            Some(format!("{} times in {} s", failure.attempts, failure.elapsed.as_secs()))
        }
        "correlation" => failure.correlation.as_ref().map(ToString::to_string),
        other => named(other),
    }
}

/// Where a role can be given that is missing on `scope`: a resource that could not be made is no place for it.
fn grantable(scope: &str, failure: &Failure) -> Option<String> {
    let lower = scope.to_ascii_lowercase();
    let scope = lower.find("/providers/microsoft.authorization/").map_or(scope, |at| &scope[..at]);
    let unmade = failure.method == "PUT" && scope.eq_ignore_ascii_case(&failure.target);
    let place = match scope.split_once("/providers/") {
        Some((group, _)) if unmade && !group.is_empty() => group,
        _ => scope,
    };
    Some(place.to_owned()).filter(|p| !p.is_empty())
}

/// The name that follows this segment of a path.
fn segment(path: &str, name: &str) -> Option<String> {
    let mut segments = path.split('/');
    segments.by_ref().find(|s| s.eq_ignore_ascii_case(name))?;
    segments.next().filter(|s| !s.is_empty()).map(str::to_owned)
}

/// The action that a refused request needs: `Microsoft.ContainerService/managedClusters/write`.
fn asked(failure: &Failure) -> Option<String> {
    if failure.kind != Kind::Denied || failure.target.is_empty() {
        return None;
    }
    let verb = match failure.method {
        "PUT" | "PATCH" => "write",
        "DELETE" => "delete",
        "GET" => "read",
        _ => return None,
    };
    let Some((_, tail)) = failure.target.rsplit_once("/providers/") else {
        let groups = segment(&failure.target, "resourceGroups")?;
        return (!groups.is_empty()).then(|| format!("Microsoft.Resources/subscriptions/resourceGroups/{verb}"));
    };
    let mut parts = tail.split('/');
    let namespace = parts.next()?;
    // Types and names take turns.
    let types: Vec<&str> = parts.step_by(2).collect();
    Some(format!("{namespace}/{}/{verb}", types.join("/")))
}

/// A built-in role with this action.
fn role(action: &str) -> Option<&'static str> {
    let action = action.to_ascii_lowercase();
    let fits = |pattern: &str| {
        let pattern = pattern.to_ascii_lowercase();
        match pattern.split_once('*') {
            Some((begins, ends)) => action.starts_with(begins) && action.ends_with(ends),
            None => action == pattern,
        }
    };
    ACTIONS.iter().find(|(pattern, _)| fits(pattern)).map(|(_, role)| *role)
}

/// The offered names that are most like the one that was asked for.
fn nearest(wanted: &str, offered: &str) -> Option<String> {
    let wanted = wanted.to_ascii_lowercase();
    let mut all: Vec<&str> = offered.split(',').map(str::trim).filter(|o| !o.is_empty()).collect();
    all.sort_by_key(|name| (strsim::damerau_levenshtein(&wanted, &name.to_ascii_lowercase()), *name));
    all.truncate(NEAREST);
    (!all.is_empty()).then(|| all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::error::Error;
    use super::*;

    const KINDS: [Kind; 16] = [
        Kind::NotFound,
        Kind::AlreadyExists,
        Kind::Precondition,
        Kind::Busy,
        Kind::Throttled,
        Kind::Unauthenticated,
        Kind::Denied,
        Kind::Policy,
        Kind::Quota,
        Kind::Invalid,
        Kind::Unregistered,
        Kind::Propagating,
        Kind::Transient,
        Kind::Timeout,
        Kind::Canceled,
        Kind::Protocol,
    ];

    #[test]
    fn no_kind_is_without_a_next_step() {
        for kind in KINDS {
            let error = Error::new(kind, "why");
            assert!(!advice(&error, "").is_empty(), "{kind:?}, of which nothing is known");
        }
    }

    #[test]
    fn every_row_says_something_when_nothing_is_named() {
        for row in ROWS {
            let error = Error::new(row.kind.unwrap_or(Kind::Invalid), row.says).change(|f| {
                f.code = row.codes.first().map(|c| (*c).to_owned());
            });
            assert!(fits(row, &error));
            let bare = row.next.iter().filter_map(|w| w.iter().find_map(|w| filled(w, &error, "clusters.aks")));
            assert!(bare.count() > 0, "{:?} {}", row.codes, row.says);
        }
    }

    #[test]
    fn no_row_hides_another() {
        for (at, row) in ROWS.iter().enumerate() {
            for code in row.codes {
                let before =
                    ROWS[..at].iter().filter(|r| r.says.is_empty() && r.kind.is_none_or(|k| Some(k) == row.kind));
                assert!(!before.into_iter().any(|r| r.codes.contains(code)), "{code} has an earlier row");
            }
        }
    }

    #[test]
    fn actions_have_roles() {
        let table = [
            ("Microsoft.ContainerService/managedClusters/write", Some("Azure Kubernetes Service Contributor Role")),
            ("Microsoft.Authorization/roleAssignments/write", Some("Role Based Access Control Administrator")),
            ("Microsoft.Network/virtualNetworks/subnets/join/action", Some("Network Contributor")),
            ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", Some("Managed Identity Operator")),
            ("Microsoft.ManagedIdentity/userAssignedIdentities/write", Some("Managed Identity Contributor")),
            ("Microsoft.ContainerRegistry/registries/read", Some("Reader")),
            ("Microsoft.Whatever/things/write", Some("Contributor")),
        ];
        for (action, expected) in table {
            assert_eq!(role(action), expected, "{action}");
        }
    }
}
