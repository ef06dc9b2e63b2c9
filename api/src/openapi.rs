//! The OpenAPI document of the served surface.
//!
//! It is made from the same table as the router ([`crate::routes`]): a route comes with its
//! [`Operation`], so there is none that the document does not tell of.

mod operation;
mod routes;
pub(crate) mod schema;

use serde_json::{Map, Value, json};

pub(crate) use operation::{Operation, op};
pub(crate) use routes::Routes;

use crate::session::{ACCESS, HEADER, RENEWAL};

/// What holds for every request, for people.
const ABOUT: &str = "\
The API that `stillpoint server` serves: Azure Resource Manager's, as far as Recovery Services vaults \
need it, and `Stillpoint.Fabric` for what Azure has no word for. In paths, all but names matches in \
any case; so do names of properties and values of enumerations in requests. Unknown properties and \
`null` are ignored. Any `api-version` is taken, and one must be given. Who asks is known by a bearer \
token, or in a browser by a session's cookie.";

/// The OpenAPI 3.1 document of what [`crate::service`] serves.
#[must_use]
pub fn openapi() -> Value {
    document(&crate::routes::all())
}

/// [`openapi`] as `docs/openapi.json` has it.
#[must_use]
pub fn openapi_text() -> String {
    format!("{:#}\n", openapi())
}

fn document(routes: &Routes) -> Value {
    let mut paths = Map::new();
    for route in routes.all() {
        let at = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        at[route.method.as_str().to_ascii_lowercase()] = route.operation.describe(&route.path);
    }
    let models: Map<String, Value> = routes.models().clone().into_iter().collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stillpoint",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": [], "csrf": []}],
        "paths": paths,
        "components": {
            "schemas": models,
            "parameters": parameters(),
            "headers": headers(),
            "responses": responses(),
            "securitySchemes": security_schemes(),
        },
    })
}

fn parameters() -> Value {
    let query = |name: &str, required: bool, what: &str| {
        json!({
            "name": name,
            "in": "query",
            "required": required,
            "description": what,
            "schema": {"type": "string", "minLength": i32::from(required)},
        })
    };
    json!({
        "ApiVersion": query("api-version", true, "Any version, such as `2026-08-01`."),
        "SkipToken": query(
            "$skipToken",
            false,
            "Where the page begins: only what a `nextLink` holds.",
        ),
    })
}

fn headers() -> Value {
    let text = |what: &str| json!({"description": what, "schema": {"type": "string"}});
    json!({
        "RequestId": text("Names the request, for support."),
        "AsyncOperation": text("Where to ask how the work goes on."),
        "Location": text("Where to ask whether the work has ended."),
        "RetryAfter": text("Seconds to wait before asking."),
        "SetCookie": text("The session's cookies, or their end."),
        "Challenge": text("A claims challenge, upon which clients fetch a new token."),
    })
}

fn security_schemes() -> Value {
    let key = |place: &str, name: &str, what: &str| json!({"type": "apiKey", "in": place, "name": name, "description": what});
    let csrf = "Any value. Asked for beside a cookie, but for GET and HEAD: another site's page can't send it.";
    json!({
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "session": key("cookie", ACCESS.name(), "Set by `Session_Create`; where there is no bearer token."),
        "renewal": key("cookie", RENEWAL.name(), "Set by `Session_Create`, and sent below its path only."),
        "csrf": key("header", HEADER, csrf),
    })
}

fn responses() -> Value {
    let error = |what: &str| {
        json!({
            "description": what,
            "headers": {"x-ms-request-id": {"$ref": "#/components/headers/RequestId"}},
            "content": {"application/json": {"schema": schema::model("Error")}},
        })
    };
    let mut token = error("The token is missing, over, or not good.");
    token["headers"]["WWW-Authenticate"] = json!({"$ref": "#/components/headers/Challenge"});
    json!({"Error": error("Refused, or failed: what, and what to do."), "Unauthorized": token})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(all) => {
                if let Some(at) = all.get("$ref").and_then(Value::as_str) {
                    found.insert(at.to_owned());
                }
                all.values().for_each(|v| references(v, found));
            }
            Value::Array(all) => all.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_model_is_used() {
        let document = openapi();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for at in &found {
            let pointer = at.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{at}");
        }
        let models = document["components"]["schemas"].as_object().unwrap();
        for name in models.keys() {
            let at = format!("#/components/schemas/{name}");
            assert!(found.contains(&at), "nothing refers to {name}");
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_words() {
        let mut names = BTreeSet::new();
        for route in crate::routes::all().all() {
            let place = format!("{} {}", route.method, route.path);
            let shown = route.operation.describe(&route.path);
            let name = shown["operationId"].as_str().unwrap().to_owned();
            assert!(shown["summary"].as_str().unwrap().len() > 5, "{place}");
            assert!(names.insert(name), "{place}: its operationId is taken");
        }
        assert!(names.len() > 50);
    }
}
