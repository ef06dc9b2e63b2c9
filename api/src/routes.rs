//! All that is served: the table that both the router and the OpenAPI document are made from.
//!
//! A file for each group of nouns; in it the routes, and the models of their bodies. A new route
//! is added there with its [`crate::openapi::Operation`]. In tests every answer is checked against
//! its model, and `docs/openapi.json` against the table.

mod access;
mod attachments;
mod costs;
mod fabric;
mod groups;
mod items;
mod jobs;
mod log_in;
mod machines;
mod overview;
mod places;
mod points;
mod policies;
mod principals;
mod service;
mod session;
mod vaults;

use axum::Router;
use axum::routing::get;

use crate::app::App;
use crate::front;
use crate::oauth::{authorize, device};
use crate::openapi::Routes;
use crate::openapi::schema::{about, object, text_about};

/// The path of a subscription.
const SUBSCRIPTION: &str = "/subscriptions/{subscription}";
/// The path of a group.
const GROUP: &str = "/subscriptions/{subscription}/resourceGroups/{group}";
/// The path of a vault.
const VAULT: &str = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.RecoveryServices/vaults/{vault}";
/// Behind a vault's path: the path of a protected item.
const ITEM: &str = "/backupFabrics/{fabric}/protectionContainers/{container}/protectedItems/{item}";

/// Everything.
pub(crate) fn all() -> Routes {
    open().merge(arm())
}

/// What is asked before there is a token.
pub(crate) fn open() -> Routes {
    log_in::routes()
}

/// Pages for people, which are no part of the API.
#[expect(clippy::disallowed_methods, reason = "the document tells of no pages")]
pub(crate) fn pages() -> Router<App> {
    let authorize = get(authorize::ask).post(authorize::done);
    Router::new()
        .route("/", get(front::page))
        .route("/adfs/oauth2/authorize", authorize)
        .route("/device", get(device::ask).post(device::done))
}

/// ARM's resources: they ask for a token and an api-version, and changes are logged.
pub(crate) fn arm() -> Routes {
    let error = object([
        (
            "code",
            text_about("Which error it is; all are in `docs/errors.md`."),
        ),
        (
            "message",
            text_about("What was wrong, and what to do about it."),
        ),
    ]);
    let error = object([("error", about(error, "As ARM sends it (G11)."))]);
    Routes::new()
        .model("Error", error)
        .merge(groups::routes())
        .merge(vaults::routes())
        .merge(policies::routes())
        .merge(items::routes())
        .merge(points::routes())
        .merge(jobs::routes())
        .merge(fabric::routes())
        .merge(overview::routes())
        .merge(machines::routes())
        .merge(costs::routes())
        .merge(places::routes())
        .merge(attachments::routes())
        .merge(access::routes())
        .merge(principals::routes())
        .merge(session::routes())
        .merge(service::routes())
}

/// A path below a vault's.
fn vault(rest: &str) -> String {
    format!("{VAULT}{rest}")
}

/// A path below a protected item's.
fn item(rest: &str) -> String {
    format!("{VAULT}{ITEM}{rest}")
}
