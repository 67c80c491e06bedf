//! `extends`: the deep merge of two trees. Every value keeps the place it came from.

use super::tree::{Entries, Kind, Node};

/// `over` on top of `base`: maps merge by key, everything else is replaced, `null` removes.
pub(super) fn merge(base: Node, over: Node) -> Node {
    let kind = match (base.kind, over.kind) {
        (Kind::Map(base), Kind::Map(over)) => Kind::Map(entries(base, over)),
        (_, kind) => kind,
    };
    Node { place: over.place, kind }
}

fn entries(mut base: Entries, over: Entries) -> Entries {
    for (key, mut entry) in over {
        // A `null` over nothing stays, so that a resource that says nothing can still be told from one taken away.
        if entry.value.kind == Kind::Null && base.shift_remove(&key).is_some() {
            continue;
        }
        if let Some(below) = base.get_mut(&key) {
            let nothing = Node { place: below.value.place, kind: Kind::Null };
            entry.value = merge(std::mem::replace(&mut below.value, nothing), entry.value);
        }
        base.insert(key, entry);
    }
    base
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::{Entry, Place, Scalar, Sort};
    use super::*;

    fn node(kind: Kind) -> Node {
        Node { place: Place::default(), kind }
    }

    fn leaf() -> impl Strategy<Value = Node> {
        prop_oneof![
            any::<i64>().prop_map(|n| node(Kind::Scalar(Scalar { text: n.to_string(), sort: Sort::Integer(n) }))),
            "[a-c]{0,3}".prop_map(|text| node(Kind::Scalar(Scalar { text, sort: Sort::Text }))),
        ]
    }

    /// Trees without `null`.
    fn tree() -> impl Strategy<Value = Node> {
        let inner = leaf().prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(|items| node(Kind::List(items))),
                map_of(inner),
            ]
        });
        map_of(inner)
    }

    fn map_of(inner: impl Strategy<Value = Node>) -> impl Strategy<Value = Node> {
        prop::collection::btree_map("[a-d]", inner, 0..4).prop_map(|map| {
            let entry = |(key, value)| (key, Entry { key: Place::default(), value });
            node(Kind::Map(map.into_iter().map(entry).collect()))
        })
    }

    /// Equality that does not look at the order of keys.
    fn same(a: &Node, b: &Node) -> bool {
        match (&a.kind, &b.kind) {
            (Kind::Map(a), Kind::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(&v.value, &w.value)))
            }
            (a, b) => a == b,
        }
    }

    proptest! {
        #[test]
        fn merging_is_idempotent_and_nothing_is_neutral(a in tree()) {
            let empty = || node(Kind::Map(Entries::new()));
            prop_assert!(same(&merge(a.clone(), a.clone()), &a));
            prop_assert!(same(&merge(a.clone(), empty()), &a));
            prop_assert!(same(&merge(empty(), a.clone()), &a));
        }

        #[test]
        fn layers_may_be_merged_from_either_end(a in tree(), b in tree(), c in tree()) {
            prop_assume!(!hidden(&a, &b, &c));
            let left = merge(merge(a.clone(), b.clone()), c.clone());
            let right = merge(a, merge(b, c));
            prop_assert!(same(&left, &right));
        }

        #[test]
        fn the_upper_layer_wins_and_no_key_is_lost(a in tree(), b in tree()) {
            let merged = merge(a.clone(), b.clone());
            let (a, b) = (a.entries().unwrap(), b.entries().unwrap());
            let merged = merged.entries().unwrap();
            for (key, entry) in b {
                if entry.value.entries().is_none() {
                    prop_assert_eq!(&merged[key].value, &entry.value);
                }
            }
            prop_assert!(a.keys().chain(b.keys()).all(|key| merged.contains_key(key)));
        }

        #[test]
        fn null_takes_away(a in tree()) {
            for key in a.entries().unwrap().keys() {
                let mut over = Entries::new();
                over.insert(key.clone(), Entry { key: Place::default(), value: node(Kind::Null) });
                let merged = merge(a.clone(), node(Kind::Map(over)));
                prop_assert!(!merged.entries().unwrap().contains_key(key));
            }
        }
    }

    /// Whether something between two maps is no map: it hides the lower one from the left, and not from the right.
    fn hidden(a: &Node, b: &Node, c: &Node) -> bool {
        match (&a.kind, &b.kind, &c.kind) {
            (Kind::Map(a), Kind::Map(b), Kind::Map(c)) => a.iter().any(|(key, a)| match (b.get(key), c.get(key)) {
                (Some(b), Some(c)) => hidden(&a.value, &b.value, &c.value),
                _ => false,
            }),
            (Kind::Map(_), _, Kind::Map(_)) => true,
            _ => false,
        }
    }
}
