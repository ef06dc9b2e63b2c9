//! Networks of hosts, as virtual networks with one subnet each.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use state::Record;
use state::networks::Network;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::page::{Page, Paged};
use crate::scope::{InGroup, Names, Subscription};

const READ: &str = "Microsoft.Network/virtualNetworks/read";
/// The one subnet of each.
const SUBNET: &str = "default";

/// `GET …/virtualNetworks` of a subscription
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let found = app.control.networks(None, page.after(), Paged::ASKED);
    Ok(Json(page.answer(
        &app,
        found.await?,
        |n| n.id.clone(),
        shape,
    )))
}

/// `GET …/virtualNetworks` of a group
pub(crate) async fn list_in_group(
    State(app): State<App>,
    Path(scope): Path<InGroup>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let group = Some(scope.group.as_str());
    let found = app.control.networks(group, page.after(), Paged::ASKED);
    Ok(Json(page.answer(
        &app,
        found.await?,
        |n| n.id.clone(),
        shape,
    )))
}

/// `GET …/virtualNetworks/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = app.control.network_id(&names.group, &names.name);
    names.allow(&app, &caller, READ, &id).await?;
    let found = app.control.network(&names.group, &names.name).await?;
    Ok(Json(shape(&found)))
}

fn shape(network: &Record<Network>) -> Value {
    let addresses = network.body.addresses.as_slice();
    let mut subnet = json!({
        "id": format!("{}/subnets/{SUBNET}", network.id),
        "name": SUBNET,
        "properties": {"provisioningState": "Succeeded"},
    });
    if let Some(prefix) = addresses.first() {
        subnet["properties"]["addressPrefix"] = prefix.as_str().into();
    }
    json!({
        "id": network.id,
        "name": network.name,
        "type": "Microsoft.Network/virtualNetworks",
        "location": network.body.location,
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "addressSpace": {"addressPrefixes": addresses},
            "subnets": [subnet],
        },
    })
}
