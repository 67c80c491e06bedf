//! Documents at rest: text, which takes a fifth of the room of what it says.

use std::sync::Arc;

use super::{NoHash, Path, Unwritable, Value, decode, encode};

/// A document that is kept for each resource and looked at for few, or for one after the other.
#[derive(Debug, Clone)]
pub struct Packed(Form);

#[derive(Debug, Clone)]
enum Form {
    /// What [`encode`] gave, or [`decode`] took.
    Text(Arc<str>),
    /// What has no written form; whoever writes it is told.
    Plain(Value),
}

impl Packed {
    /// What was read out of a record.
    ///
    /// # Errors
    /// [`NoHash`].
    pub fn from_json(json: serde_json::Value) -> Result<Self, NoHash> {
        let text = json.to_string();
        decode(json)?;
        Ok(Self(Form::Text(text.into())))
    }

    /// The document.
    pub fn unpack(&self) -> Value {
        match &self.0 {
            Form::Text(text) => decode(parsed(text)).expect("BUG: what was read once cannot be read again"),
            Form::Plain(value) => value.clone(),
        }
    }

    /// The written form.
    ///
    /// # Errors
    /// As [`encode`].
    pub fn to_json(&self) -> Result<serde_json::Value, Unwritable> {
        match &self.0 {
            Form::Text(text) => Ok(parsed(text)),
            Form::Plain(value) => encode(value, &Path::root()),
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Form::Text(text) => matches!(&**text, "{}" | "null"),
            Form::Plain(value) => value.is_empty(),
        }
    }
}

fn parsed(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("BUG: what was written as JSON is not")
}

impl Default for Packed {
    /// A document without properties.
    fn default() -> Self {
        Self(Form::Plain(Value::map()))
    }
}

impl From<&Value> for Packed {
    fn from(value: &Value) -> Self {
        Self(match encode(value, &Path::root()) {
            Ok(json) => Form::Text(json.to_string().into()),
            Err(_) => Form::Plain(value.clone()),
        })
    }
}

impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Text(a), Form::Text(b)) if a == b => true,
            _ => self.unpack() == other.unpack(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::Secret;

    #[test]
    fn a_document_comes_out_as_it_went_in() {
        let body = json!({"a": [1, {"b": "x"}], "$$hmac": null, "s": {"$hmac": "ab12"}});
        let value = decode(body.clone()).unwrap();
        for packed in [Packed::from(&value), Packed::from_json(body.clone()).unwrap()] {
            assert_eq!(packed.unpack(), value);
            assert_eq!(packed.to_json(), Ok(body.clone()));
            assert!(!packed.is_empty());
        }
        let other = decode(json!({"s": {"$hmac": "ab12"}, "$$hmac": null, "a": [1, {"b": "x"}]})).unwrap();
        assert_eq!(Packed::from(&other), Packed::from(&value), "the order of keys is none of its meaning");
        assert_ne!(Packed::from(&other), Packed::default());
        assert_eq!(Packed::from_json(json!({"a": [{"$hmac": 1}]})), Err(NoHash));
    }

    #[test]
    fn what_has_no_written_form_is_kept_and_refused_where_it_is_written() {
        let secret = Value::Secret(Secret::new("hunter2".to_owned()));
        let value: Value = Value::Map([("a".to_owned(), secret)].into_iter().collect());
        let packed = Packed::from(&value);
        assert_eq!(packed.unpack(), value);
        assert!(packed.to_json().is_err());
    }

    #[test]
    fn an_empty_one_says_so() {
        assert!(Packed::default().is_empty());
        assert!(Packed::from(&Value::map()).is_empty());
        assert_eq!(Packed::default(), Packed::from(&Value::map()));
    }
}
