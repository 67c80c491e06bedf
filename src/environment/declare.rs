//! Which resources an environment has: addresses, ids, parents. Their properties come later, since these refer to each other.

use std::sync::LazyLock;

use indexmap::IndexMap;

use super::body::first_line;
use super::interpolate::{Piece, pieces};
use super::nearest::article;
use super::problems::Problems;
use super::resolve::{Known, Resolver, is_grant};
use super::settings::{Read, Settings};
use super::tree::{Entries, Entry, Kind, Node, Place, Scalar, Sort};
use super::{attach, naming};
use crate::diagnostic::Diagnostic;
use crate::document::Path;
use crate::names::{Address, ArmId, ResourceGroupName, SubscriptionId};
use crate::schema::{Child, ResourceType, Schema};

/// The type of a resource group, which has no collection.
const RESOURCE_GROUP: &str = "Microsoft.Resources/resourceGroups";
const EXISTING: &str = "existing";
const PROTECT: &str = "protect";
const GROUP: &str = "resourceGroup";
const SUBSCRIPTION: &str = "subscription";
const LOCATION: &str = "location";
const NAME: &str = "name";
/// Children whose names Azure makes up, with dots in them, which no key and no address can have.
const NAMED_BY_AZURE: &str = "privateEndpointConnections";

/// A resource that the file names.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    pub address: Address,
    pub resource: &'static ResourceType,
    pub children: Option<&'static IndexMap<String, Child>>,
    pub entries: &'a Entries,
    pub key: Place,
    pub parent: Option<Address>,
    /// `None` for a role assignment, and where the file is wrong.
    pub id: Option<ArmId>,
    pub existing: bool,
    pub protect: bool,
    /// The region it says, or gets from its parent.
    pub location: Option<String>,
    /// How many siblings that are not `existing` there are, itself included.
    pub among: usize,
    /// Whether its parent is only referenced, so that siblings may exist that the file does not name.
    pub parent_existing: bool,
}

static NOTHING: LazyLock<Entries> = LazyLock::new(Entries::new);

/// The keys of a resource that are landfall's own rather than ARM's or a collection's.
pub(super) fn asides(address: &Address) -> Vec<&'static str> {
    let mut out = vec![EXISTING, PROTECT];
    if *address == Address::resource_group() {
        out.push(NAME);
    } else if address.collection() == "roleAssignments" {
        out.extend(super::grant::KEYS);
    } else if address.parent().is_none() {
        out.extend([GROUP, SUBSCRIPTION]);
        out.extend((address.collection() == attach::PULLING).then_some(attach::KEY));
    } else if address.collection() == NAMED_BY_AZURE {
        out.push(NAME);
    }
    out
}

impl Declared<'_> {
    /// Whether a key is no property: landfall's own, or a collection of children. ARM's property wins where there is one.
    pub(super) fn aside(&self, key: &str) -> bool {
        let collection = self.children.is_some_and(|children| children.contains_key(key));
        collection
            || (asides(&self.address).contains(&key)
                && self.resource.properties().get(key).is_none_or(|p| p.identifier))
    }
}

/// Collects the resources of a merged tree and tells the resolver about them.
pub(super) fn declare<'a>(
    root: &'a Entries,
    settings: &Settings<'a>,
    resolver: &mut Resolver<'_>,
    problems: &mut Problems,
) -> Vec<Declared<'a>> {
    let mut walk = Walk { settings, resolver, problems, out: Vec::new() };
    if let Some(entry) = root.get(GROUP) {
        walk.group(entry);
    }
    for (key, entry) in root {
        if let Some(child) = Schema::get().collections().get(key) {
            walk.collection(key, child, &entry.value, None);
        }
    }
    walk.out
}

/// What members of a collection have from their parent.
#[derive(Clone)]
struct Parent {
    address: Address,
    id: Option<ArmId>,
    existing: bool,
    protect: bool,
    location: Option<String>,
}

struct Walk<'a, 'r, 's, 'p> {
    settings: &'r Settings<'a>,
    resolver: &'r mut Resolver<'s>,
    problems: &'p mut Problems,
    out: Vec<Declared<'a>>,
}

impl<'a> Walk<'a, '_, '_, '_> {
    fn group(&mut self, entry: &'a Entry) {
        let resource = Schema::get().resource(RESOURCE_GROUP).expect("BUG: the schema has resource groups");
        let entries = entry.value.entries().unwrap_or(&NOTHING);
        let id = match (&self.settings.subscription, &self.settings.group) {
            (Some(subscription), Some(group)) => Some(ArmId::resource_group_of(subscription, group)),
            _ => None,
        };
        let name = self.settings.group.as_ref().map(ToString::to_string).unwrap_or_default();
        let location = self.location(entries, resource).or_else(|| self.settings.location.clone());
        let declared = Declared {
            address: Address::resource_group(),
            resource,
            children: None,
            entries,
            key: entry.key,
            parent: None,
            id,
            existing: self.flag(entries, EXISTING),
            protect: self.flag(entries, PROTECT),
            location,
            among: 1,
            parent_existing: false,
        };
        self.add(declared, name, entry);
    }

    fn collection(&mut self, name: &str, child: &'static Child, node: &'a Node, parent: Option<&Parent>) {
        let entries = match &node.kind {
            Kind::Null => return,
            Kind::Map(entries) => entries,
            _ => {
                let summary = format!("`{name}` is a map by name, not {}", node.noun());
                let problem =
                    Diagnostic::error("wrong-type", summary).help(format!("write `{name}: {{NAME: {{...}}}}`"));
                self.problems.at(first_line(node.place), "", problem);
                self.unclear(parent);
                return;
            }
        };
        let resource = Schema::get().resource(&child.arm_type).expect("BUG: the type of a collection is in the schema");
        let owned = |entry: &Entry| {
            let said = entry.value.entries().and_then(|e| e.get(EXISTING));
            !said.is_some_and(|e| matches!(&e.value.kind, Kind::Scalar(Scalar { sort: Sort::Bool(true), .. })))
        };
        let among = entries.values().filter(|entry| owned(entry)).count();
        let outdented = outdented(entries, child, resource);
        for (member, entry) in entries {
            if outdented.contains(&member.as_str()) {
                let what = article(&resource.label);
                let summary = format!("`{member}` stands where the name of {what} is expected");
                let problem = Diagnostic::error("wrong-indent", summary)
                    .help(format!("{what} has it as a property: indent it below its name"));
                self.problems.at(entry.key, "", problem);
                continue;
            }
            if !outdented.is_empty() && entry.value.kind == Kind::Null {
                continue;
            }
            self.member(name, member, Member { child, resource, entry, among }, parent);
        }
    }

    fn member(&mut self, collection: &str, name: &str, member: Member<'a>, parent: Option<&Parent>) {
        let Member { child, resource, entry, among } = member;
        if !naming::check(name, resource, entry.key, self.problems) {
            self.unclear(parent);
            return;
        }
        let entries = match &entry.value.kind {
            Kind::Map(entries) => entries,
            Kind::Null => {
                let problem = Diagnostic::error("empty-resource", format!("`{name}` says nothing"))
                    .help("write `{}` for a resource that takes every default");
                self.problems.at(entry.key, "", problem);
                &NOTHING
            }
            _ => {
                let summary = format!("`{name}` is a map of properties, not {}", entry.value.noun());
                let problem = Diagnostic::error("wrong-type", summary).help(format!("write `{name}: {{...}}`"));
                self.problems.at(entry.value.place, "", problem);
                self.unclear(parent);
                return;
            }
        };
        let address = match parent {
            Some(parent) => parent.address.child(collection, name),
            None => Address::top(collection, name),
        };
        let name = self.given(&address, entries).unwrap_or_else(|| name.to_owned());
        let id = match parent {
            _ if is_grant(child) => None,
            Some(Parent { id, .. }) if resource.extension => id.as_ref().map(|id| id.provider(&resource.name, &name)),
            Some(Parent { id, .. }) => id.as_ref().map(|id| id.child(resource.segment(), &name)),
            None => self.scope(entries).map(|scope| scope.provider(&resource.name, &name)),
        };
        let above = parent.map_or_else(|| self.settings.location.clone(), |parent| parent.location.clone());
        let location = self.location(entries, resource).or(above);
        let existing = self.flag(entries, EXISTING);
        let protect = self.flag(entries, PROTECT) || self.settings.protect || parent.is_some_and(|p| p.protect);
        let declared = Declared {
            address: address.clone(),
            resource,
            children: Some(&child.children),
            entries,
            key: entry.key,
            parent: parent.map(|p| p.address.clone()),
            id: id.clone(),
            existing,
            protect,
            location: location.clone(),
            among,
            parent_existing: parent.is_some_and(|p| p.existing),
        };
        self.add(declared, name, entry);
        let below = Parent { address, id, existing, protect, location };
        for (key, entry) in entries {
            if let Some(child) = child.children.get(key) {
                self.collection(key, child, &entry.value, Some(&below));
            }
        }
    }

    /// The name that Azure made up for a resource, where the file says it.
    fn given(&mut self, address: &Address, entries: &Entries) -> Option<String> {
        let entry = entries.get(NAME).filter(|_| address.collection() == NAMED_BY_AZURE)?;
        let name = self.read().text(&entry.value, NAME)?;
        naming::given(&name, entry.value.place, self.problems).then_some(name)
    }

    fn unclear(&mut self, parent: Option<&Parent>) {
        self.problems.unclear.extend(parent.map(|parent| parent.address.clone()));
    }

    fn add(&mut self, declared: Declared<'a>, name: String, entry: &Entry) {
        let said = entry.key;
        self.problems.remember(&declared.address, &Path::root(), said);
        // A region that the type has no property for cannot be asked of it.
        let location = declared.location.clone().filter(|_| declared.resource.properties().contains_key(LOCATION));
        let refers = declared.entries.get(LOCATION).is_some_and(|entry| match &entry.value.kind {
            Kind::Scalar(scalar) => {
                pieces(&scalar.text).is_ok_and(|pieces| pieces.iter().any(|p| matches!(p, Piece::Reference(_))))
            }
            _ => false,
        });
        let location = location.filter(|_| !refers && (!declared.existing || declared.entries.contains_key(LOCATION)));
        let known = Known { resource: declared.resource, id: declared.id.clone(), name, location };
        self.resolver.known.insert(declared.address.clone(), known);
        self.out.push(declared);
    }

    /// The resource group that a top-level resource lies in.
    fn scope(&mut self, entries: &Entries) -> Option<ArmId> {
        let subscription = match entries.get(SUBSCRIPTION).filter(|e| e.value.kind != Kind::Null) {
            Some(entry) => self.read().word::<SubscriptionId>(&entry.value, SUBSCRIPTION),
            None => self.settings.subscription.clone(),
        };
        let group = match entries.get(GROUP).filter(|e| e.value.kind != Kind::Null) {
            Some(entry) => self.read().word::<ResourceGroupName>(&entry.value, GROUP),
            None => self.settings.group.clone(),
        };
        Some(ArmId::resource_group_of(&subscription?, &group?))
    }

    /// The region that a resource says. What is wrong with it is reported when its properties are read.
    fn location(&mut self, entries: &Entries, resource: &ResourceType) -> Option<String> {
        resource.properties().get(LOCATION)?;
        match &entries.get(LOCATION)?.value.kind {
            Kind::Scalar(scalar) => {
                let mut unheard = Problems::default();
                self.resolver.variables(&scalar.text, Place::default(), &mut unheard)
            }
            _ => None,
        }
    }

    fn flag(&mut self, entries: &Entries, key: &str) -> bool {
        match entries.get(key) {
            Some(entry) => self.read().flag(&entry.value, key),
            None => false,
        }
    }

    fn read(&mut self) -> Read<'_, '_> {
        Read { resolver: self.resolver, problems: self.problems }
    }
}

/// The members of a collection that are keys of its type rather than names, since they follow one that says nothing: the lines
/// below a name were not indented.
fn outdented<'e>(entries: &'e Entries, child: &Child, resource: &ResourceType) -> Vec<&'e str> {
    let known = |key: &str| {
        let property = resource.properties().get(key).is_some_and(|p| p.writable() && !p.identifier);
        property || child.children.contains_key(key)
    };
    let mut members = entries.iter();
    if !members.by_ref().any(|(key, entry)| entry.value.kind == Kind::Null && !known(key)) {
        return Vec::new();
    }
    members.filter(|(key, _)| known(key)).map(|(key, _)| key.as_str()).collect()
}

struct Member<'a> {
    child: &'static Child,
    resource: &'static ResourceType,
    entry: &'a Entry,
    among: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_has_a_property_named_as_a_key_of_our_own() {
        fn level(children: &IndexMap<String, Child>, above: Option<&Address>) {
            for (name, child) in children {
                let resource = Schema::get().resource(&child.arm_type).expect("a collection's type is in the schema");
                let address = above.map_or_else(|| Address::top(name, "x"), |parent| parent.child(name, "x"));
                for key in asides(&address) {
                    assert!(resource.properties().get(key).is_none_or(|p| p.identifier), "{} {key}", resource.name);
                }
                for key in child.children.keys() {
                    assert!(resource.properties().get(key).is_none_or(|p| !p.writable()), "{} {key}", resource.name);
                }
                level(&child.children, Some(&address));
            }
        }
        level(Schema::get().collections(), None);
    }
}
