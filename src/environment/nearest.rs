//! "Did you mean": the nearest of the right names, and short lists of what is allowed.

/// Below this likeness a name is no help.
const LIKE_ENOUGH: f64 = 0.55;
/// How many names a list shows.
const SHOWN: usize = 16;

/// The candidate most like `word`, if one is like it at all.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let rated = candidates.into_iter().map(|candidate| {
        let other = candidate.to_lowercase();
        let mut rate = strsim::normalized_damerau_levenshtein(&word, &other);
        if word.len() >= 4 && (other.starts_with(&word) || word.starts_with(&other) && other.len() >= 4) {
            rate = rate.max(LIKE_ENOUGH);
        }
        (rate, candidate)
    });
    let mut best: Option<(f64, &str)> = None;
    for (rate, candidate) in rated {
        if rate >= LIKE_ENOUGH && best.is_none_or(|(so_far, _)| rate > so_far) {
            best = Some((rate, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// A noun with its article: a node pool, an AKS cluster.
pub(super) fn article(noun: &str) -> String {
    let an = noun.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']);
    format!("{} {noun}", if an { "an" } else { "a" })
}

/// Names in a row, the first few of many.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

/// What is allowed, as a line of help: the names, or, where they are many, what lists them.
pub(super) fn allowed(names: &[&str], topic: &str) -> String {
    match names.len() {
        0..=SHOWN => format!("allowed: {}", names.join(", ")),
        many => format!("`landfall explain {topic}` lists all {many} that are allowed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_likely_word() {
        let words = ["vmSize", "count", "minCount", "mode"];
        for (typed, meant) in
            [("vmsize", Some("vmSize")), ("cuont", Some("count")), ("mod", Some("mode")), ("zzz", None)]
        {
            assert_eq!(nearest(typed, words), meant, "{typed}");
        }
    }
}
