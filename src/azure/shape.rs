//! What an answer of 2xx must look like to be ARM's: a proxy's page, or a body that was cut off, says nothing about Azure. Pure.

use serde_json::Value as Json;

use super::refusal::member;

/// What was asked, as far as it decides what an answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An action: whatever it answers.
    Anything,
    /// A read of what has no id of its own.
    Object,
    /// A read of a resource.
    Resource,
    /// A page of a listing.
    Listing,
    /// A PUT or PATCH: the resource, or nothing yet.
    Written,
    /// A DELETE: nothing, the resource, or the operation.
    Deleted,
    /// A reading of an operation: what it says of itself, the resource, or nothing.
    Operation,
}

/// Says what is wrong with the body of an answer, if something is.
pub(super) fn wrong(shape: Shape, body: &[u8]) -> Option<&'static str> {
    if shape == Shape::Anything {
        return None;
    }
    let may_be_empty = matches!(shape, Shape::Written | Shape::Deleted | Shape::Operation);
    let body = text(body);
    if body.trim_ascii().is_empty() && may_be_empty {
        return None;
    }
    let json = match serde_json::from_slice::<Json>(body) {
        Ok(Json::Null) if may_be_empty => return None,
        Ok(json @ Json::Object(_)) => json,
        Ok(_) => return Some("the answer is no JSON object"),
        Err(_) => return Some("the answer is no JSON"),
    };
    let has = |names: &[&str]| names.iter().any(|name| member(&json, name).is_some());
    let nothing = json.as_object().is_some_and(serde_json::Map::is_empty);
    match shape {
        Shape::Resource if !member(&json, "id").is_some_and(Json::is_string) => {
            Some("the answer is no resource (it has no `id`)")
        }
        Shape::Listing if !json["value"].is_array() => Some("the answer is no listing (it has no `value`)"),
        Shape::Written if !nothing && !has(&["id", "properties"]) => Some("the answer is no resource (it has no `id`)"),
        Shape::Deleted | Shape::Operation if !nothing && !has(&["id", "properties", "status", "error"]) => {
            Some("the answer is no operation (it has no `status`)")
        }
        _ => None,
    }
}

/// A body without the mark that some services begin with.
pub(super) fn text(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_table() {
        use Shape::{Anything, Deleted, Listing, Object, Operation, Resource, Written};
        let all = [Anything, Object, Resource, Listing, Written, Deleted, Operation];
        // body; who takes it
        let table: [(&str, &[Shape]); 13] = [
            ("", &[Anything, Written, Deleted, Operation]),
            ("null", &[Anything, Written, Deleted, Operation]),
            ("<html>log in</html>", &[Anything]),
            (r#"{"id": "/x", "propert"#, &[Anything]),
            ("[]", &[Anything]),
            ("{}", &[Anything, Object, Written, Deleted, Operation]),
            (r#"{"ok": true}"#, &[Anything, Object]),
            (r#"{"id": "/x"}"#, &[Anything, Object, Resource, Written, Deleted, Operation]),
            (r#"{"ID": "/x"}"#, &[Anything, Object, Resource, Written, Deleted, Operation]),
            (r#"{"id": 1}"#, &[Anything, Object, Written, Deleted, Operation]),
            (r#"{"properties": {}}"#, &[Anything, Object, Written, Deleted, Operation]),
            (r#"{"status": "Succeeded"}"#, &[Anything, Object, Deleted, Operation]),
            (r#"{"value": []}"#, &[Anything, Object, Listing]),
        ];
        for (body, takes) in table {
            let found: Vec<Shape> = all.into_iter().filter(|shape| wrong(*shape, body.as_bytes()).is_none()).collect();
            assert_eq!(found, takes, "{body}");
        }
        assert_eq!(wrong(Object, b"\xef\xbb\xbf{}"), None);
    }
}
