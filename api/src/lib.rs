//! ARM's wire: paths, bodies, tokens, roles, errors. It decides nothing about backups: `control`
//! does.
//!
//! A request's path is brought to one form before the router sees it ([`path`]), so the routes
//! below stand in lower case and names keep theirs.

mod activity;
mod app;
mod applications;
mod authorization;
pub mod body;
mod caller;
mod compute;
mod error;
mod filter;
mod found;
mod groups;
mod hosts;
mod inventory;
mod jobs;
mod layer;
mod metadata;
mod network;
mod oauth;
mod operations;
mod page;
pub mod path;
mod policies;
mod property;
mod protectable;
mod protected_items;
mod recovery_points;
mod resource_guards;
mod scope;
mod serve;
mod storage;
mod subscriptions;
mod time;
mod token;
mod vault_config;
mod vaults;

use authorization::{locks, roles};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use base::{Code, Error};
use found::Found;
use state::machines::Machine;
use state::networks::Network;
use state::storage_accounts::StorageAccount;
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

/// Protected items of a vault, with their points, jobs and operations.
fn items() -> Router<App> {
    let vault = |rest: &str| format!("{GROUP_VAULTS}/{{vault}}{rest}");
    let item = |rest: &str| {
        vault(&format!(
            "/backupfabrics/{{fabric}}/protectioncontainers/{{container}}/protecteditems/{{item}}{rest}"
        ))
    };
    Router::new()
        .route(
            &vault("/backupprotecteditems"),
            get(protected_items::list),
        )
        .route(
            &vault("/backupprotectioncontainers"),
            get(protected_items::containers),
        )
        .route(
            &vault("/backupdeletedprotectioncontainers"),
            get(protected_items::deleted_containers),
        )
        .route(
            &item(""),
            get(protected_items::show)
                .put(protected_items::put)
                .delete(protected_items::delete),
        )
        .route(&item("/backup"), post(protected_items::backup))
        .route(&item("/recoverypoints"), get(recovery_points::list))
        .route(&item("/recoverypoints/{point}"), get(recovery_points::show))
        .route(
            &item("/recoverypoints/{point}/restore"),
            post(recovery_points::restore),
        )
        .route(&vault("/backupjobs"), get(jobs::list))
        .route(&vault("/backupjobs/{job}"), get(jobs::show))
        .route(&vault("/backupjobs/{job}/cancel"), post(jobs::cancel))
        .route(
            &vault("/backupoperations/{operation}"),
            get(operations::status),
        )
        .route(
            &vault("/backupoperationresults/{operation}"),
            get(operations::result),
        )
        .route(
            &item("/operationsstatus/{operation}"),
            get(operations::status),
        )
        .route(
            &item("/operationresults/{operation}"),
            get(operations::result),
        )
        .route(
            &vault("/backupjobs/{job}/operationsstatus/{operation}"),
            get(operations::status),
        )
        .route(
            &vault("/backupjobs/{job}/operationresults/{operation}"),
            get(operations::result),
        )
        .route(
            "/subscriptions/{subscription}/providers/microsoft.recoveryservices/locations/{location}/backupstatus",
            post(protected_items::status),
        )
}

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
            get(vault_config::storage)
                .put(vault_config::put_storage)
                .patch(vault_config::patch_storage),
        )
        .route(
            &vault("/backupconfig/vaultconfig"),
            get(vault_config::config)
                .put(vault_config::change_config)
                .patch(vault_config::change_config),
        )
        .route(
            &vault("/backupencryptionconfigs/{config}"),
            get(vault_config::encryption),
        )
        .merge(items())
        .route(&vault("/backuppolicies"), get(policies::list))
        .route(
            &vault("/backuppolicies/{policy}"),
            get(policies::show)
                .put(policies::put)
                .delete(policies::delete),
        )
        .route(
            &vault("/backupresourceguardproxies"),
            get(resource_guards::list),
        )
        .merge(fabric())
        .merge(access())
        .route_layer(from_fn_with_state(app.clone(), activity::log))
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

/// A type of what was found on hosts.
fn found_type<T: Found + 'static>() -> Router<App> {
    let kind = T::TYPE.to_ascii_lowercase();
    let group = format!("{GROUP}/providers/{kind}");
    Router::new()
        .route(
            &format!("{SUBSCRIPTION}/providers/{kind}"),
            get(found::list::<T>),
        )
        .route(&group, get(found::list_in_group::<T>))
        .route(&format!("{group}/{{name}}"), get(found::show::<T>))
}

/// Hosts, and what was found on them.
fn fabric() -> Router<App> {
    let vault = |rest: &str| format!("{GROUP_VAULTS}/{{vault}}{rest}");
    let hosts = format!("{SUBSCRIPTION}/providers/stillpoint.fabric/hosts");
    Router::new()
        .merge(found_type::<Machine>())
        .merge(found_type::<Network>())
        .merge(found_type::<StorageAccount>())
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

/// Locks, roles, applications, and the log of what was done.
fn access() -> Router<App> {
    let mut router = Router::new();
    let resource = format!("{GROUP}/providers/{{namespace}}/{{kind}}/{{resource}}");
    for scope in [SUBSCRIPTION, GROUP, &resource] {
        let at = |what: &str| format!("{scope}/providers/microsoft.authorization/{what}");
        router = router
            .route(&at("locks"), get(locks::list))
            .route(
                &at("locks/{name}"),
                get(locks::show).put(locks::put).delete(locks::delete),
            )
            .route(&at("roledefinitions"), get(roles::definitions))
            .route(&at("roledefinitions/{name}"), get(roles::show_definition))
            .route(&at("roleassignments"), get(roles::list))
            .route(
                &at("roleassignments/{name}"),
                get(roles::show).put(roles::put).delete(roles::delete),
            );
    }
    let applications = format!("{SUBSCRIPTION}/providers/stillpoint.fabric/applications");
    let log = format!("{SUBSCRIPTION}/providers/microsoft.insights/eventtypes/management/values");
    router
        .route(
            &applications,
            get(applications::list).post(applications::make),
        )
        .route(
            &format!("{applications}/{{application}}"),
            axum::routing::delete(applications::delete),
        )
        .route(&log, get(activity::list))
}

async fn nothing(uri: axum::http::Uri, method: axum::http::Method) -> Refused {
    let detail = format!("there is nothing to {method} at {}", uri.path());
    Error::new(Code::TypeNotFound, detail).into()
}
