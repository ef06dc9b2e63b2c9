//! Collections of snapshots, as collections of restore points (SRG-10 to 12).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::Result;
use control::Control;
use serde_json::{Value, json};
use state::Record;
use state::collections::Collection;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::found::Found;
use crate::scope::Names;

impl Found for Collection {
    const TYPE: &'static str = "Microsoft.Compute/restorePointCollections";

    fn id(control: &Control, group: &str, name: &str) -> String {
        control.collection_id(group, name)
    }

    async fn page(
        control: &Control,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Self>>> {
        control.collections(group, after, limit).await
    }

    async fn one(control: &Control, group: &str, name: &str) -> Result<Record<Self>> {
        control.collection(group, name).await
    }

    fn shape(found: &Record<Self>) -> Value {
        let state = match found.body.deleting {
            Some(_) => "Deleting",
            None => "Succeeded",
        };
        json!({
            "id": found.id,
            "name": found.name,
            "type": Self::TYPE,
            "location": found.body.location,
            "tags": {},
            "properties": {
                "source": {"id": found.body.source, "location": found.body.location},
                "provisioningState": state,
                "restorePointCollectionId": found.created.as_microsecond().to_string(),
            },
        })
    }
}

/// `GET …/restorePointCollections/{name}/restorePoints`: the snapshots in it, newest first.
pub(crate) async fn points(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = app.control.collection_id(&names.group, &names.name);
    let action = format!("{}/restorePoints/read", Collection::TYPE);
    names.allow(&app, &caller, &action, &id).await?;
    let collection = app.control.collection(&names.group, &names.name).await?;
    let found = app.control.points_of_collection(&collection).await?;
    let shape = |point: &state::recovery_points::RecoveryPoint| {
        json!({
            "id": format!("{}/restorePoints/{}", collection.id, point.number),
            "name": point.number.to_string(),
            "type": format!("{}/restorePoints", Collection::TYPE),
            "properties": {
                "timeCreated": point.taken_at.to_string(),
                "consistencyMode": match point.body.consistency {
                    state::recovery_points::Consistency::AppConsistent => {
                        "ApplicationConsistent"
                    }
                    state::recovery_points::Consistency::FileSystemConsistent => {
                        "FileSystemConsistent"
                    }
                    state::recovery_points::Consistency::CrashConsistent => "CrashConsistent",
                },
                "provisioningState": "Succeeded",
            },
        })
    };
    let all: Vec<Value> = found.iter().map(shape).collect();
    Ok(Json(json!({"value": all})))
}

/// `DELETE …/restorePointCollections/{name}`: takes the snapshots, and nothing of the vault.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    let id = app.control.collection_id(&names.group, &names.name);
    let action = format!("{}/delete", Collection::TYPE);
    names.allow(&app, &caller, &action, &id).await?;
    let control = &app.control;
    Ok(
        match control.delete_collection(&names.group, &names.name).await? {
            true => StatusCode::ACCEPTED,
            false => StatusCode::NO_CONTENT,
        },
    )
}
