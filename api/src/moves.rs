//! Moving resources to another group: vaults can be, and nothing else (VAULT-16).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{Code, Error};
use serde::Deserialize;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::Answer;
use crate::scope::InGroup;

const MOVE: &str = "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action";
const TAKE: &str = "Microsoft.RecoveryServices/vaults/write";

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
    let group = last_segment(&asked.targetresourcegroup);
    let to = app.control.group_id(group);
    caller.may(&app, TAKE, &to).await?;
    if !asked.targetresourcegroup.eq_ignore_ascii_case(&to) {
        let detail = format!("{} is no group of here", asked.targetresourcegroup);
        return Err(Error::new(Code::GroupNotFound, detail).into());
    }
    let mut vaults = Vec::new();
    for id in &asked.resources {
        let name = last_segment(id);
        let vault = app.control.vault_id(&names.group, name);
        if !id.trim_end_matches('/').eq_ignore_ascii_case(&vault) {
            let detail = format!("{id} can't be moved: only a vault of {}", names.group);
            return Err(Error::new(Code::BadArgument, detail).into());
        }
        vaults.push(name.to_owned());
    }
    app.control
        .move_vaults(&names.group, &vaults, group)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn last_segment(id: &str) -> &str {
    let id = id.trim_end_matches('/');
    id.rsplit('/').next().unwrap_or(id)
}
