//! Fills in variables and references. Knows every resource of the environment by address, and nothing of shapes.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::interpolate::{Piece, pieces};
use super::nearest::{article, listed, nearest};
use super::problems::Problems;
use super::sources::Sources;
use super::tree::Place;
use crate::diagnostic::Diagnostic;
use crate::document::{Part, Path, Reference, Segment, Template};
use crate::names::{Address, ArmId};
use crate::schema::{Child, ResourceType, Schema};

/// What is known of a resource before anything is applied.
#[derive(Debug)]
pub(super) struct Known {
    pub resource: &'static ResourceType,
    /// `None` for a role assignment, and where the file is wrong.
    pub id: Option<ArmId>,
    pub name: String,
    pub location: Option<String>,
}

/// All resources of an environment by address, and the variables.
pub(super) struct Resolver<'a> {
    pub sources: &'a dyn Sources,
    pub known: IndexMap<Address, Known>,
}

/// A text with everything filled in that is known now.
#[derive(Debug, PartialEq)]
pub(super) enum Resolved {
    /// All of it.
    Text {
        text: String,
        /// Whether a variable has a part in it.
        variable: bool,
    },
    /// Some of it is known after apply only.
    Template { template: Template, variable: bool },
}

/// The first words of a reference that every resource answers.
const OF_ALL: [&str; 2] = ["id", "name"];
const LOCATION: &str = "location";

impl<'a> Resolver<'a> {
    /// A resolver that knows variables only.
    pub(super) fn new(sources: &'a dyn Sources) -> Self {
        Self { sources, known: IndexMap::new() }
    }

    /// A text in which only variables may stand.
    pub(super) fn variables(&self, text: &str, at: Place, problems: &mut Problems) -> Option<String> {
        match pieces(text) {
            Ok(found) if found.iter().any(|p| matches!(p, Piece::Reference(_))) => {
                let problem = Diagnostic::error("reference-here", "no reference to a resource can stand here")
                    .help("only `${env:NAME}` can; write `$${` for the characters `${`");
                problems.at(at, "", problem);
                None
            }
            _ => match self.resolve(text, at, None, &mut BTreeSet::new(), problems)? {
                Resolved::Text { text, .. } => Some(text),
                Resolved::Template { .. } => None,
            },
        }
    }

    /// A text of the resource `here`; the resources it refers to are added to `needs`.
    pub(super) fn resolve(
        &self,
        text: &str,
        at: Place,
        here: Option<&Address>,
        needs: &mut BTreeSet<Address>,
        problems: &mut Problems,
    ) -> Option<Resolved> {
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(why) => {
                problems.at(
                    at,
                    "",
                    Diagnostic::error("bad-reference", why).help("write `$${` for the characters `${`"),
                );
                return None;
            }
        };
        let mut parts: Vec<Part> = Vec::new();
        let (mut whole, mut variable) = (true, false);
        for piece in pieces {
            let part = match piece {
                Piece::Text(text) => Some(Part::Text(text)),
                Piece::Variable { name, default } => {
                    variable = true;
                    self.variable(&name, default, at, problems).map(Part::Text)
                }
                Piece::Reference(words) => self.reference(&words, at, here, needs, problems),
            };
            match (part, parts.last_mut()) {
                (Some(Part::Text(more)), Some(Part::Text(so_far))) => so_far.push_str(&more),
                (Some(part), _) => parts.push(part),
                (None, _) => whole = false,
            }
        }
        if !whole {
            return None;
        }
        Some(match parts.as_slice() {
            [] => Resolved::Text { text: String::new(), variable },
            [Part::Text(text)] => Resolved::Text { text: text.clone(), variable },
            _ => Resolved::Template { template: Template { parts }, variable },
        })
    }

    fn variable(&self, name: &str, default: Option<String>, at: Place, problems: &mut Problems) -> Option<String> {
        let value = self.sources.variable(name).filter(|value| !value.is_empty()).or(default);
        if value.is_none() {
            let at = narrow(at, &format!("${{env:{name}"), problems);
            let problem = Diagnostic::error("missing-variable", format!("the variable {name} is not set"))
                .help(format!("set {name}, or give a default: ${{env:{name}:-...}}"));
            problems.at(at, "", problem);
        }
        value
    }

    fn reference(
        &self,
        words: &str,
        at: Place,
        here: Option<&Address>,
        needs: &mut BTreeSet<Address>,
        problems: &mut Problems,
    ) -> Option<Part> {
        let at = narrow(at, &format!("${{{words}}}"), problems);
        let (address, path) = match self.take_apart(words) {
            Ok(found) => found,
            Err(problem) => {
                problems.at(at, "", *problem);
                return None;
            }
        };
        let known = &self.known[&address];
        let itself = here == Some(&address);
        let text = path.to_string();
        let fixed = match text.as_str() {
            "id" => Some(known.id.as_ref()?.to_string()),
            "name" => Some(known.name.clone()),
            LOCATION => known.location.clone(),
            _ => None,
        };
        if !itself {
            needs.insert(address.clone());
        }
        if let Some(text) = fixed {
            return Some(Part::Text(text));
        }
        if known.resource.at(&path).is_none() {
            let names = known.resource.properties().keys().map(String::as_str).chain(OF_ALL);
            let mut problem = Diagnostic::error(
                "unresolved-reference",
                format!("{} has no `{text}`", article(&known.resource.label)),
            );
            if let Some(meant) = nearest(&text, names) {
                problem = problem.help(format!("did you mean `${{{address}.{meant}}}`?"));
            }
            problems.at(at, "", problem);
            return None;
        }
        if known.resource.write_only(&path) {
            let problem =
                Diagnostic::error("unresolved-reference", format!("Azure never tells `{text}`, it is a secret"));
            problems.at(at, "", problem);
            return None;
        }
        if itself {
            let problem = Diagnostic::error("reference-cycle", format!("{address} waits for itself"));
            problems.at(at, "its own property", problem);
            return None;
        }
        Some(Part::Reference(Reference { address, path }))
    }

    /// The resource that a reference names, and the property.
    fn take_apart(&self, words: &str) -> Result<(Address, Path), Box<Diagnostic>> {
        let unresolved = |summary: String| Diagnostic::error("unresolved-reference", summary);
        let path = Path::parse(words).ok_or_else(|| {
            Diagnostic::error("bad-reference", format!("`{words}` is no reference"))
                .help("one looks like ${registries.NAME.loginServer} or ${env:NAME}")
        })?;
        let keys: Vec<&str> = path
            .segments()
            .iter()
            .map_while(|segment| if let Segment::Key(key) = segment { Some(key.as_str()) } else { None })
            .collect();
        let group = Address::resource_group();
        let collections = Schema::get().collections();
        let (address, used) = if keys.first() == Some(&group.as_str()) {
            (group, 1)
        } else {
            let top = keys.first().copied().unwrap_or_default();
            let Some(mut child) = collections.get(top) else {
                let names = || collections.keys().map(String::as_str).chain([group.as_str()]);
                let mut problem = unresolved(format!("`{words}` names nothing of this environment"));
                let variable = top.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
                if variable && keys.len() == 1 {
                    problem = problem.help(format!("did you mean the environment variable, `${{env:{top}}}`?"));
                } else if let Some(meant) = nearest(top, names()) {
                    problem = problem.help(format!("did you mean `{meant}`?"));
                }
                return Err(Box::new(problem.help(format!("a reference starts with {}, or env:", listed(names())))));
            };
            if is_grant(child) {
                return Err(Box::new(unresolved("nothing can refer to a role assignment".to_owned())));
            }
            let mut address = Address::top(top, self.name(keys.get(1), top, None)?);
            let mut used = 2;
            while let (Some(collection), Some(_)) = (keys.get(used), keys.get(used + 1))
                && let Some(below) = child.children.get(*collection)
            {
                address = address.child(collection, self.name(keys.get(used + 1), collection, Some(&address))?);
                child = below;
                used += 2;
            }
            (address, used)
        };
        if !self.known.contains_key(&address) {
            return Err(Box::new(unresolved(format!("there is no `{address}` in this environment"))));
        }
        let rest = path.segments()[used..].iter().fold(Path::root(), |path, segment| match segment {
            Segment::Key(key) => path.key(key),
            Segment::Index(index) => path.index(*index),
        });
        if rest.is_root() {
            let problem = unresolved(format!("`{words}` names a resource, not a property of it"))
                .help(format!("did you mean `${{{address}.id}}`?"));
            return Err(Box::new(problem));
        }
        Ok((address, rest))
    }

    /// A name of a collection that this environment has.
    fn name<'k>(
        &self,
        name: Option<&&'k str>,
        collection: &str,
        below: Option<&Address>,
    ) -> Result<&'k str, Box<Diagnostic>> {
        let name = name.copied().unwrap_or_default();
        let full = |name: &str| match below {
            Some(parent) => parent.child(collection, name),
            None => Address::top(collection, name),
        };
        if self.known.contains_key(&full(name)) {
            return Ok(name);
        }
        let there: Vec<&str> = self
            .known
            .keys()
            .filter(|a| a.collection() == collection && a.parent().as_ref() == below)
            .map(Address::name)
            .collect();
        let mut problem =
            Diagnostic::error("unresolved-reference", format!("there is no `{}` in this environment", full(name)));
        if let Some(meant) = nearest(name, there.iter().copied()) {
            problem = problem.help(format!("did you mean `{meant}`?"));
        }
        Err(Box::new(match there.is_empty() {
            true => problem.help(format!("there are no {collection}")),
            false => problem.help(format!("{collection}: {}", listed(there))),
        }))
    }
}

/// Whether the members of a collection are role assignments: their names are nobody's to say.
pub(super) fn is_grant(child: &Child) -> bool {
    child.arm_type.eq_ignore_ascii_case("Microsoft.Authorization/roleAssignments")
}

/// The stretch of `at` in which `needle` stands as it is, or all of it.
fn narrow(at: Place, needle: &str, problems: &Problems) -> Place {
    let found =
        problems.files.get(at.file).and_then(|file| file.text.get(at.start..at.end)).and_then(|t| t.find(needle));
    match found {
        Some(offset) => {
            let text = &problems.files[at.file].text;
            let start = at.start + offset;
            let end = text[start..at.end].find('}').map_or(start + needle.len(), |end| start + end + 1);
            Place { start, end, ..at }
        }
        None => at,
    }
}
