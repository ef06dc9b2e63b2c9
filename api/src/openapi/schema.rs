//! Schemas of bodies, in JSON Schema 2020-12, and in few words.
#![allow(
    clippy::needless_pass_by_value,
    reason = "schemas are put together where they are written"
)]

use serde_json::{Map, Value, json};

/// Any text.
pub(crate) fn text() -> Value {
    json!({"type": "string"})
}

/// A text with words for people about it.
pub(crate) fn text_about(what: &str) -> Value {
    about(text(), what)
}

/// One of these texts.
pub(crate) fn one_of<'a>(all: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": all.into_iter().collect::<Vec<_>>()})
}

/// One of the names of a table of choices.
pub(crate) fn choices<T>(all: &[(&'static str, T)]) -> Value {
    one_of(all.iter().map(|c| c.0))
}

/// This text and no other.
pub(crate) fn only(text: &str) -> Value {
    json!({"type": "string", "const": text})
}

/// A time, ISO 8601 in UTC (G13).
pub(crate) fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// ISO 8601, such as `PT1M52.29S` (G13); the format `duration` has no parts of seconds.
pub(crate) fn duration() -> Value {
    json!({"type": "string", "pattern": "^PT([0-9]+H)?([0-9]+M)?[0-9]+\\.[0-9]{2}S$"})
}

pub(crate) fn guid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

/// A whole number, from 0 on.
pub(crate) fn whole() -> Value {
    json!({"type": "integer", "minimum": 0})
}

/// A whole number of a request, which may come as text (G7).
pub(crate) fn whole_or_text() -> Value {
    json!({"type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+$"})
}

pub(crate) fn number() -> Value {
    json!({"type": "number"})
}

pub(crate) fn flag() -> Value {
    json!({"type": "boolean"})
}

pub(crate) fn list(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

/// Properties that somebody else named, each of this kind.
pub(crate) fn map(of: Value) -> Value {
    json!({"type": "object", "additionalProperties": of})
}

/// An object of which nothing is said.
pub(crate) fn any_object() -> Value {
    json!({"type": "object", "additionalProperties": true})
}

/// The model of this name.
pub(crate) fn model(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// This, or `null`.
pub(crate) fn maybe(schema: Value) -> Value {
    match schema["type"].as_str() {
        Some(kind) if schema["enum"].is_null() && schema["const"].is_null() => {
            let kind = json!([kind, "null"]);
            with(schema, "type", kind)
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// Only in answers.
pub(crate) fn read_only(schema: Value) -> Value {
    with(schema, "readOnly", true.into())
}

/// With words for people.
pub(crate) fn about(schema: Value, what: &str) -> Value {
    with(schema, "description", what.into())
}

fn with(mut schema: Value, name: &str, value: Value) -> Value {
    schema[name] = value;
    schema
}

/// An object of an answer. It has all of these properties, but for those whose name begins with
/// `?`, and no other.
pub(crate) fn object<const N: usize>(properties: [(&str, Value); N]) -> Value {
    let needed: Vec<&str> = properties
        .iter()
        .map(|p| p.0)
        .filter(|name| !name.starts_with('?'))
        .collect();
    let needed = json!(needed);
    let all: Map<String, Value> = properties
        .into_iter()
        .map(|(name, schema)| (name.trim_start_matches('?').to_owned(), schema))
        .collect();
    json!({"type": "object", "properties": all, "required": needed})
}

/// An object of a request. Of these properties, only those whose name begins with `!` are needed;
/// others are ignored.
pub(crate) fn input<const N: usize>(properties: [(&str, Value); N]) -> Value {
    let needed: Vec<String> = properties
        .iter()
        .filter_map(|p| p.0.strip_prefix('!').map(str::to_owned))
        .collect();
    let all: Map<String, Value> = properties
        .into_iter()
        .map(|(name, schema)| (name.trim_start_matches('!').to_owned(), schema))
        .collect();
    let mut schema = json!({"type": "object", "properties": all});
    if !needed.is_empty() {
        schema["required"] = json!(needed);
    }
    schema
}

/// The same, and these properties of another object.
pub(crate) fn and(mut first: Value, second: Value) -> Value {
    crate::body::merge(&mut first["properties"], &second["properties"]);
    let needed = |of: &Value| of["required"].as_array().cloned().unwrap_or_default();
    let all = [needed(&first), needed(&second)].concat();
    if !all.is_empty() {
        first["required"] = all.into();
    }
    first
}

/// A resource of this type: its id, its name, and these properties.
pub(crate) fn resource(kind: &str, properties: Value) -> Value {
    object([
        ("id", read_only(text())),
        ("name", read_only(text())),
        ("type", read_only(only(kind))),
        ("properties", properties),
    ])
}

/// A resource that is somewhere and has tags.
pub(crate) fn tracked(kind: &str, properties: Value) -> Value {
    let more = object([("location", text()), ("tags", map(text()))]);
    and(resource(kind, properties), more)
}

/// What is done.
pub(crate) fn succeeded() -> Value {
    read_only(only("Succeeded"))
}

/// The properties of a `{"value": …, "localizedValue": …}`.
pub(crate) fn localized() -> Value {
    object([("value", text()), ("localizedValue", text())])
}
