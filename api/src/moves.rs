//! Moving resources to another group: vaults can be, and nothing else (VAULT-16).

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{Code, Error};
use control::actions::VAULT_WRITE;
use serde::Deserialize;
use state::fold;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::Answer;
use crate::scope::InGroup;

const MOVE: &str = "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action";

#[derive(Debug, Deserialize)]
struct Asked {
    resources: Vec<String>,
    targetresourcegroup: String,
}

/// `POST …/resourceGroups/{group}/moveResources`: it is done when it is answered.
pub(crate) async fn move_resources(
    State(app): State<App>,
    Path(names): Path<InGroup>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<StatusCode> {
    app.control.check_subscription(&names.subscription)?;
    let from = app.control.group_id(&names.group);
    caller.may(&app, MOVE, &from).await?;
    let asked: Asked = body::read(&bytes)?;
    let (target, group) = named(&asked.targetresourcegroup);
    let to = app.control.group_id(group);
    caller.may(&app, VAULT_WRITE, &to).await?;
    if fold(target) != fold(&to) {
        let detail = format!("{target} is no group of here");
        return Err(Error::new(Code::GroupNotFound, detail).into());
    }
    let mut vaults = BTreeSet::new();
    for id in &asked.resources {
        let (id, name) = named(id);
        if fold(id) != fold(&app.control.vault_id(&names.group, name)) {
            let detail = format!("{id} can't be moved: only a vault of {}", names.group);
            return Err(Error::new(Code::BadArgument, detail).into());
        }
        vaults.insert(name.to_lowercase());
    }
    if vaults.is_empty() {
        let detail = "`resources` has no id of a vault to move";
        return Err(Error::new(Code::BadArgument, detail).into());
    }
    app.control
        .move_vaults(&names.group, &vaults, group)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An id without a slash at its end, and the name that it ends with.
fn named(id: &str) -> (&str, &str) {
    let id = id.trim_end_matches('/');
    (id, id.rsplit('/').next().unwrap_or(id))
}
