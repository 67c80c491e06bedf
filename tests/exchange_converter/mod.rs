//! From a recorded exchange to an environment file and to what Azure answered: any exchange of that form, by the schema alone.
//! Knows no file and no name.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use landfall::document::{Map, Value};
use landfall::names::ArmId;
use landfall::schema::{Child, Property, ResourceType, Schema, Shape, ShapeId};
use serde_json::{Map as Object, Value as Json, json};

/// A PUT, and what Azure reported once it had succeeded.
pub struct Exchange {
    /// Of what.
    pub id: ArmId,
    /// Its type.
    pub resource: &'static ResourceType,
    /// The request's body.
    pub put: Json,
    /// The answer.
    pub get: Json,
}

/// An environment file, as JSON (which is YAML), and the variables that its secrets stand in.
pub struct File {
    /// The text.
    pub text: String,
    /// The variables.
    pub variables: BTreeMap<String, String>,
}

/// The exchange in a recording; `None` for a PATCH, and for a type that no environment file has.
pub fn exchange(recording: &Json) -> Option<Exchange> {
    if recording["method"].as_str().is_some_and(|method| !method.eq_ignore_ascii_case("PUT")) {
        return None;
    }
    let id = ArmId::parse(recording["resource"].as_str()?).expect("a recording names its resource by id");
    let arm_type = id.resource_type().expect("a recording is of a resource");
    let resource = Schema::get().resource(&arm_type).filter(|resource| resource.writable)?;
    Some(Exchange { id, resource, put: recording["put"].clone(), get: recording["get"].clone() })
}

/// The environment that asks for what the request asked for.
pub fn file(exchange: &Exchange) -> File {
    let mut writer = Writer::default();
    let body = Value::from_json(exchange.put.clone());
    let folded = exchange.resource.from_arm(&body);
    let mut said = writer.object(exchange.resource, exchange.resource.body(), &folded, false);
    for (collection, member) in inline_children(exchange.resource) {
        let list = member.inline.as_deref().expect("it is inline");
        let items = folded.property(list).and_then(Value::as_list).unwrap_or_default();
        let mut children = Object::new();
        for item in items {
            let name = item.property("name").and_then(Value::as_str).expect("an inline child has a name");
            children.insert(name.to_owned(), Json::Object(writer.object(member, member.body(), item, false)));
        }
        if !children.is_empty() {
            said.insert(collection, Json::Object(children));
        }
    }
    let mut root = Object::new();
    let nobody = "00000000-0000-0000-0000-000000000000";
    root.insert("subscription".to_owned(), json!(exchange.id.subscription().unwrap_or(nobody)));
    let group = exchange.id.resource_group().unwrap_or("rg-of-nothing");
    root.insert("resourceGroup".to_owned(), json!({"name": group, "existing": true}));
    root.insert("allowUnknownValues".to_owned(), json!(true));
    place(exchange, said, &mut root);
    let text = serde_json::to_string_pretty(&Json::Object(root)).expect("JSON is writable");
    File { text, variables: writer.variables }
}

/// Puts what was said where an environment file has it: the group, a role assignment, or below existing parents.
fn place(exchange: &Exchange, mut said: Object<String, Json>, root: &mut Object<String, Json>) {
    if exchange.resource.name == "Microsoft.Resources/resourceGroups" {
        said.insert("name".to_owned(), json!(exchange.id.name()));
        root.insert("resourceGroup".to_owned(), Json::Object(said));
        return;
    }
    if exchange.resource.name == "Microsoft.Authorization/roleAssignments" {
        let scope = exchange.id.parent().expect("an assignment has a scope");
        let role = said.remove("roleDefinitionId").expect("an assignment names a role");
        said.insert("scope".to_owned(), json!(scope.as_str()));
        said.insert("role".to_owned(), role);
        root.insert("roleAssignments".to_owned(), json!({"recorded": said}));
        return;
    }
    let collections = collections_to(Schema::get().collections(), exchange.resource)
        .unwrap_or_else(|| panic!("an environment file has {}", exchange.resource.name));
    let mut at = Json::Object(said);
    let mut id = Some(exchange.id.clone());
    for (depth, collection) in collections.iter().rev().enumerate() {
        let here = id.expect("an id has as many levels as its type");
        if depth > 0 {
            at["existing"] = json!(true);
        }
        let key = here.name().replace('.', "-");
        if key != here.name() {
            // Azure makes up names with dots, which no key has.
            at["name"] = json!(here.name());
        }
        at = json!({collection: {key: at}});
        id = here.parent();
    }
    root.extend(at.as_object().cloned().unwrap_or_default());
}

/// The collections to go through from the top of a file to the members of a type.
fn collections_to(level: &IndexMap<String, Child>, resource: &ResourceType) -> Option<Vec<String>> {
    level.iter().find_map(|(name, child)| {
        if child.arm_type == resource.name {
            return Some(vec![name.clone()]);
        }
        let below = collections_to(&child.children, resource)?;
        Some(std::iter::once(name.clone()).chain(below).collect())
    })
}

fn inline_children(resource: &ResourceType) -> Vec<(String, &'static ResourceType)> {
    let children = Schema::get().children_of(&resource.name).into_iter().flatten();
    children
        .filter_map(|(collection, child)| Some((collection.clone(), Schema::get().resource(&child.arm_type)?)))
        .filter(|(_, member)| member.inline.is_some())
        .collect()
}

#[derive(Default)]
struct Writer {
    variables: BTreeMap<String, String>,
}

impl Writer {
    /// What a person may say of an object: what the schema has, and what is not Azure's own.
    fn object(&mut self, of: &ResourceType, shape: ShapeId, value: &Value, secret: bool) -> Object<String, Json> {
        let Shape::Object { properties, additional } = Schema::get().shape(shape) else { return Object::new() };
        let mut out = Object::new();
        for (key, inner) in value.as_map().into_iter().flatten() {
            let known = properties.get_key_value(key).or_else(|| {
                // ARM does not tell the capitals of a property's name apart.
                properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))
            });
            match (known, additional) {
                (Some((name, property)), _) => {
                    if property.writable() && !property.identifier {
                        let said = self.value(of, property.shape, inner, secret || property.write_only);
                        out.extend(said.map(|said| (name.clone(), said)));
                    }
                }
                (None, Some(shape)) => {
                    let said = self.value(of, *shape, inner, secret);
                    out.extend(said.map(|said| (plain(key), said)));
                }
                (None, None) => {}
            }
        }
        out
    }

    fn value(&mut self, of: &ResourceType, shape: ShapeId, value: &Value, secret: bool) -> Option<Json> {
        let kind = Schema::get().shape(shape);
        let secret = secret || matches!(kind, Shape::Text { secret: true, .. });
        Some(match (kind, value) {
            (_, Value::Null) => Json::Null,
            (Shape::Object { properties, .. }, Value::Map(map)) => {
                let out = self.object(of, shape, value, secret);
                // What only other API versions have says nothing to ours, and neither does what holds nothing else.
                if out.is_empty() && !map.is_empty() || lacks(properties, &out) {
                    return None;
                }
                Json::Object(out)
            }
            (Shape::List { of: element, .. }, Value::List(items)) => {
                Json::Array(items.iter().filter_map(|item| self.value(of, *element, item, secret)).collect())
            }
            (_, Value::Map(map)) => {
                let free = |(k, v): (&String, &Value)| Some((plain(k), self.value(of, shape, v, secret)?));
                Json::Object(map.iter().filter_map(free).collect())
            }
            (_, Value::List(items)) => {
                Json::Array(items.iter().filter_map(|item| self.value(of, shape, item, secret)).collect())
            }
            (_, Value::String(text)) if secret && !text.is_empty() => {
                let name = format!("SECRET_{}", self.variables.len() + 1);
                self.variables.insert(name.clone(), text.clone());
                json!(format!("${{env:{name}}}"))
            }
            (Shape::Bool, Value::String(text)) if text.parse::<bool>().is_ok() => json!(text.parse::<bool>().ok()),
            (Shape::Integer { .. }, Value::String(text)) if text.parse::<i64>().is_ok() => {
                json!(text.parse::<i64>().ok())
            }
            (Shape::Integer { .. }, Value::Number(n)) => json!(n.as_f64().map(|n| n as i64)),
            (_, Value::String(text)) => json!(plain(text)),
            (_, scalar) => scalar.to_display_json(),
        })
    }
}

/// Whether a required property is missing because our API versions call it otherwise.
fn lacks(properties: &IndexMap<String, Property>, said: &Object<String, Json>) -> bool {
    properties.iter().any(|(name, p)| p.required && p.writable() && !p.identifier && !said.contains_key(name))
}

/// Text that means itself.
fn plain(text: &str) -> String {
    text.replace("${", "$${")
}

/// The document Azure answers for one id, given the exchange: the resource itself, a parent that holds it, or something that
/// is merely there.
pub fn answered(exchange: &Exchange, id: &ArmId, kind: &ResourceType) -> Json {
    if *id == exchange.id {
        return exchange.get.clone();
    }
    let inline = exchange.resource.inline.as_deref().filter(|_| exchange.id.parent().as_ref() == Some(id));
    let Some(list) = inline else { return json!({"id": id.as_str(), "name": id.name(), "type": kind.name}) };
    let document = exchange.resource.from_arm(&Value::from_json(exchange.get.clone()));
    let mut child = Map::new();
    child.insert("name".to_owned(), Value::text(exchange.id.name()));
    child.extend(document.as_map().cloned().unwrap_or_default());
    json!({"id": id.as_str(), "properties": {list: [Value::Map(child).to_display_json()]}})
}
