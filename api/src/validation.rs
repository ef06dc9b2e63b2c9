//! What keeps a machine from being protected, before somebody tries (DISC-6; PROT-14).

use axum::Json;
use axum::extract::{Path, State};
use base::{Code, Error};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::Answer;

const ACTION: &str = "Microsoft.RecoveryServices/locations/backupPreValidateProtection/action";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    resourcetype: Option<String>,
    resourceid: Option<String>,
    vaultid: Option<String>,
}

/// `POST …/locations/{location}/backupPreValidateProtection`: one machine; what keeps it from
/// being protected is no error of the request.
pub(crate) async fn validate(
    State(app): State<App>,
    Path((subscription, location)): Path<(String, String)>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    let scope = app.control.check_subscription(&subscription)?.id;
    let id = format!("/subscriptions/{scope}");
    caller.may(&app, ACTION, &id).await?;
    app.control.check_location(&location).await?;
    let asked: Asked = body::read(&bytes)?;
    let wrong = |detail: String| Error::new(Code::InvalidRequestContent, detail);
    let kind = asked.resourcetype.unwrap_or_else(|| "VM".to_owned());
    if !kind.eq_ignore_ascii_case("VM") {
        return Err(wrong(format!(
            "resourceType is `{kind}`; only VM can be protected"
        ))
        .into());
    }
    let missing = || wrong("resourceId is missing".to_owned());
    let machine = asked.resourceid.ok_or_else(missing)?;
    let vault = asked.vaultid.filter(|id| !id.is_empty());
    let found = app.control.validate(&machine, vault.as_deref()).await?;
    let mut answer = json!({
        "status": "Succeeded",
        "errorCode": "Success",
        "errorMessage": "",
        "recommendation": found.advice,
        "containerName": found.name.container(),
        "protectedItemName": found.name.item(),
    });
    if let Some(error) = found.refusal {
        answer["status"] = "Failed".into();
        answer["errorCode"] = error.code().name().into();
        answer["errorMessage"] = error.detail().into();
        answer["recommendation"] = error.code().remedy().into();
    }
    Ok(Json(answer))
}
