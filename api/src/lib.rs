//! ARM's wire: paths, bodies, tokens, roles, errors. It decides nothing about backups: `control`
//! does.
//!
//! In front of it stand the files of the portal, where it was built in ([`Portal`]).
//!
//! A request's path is brought to one form before the router sees it ([`path`]), so routes
//! stand in lower case and names keep theirs. What is served is a table (`routes`), from which the
//! OpenAPI document is made too.

mod activity;
mod admission_rules;
mod alerts;
mod app;
mod applications;
mod attachments;
mod authorization;
pub mod body;
mod caller;
mod collections;
mod compute;
mod costs;
mod error;
mod filter;
mod found;
mod front;
mod grant;
mod groups;
mod heat_map;
mod hosts;
mod html;
mod if_match;
mod inventory;
mod jobs;
mod layer;
mod limits;
mod locations;
mod machines;
mod metadata;
mod moves;
mod network;
mod oauth;
mod openapi;
mod operations;
mod overview;
mod page;
pub mod path;
mod policies;
mod policy_preview;
mod policy_settings;
mod portal;
mod property;
mod protectable;
mod protected_items;
mod protection_rules;
mod query;
mod recovery_points;
mod resource_guards;
mod restore_folders;
mod routes;
mod scope;
mod search;
mod serve;
mod session;
mod snapshot_stores;
mod storage;
mod subscriptions;
mod time;
mod token;
mod usages;
mod users;
mod validation;
mod vault_config;
mod vault_pools;
mod vault_usages;
mod vaults;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use base::{Code, Error};
use tower::{Layer, Service, ServiceExt};

pub use app::App;
pub use error::{Answer, Refused};
pub use openapi::{openapi, openapi_text};
pub use portal::Portal;
pub use serve::{Certificates, serve};

/// The API as a service.
pub fn service(app: App) -> Router {
    let arm = routes::arm()
        .router()
        .route_layer(from_fn_with_state(app.clone(), activity::log))
        .route_layer(from_fn(layer::api_version));
    let routes = routes::open()
        .router()
        .merge(arm)
        .merge(routes::pages())
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(DefaultBodyLimit::max(body::MOST))
        .with_state(app.clone());
    // In front of the router, which would otherwise have chosen by the path as it came; and the
    // portal in front of that, since its files' names keep their case.
    let of_portal = app.clone();
    let folded = tower::service_fn(move |request: axum::extract::Request| {
        let mut routes = routes.clone();
        let of_portal = of_portal.clone();
        async move {
            if let Some(answer) = portal::answer(&of_portal, &request) {
                return Ok(answer);
            }
            match layer::fold(request) {
                Ok(request) => routes.as_service().ready().await?.call(request).await,
                Err(refused) => Ok(refused.into_response()),
            }
        }
    });
    let named = from_fn_with_state(app, layer::name).layer(folded);
    let close = from_fn(layer::keep_close).layer(named);
    Router::new().fallback_service(from_fn(layer::close_unread).layer(close))
}

async fn nothing(uri: axum::http::Uri, method: axum::http::Method) -> Refused {
    let detail = format!("there is nothing to {method} at {}", uri.path());
    Error::new(Code::TypeNotFound, detail).into()
}
