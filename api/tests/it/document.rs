//! Every answer that a test gets is what the OpenAPI document says it may be.

mod schema;

use std::sync::OnceLock;

use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

static DOCUMENT: OnceLock<Value> = OnceLock::new();

fn document() -> &'static Value {
    DOCUMENT.get_or_init(api::openapi)
}

/// Fails if the document does not say that a request may be answered so.
pub fn check(method: &Method, path: &str, status: StatusCode, headers: &HeaderMap, body: &Value) {
    let Some((template, operations)) = find(path) else {
        assert!(
            status.is_client_error(),
            "{method} {path}: {status} by no route"
        );
        return;
    };
    let verb = method.as_str().to_ascii_lowercase();
    let Some(operation) = operations.get(&verb) else {
        assert!(
            status.is_client_error(),
            "{method} {template}: {status} by no route"
        );
        return;
    };
    let answers = &operation["responses"];
    let known = &answers[status.as_str()];
    let (key, answer) = match known {
        Value::Null => {
            assert!(
                !status.is_success(),
                "{method} {template}: {status} is not described"
            );
            ("default", &answers["default"])
        }
        known => (status.as_str(), known),
    };
    let answer = resolve(answer);
    let place = format!("{method} {template} {key}");
    for name in answer["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|h| h.0)
    {
        let optional = status.is_client_error();
        assert!(optional || headers.contains_key(name), "{place}: no {name}");
    }
    // An answer to HEAD has no body.
    if method == Method::HEAD {
        return;
    }
    match answer["content"]["application/json"].get("schema") {
        None => assert!(
            body.is_null(),
            "{place}: a body that is not described: {body}"
        ),
        Some(schema) => valid(&place, schema, body),
    }
}

/// Fails if a value is none of a model.
pub fn check_model(name: &str, value: &Value) {
    let schema = serde_json::json!({"$ref": format!("#/components/schemas/{name}")});
    valid(name, &schema, value);
}

fn valid(place: &str, schema: &Value, body: &Value) {
    let mut wrong = Vec::new();
    schema::check(document(), schema, body, "", &mut wrong);
    assert!(wrong.is_empty(), "{place}: {}\n{body}", wrong.join("\n"));
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(at) => document().pointer(at.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// The template that a path is of: the one with the most words that are the path's own.
fn find(path: &str) -> Option<(&'static str, &'static Value)> {
    let path = api::path::fold(path.split('?').next()?)?.to_ascii_lowercase();
    let asked: Vec<&str> = path.split('/').collect();
    let all = document()["paths"].as_object().unwrap().iter();
    let fits = all.filter_map(|(template, operations)| {
        let parts: Vec<String> = template.split('/').map(str::to_ascii_lowercase).collect();
        let name = |part: &str| part.starts_with('{');
        let fit = parts.len() == asked.len()
            && parts
                .iter()
                .zip(&asked)
                .all(|(part, is)| name(part) || part == is);
        let own = parts.iter().filter(|p| !name(p)).count();
        fit.then_some((own, template.as_str(), operations))
    });
    let best = fits.max_by_key(|f| f.0)?;
    Some((best.1, best.2))
}

/// Where the document is kept.
fn kept() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json")
}

#[test]
fn the_document_that_is_kept_is_the_one_of_the_routes() {
    let there: Value = serde_json::from_str(&std::fs::read_to_string(kept()).unwrap()).unwrap();
    let made = api::openapi();
    let mut other = Vec::new();
    for (from, than) in [(&made, &there), (&there, &made)] {
        for part in ["/paths", "/components/schemas"] {
            for (name, value) in from.pointer(part).unwrap().as_object().unwrap() {
                if than.pointer(part).unwrap().get(name) != Some(value) {
                    other.push(name.as_str());
                }
            }
        }
    }
    other.sort_unstable();
    other.dedup();
    assert!(
        other.is_empty() && made == there,
        "docs/openapi.json is not what the routes are: {}\n\
         `cargo run -q -p stillpoint -- openapi > docs/openapi.json` writes it anew",
        other.join(", ")
    );
}
