//! Resource types, the collections they are written in, and look-ups by path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use indexmap::IndexMap;

use super::facts::{Change, Confidence, Equality, Fact};
use super::shape::{Property, Shape, ShapeId};
use super::transitions::Transition;
use crate::document::{Path, Segment, Value};

/// All resource types and the collections of an environment file.
#[derive(Debug)]
pub struct Schema {
    pub(super) types: BTreeMap<String, ResourceType>,
    pub(super) collections: IndexMap<String, Child>,
    pub(super) shapes: Vec<Shape>,
}

/// A collection of an environment file, or of a resource in it.
#[derive(Debug, Clone)]
pub struct Child {
    /// The ARM type of its members.
    pub arm_type: String,
    /// The collections below each member.
    pub children: IndexMap<String, Child>,
}

/// How an existing resource is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// GET, overlay, PUT the whole.
    Put,
    /// PATCH of what changed.
    Patch,
}

/// A value that a create is given when the file says nothing. Never compared, never derived anew.
#[derive(Debug, Clone)]
pub struct CreateDefault {
    /// The top-level property.
    pub path: Path,
    /// The value; `{name}` and `{location}` stand for the resource's own.
    pub value: Value,
    /// Not given where the body has one of these.
    pub unless: Vec<String>,
    /// Only for a resource without siblings.
    pub only_child: bool,
}

/// What a property that takes a resource's ID takes more exactly.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Referenced {
    /// The type of the resource; `None`: any.
    pub arm_type: Option<String>,
    /// Words that may stand in the place of an ID.
    pub words: Vec<String>,
}

/// A property that says nothing while another has a certain value.
#[derive(Debug, Clone, PartialEq)]
pub struct Moot {
    /// The property, and all below it.
    pub path: Path,
    /// The other one.
    pub when: Path,
    /// Its value.
    pub is: Value,
}

/// A default that stands instead of the row's own while another property has a certain value.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyedDefault {
    /// The property.
    pub path: Path,
    /// The other one.
    pub when: Path,
    /// Its value.
    pub is: Value,
    /// The default.
    pub default: Value,
}

/// A version that a channel moves beyond what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// The version.
    pub path: Path,
    /// The property that names the channel.
    pub channel: Path,
    /// Whether that is a property of the parent.
    pub of_parent: bool,
    /// Channels that move the patch.
    pub patch: Vec<String>,
    /// Channels that move the minor as well.
    pub minor: Vec<String>,
    /// Channels that move the image of the nodes alone.
    pub image: Vec<String>,
}

/// A role that naming a resource implies.
#[derive(Debug, Clone)]
pub struct ImpliedRole {
    /// The property that names it.
    pub path: Path,
    /// The role's name.
    pub role: String,
    /// What for, as a fragment that follows the role.
    pub why: String,
}

/// One ARM resource type, in the shape of the environment file: `properties` folded into its envelope.
#[derive(Debug)]
pub struct ResourceType {
    /// `Namespace/type`, in the specification's casing.
    pub name: String,
    /// The api-version spoken.
    pub api_version: String,
    /// What a person calls it.
    pub label: String,
    /// Whether landfall writes such resources.
    pub writable: bool,
    /// How one is changed.
    pub update: Update,
    /// Whether a write may carry `If-Match`.
    pub etag: bool,
    /// Never replaced unless `--replace` names it.
    pub keep: bool,
    /// Holds what cannot be made anew: images, workloads.
    pub holds_data: bool,
    /// A listing of its collection answers each one whole, as a read of it alone does. So it is in recordings of azure-cli
    /// (`aks list` and `show` of 2022-03-01, `acr list` and `show` of 2024-11-01-preview) and azure-powershell (identities, 2023-01-31);
    /// that the versions in the tables do so too is inferred. An apply reads each resource by itself before it changes it.
    pub listed: bool,
    /// Lives below any scope as `{scope}/providers/...`.
    pub extension: bool,
    /// The parent's property in whose list these children travel when the parent is made, and are read.
    pub inline: Option<String>,
    /// How long an operation may take, in minutes.
    pub minutes: u64,
    /// The action that ends what Azure works on, where there is one.
    pub abort: Option<String>,
    /// What a name must look like.
    pub name_pattern: Option<String>,
    /// What a create gets when the file says nothing.
    pub create_defaults: Vec<CreateDefault>,
    /// Paths (patterns) whose live value is never sent back.
    pub never_echo: Vec<String>,
    /// Paths (patterns) whose live value is not sent back when the key beside it changes: it follows from that one.
    pub never_echo_beside: BTreeMap<String, String>,
    /// Paths (patterns) that take the ID of a certain type, or a word instead.
    pub references: BTreeMap<String, Referenced>,
    /// Properties that another one makes moot: Azure drops them.
    pub moot: Vec<Moot>,
    /// Defaults that hold while another property has a certain value.
    pub keyed_defaults: Vec<KeyedDefault>,
    /// Versions that Azure moves on by itself.
    pub advisory: Vec<Advisory>,
    /// The property whose change is a Kubernetes upgrade.
    pub version: Option<Path>,
    /// Roles that a cluster's control plane needs on what a property names.
    pub implied_roles: Vec<ImpliedRole>,
    /// A list and a key that every element of it says in a write, or none does.
    pub together: Vec<(String, String)>,
    /// Maps (patterns) whose members go when nobody names them; members of others stay, or are turned off.
    pub members: BTreeSet<String>,
    pub(super) body: ShapeId,
    pub(super) facts: BTreeMap<String, Fact>,
    pub(super) transitions: BTreeMap<String, Vec<Transition>>,
    pub(super) unsaid: BTreeSet<String>,
}

static EMBEDDED: LazyLock<Schema> = LazyLock::new(super::load::embedded);

impl Schema {
    /// The schema that is built in.
    pub fn get() -> &'static Schema {
        &EMBEDDED
    }

    /// A resource type by name; case does not matter.
    pub fn resource(&self, arm_type: &str) -> Option<&ResourceType> {
        self.types.get(&arm_type.to_ascii_lowercase())
    }

    /// Every resource type, by name.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceType> {
        self.types.values()
    }

    /// The top-level collections of an environment file.
    pub fn collections(&self) -> &IndexMap<String, Child> {
        &self.collections
    }

    /// A shape by its id.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0]
    }

    /// The types whose members live below `parent` as child resources, and in which collection a file writes them.
    pub fn children_of(&self, parent: &str) -> Option<&IndexMap<String, Child>> {
        fn find<'a>(level: &'a IndexMap<String, Child>, parent: &str) -> Option<&'a IndexMap<String, Child>> {
            level.values().find_map(|c| {
                if c.arm_type.eq_ignore_ascii_case(parent) { Some(&c.children) } else { find(&c.children, parent) }
            })
        }
        find(&self.collections, parent)
    }
}

impl ResourceType {
    /// The last segment of the type: `agentPools`.
    pub fn segment(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// What a property that takes a resource's ID takes more exactly.
    pub fn referenced(&self, path: &Path) -> Option<&Referenced> {
        self.references.get(&self.pattern(path))
    }

    /// Whether the live value at a path follows from what these changes give the key beside it, and would contradict it.
    pub fn outdated(&self, path: &Path, mut changed: impl FnMut(&Path) -> bool) -> bool {
        let beside = self.never_echo_beside.get(&self.pattern(path)).zip(path.parent());
        beside.is_some_and(|(key, parent)| changed(&parent.key(key)))
    }

    /// The shape of the whole document.
    pub fn body(&self) -> ShapeId {
        self.body
    }

    /// The document's own properties.
    pub fn properties(&self) -> &IndexMap<String, Property> {
        match Schema::get().shape(self.body) {
            Shape::Object { properties, .. } => properties,
            _ => unreachable!("BUG: a resource's body is an object"),
        }
    }

    /// The shape at a path, and the property it belongs to where it is one.
    pub fn at(&self, path: &Path) -> Option<(ShapeId, Option<&Property>)> {
        let schema = Schema::get();
        let mut at = (self.body, None);
        for segment in path.segments() {
            at = match (schema.shape(at.0), segment) {
                (Shape::Object { properties, additional }, Segment::Key(key)) => match properties.get(key) {
                    Some(property) => (property.shape, Some(property)),
                    None => ((*additional)?, None),
                },
                (Shape::List { of, .. }, Segment::Index(_)) => (*of, None),
                (Shape::Any, _) => at,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The path with free keys as `*` and list places as `[]`: the key of a fact.
    pub fn pattern(&self, path: &Path) -> String {
        let schema = Schema::get();
        let mut out = String::new();
        let mut at = Some(self.body);
        for segment in path.segments() {
            match segment {
                Segment::Index(_) => out.push_str("[]"),
                Segment::Key(key) => {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    let free = at.is_some_and(|id| match schema.shape(id) {
                        Shape::Object { properties, .. } => !properties.contains_key(key),
                        _ => false,
                    });
                    out.push_str(if free { "*" } else { key });
                }
            }
            at = at.and_then(|id| match (schema.shape(id), segment) {
                (Shape::Object { properties, additional }, Segment::Key(key)) => {
                    properties.get(key).map(|p| p.shape).or(*additional)
                }
                (Shape::List { of, .. }, Segment::Index(_)) => Some(*of),
                _ => None,
            });
        }
        out
    }

    /// What is known about a path. A path without a row of its own takes its change from the nearest row above, and
    /// compares by its type; with no row at all it counts as inferred.
    pub fn fact(&self, path: &Path) -> Fact {
        if let Some(fact) = self.row(path) {
            return fact.clone();
        }
        let mut above = path.parent();
        while let Some(at) = above {
            if let Some(fact) = self.row(&at) {
                let equality = if fact.equality == Equality::Ignore { Equality::Ignore } else { Equality::ByType };
                return Fact { equality, default: None, ..fact.clone() };
            }
            above = at.parent();
        }
        Fact {
            change: if self.at(path).and_then(|(_, p)| p).is_some_and(|p| p.read_only) {
                Change::Azure
            } else {
                Change::InPlace
            },
            equality: Equality::ByType,
            default: None,
            confidence: Confidence::Inferred,
            source: String::new(),
        }
    }

    /// The row written for exactly this path, free keys and list places aside.
    pub fn row(&self, path: &Path) -> Option<&Fact> {
        if let Some(fact) = self.facts.get(&path.to_string()) {
            return Some(fact);
        }
        self.facts.get(&self.pattern(path))
    }

    /// The path patterns that have a row of their own.
    pub fn fact_paths(&self) -> impl Iterator<Item = String> {
        self.facts.keys().cloned()
    }

    /// Whether the tables know a path pattern (`*` for free keys, `[]` for list places).
    pub fn knows(&self, pattern: &str) -> bool {
        Path::parse(&pattern.replace("[]", "[0]")).is_some_and(|path| self.at(&path).is_some())
    }

    /// Whether an empty value at this path leaves the choice to Azure, whatever is live.
    pub fn unsaid(&self, path: &Path) -> bool {
        self.unsaid.contains(&self.pattern(path))
    }

    /// Whether the value at this path is a secret or never answered.
    pub fn write_only(&self, path: &Path) -> bool {
        self.at(path).is_some_and(|(shape, property)| {
            property.is_some_and(|p| p.write_only)
                || matches!(Schema::get().shape(shape), Shape::Text { secret: true, .. })
        })
    }

    /// Whether such a resource has tags of its own, as ARM gives them to what lies in a resource group. A node pool's are
    /// those of its machines.
    pub fn tagged(&self) -> bool {
        self.properties().get("tags").is_some_and(|property| property.envelope && !property.read_only)
    }

    /// Whether the value at this path is a map with keys of the user's choice (`tags`), rather than named properties.
    pub fn free_map(&self, path: &Path) -> bool {
        self.at(path).is_some_and(|(shape, _)| {
            matches!(Schema::get().shape(shape), Shape::Object { properties, additional: Some(_) } if properties.is_empty())
        })
    }
}
