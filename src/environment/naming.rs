//! Names of resources: what an address can hold, and what Azure takes.

use regex_lite::Regex;

use super::problems::Problems;
use super::tree::Place;
use crate::diagnostic::Diagnostic;
use crate::schema::{ResourceType, pattern_words};

/// Reports a name that no address can hold or that Azure refuses; whether it is fit for an id.
pub(super) fn check(name: &str, resource: &ResourceType, at: Place, problems: &mut Problems) -> bool {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !plain {
        let problem = Diagnostic::error("bad-name", format!("`{name}` cannot name a resource"))
            .help("a name is made of letters, digits, - and _; no variable or reference stands here");
        problems.at(at, "", problem);
        return false;
    }
    if let Some(pattern) = &resource.name_pattern
        && !matches(pattern, name, true)
    {
        let problem = Diagnostic::error("bad-name", format!("Azure takes no {} of the name `{name}`", resource.label))
            .help(format!("allowed: {}", pattern_words(pattern)));
        problems.at(at, "", problem);
    }
    true
}

/// Reports a name of Azure's own making that cannot stand in an id; whether it can.
pub(super) fn given(name: &str, at: Place, problems: &mut Problems) -> bool {
    let fit = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !fit {
        let problem = Diagnostic::error("bad-name", format!("`{name}` cannot be a name in Azure"))
            .help("such a name is made of letters, digits, -, _ and dots");
        problems.at(at, "", problem);
    }
    fit
}

/// Whether a text matches a pattern of the specification. A pattern in a dialect that cannot be read matches everything.
pub(super) fn matches(pattern: &str, text: &str, whole: bool) -> bool {
    let pattern = if whole { format!("^(?:{pattern})$") } else { pattern.to_owned() };
    // ECMA reads the hyphen of `9-_` as itself; here it must stand first.
    let pattern = pattern.replace("-_]", "_-]");
    Regex::new(&pattern).map_or(true, |regex| regex.is_match(text))
}

/// The longest beginning of a name that is a DNS label as AKS takes it: letters, digits and hyphens, at most 54, letters
/// or digits at both ends.
pub(super) fn dns_label(name: &str) -> String {
    let kept: String = name.chars().map(|c| if c == '_' { '-' } else { c }).collect();
    let kept: String = kept.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let start = kept.trim_start_matches('-');
    start[..start.len().min(54)].trim_end_matches('-').to_owned()
}

/// Whether Azure takes a tag of this name; why not, otherwise.
pub(super) fn tag(name: &str) -> Result<(), &'static str> {
    const RESERVED: [&str; 3] = ["microsoft", "azure", "windows"];
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > 512 || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
        return Err("a tag's name has 1 to 512 characters, none of them one of < > % & \\ ? /");
    }
    if RESERVED.iter().any(|start| lower.starts_with(start)) {
        return Err("Azure keeps names that start with microsoft, azure or windows for itself");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Schema, Shape, ShapeId};

    #[test]
    fn a_name_of_azures_may_have_dots_and_no_more_than_one_segment() {
        for (name, fit) in
            [("monadicprod.0207ee96-75b6", true), ("pe_1", true), ("", false), ("a/b", false), ("a b", false)]
        {
            assert_eq!(given(name, Place::default(), &mut Problems::default()), fit, "{name}");
        }
    }

    #[test]
    fn every_pattern_of_the_schema_can_be_read() {
        let mut bad = Vec::new();
        for resource in Schema::get().resources() {
            let mut patterns: Vec<String> = resource.name_pattern.iter().cloned().collect();
            collect(resource.body(), 0, &mut patterns);
            for pattern in patterns {
                if Regex::new(&pattern.replace("-_]", "_-]")).is_err() {
                    bad.push(pattern);
                }
            }
        }
        assert_eq!(bad, Vec::<String>::new());
    }

    fn collect(id: ShapeId, depth: usize, out: &mut Vec<String>) {
        match Schema::get().shape(id) {
            _ if depth > 6 => {}
            Shape::Text { pattern: Some(pattern), .. } => out.push(pattern.clone()),
            Shape::List { of, .. } => collect(*of, depth + 1, out),
            Shape::Object { properties, .. } => properties.values().for_each(|p| collect(p.shape, depth + 1, out)),
            _ => {}
        }
    }

    #[test]
    fn dns_labels_are_cut_to_size() {
        let long = "a".repeat(53) + "-bc";
        for (name, label) in [("aks-prod", "aks-prod"), ("a_b", "a-b"), ("-a-", "a"), (long.as_str(), &long[..53])] {
            assert_eq!(dns_label(name), label);
        }
    }
}
