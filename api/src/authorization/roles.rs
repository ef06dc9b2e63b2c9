//! `…/providers/Microsoft.Authorization/roleDefinitions` and `roleAssignments` (RBAC-1 to 6)

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base::{Code, Error};
use control::roles::{ROLES, RoleDefinition, role};
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::principals::PrincipalKind;
use state::role_assignments::RoleAssignment;
use uuid::Uuid;

use super::Scope;
use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, put_answer};
use crate::filter::Filter;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    roledefinitionid: Option<String>,
    principalid: Option<String>,
    description: Option<String>,
}

/// `GET …/roleDefinitions`
pub(crate) async fn definitions(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, "roleDefinitions/read").await?;
    let wanted = ROLES.iter().filter(|r| filter.lets("roleName", r.name));
    let all: Vec<Value> = wanted.map(|r| definition(&app, r)).collect();
    Ok(Json(json!({"value": all})))
}

/// `GET …/roleDefinitions/{name}`
pub(crate) async fn show_definition(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, "roleDefinitions/read").await?;
    let found = scope.name.parse().ok().and_then(role);
    let missing = || {
        let detail = format!("there is no role `{}`", scope.name);
        Error::new(Code::RoleNotFound, detail)
    };
    Ok(Json(definition(&app, found.ok_or_else(missing)?)))
}

/// `GET …/roleAssignments`: those that hold at the scope, and those below it.
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = scope.allow(&app, &caller, "roleAssignments/read").await?;
    let mut found = app.control.role_assignments(&id).await?;
    let of = |a: &Record<RoleAssignment>, name| filter.lets(name, &a.body.principal.to_string());
    found.retain(|a| of(a, "principalId") && of(a, "assignedTo"));
    let all: Vec<Value> = found.iter().map(|a| shape(&app, a)).collect();
    Ok(Json(json!({"value": all})))
}

/// `GET …/roleAssignments/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = scope.allow(&app, &caller, "roleAssignments/read").await?;
    let found = app.control.role_assignment(&id, scope.guid()?).await?;
    Ok(Json(shape(&app, &found)))
}

/// `PUT …/roleAssignments/{name}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    let id = scope.allow(&app, &caller, "roleAssignments/write").await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let guid = |place: &str, text: Option<String>| -> Answer<Uuid> {
        let text = text.unwrap_or_default();
        let last = text.rsplit('/').next().unwrap_or("");
        last.parse().map_err(|_| {
            let detail = format!("properties.{place} is `{text}`, which ends in no GUID");
            Error::new(Code::InvalidRequestContent, detail).into()
        })
    };
    let role = guid("roleDefinitionId", asked.roledefinitionid)?;
    let principal = guid("principalId", asked.principalid)?;
    let name = scope.guid()?;
    let (given, made) = app
        .control
        .put_role_assignment(&id, name, principal, role, asked.description)
        .await?;
    Ok(put_answer(made, shape(&app, &given)))
}

/// `DELETE …/roleAssignments/{name}`
pub(crate) async fn delete(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
) -> Answer<Response> {
    let id = scope.allow(&app, &caller, "roleAssignments/delete").await?;
    let taken = app
        .control
        .delete_role_assignment(&id, scope.guid()?)
        .await?;
    Ok(match taken {
        Some(taken) => Json(shape(&app, &taken)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

impl Scope {
    fn guid(&self) -> Answer<Uuid> {
        self.name.parse().map_err(|_| {
            let detail = format!("`{}` is no GUID", self.name);
            Error::new(Code::NameInvalid, detail).into()
        })
    }
}

fn definition_id(app: &App, id: Uuid) -> String {
    let subscription = app.control.subscription().id;
    format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{id}")
}

fn definition(app: &App, role: &RoleDefinition) -> Value {
    json!({
        "id": definition_id(app, role.id),
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [{
                "actions": role.actions,
                "notActions": role.not_actions,
                "dataActions": [],
                "notDataActions": [],
            }],
        },
    })
}

fn shape(app: &App, given: &Record<RoleAssignment>) -> Value {
    let scope = given
        .id
        .split("/providers/Microsoft.Authorization/roleAssignments")
        .next();
    json!({
        "id": given.id,
        "name": given.name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": definition_id(app, given.body.role),
            "principalId": given.body.principal,
            "principalType": match given.body.principal_kind {
                PrincipalKind::User => "User",
                PrincipalKind::ServicePrincipal => "ServicePrincipal",
            },
            "scope": scope,
            "description": given.body.description,
            "createdOn": given.created.to_string(),
            "updatedOn": given.changed.to_string(),
        },
    })
}
