//! Recovery Services vaults.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::Code;
use control::{VaultChange, VaultInput};
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::vaults::{Redundancy, SoftDeleteState, Vault};

use crate::app::App;
use crate::body::{self, Body, Flexible, choose};
use crate::caller::Caller;
use crate::error::{Answer, put_answer};
use crate::if_match::IfMatch;
use crate::page::{Page, Paged, seen};

/// Names in a vault's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) vault: String,
}

/// Names in the path of a group's vaults.
#[derive(Debug, Deserialize)]
pub(crate) struct InGroup {
    subscription: String,
    group: String,
}

/// What a PUT or PATCH may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    location: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    securitysettings: Security,
    redundancysettings: RedundancySettings,
    monitoringsettings: Option<Value>,
    publicnetworkaccess: Option<Value>,
    costmanagementsettings: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Security {
    softdeletesettings: SoftDeleteSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SoftDeleteSettings {
    softdeletestate: Option<String>,
    softdeleteretentionperiodindays: Option<Flexible<u16>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RedundancySettings {
    standardtierstorageredundancy: Option<String>,
    crossregionrestore: Option<String>,
}

/// `GET …/vaults` of a subscription
pub(crate) async fn list(
    State(app): State<App>,
    Path(subscription): Path<String>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = format!(
        "/subscriptions/{}",
        app.control.check_subscription(&subscription)?.id
    );
    let sees = caller.sees(&app, &action("read"), &id).await?;
    let found = app.control.vaults(None, page.after(), Paged::ASKED).await?;
    let page = page.answer(&app, found, |v| v.id.clone(), shape);
    Ok(Json(seen(page, &sees)))
}

/// `GET …/vaults` of a group
pub(crate) async fn list_in_group(
    State(app): State<App>,
    Path(names): Path<InGroup>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    app.control.check_subscription(&names.subscription)?;
    let id = app.control.group_id(&names.group);
    let sees = caller.sees(&app, &action("read"), &id).await?;
    let group = Some(names.group.as_str());
    let found = app
        .control
        .vaults(group, page.after(), Paged::ASKED)
        .await?;
    let page = page.answer(&app, found, |v| v.id.clone(), shape);
    Ok(Json(seen(page, &sees)))
}

/// `GET …/vaults/{vault}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    Ok(Json(shape(&names.read(&app, &caller).await?)))
}

/// `PUT …/vaults/{vault}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    if_match: IfMatch,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, "write").await?;
    let body: Asked = body::read(&bytes)?;
    let mut input = VaultInput {
        location: body.location.clone(),
        change: body.change()?,
    };
    input.change.if_match = if_match.0;
    match lowers_soft_delete(&app, &names, &caller, &input.change).await {
        // It is new.
        Err(e) if e.code() == Code::ResourceNotFound => {}
        checked => checked?,
    }
    let (vault, made) = app
        .control
        .put_vault(&names.group, &names.vault, input)
        .await?;
    Ok(put_answer(made, shape(&vault)))
}

/// `PATCH …/vaults/{vault}`
pub(crate) async fn patch(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    if_match: IfMatch,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "write").await?;
    let mut change = body::read::<Asked>(&bytes)?.change()?;
    change.if_match = if_match.0;
    lowers_soft_delete(&app, &names, &caller, &change).await?;
    let vault = app
        .control
        .change_vault(&names.group, &names.vault, change)
        .await?;
    Ok(Json(shape(&vault)))
}

/// `DELETE …/vaults/{vault}`: 204, since clients take nothing else but 202.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    if_match: IfMatch,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, "delete").await?;
    let asked = if_match.0.as_deref();
    app.control
        .delete_vault(&names.group, &names.vault, asked)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for a right of its own where deleted data would be kept for less than now (RBAC-4).
pub(crate) async fn lowers_soft_delete(
    app: &App,
    names: &Names,
    caller: &Caller,
    change: &VaultChange,
) -> Answer<()> {
    let now = app.control.vault(&names.group, &names.vault).await?;
    let now = now.body.soft_delete;
    let off = change.soft_delete == Some(SoftDeleteState::Disabled)
        && now.state != SoftDeleteState::Disabled;
    let shorter = change
        .soft_delete_days
        .is_some_and(|days| days < now.retention_days);
    if off || shorter {
        let verb = "backupconfig/lowerSoftDelete/action";
        names.allow(app, caller, verb).await?;
    }
    Ok(())
}

impl Names {
    /// Lets the request go on if the caller may do this `verb` with the vault; one of something
    /// in the vault has that before a slash.
    pub(crate) async fn allow(&self, app: &App, caller: &Caller, verb: &str) -> Answer<()> {
        self.allowed(app, caller, &action(verb)).await.map(drop)
    }

    /// The vault's id, if the caller may do this to it.
    pub(crate) async fn allowed(&self, app: &App, caller: &Caller, action: &str) -> Answer<String> {
        app.control.check_subscription(&self.subscription)?;
        let id = app.control.vault_id(&self.group, &self.vault);
        caller.may(app, action, &id).await?;
        Ok(id)
    }

    pub(crate) async fn read(&self, app: &App, caller: &Caller) -> Answer<Record<Vault>> {
        self.allow(app, caller, "read").await?;
        Ok(app.control.vault(&self.group, &self.vault).await?)
    }
}

impl Asked {
    fn change(self) -> Answer<VaultChange> {
        let p = self.properties;
        let soft_delete = p.securitysettings.softdeletesettings;
        let mut settings = BTreeMap::new();
        for (name, value) in [
            ("monitoringSettings", p.monitoringsettings),
            ("publicNetworkAccess", p.publicnetworkaccess),
            ("costManagementSettings", p.costmanagementsettings),
        ] {
            settings.extend(value.map(|v| (name.to_owned(), v)));
        }
        let redundancy = p.redundancysettings;
        let place = "properties.redundancySettings.standardTierStorageRedundancy";
        let one = redundancy.standardtierstorageredundancy;
        let cross = redundancy.crossregionrestore;
        Ok(VaultChange {
            tags: self.tags,
            redundancy: one.map(|r| choose(place, &r, &REDUNDANCIES)).transpose()?,
            cross_region_restore: cross
                .map(|c| {
                    let place = "properties.redundancySettings.crossRegionRestore";
                    choose(place, &c, &[("Enabled", true), ("Disabled", false)])
                })
                .transpose()?,
            soft_delete: soft_delete
                .softdeletestate
                .map(|s| {
                    let place = "properties.securitySettings.softDeleteSettings.softDeleteState";
                    choose(place, &s, &SOFT_DELETE)
                })
                .transpose()?,
            soft_delete_days: soft_delete
                .softdeleteretentionperiodindays
                .map(|days| days.0),
            always_on_is_meant: false,
            settings,
            if_match: None,
        })
    }
}

pub(crate) const REDUNDANCIES: [(&str, Redundancy); 3] = [
    ("LocallyRedundant", Redundancy::LocallyRedundant),
    ("GeoRedundant", Redundancy::GeoRedundant),
    ("ZoneRedundant", Redundancy::ZoneRedundant),
];

pub(crate) const SOFT_DELETE: [(&str, SoftDeleteState); 3] = [
    ("Disabled", SoftDeleteState::Disabled),
    ("Enabled", SoftDeleteState::Enabled),
    ("AlwaysON", SoftDeleteState::AlwaysOn),
];

pub(crate) fn redundancy(one: Redundancy) -> &'static str {
    let found = REDUNDANCIES.iter().find(|r| r.1 == one);
    found.map_or("GeoRedundant", |r| r.0)
}

pub(crate) fn soft_delete_state(one: SoftDeleteState) -> &'static str {
    let found = SOFT_DELETE.iter().find(|s| s.1 == one);
    found.map_or("Enabled", |s| s.0)
}

fn action(verb: &str) -> String {
    format!("Microsoft.RecoveryServices/vaults/{verb}")
}

fn shape(vault: &Record<Vault>) -> Value {
    let kept = &vault.body;
    let on_off = |on: bool| if on { "Enabled" } else { "Disabled" };
    let soft_delete = kept.soft_delete;
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "privateEndpointStateForBackup": "None",
        "privateEndpointStateForSiteRecovery": "None",
        "publicNetworkAccess": "Enabled",
        "redundancySettings": {
            "standardTierStorageRedundancy": redundancy(kept.redundancy),
            "crossRegionRestore": on_off(kept.cross_region_restore),
        },
        "securitySettings": {
            "softDeleteSettings": {
                "softDeleteState": soft_delete_state(soft_delete.state),
                "softDeleteRetentionPeriodInDays": soft_delete.retention_days,
                "enhancedSecurityState": "Enabled",
            },
        },
        "monitoringSettings": {
            "azureMonitorAlertSettings": {"alertsForAllJobFailures": "Enabled"},
            "classicAlertSettings": {"alertsForCriticalOperations": "Enabled"},
        },
        "restoreSettings": {
            "crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"},
        },
        "costManagementSettings": {"granularityLevel": "VaultLevel"},
        "bcdrSecurityLevel": "Fair",
    });
    body::merge(&mut properties, &kept.settings);
    json!({
        "id": vault.id,
        "name": vault.name,
        "type": "Microsoft.RecoveryServices/vaults",
        "location": kept.location,
        "tags": kept.tags,
        "etag": format!("W/\"{}\"", vault.etag()),
        "sku": {"name": "Standard"},
        "properties": properties,
    })
}
