//! A resource's properties: the tree against the type's shapes, into the document.

use std::collections::BTreeSet;

use super::form::Given;
use super::nearest::{allowed, article, nearest};
use super::other_names::{deeper, elsewhere, other_name, same_letters};
use super::problems::Problems;
use super::resolve::{Resolved, Resolver};
use super::scalar::{Judged, noun};
use super::tree::{Entries, Entry, Kind, Node, Place, Scalar, Sort};
use super::{declare, mask};
use crate::diagnostic::Diagnostic;
use crate::document::{Map, Path, Secret, Value};
use crate::names::Address;
use crate::schema::{Child, Property, ResourceType, Schema, Shape, ShapeId};

/// Reads the body of one resource.
pub(super) struct Body<'a, 'p> {
    pub resolver: &'a Resolver<'a>,
    pub problems: &'p mut Problems,
    pub address: &'a Address,
    pub resource: &'static ResourceType,
    pub children: Option<&'static indexmap::IndexMap<String, Child>>,
    pub allow_unknown: bool,
    /// Grows with every reference.
    pub needs: BTreeSet<Address>,
}

/// Where a value stands in the file and in the document.
struct Spot {
    path: Path,
    key: Place,
    secret: bool,
}

impl Body<'_, '_> {
    /// The document in a resource's entries, less what `aside` says is not a property.
    pub(super) fn read(&mut self, entries: &Entries, aside: &dyn Fn(&str) -> bool) -> Value {
        let mut out = Map::new();
        for (key, entry) in entries {
            if aside(key) {
                continue;
            }
            match self.resource.properties().get(key) {
                Some(property) if property.writable() && !property.identifier => {
                    self.property(key, property, entry, &Path::root(), &mut out);
                }
                Some(property) => self.refused(key, property, entry),
                None => self.unknown(key, entry),
            }
        }
        Value::Map(out)
    }

    fn property(&mut self, key: &str, property: &Property, entry: &Entry, at: &Path, out: &mut Map) {
        let spot = Spot { path: at.key(key), key: entry.key, secret: property.write_only };
        self.problems.remember(self.address, &spot.path, entry.key);
        if let Some(value) = self.value(&entry.value, property.shape, &spot) {
            out.insert(key.to_owned(), value);
        }
    }

    fn value(&mut self, node: &Node, shape: ShapeId, spot: &Spot) -> Option<Value> {
        let kind = Schema::get().shape(shape);
        let secret = spot.secret || matches!(kind, Shape::Text { secret: true, .. });
        if secret {
            mask::hide(node, self.problems);
        }
        match (&node.kind, kind) {
            (Kind::Null, _) => None,
            (Kind::Scalar(scalar), _) => {
                self.scalar(scalar, node.place, shape, &Spot { path: spot.path.clone(), secret, ..*spot })
            }
            (Kind::Map(entries), Shape::Object { properties, additional }) => {
                let out =
                    self.object(entries, properties, *additional, &Spot { path: spot.path.clone(), secret, ..*spot });
                for (name, _) in properties.iter().filter(|(_, p)| p.required && p.writable() && !p.identifier) {
                    if entries.get(name).is_none_or(|entry| entry.value.kind == Kind::Null) {
                        let problem = Diagnostic::error("missing-property", format!("`{}` needs `{name}`", spot.path));
                        self.problems.at(spot.key, format!("without `{name}`"), problem);
                    }
                }
                Some(Value::Map(out))
            }
            (Kind::Map(entries), Shape::Any) => Some(Value::Map(self.free(entries, shape, spot))),
            (Kind::List(items), Shape::List { of, max }) => {
                if max.is_some_and(|max| items.len() as u64 > max) {
                    let most = max.unwrap_or_default();
                    let summary = format!("`{}` takes at most {most} elements, not {}", spot.path, items.len());
                    self.problems.at(spot.key, "", Diagnostic::error("list-too-long", summary));
                }
                Some(Value::List(self.list(items, *of, spot, secret)))
            }
            (Kind::List(items), Shape::Any) => Some(Value::List(self.list(items, shape, spot, secret))),
            _ => {
                let problem =
                    Diagnostic::error("wrong-type", format!("`{}` is {}, not {}", spot.path, noun(shape), node.noun()));
                let place = if secret { spot.key } else { first_line(node.place) };
                let key = spot.path.to_string();
                let key = key.rsplit('.').next().unwrap_or_default();
                let problem = match (&node.kind, kind) {
                    (Kind::List(_), Shape::Object { additional: Some(_), .. }) => {
                        problem.help(format!("write each as a key: `{key}: {{KEY: {{}}}}`"))
                    }
                    (Kind::Map(_), Shape::List { .. }) => problem.help(format!("a list is written `{key}: [...]`")),
                    _ => problem,
                };
                self.problems.at(place, "", problem);
                None
            }
        }
    }

    fn list(&mut self, items: &[Node], of: ShapeId, spot: &Spot, secret: bool) -> Vec<Value> {
        let mut out = Vec::new();
        for node in items {
            // `null` elements say nothing, so they take no place.
            let path = spot.path.index(out.len());
            self.problems.remember(self.address, &path, node.place);
            let key = if secret { spot.key } else { node.place };
            out.extend(self.value(node, of, &Spot { path, key, secret }));
        }
        out
    }

    fn object(
        &mut self,
        entries: &Entries,
        properties: &indexmap::IndexMap<String, Property>,
        additional: Option<ShapeId>,
        spot: &Spot,
    ) -> Map {
        let mut out = Map::new();
        for (key, entry) in entries {
            match (properties.get(key), additional) {
                (Some(property), _) if property.writable() => {
                    let property = Property { write_only: property.write_only || spot.secret, ..property.clone() };
                    self.property(key, &property, entry, &spot.path, &mut out);
                }
                (Some(property), _) => self.refused(&spot.path.key(key).to_string(), property, entry),
                (None, Some(shape)) => self.free_entry(key, entry, shape, spot, &mut out),
                (None, None) => {
                    let allowed: Vec<&str> =
                        properties.iter().filter(|(_, p)| p.writable()).map(|(name, _)| name.as_str()).collect();
                    let topic = format!("{}.{}", self.collections(), spot.path);
                    self.problems.unknown_key(key, entry.key, &format!("`{}`", spot.path), (&allowed, &topic));
                }
            }
        }
        out
    }

    fn free(&mut self, entries: &Entries, shape: ShapeId, spot: &Spot) -> Map {
        let mut out = Map::new();
        for (key, entry) in entries {
            self.free_entry(key, entry, shape, spot, &mut out);
        }
        out
    }

    /// An entry whose key is the user's own, and may hold references that are known now.
    fn free_entry(&mut self, key: &str, entry: &Entry, shape: ShapeId, spot: &Spot, out: &mut Map) {
        let resolved = self.resolver.resolve(key, entry.key, Some(self.address), &mut self.needs, self.problems);
        let name = match resolved {
            Some(Resolved::Text { text, .. }) => text,
            Some(Resolved::Template { .. }) => {
                let problem = Diagnostic::error("reference-here", "a key can only refer to what is known before apply")
                    .help("that is `id`, `name` and `location`");
                self.problems.at(entry.key, "", problem);
                return;
            }
            None => return,
        };
        let below = Spot { path: spot.path.key(&name), key: entry.key, secret: spot.secret };
        self.problems.remember(self.address, &below.path, entry.key);
        let Some(value) = self.value(&entry.value, shape, &below) else { return };
        if out.insert(name.clone(), value).is_some() {
            let problem = Diagnostic::error("duplicate-key", format!("the key `{name}` stands here a second time"));
            self.problems.at(entry.key, "again, with its references filled in", problem);
        }
    }

    fn scalar(&mut self, scalar: &Scalar, place: Place, shape: ShapeId, spot: &Spot) -> Option<Value> {
        let at = if spot.secret { spot.key } else { place };
        let resolved = match scalar.sort {
            Sort::Text => {
                self.resolver.resolve(&scalar.text, at, Some(self.address), &mut self.needs, self.problems)?
            }
            _ => Resolved::Text { text: scalar.text.clone(), variable: false },
        };
        let path = spot.path.to_string();
        let (text, variable) = match resolved {
            Resolved::Text { text, variable } => (text, variable),
            Resolved::Template { variable: true, .. } if spot.secret => {
                let problem =
                    Diagnostic::error("mixed-secret", format!("`{path}` is a secret and cannot hold a reference too"));
                self.problems.at(spot.key, "", problem);
                return None;
            }
            Resolved::Template { template, .. } => {
                if matches!(Schema::get().shape(shape), Shape::Object { .. } | Shape::List { .. })
                    && template.sole_reference().is_none()
                {
                    let problem = Diagnostic::error("wrong-type", format!("`{path}` is {}, not text", noun(shape)));
                    self.problems.at(at, "", problem);
                }
                return Some(Value::Template(template));
            }
        };
        let allow_unknown = self.allow_unknown;
        let judged =
            Judged { path: &path, text: &text, sort: scalar.sort, variable: variable || spot.secret, allow_unknown };
        let shown = judged.shown();
        let (value, problem) = judged.value(shape);
        let problem = problem.or_else(|| {
            let Some(Value::String(text)) = &value else { return None };
            Given { resource: self.resource, path: &spot.path, text, shown, allow_unknown }.problem()
        });
        if let Some(problem) = problem {
            // What could be read at all goes to Azure as it is, where that was asked for.
            let problem = if allow_unknown && value.is_some() { problem.softened() } else { problem };
            self.problems.at(at, "", problem);
        }
        match value {
            Some(Value::String(text)) if spot.secret && !text.is_empty() => {
                if !variable {
                    let problem = Diagnostic::warning(
                        "literal-secret",
                        format!("`{path}` is a secret, and stands here for everyone to read"),
                    )
                    .help("take it from a variable: ${env:NAME}");
                    self.problems.at(spot.key, "its value is not shown", problem);
                }
                Some(Value::Secret(Secret::new(text)))
            }
            value => value,
        }
    }

    /// The collections down to the resource, as `landfall explain` takes them: `clusters.nodePools`.
    fn collections(&self) -> String {
        self.address.as_str().split('.').step_by(2).collect::<Vec<_>>().join(".")
    }

    fn refused(&mut self, path: &str, property: &Property, entry: &Entry) {
        let problem = if property.read_only {
            Diagnostic::error("read-only", format!("`{path}` is Azure's to set"))
        } else {
            let instead = self.children.into_iter().flatten().find(|(_, child)| {
                Schema::get().resource(&child.arm_type).is_some_and(|r| r.inline.as_deref() == Some(path))
            });
            let problem = Diagnostic::error("hidden-key", format!("`{path}` is not written here"));
            match instead {
                Some((name, _)) => {
                    self.problems.unclear.insert(self.address.clone());
                    problem.help(format!("write `{name}: {{NAME: {{...}}}}`, a map by name"))
                }
                None => problem,
            }
        };
        self.problems.at(entry.key, "", problem);
    }

    fn unknown(&mut self, key: &str, entry: &Entry) {
        let properties = self.resource.properties();
        let writable = properties.iter().filter(|(_, p)| p.writable() && !p.identifier).map(|(name, _)| name.as_str());
        let children = self.children.into_iter().flatten().map(|(name, _)| name.as_str());
        let allowed: Vec<&str> = writable.chain(children).chain(declare::asides(self.address)).collect();
        let mut problem =
            Diagnostic::error("unknown-key", format!("{} has no property `{key}`", article(&self.resource.label)));
        // It may have been meant for children: what the resource has in all is not known.
        self.problems.unclear.insert(self.address.clone());
        let collections = self.collections();
        let known = other_name(&collections, key)
            .map(str::to_owned)
            .or_else(|| same_letters(key, allowed.iter().copied()).map(str::to_owned))
            .or_else(|| deeper(self.resource, key));
        let child = self.children.into_iter().flatten().find(|(_, c)| c.arm_type.rsplit('/').next() == Some(key));
        problem = match (key, child, nearest(key, allowed.iter().copied())) {
            ("properties", ..) => problem.help("what ARM keeps under `properties` is written beside the other keys"),
            ("name", ..) => problem.help(format!("the name is the key it stands under: `{}`", self.address.name())),
            (_, Some((name, _)), _) => problem.help(format!("did you mean `{name}`?")),
            _ if known.is_some() => {
                let known = known.unwrap_or_default().replace("nodePools.", "nodePools.NAME.");
                problem.help(format!("did you mean `{known}`?"))
            }
            _ if glued(key).is_some() => problem.help(glued(key).unwrap_or_default()),
            (_, None, Some(meant)) => problem.help(format!("did you mean `{meant}`?")),
            _ => match elsewhere(key) {
                Some((label, at)) => problem.help(format!("{} has it: {at}", article(label))),
                None => problem,
            },
        };
        self.problems.at(entry.key, "unknown", problem.help(self::allowed(&allowed, &collections)));
    }
}

/// What is said of a key that took in what should have stood behind it.
pub(super) fn glued(key: &str) -> Option<&'static str> {
    if key.contains('\u{a0}') {
        Some("there is a no-break space in it, which YAML takes for a letter; write a plain one")
    } else if key.contains(":{") || key.contains(":[") {
        Some("a space is missing after the colon")
    } else {
        None
    }
}

/// A place cut so that a long collection does not fill the screen.
pub(super) fn first_line(place: Place) -> Place {
    Place { end: place.end.min(place.start + 1), ..place }
}
