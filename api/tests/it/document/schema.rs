//! Values against schemas: those words of JSON Schema that the document uses, and no others. An
//! object has no other properties than its schema tells of.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// Adds what is wrong with `value`, which is found at `place`.
pub fn check(
    document: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    wrong: &mut Vec<String>,
) {
    if let Some(at) = schema["$ref"].as_str() {
        let model = document.pointer(at.trim_start_matches('#')).unwrap();
        return check(document, model, value, place, wrong);
    }
    let mut no = |what: String| wrong.push(format!("{place}: {what}: {value}"));
    for (word, meant) in schema.as_object().unwrap() {
        match word.as_str() {
            "type" => {
                let kinds = meant
                    .as_array()
                    .cloned()
                    .unwrap_or_else(|| vec![meant.clone()]);
                if !kinds.iter().any(|kind| is(kind.as_str().unwrap(), value)) {
                    no(format!("not {meant}"));
                }
            }
            "enum" if !meant.as_array().unwrap().contains(value) => no(format!("not of {meant}")),
            "const" if meant != value => no(format!("not {meant}")),
            "format" => {
                if let Some(text) = value.as_str().filter(|text| !formatted(meant, text)) {
                    no(format!("`{text}` is no {meant}"));
                }
            }
            "minimum" if value.as_f64() < meant.as_f64() && value.is_number() => {
                no(format!("less than {meant}"));
            }
            "minLength" if value.as_str() == Some("") => no("empty".to_owned()),
            "required" => {
                let names = meant
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|n| n.as_str().unwrap());
                let lacks: Vec<&str> = names.filter(|n| value.get(n).is_none()).collect();
                if value.is_object() && !lacks.is_empty() {
                    no(format!("lacks {lacks:?}"));
                }
            }
            "anyOf" => {
                let fits = |one: &Value| {
                    let mut wrong = Vec::new();
                    check(document, one, value, place, &mut wrong);
                    wrong.is_empty()
                };
                if !meant.as_array().unwrap().iter().any(fits) {
                    no("none of those that it may be".to_owned());
                }
            }
            "enum"
            | "const"
            | "minimum"
            | "minLength"
            | "pattern"
            | "description"
            | "readOnly"
            | "items"
            | "properties"
            | "additionalProperties" => {}
            other => panic!("{place}: nobody checks `{other}`"),
        }
    }
    for (n, one) in value.as_array().into_iter().flatten().enumerate() {
        check(
            document,
            &schema["items"],
            one,
            &format!("{place}[{n}]"),
            wrong,
        );
    }
    for (name, one) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        let more = &schema["additionalProperties"];
        match (&schema["properties"][name], more) {
            (Value::Null, Value::Object(_)) => check(document, more, one, &place, wrong),
            (Value::Null, Value::Bool(true)) => {}
            (Value::Null, _) => wrong.push(format!("{place} is not described: {one}")),
            (known, _) => check(document, known, one, &place, wrong),
        }
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("there is no type `{other}`"),
    }
}

fn formatted(format: &Value, text: &str) -> bool {
    match format.as_str().unwrap() {
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "uuid" => text.parse::<Uuid>().is_ok(),
        other => panic!("there is no format `{other}`"),
    }
}

#[test]
fn what_is_not_as_the_schema_says_is_found() {
    let schema = serde_json::json!({
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 0}, "b": {"type": ["string", "null"]}},
        "required": ["a"],
    });
    let wrong = |text: &str| {
        let mut wrong = Vec::new();
        let value = serde_json::from_str(text).unwrap();
        check(&Value::Null, &schema, &value, "", &mut wrong);
        wrong.len()
    };
    assert_eq!(wrong(r#"{"a": 1, "b": null}"#), 0);
    for text in [
        "[]",
        "{}",
        r#"{"a": -1}"#,
        r#"{"a": "1"}"#,
        r#"{"a": 1, "c": 1}"#,
    ] {
        assert_eq!(wrong(text), 1, "{text}");
    }
}
