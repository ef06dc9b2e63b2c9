//! Rules for the names and tags of resource groups (`Stillpoint.Fabric/admissionRules`; SRG-5).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::admission_rules::AdmissionRule;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, deleted, put_answer};
use crate::scope::{InSubscription, Subscription};

const TYPE: &str = "Stillpoint.Fabric/admissionRules";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    namepattern: Option<String>,
    requiredtags: Vec<String>,
    exemptservicegroups: Option<bool>,
}

/// `GET …/admissionRules`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, &format!("{TYPE}/read")).await?;
    let found = app.control.admission_rules().await?;
    let all: Vec<Value> = found.iter().map(shape).collect();
    Ok(Json(json!({"value": all})))
}

/// `GET …/admissionRules/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, TYPE, "read").await?;
    Ok(Json(shape(&app.control.admission_rule(&names.name).await?)))
}

/// `PUT …/admissionRules/{name}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, TYPE, "write").await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let rule = AdmissionRule {
        name_pattern: asked.namepattern.filter(|pattern| !pattern.is_empty()),
        required_tags: asked.requiredtags,
        exempt_service_groups: asked.exemptservicegroups.unwrap_or(true),
    };
    let (rule, made) = app.control.put_admission_rule(&names.name, rule).await?;
    Ok(put_answer(made, shape(&rule)))
}

/// `DELETE …/admissionRules/{name}`
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, TYPE, "delete").await?;
    let was = app.control.delete_admission_rule(&names.name).await?;
    Ok(deleted(was))
}

fn shape(rule: &Record<AdmissionRule>) -> Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "type": TYPE,
        "properties": {
            "namePattern": rule.body.name_pattern,
            "requiredTags": rule.body.required_tags,
            "exemptServiceGroups": rule.body.exempt_service_groups,
        },
    })
}
