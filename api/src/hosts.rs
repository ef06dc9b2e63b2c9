//! Hosts with a hypervisor, at `Stillpoint.Fabric/hosts`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use control::HostInput;
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::hosts::Host;
use uuid::Uuid;

use crate::app::App;
use crate::body::{self, Body, Flexible};
use crate::caller::Caller;
use crate::error::{Answer, deleted, put_answer};
use crate::page::{Page, Paged};
use crate::scope::Subscription;

const READ: &str = "Stillpoint.Fabric/hosts/read";
const DELETE: &str = "Stillpoint.Fabric/hosts/delete";
const WRITE: &str = "Stillpoint.Fabric/hosts/write";

/// Names in a host's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    host: String,
}

/// What a PUT may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    location: Option<String>,
    properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    connection: Option<String>,
    group: Option<String>,
    snapshotstore: Option<String>,
    scratchlimit: Option<Flexible<u64>>,
    machinegroups: Option<BTreeMap<Uuid, String>>,
}

/// `GET …/hosts`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let found = app.control.hosts(page.after(), Paged::ASKED).await?;
    Ok(Json(page.answer(&app, found, |h| h.name.clone(), shape)))
}

/// `GET …/hosts/{host}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = names.allow(&app, &caller, READ).await?;
    Ok(Json(shape(&app.control.host(&id).await?)))
}

/// `PUT …/hosts/{host}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, WRITE).await?;
    let body: Asked = body::read(&bytes)?;
    let asked = body.properties;
    let input = HostInput {
        location: body.location,
        connection: asked.connection,
        group: asked.group.map(|g| last_segment(&g).to_owned()),
        snapshot_store: asked.snapshotstore,
        scratch_limit: asked.scratchlimit.map(|limit| limit.0),
        scratch_keep_free: None,
        machine_groups: asked.machinegroups.map(|all| {
            let name =
                |(machine, group): (Uuid, String)| (machine, last_segment(&group).to_owned());
            all.into_iter().map(name).collect()
        }),
    };
    let (host, made) = app.control.put_host(&names.host, input).await?;
    Ok(put_answer(made, shape(&host)))
}

/// `DELETE …/hosts/{host}`: 204 if there is none.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, DELETE).await?;
    Ok(deleted(app.control.delete_host(&names.host).await?))
}

impl Names {
    /// The host's name.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Lets the request go on if the caller may do this to the host's snapshot store; the host's
    /// id.
    pub(crate) async fn allow_store(
        &self,
        app: &App,
        caller: &Caller,
        verb: &str,
    ) -> Answer<String> {
        app.control.check_subscription(&self.subscription)?;
        let id = app.control.snapshot_store_id(&self.host);
        let action = format!("Stillpoint.Fabric/hosts/snapshotStores/{verb}");
        caller.may(app, &action, &id).await?;
        Ok(app.control.host_id(&self.host))
    }

    async fn allow(&self, app: &App, caller: &Caller, action: &str) -> Answer<String> {
        app.control.check_subscription(&self.subscription)?;
        let id = app.control.host_id(&self.host);
        caller.may(app, action, &id).await?;
        Ok(id)
    }
}

/// A group's name, of its name or its id.
fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn shape(host: &Record<Host>) -> Value {
    let kept = &host.body;
    let groups = kept.machine_groups.iter();
    let groups: BTreeMap<String, &str> = groups
        .map(|(machine, group)| (machine.to_string(), last_segment(group)))
        .collect();
    json!({
        "id": host.id,
        "name": host.name,
        "type": "Stillpoint.Fabric/hosts",
        "location": kept.location,
        "properties": {
            "provisioningState": "Succeeded",
            "connection": kept.connection,
            "group": last_segment(&kept.group),
            "machineGroups": groups,
            "snapshotStore": kept.snapshot_store,
            "scratchLimit": kept.scratch_limit,
            "seen": kept.seen,
        },
    })
}
