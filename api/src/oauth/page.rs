//! What the pages have in common on which a person logs in for a client.

use axum::http::StatusCode;
use base::{Code, Error, Result};
use control::Principal;
use serde::Deserialize;

use crate::app::App;
use crate::html::plain;

/// What a person types in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    username: String,
    password: String,
    new_password: String,
}

impl Typed {
    /// Who this is. With a new password it is given that one first.
    pub(super) async fn log_in(&self, app: &App) -> Result<Principal> {
        let (name, password) = (&*self.username, &*self.password);
        match &*self.new_password {
            "" => app.control.log_in_user(name, password).await,
            new => app.control.change_password(name, password, new).await,
        }
    }
}

/// The fields of who logs in; a new password is asked for where the one before was a one-time
/// password.
pub(super) fn fields(failed: Option<&Error>) -> String {
    let change = failed
        .is_some_and(|e| [Code::PasswordChangeRequired, Code::PasswordInvalid].contains(&e.code()));
    let new = if change {
        "<label>New password, at least 12 characters<input name=\"new_password\" \
         type=\"password\" autocomplete=\"new-password\" required minlength=\"12\"></label>"
    } else {
        ""
    };
    format!(
        "<label>User<input name=\"username\" autocomplete=\"username\" required></label>\
         <label>Password<input name=\"password\" type=\"password\" \
         autocomplete=\"current-password\" required></label>{new}\
         <button type=\"submit\">Log in</button>"
    )
}

/// What went wrong, for a person; and the status.
pub(super) fn wrong(failed: Option<&Error>) -> (StatusCode, String) {
    let Some(error) = failed else {
        return (StatusCode::OK, String::new());
    };
    let status = match error.code() {
        Code::PasswordWrong
        | Code::AccountLocked
        | Code::PasswordChangeRequired
        | Code::PasswordInvalid => StatusCode::BAD_REQUEST,
        Code::LimitReached => StatusCode::TOO_MANY_REQUESTS,
        _ => {
            tracing::error!("{error:?}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let what = match error.code() {
        Code::PasswordChangeRequired => {
            "This password is good once. Type it again, and a new one of your own.".to_owned()
        }
        code => format!("{}. {}", plain(error.detail()), code.remedy()),
    };
    let told = format!("<p class=\"wrong\" role=\"alert\">{what}</p>");
    (status, told)
}
