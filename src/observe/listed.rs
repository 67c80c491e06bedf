//! Which reads one listing answers for many, once there are more of them than a subscription shared with others should be asked
//! for. Pure.
//!
//! ARM lets 250 reads through at once and 25 a second after that, its Authorization provider 120 requests a minute
//! (`azure::limits`). A drift check that runs in several pipelines takes its reads out of the same allowances.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::ArmId;
use crate::schema::{ResourceType, Schema};

/// So many single reads are made. Where there are more, the largest collections are listed until no more are left.
const READS: usize = 64;
/// So many scopes are asked for their role assignments. Where there are more, those that lie in one group are asked for together.
const SCOPES: usize = 32;
/// A collection of which fewer are wanted is not listed: most of its answer may be others' resources.
const WORTH: usize = 8;

/// A listing in whose answer several resources are looked for.
#[derive(Debug)]
pub(super) struct Collection<'a> {
    /// Where it is listed.
    pub path: String,
    pub kind: &'a ResourceType,
    /// Those that are wanted of it.
    pub wanted: Vec<&'a ArmId>,
}

/// How a round of reads is made.
#[derive(Debug, Default)]
pub(super) struct Round<'a> {
    pub single: Vec<(&'a ArmId, &'a str)>,
    pub collections: Vec<Collection<'a>>,
    pub scopes: Vec<&'a ArmId>,
    /// Groups whose role assignments are listed, with the scopes in them.
    pub groups: Vec<(ArmId, Vec<&'a ArmId>)>,
}

/// Decides which of the reads are made one by one.
pub(super) fn round<'a>(resources: &'a [(ArmId, String)], scopes: &'a [ArmId], others: usize) -> Round<'a> {
    let mut out = Round::default();
    // That a scope exists is known from its own read alone: a group's listing does not tell.
    let read: BTreeSet<&ArmId> = resources.iter().map(|(id, _)| id).collect();
    let group = |scope: &&ArmId| scope.group_id().filter(|g| g != *scope && read.contains(*scope));
    (out.groups, out.scopes) = folded(scopes.iter().collect(), SCOPES, group);
    let rest = out.scopes.len() + out.groups.len() + others;
    let all: Vec<(&ArmId, &str)> = resources.iter().map(|(id, arm_type)| (id, arm_type.as_str())).collect();
    let of = |one: &(&'a ArmId, &'a str)| {
        let (id, arm_type) = *one;
        let kind = Schema::get().resource(arm_type).filter(|kind| kind.listed);
        let (path, _) = id.as_str().rsplit_once('/').filter(|_| kind.is_some())?;
        Some((path.to_ascii_lowercase(), arm_type))
    };
    let (collections, single) = folded(all, READS.saturating_sub(rest), of);
    out.single = single;
    out.collections =
        collections.into_iter().filter_map(|((_, arm_type), members)| collection(arm_type, members)).collect();
    out
}

fn collection<'a>(arm_type: &str, members: Vec<(&'a ArmId, &'a str)>) -> Option<Collection<'a>> {
    // As the first one writes it: Azure compares without case, logs and people do not.
    let (path, _) = members.first()?.0.as_str().rsplit_once('/')?;
    let kind = Schema::get().resource(arm_type)?;
    Some(Collection { path: path.to_owned(), kind, wanted: members.iter().map(|(id, _)| *id).collect() })
}

/// Takes the largest heaps off until at most so many single ones are left: the heaps, and what is left in its order.
fn folded<T, K: Ord + Clone>(all: Vec<T>, most: usize, key: impl Fn(&T) -> Option<K>) -> (Vec<(K, Vec<T>)>, Vec<T>) {
    if all.len() <= most {
        return (Vec::new(), all);
    }
    let mut sizes: BTreeMap<K, usize> = BTreeMap::new();
    for key in all.iter().filter_map(&key) {
        *sizes.entry(key).or_default() += 1;
    }
    let mut order: Vec<(K, usize)> = sizes.into_iter().filter(|(_, size)| *size >= WORTH).collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut left = all.len();
    let mut heaps: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for (key, size) in order {
        if left <= most {
            break;
        }
        left = left - size + 1;
        heaps.insert(key, Vec::with_capacity(size));
    }
    let mut single = Vec::with_capacity(left);
    for one in all {
        match key(&one).and_then(|key| heaps.get_mut(&key)) {
            Some(heap) => heap.push(one),
            None => single.push(one),
        }
    }
    (heaps.into_iter().collect(), single)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg";
    const CLUSTERS: &str = "Microsoft.ContainerService/managedClusters";
    const REGISTRIES: &str = "Microsoft.ContainerRegistry/registries";
    const IDENTITIES: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";

    fn ids(group: &str, arm_type: &str, count: usize) -> Vec<(ArmId, String)> {
        let id = |n| ArmId::parse(&format!("{group}/providers/{arm_type}/x{n:04}")).unwrap();
        (0..count).map(|n| (id(n), arm_type.to_owned())).collect()
    }

    /// As an environment of so many clusters with a registry and two identities each wants them.
    fn environment(clusters: usize) -> Vec<(ArmId, String)> {
        let mut out = ids(GROUP, CLUSTERS, clusters);
        out.extend(ids(GROUP, REGISTRIES, clusters));
        out.extend(ids(GROUP, IDENTITIES, 2 * clusters));
        out.push((ArmId::parse(GROUP).unwrap(), "Microsoft.Resources/resourceGroups".to_owned()));
        out.sort();
        out
    }

    fn listed(round: &Round<'_>) -> Vec<(String, usize)> {
        let short = |c: &Collection<'_>| (c.path.rsplit('/').next().unwrap().to_owned(), c.wanted.len());
        round.collections.iter().map(short).collect()
    }

    #[test]
    fn few_are_read_one_by_one_and_many_with_the_fewest_listings_that_do() {
        let identities = ("userAssignedIdentities", 40);
        let all = [("registries", 200), ("managedClusters", 200), ("userAssignedIdentities", 400)];
        let table = [(1, 5, &[][..]), (15, 61, &[]), (20, 41, &[identities]), (200, 1, &all)];
        for (clusters, single, collections) in table {
            let resources = environment(clusters);
            let round = round(&resources, &[], 0);
            let expected: Vec<(String, usize)> = collections.iter().map(|(p, n)| ((*p).to_owned(), *n)).collect();
            assert_eq!((round.single.len(), listed(&round)), (single, expected), "{clusters}");
        }
    }

    #[test]
    fn other_reads_count_as_well() {
        let resources = environment(15);
        assert!(round(&resources, &[], 3).collections.is_empty());
        assert_eq!(listed(&round(&resources, &[], 4)), [("userAssignedIdentities".to_owned(), 30)]);
    }

    #[test]
    fn types_whose_listings_say_less_and_collections_of_a_few_are_not_listed() {
        let rules: Vec<(ArmId, String)> = {
            let parent = format!("{GROUP}/providers/{REGISTRIES}/reg/cacheRules");
            let id = |n| ArmId::parse(&format!("{parent}/r{n:04}")).unwrap();
            (0..100).map(|n| (id(n), format!("{REGISTRIES}/cacheRules"))).collect()
        };
        assert_eq!(round(&rules, &[], 0).single.len(), 100);
        let spread: Vec<(ArmId, String)> =
            (0..20).flat_map(|n| ids(&format!("{GROUP}{n:02}"), CLUSTERS, WORTH - 1)).collect();
        assert!(round(&spread, &[], 0).collections.is_empty());
    }

    #[test]
    fn a_group_in_another_casing_is_the_same() {
        let mut resources = ids(GROUP, CLUSTERS, 40);
        resources.extend(ids(&GROUP.to_uppercase(), REGISTRIES, 0));
        resources.extend(ids(&GROUP.replace("/rg", "/RG"), CLUSTERS, 80).split_off(40));
        resources.sort();
        assert_eq!(listed(&round(&resources, &[], 0)), [("managedClusters".to_owned(), 80)]);
    }

    #[test]
    fn role_assignments_of_scopes_that_are_read_themselves_are_asked_of_their_group() {
        let resources = environment(40);
        let mut scopes: Vec<ArmId> = ids(GROUP, REGISTRIES, 40).into_iter().map(|(id, _)| id).collect();
        let subnet = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s");
        scopes.push(ArmId::parse(&subnet).unwrap());
        scopes.push(ArmId::parse(GROUP).unwrap());
        let many = round(&resources, &scopes, 0);
        let asked: Vec<&str> = many.scopes.iter().map(|s| s.name()).collect();
        assert_eq!(asked, ["s", "rg"], "whether the subnet exists is told by nothing else");
        assert_eq!(many.groups.iter().map(|(g, s)| (g.name(), s.len())).collect::<Vec<_>>(), [("rg", 40)]);
        assert!(round(&resources, &scopes[..SCOPES], 0).groups.is_empty());
    }
}
