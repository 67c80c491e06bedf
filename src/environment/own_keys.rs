//! The keys of an environment file that are landfall's own rather than ARM's or a collection's, and what they mean.
//!
//! Editors and `landfall explain` read this table; the readers of the keys are elsewhere, and a test holds them together.

/// The key of the resource group, which has no collection.
const GROUP: &str = "resourceGroup";
/// The collection whose members are role assignments: they lie at their scope.
const GRANTS: &str = "roleAssignments";

/// Where a key of landfall's own stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// At the top of the file.
    Environment,
    /// Below `resourceGroup`, where that is a map.
    Group,
    /// Below every resource.
    Resource,
    /// Below a resource that is no child of another.
    TopResource,
    /// Below the members of one collection.
    Collection(&'static str),
    /// Below the members of one collection of children.
    Children(&'static str),
}

/// A key of landfall's own.
#[derive(Debug, Clone, Copy)]
pub struct OwnKey {
    /// The key.
    pub key: &'static str,
    /// Where it stands.
    pub stands: Stands,
    /// What its value is.
    pub noun: &'static str,
    /// What it means, as a sentence.
    pub says: &'static str,
}

const fn own(stands: Stands, key: &'static str, noun: &'static str, says: &'static str) -> OwnKey {
    OwnKey { key, stands, noun, says }
}

/// Every key of landfall's own.
pub const OWN_KEYS: [OwnKey; 19] = [
    own(
        Stands::Environment,
        "extends",
        "a file name",
        "A base file of the same directory, over which this file is laid: maps merge by key, lists are replaced.",
    ),
    own(
        Stands::Environment,
        "subscription",
        "a GUID",
        "The subscription of every resource that names no other. Required.",
    ),
    own(
        Stands::Environment,
        "resourceGroup",
        "a name, or a map",
        "The resource group of every resource that names no other; made when it is missing. Required.",
    ),
    own(Stands::Environment, "location", "a region", "The region of every resource that names no other."),
    own(
        Stands::Environment,
        "tags",
        "a map of texts",
        "Tags of every resource whose type has tags, under the resource's own.",
    ),
    own(
        Stands::Environment,
        "environmentTag",
        "a tag's name, or false",
        "The tag that what landfall makes gets with the environment's name as its value, never what it adopts; a lost \
         state is rebuilt by it. Without it: landfall-environment.",
    ),
    own(Stands::Environment, "cloud", "a name, or a map of URLs", "Which Azure. Without it: public."),
    own(Stands::Environment, "state", "a map", "Where the state is kept. Without it: state/NAME.json."),
    own(
        Stands::Environment,
        "protect",
        "true or false",
        "No plan may delete or replace anything of this environment. Without it: false.",
    ),
    own(
        Stands::Environment,
        "allowUnknownValues",
        "true or false",
        "Send words and values that this version of landfall does not know, or thinks wrong, with a warning. Without it: false.",
    ),
    own(Stands::Group, "name", "text", "The resource group's name. Required."),
    own(
        Stands::Resource,
        "existing",
        "true or false",
        "Only referenced: never made, changed or deleted. Its children may be managed. Without it: false.",
    ),
    own(
        Stands::Resource,
        "protect",
        "true or false",
        "No plan may delete or replace it, its children, or what it stands on. Without it: false.",
    ),
    own(Stands::TopResource, "resourceGroup", "text", "The resource group it lies in, if not the environment's."),
    own(Stands::TopResource, "subscription", "a GUID", "The subscription it lies in, if not the environment's."),
    own(
        Stands::Collection("clusters"),
        "pullsFrom",
        "a list of registries",
        "The registries whose images its nodes pull: names of registries of this file, or resource IDs. landfall adds \
         the identities and role assignments that this takes.",
    ),
    own(
        Stands::Collection("roleAssignments"),
        "scope",
        "a resource ID",
        "On what the role is given. Fixed at creation. Required.",
    ),
    own(
        Stands::Collection("roleAssignments"),
        "role",
        "a name, a GUID or an ID",
        "Which role: the name of a built-in one, a GUID, or a role definition's ID. Required.",
    ),
    own(
        Stands::Children("privateEndpointConnections"),
        "name",
        "text",
        "Its name in Azure, which Azure makes up: the registry's and a GUID, with a dot between. Without it: the key.",
    ),
];

/// The keys of landfall's own that may stand at a place: `[]` is the environment, `["clusters", "nodePools"]` a node pool.
pub fn own_keys_at(collections: &[&str]) -> impl Iterator<Item = &'static OwnKey> {
    let (first, last, depth) =
        (collections.first().copied(), collections.last().copied().unwrap_or_default(), collections.len());
    let group = first == Some(GROUP);
    let granted = first == Some(GRANTS);
    OWN_KEYS.iter().filter(move |own| match own.stands {
        Stands::Environment => depth == 0,
        Stands::Group => group,
        Stands::Resource => depth > 0,
        Stands::TopResource => depth == 1 && !group && !granted,
        Stands::Collection(name) => depth == 1 && last == name,
        Stands::Children(name) => depth == 2 && last == name,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{declare, settings};
    use super::*;
    use crate::names::Address;

    #[test]
    fn the_table_has_the_keys_that_are_read() {
        let here = |at: &[&str]| own_keys_at(at).map(|own| own.key).collect::<BTreeSet<_>>();
        assert_eq!(here(&[]), settings::KEYS.into_iter().collect());
        for address in [
            "resourceGroup",
            "clusters.c",
            "clusters.c.nodePools.p",
            "registries.r",
            "registries.r.privateEndpointConnections.p",
            "roleAssignments.a",
        ] {
            let collections: Vec<&str> = address.split('.').step_by(2).collect();
            let read = declare::asides(&address.parse::<Address>().unwrap());
            assert_eq!(here(&collections), read.into_iter().collect(), "{address}");
        }
    }
}
