//! `Stillpoint.Fabric/users`: principals that log in with a password.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use state::principals::Principal;

use crate::activity::Told;
use crate::app::App;
use crate::applications::{DELETE, READ, WRITE, needed};
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, deleted};
use crate::page::{Page, Paged};
use crate::scope::{Subscription, allow_in};

/// What a body says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    username: Option<String>,
    displayname: Option<String>,
    password: Option<String>,
    currentpassword: Option<String>,
    newpassword: Option<String>,
}

/// Names in a user's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    /// Its name or object id.
    user: String,
}

impl Names {
    async fn allow(&self, app: &App, caller: &Caller, action: &str) -> Answer<()> {
        allow_in(app, caller, action, &self.subscription).await
    }
}

/// `GET …/users`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let found = app.control.users(page.after(), Paged::ASKED).await?;
    let key = |p: &Principal| p.login.clone();
    Ok(Json(page.answer(&app, found, key, |p| shape(&app, p))))
}

/// `GET …/users/{name or object id}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, READ).await?;
    let user = app.control.user(&names.user).await?;
    Ok(Json(shape(&app, &user)))
}

/// `POST …/users`: 201 with the one-time password, which is shown only here.
pub(crate) async fn make(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    scope.allow(&app, &caller, WRITE).await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let name = needed(asked.username, "userName")?;
    let shown = asked.displayname.as_deref();
    let made = app.control.make_user(&name, shown, asked.password).await?;
    let value = with_password(&app, &made);
    Ok((StatusCode::CREATED, Json(value)))
}

/// `DELETE …/users/{name or object id}`
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, DELETE).await?;
    let was = app.control.delete_user(&names.user).await?;
    Ok(deleted(was))
}

/// `POST …/users/{name or object id}/resetPassword`: 200 with the one-time password, which is
/// shown only here.
pub(crate) async fn reset(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, WRITE).await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let made = app.control.reset_password(&names.user, asked.password);
    Ok(Json(with_password(&app, &made.await?)))
}

/// `POST …/users/{name or object id}/endLogins`: a user may do so itself.
pub(crate) async fn end_logins(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    let id = app.control.check_subscription(&names.subscription)?.id;
    let scope = format!("/subscriptions/{id}");
    let user = app.control.user(&names.user).await;
    match &user {
        Ok(user) => caller.may_to(&app, user.id, WRITE, &scope).await?,
        Err(_) => caller.may(&app, WRITE, &scope).await?,
    }
    app.control.end_logins(&user?.id.to_string()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /providers/Stillpoint.Fabric/changePassword`: of a user's own, proved by the one before;
/// no token is needed, since a one-time password gives none.
pub(crate) async fn change_password(
    State(app): State<App>,
    Extension(told): Extension<Told>,
    Body(bytes): Body,
) -> Answer<StatusCode> {
    let asked = body::properties::<Properties>(&bytes)?;
    let name = needed(asked.username, "userName")?;
    let current = needed(asked.currentpassword, "currentPassword")?;
    let new = needed(asked.newpassword, "newPassword")?;
    let who = app.control.change_password(&name, &current, &new).await?;
    let scope = format!("/subscriptions/{}", app.control.subscription().id);
    told.say(
        &who,
        "Stillpoint.Fabric/principals/changePassword/action",
        &scope,
    );
    Ok(StatusCode::NO_CONTENT)
}

fn with_password(app: &App, made: &control::NewUser) -> Value {
    let mut value = shape(app, &made.principal);
    value["properties"]["oneTimePassword"] = made.password.as_str().into();
    value
}

fn shape(app: &App, user: &Principal) -> Value {
    let subscription = app.control.subscription().id;
    let id = user.id;
    let locked = user.body.locked_until.filter(|t| app.control.now() < *t);
    json!({
        "id": format!("/subscriptions/{subscription}/providers/Stillpoint.Fabric/users/{id}"),
        "name": id,
        "type": "Stillpoint.Fabric/users",
        "properties": {
            "userName": user.login,
            "displayName": user.body.display_name,
            "objectId": id,
            "enabled": user.body.enabled,
            "passwordIsOneTime": user.body.secrets.iter().any(|s| s.one_time),
            "lockedUntil": locked,
            "createdDateTime": user.created,
        },
    })
}
