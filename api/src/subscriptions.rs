//! The tenant, its subscriptions and their locations.

use axum::Json;
use axum::extract::{Path, State};
use control::Subscription;
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;

/// `GET /tenants`: `az login` of a user asks for them.
pub(crate) async fn tenants(State(app): State<App>, _: Caller) -> Json<Value> {
    let tenant = app.control.tenant();
    Json(json!({"value": [{
        "id": format!("/tenants/{tenant}"),
        "tenantId": tenant,
        "displayName": "Stillpoint",
        "tenantCategory": "Home",
    }]}))
}

/// `GET /subscriptions`
pub(crate) async fn list(State(app): State<App>, _: Caller) -> Json<Value> {
    Json(json!({"value": [shape(&app, app.control.subscription())]}))
}

/// `GET /subscriptions/{subscription}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    _: Caller,
) -> Answer<Json<Value>> {
    Ok(Json(shape(&app, app.control.check_subscription(&id)?)))
}

/// `GET /subscriptions/{subscription}/locations`
pub(crate) async fn locations(
    State(app): State<App>,
    Path(id): Path<String>,
    _: Caller,
) -> Answer<Json<Value>> {
    let subscription = app.control.check_subscription(&id)?.id;
    let shape = |l: &control::Location| {
        json!({
            "id": format!("/subscriptions/{subscription}/locations/{}", l.name),
            "subscriptionId": subscription,
            "name": l.name,
            "displayName": l.display_name,
            "regionalDisplayName": l.display_name,
            "type": "Region",
            "metadata": {
                "regionType": "Physical",
                "regionCategory": "Recommended",
                "pairedRegion": l.paired.iter().map(|name| json!({
                    "id": format!("/subscriptions/{subscription}/locations/{name}"),
                    "name": name,
                    "subscriptionId": subscription,
                })).collect::<Vec<_>>(),
            },
        })
    };
    let all: Vec<Value> = app.control.locations().await?.iter().map(shape).collect();
    Ok(Json(json!({"value": all})))
}

fn shape(app: &App, subscription: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "subscriptionId": subscription.id,
        "tenantId": app.control.tenant(),
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {"spendingLimit": "Off"},
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    })
}
