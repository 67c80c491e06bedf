//! Taints and labels as Kubernetes takes them.

use super::table::{Case, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;

pub(super) const CODE: &str = "labels-and-taints";
const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const LONGEST: usize = 63;
const LONGEST_PREFIX: usize = 253;

pub(super) fn check(case: &mut Case<'_>) {
    for pool in case.of_type(POOL) {
        for lists in ["nodeTaints", "nodeInitializationTaints"] {
            let taints = value(pool, lists).and_then(Value::as_list).unwrap_or_default();
            for (at, taint) in taints.iter().enumerate() {
                let Some(why) = taint.as_str().and_then(wrong_taint) else { continue };
                let problem =
                    Diagnostic::error(CODE, format!("`{}` is no taint: {why}", taint.as_str().unwrap_or_default()))
                        .help(format!("one is written KEY=VALUE:EFFECT; effects: {}", EFFECTS.join(", ")));
                case.report(pool, &format!("{lists}[{at}]"), problem);
            }
        }
        for (key, said) in value(pool, "nodeLabels").and_then(Value::as_map).into_iter().flatten() {
            let path = crate::document::Path::of(["nodeLabels", key]).to_string();
            if !key_fits(key) {
                let problem = Diagnostic::error(CODE, format!("Kubernetes takes no label `{key}`"));
                case.report(
                    pool,
                    &path,
                    problem.help("a label is [PREFIX/]NAME, NAME of at most 63 letters, digits, - _ ."),
                );
            } else if let Some(text) = said.as_str().filter(|text| !text.is_empty() && !word_fits(text)) {
                let problem = Diagnostic::error(CODE, format!("the label `{key}` cannot be `{text}`"));
                let allowed = "at most 63 letters, digits, - _ . with a letter or digit at both ends";
                case.report(pool, &path, problem.help(format!("allowed: {allowed}")));
            }
        }
    }
}

/// Why a text is no taint. A value may be left out.
fn wrong_taint(text: &str) -> Option<&'static str> {
    let Some((head, effect)) = text.rsplit_once(':') else { return Some("it has no effect") };
    let (key, said) = head.split_once('=').unwrap_or((head, ""));
    if !EFFECTS.contains(&effect) {
        Some("there is no such effect")
    } else if !key_fits(key) {
        Some("its key is none that Kubernetes takes")
    } else if !said.is_empty() && !word_fits(said) {
        Some("its value is none that Kubernetes takes")
    } else {
        None
    }
}

fn key_fits(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').unwrap_or(("", key));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    word_fits(name) && prefix.len() <= LONGEST_PREFIX && prefix.chars().all(plain) && !key.starts_with('/')
}

fn word_fits(word: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = |c: char| c.is_ascii_alphanumeric();
    word.len() <= LONGEST && word.starts_with(end) && word.ends_with(end) && word.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taints() {
        for (text, fine) in [
            ("sku=gpu:NoSchedule", true),
            ("CriticalAddonsOnly=true:NoSchedule", true),
            ("kubernetes.azure.com/scalesetpriority=spot:NoSchedule", true),
            ("dedicated:NoExecute", true),
            ("sku=gpu", false),
            ("sku=gpu:noschedule", false),
            ("=gpu:NoSchedule", false),
            ("a b=c:NoSchedule", false),
            ("", false),
        ] {
            assert_eq!(wrong_taint(text).is_none(), fine, "{text}");
        }
    }
}
