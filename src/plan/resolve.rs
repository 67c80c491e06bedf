//! References filled in with what is known.

use std::collections::BTreeMap;

use crate::document::{Part, Path, Reference, Template, Value};
use crate::names::{Address, ArmId};

/// What is known of resources by address: from the reads of a plan, or from the answers of an apply.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Id and document.
    pub resources: BTreeMap<Address, (ArmId, Value)>,
}

impl Known {
    /// The value that a reference stands for.
    pub fn get(&self, reference: &Reference) -> Option<Value> {
        let (id, body) = self.resources.get(&reference.address)?;
        let words = [("id", id.as_str()), ("name", id.name())];
        for (word, text) in words {
            if reference.path == Path::of([word]) {
                return Some(Value::text(text));
            }
        }
        let own = body.get(&reference.path);
        // `principalId` of what has a managed identity stands one level down.
        let below = || body.get(&Path::of(["identity"]))?.get(&reference.path);
        own.or_else(below).filter(|v| **v != Value::Null).cloned()
    }
}

/// The document with every reference that is known filled in; what is not stays a template.
pub fn resolve(document: &Value, known: &Known) -> Value {
    document.map_leaves(&mut |leaf| match leaf {
        Value::Template(template) => fill(template, known),
        other => other.clone(),
    })
}

fn fill(template: &Template, known: &Known) -> Value {
    if let Some(reference) = template.sole_reference() {
        return known.get(reference).unwrap_or_else(|| Value::Template(template.clone()));
    }
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(t) => text.push_str(t),
            Part::Reference(reference) => match known.get(reference) {
                Some(Value::String(s)) => text.push_str(&s),
                Some(Value::Number(n)) => text.push_str(&n.to_string()),
                Some(Value::Bool(b)) => text.push_str(&b.to_string()),
                _ => return Value::Template(template.clone()),
            },
        }
    }
    Value::String(text)
}
