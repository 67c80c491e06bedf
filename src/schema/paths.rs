//! Every place of a type at which a person may say something, as the patterns that facts are keyed by.

use super::{ResourceType, Schema, Shape, ShapeId};

impl ResourceType {
    /// The patterns of all writable paths, in the order of the type: free keys as `*`, list places as `[]`, a list and what
    /// is in it as two. A shape that holds itself is entered once.
    pub fn writable_paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        collect(self.body(), "", &mut Vec::new(), &mut out);
        out
    }
}

fn collect(shape: ShapeId, at: &str, above: &mut Vec<ShapeId>, out: &mut Vec<String>) {
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    match Schema::get().shape(shape) {
        Shape::Object { properties, additional } if !above.contains(&shape) => {
            above.push(shape);
            if properties.is_empty() && !at.is_empty() {
                out.push(at.to_owned());
            }
            for (name, property) in properties.iter().filter(|(_, p)| p.writable() && !p.identifier) {
                collect(property.shape, &below(name), above, out);
            }
            if let Some(free) = additional {
                collect(*free, &below("*"), above, out);
            }
            above.pop();
        }
        Shape::Object { .. } => {}
        Shape::List { of, .. } => {
            out.push(at.to_owned());
            collect(*of, &format!("{at}[]"), above, out);
        }
        _ => out.push(at.to_owned()),
    }
}
