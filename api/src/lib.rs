//! ARM's wire: paths, bodies, tokens, roles, errors. It decides nothing about backups: `control`
//! does.
//!
//! A request's path is brought to one form before the router sees it ([`path`]), so the routes
//! below stand in lower case and names keep theirs.

mod app;
pub mod body;
mod caller;
mod compute;
mod error;
mod filter;
mod groups;
mod hosts;
mod inventory;
mod layer;
mod metadata;
mod network;
mod oauth;
mod page;
pub mod path;
mod protectable;
mod scope;
mod serve;
mod storage;
mod subscriptions;
mod token;
mod vaults;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use base::{Code, Error};
use tower::{Layer, Service, ServiceExt};

pub use app::App;
pub use error::{Answer, Refused};
pub use serve::serve;

const GROUPS: &str = "/subscriptions/{subscription}/resourcegroups";
const GROUP: &str = "/subscriptions/{subscription}/resourcegroups/{group}";
const SUBSCRIPTION: &str = "/subscriptions/{subscription}";
const SUBSCRIPTION_VAULTS: &str =
    "/subscriptions/{subscription}/providers/microsoft.recoveryservices/vaults";
const GROUP_VAULTS: &str = "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.recoveryservices/vaults";

/// The API as a service.
pub fn service(app: App) -> Router {
    let vault = |rest: &str| format!("{GROUP_VAULTS}/{{vault}}{rest}");
    let arm = Router::new()
        .route("/subscriptions", get(subscriptions::list))
        .route("/subscriptions/{subscription}", get(subscriptions::show))
        .route(
            "/subscriptions/{subscription}/locations",
            get(subscriptions::locations),
        )
        .route(GROUPS, get(groups::list))
        .route(
            GROUP,
            get(groups::show)
                .head(groups::exists)
                .put(groups::put)
                .delete(groups::delete),
        )
        .route(SUBSCRIPTION_VAULTS, get(vaults::list))
        .route(GROUP_VAULTS, get(vaults::list_in_group))
        .route(
            &vault(""),
            get(vaults::show)
                .put(vaults::put)
                .patch(vaults::patch)
                .delete(vaults::delete),
        )
        .route(
            &vault("/backupstorageconfig/vaultstorageconfig"),
            get(vaults::storage_config),
        )
        .route(
            &vault("/backupconfig/vaultconfig"),
            get(vaults::vault_config),
        )
        .merge(fabric())
        .route_layer(from_fn(layer::api_version));
    let routes = Router::new()
        .route("/metadata/endpoints", get(metadata::endpoints))
        .route(
            "/adfs/.well-known/openid-configuration",
            get(metadata::openid),
        )
        .route(
            "/adfs/adfs/v2.0/.well-known/openid-configuration",
            get(metadata::openid_of_tenant),
        )
        .route("/adfs/discovery/keys", get(metadata::keys))
        .route("/adfs/oauth2/token", post(oauth::token))
        .merge(arm)
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(DefaultBodyLimit::max(body::MOST))
        .with_state(app.clone());
    // In front of the router, which would otherwise have chosen by the path as it came.
    let folded = tower::service_fn(move |request: axum::extract::Request| {
        let mut routes = routes.clone();
        async move {
            match layer::fold(request) {
                Ok(request) => routes.as_service().ready().await?.call(request).await,
                Err(refused) => Ok(refused.into_response()),
            }
        }
    });
    Router::new().fallback_service(from_fn_with_state(app, layer::name).layer(folded))
}

/// Hosts, and what was found on them.
fn fabric() -> Router<App> {
    let vault = |rest: &str| format!("{GROUP_VAULTS}/{{vault}}{rest}");
    let all = |what: &str| format!("{SUBSCRIPTION}/providers/{what}");
    let within = |what: &str| format!("{GROUP}/providers/{what}");
    let one = |what: &str| format!("{GROUP}/providers/{what}/{{name}}");
    let machines = "microsoft.compute/virtualmachines";
    let accounts = "microsoft.storage/storageaccounts";
    let networks = "microsoft.network/virtualnetworks";
    let hosts = all("stillpoint.fabric/hosts");
    Router::new()
        .route(&all(machines), get(compute::list))
        .route(&within(machines), get(compute::list_in_group))
        .route(&one(machines), get(compute::show))
        .route(&all(accounts), get(storage::list))
        .route(&within(accounts), get(storage::list_in_group))
        .route(&one(accounts), get(storage::show))
        .route(&all(networks), get(network::list))
        .route(&within(networks), get(network::list_in_group))
        .route(&one(networks), get(network::show))
        .route(&hosts, get(hosts::list))
        .route(
            &format!("{hosts}/{{host}}"),
            get(hosts::show).put(hosts::put),
        )
        .route(&format!("{SUBSCRIPTION}/resources"), get(inventory::list))
        .route(&vault("/backupprotectableitems"), get(protectable::list))
        .route(
            &vault("/backupfabrics/{fabric}/refreshcontainers"),
            post(protectable::refresh),
        )
        .route(
            &vault("/backupfabrics/{fabric}/operationresults/{operation}"),
            get(protectable::refreshed),
        )
}

async fn nothing(uri: axum::http::Uri, method: axum::http::Method) -> Refused {
    let detail = format!("there is nothing to {method} at {}", uri.path());
    Error::new(Code::TypeNotFound, detail).into()
}
