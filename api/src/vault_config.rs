//! A vault's settings as older clients see them: in resources of their own.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use control::VaultChange;
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::vaults::{SoftDeleteState, Vault};

use crate::app::App;
use crate::body::{self, Body, Flexible, choose};
use crate::caller::Caller;
use crate::error::Answer;
use crate::vaults::{
    Names, REDUNDANCIES, SOFT_DELETE, lowers_soft_delete, redundancy, soft_delete_state,
};

/// What may be said of the redundancy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StorageAsked {
    properties: StorageProperties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StorageProperties {
    storagemodeltype: Option<String>,
    storagetype: Option<String>,
    crossregionrestoreflag: Option<bool>,
}

/// What may be said of soft delete.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigAsked {
    properties: ConfigProperties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigProperties {
    softdeletefeaturestate: Option<String>,
    softdeleteretentionperiodindays: Option<Flexible<u16>>,
}

/// `GET …/backupstorageconfig/vaultstorageconfig`: the redundancy.
pub(crate) async fn storage(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    Ok(Json(storage_shape(&names.read(&app, &caller).await?)))
}

/// `PUT …/backupstorageconfig/vaultstorageconfig`
pub(crate) async fn put_storage(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    let vault = change_storage(&app, &names, &caller, &bytes).await?;
    Ok(Json(storage_shape(&vault)))
}

/// `PATCH …/backupstorageconfig/vaultstorageconfig`: clients take only 204.
pub(crate) async fn patch_storage(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<StatusCode> {
    change_storage(&app, &names, &caller, &bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_storage(
    app: &App,
    names: &Names,
    caller: &Caller,
    bytes: &[u8],
) -> Answer<Record<Vault>> {
    names
        .allow(app, caller, "backupstorageconfig/write")
        .await?;
    let asked = body::read::<StorageAsked>(bytes)?.properties;
    let wanted = asked.storagemodeltype.or(asked.storagetype);
    let place = "properties.storageModelType";
    let change = VaultChange {
        redundancy: wanted
            .map(|w| choose(place, &w, &REDUNDANCIES))
            .transpose()?,
        cross_region_restore: asked.crossregionrestoreflag,
        ..VaultChange::default()
    };
    let changed = app.control.change_vault(&names.group, &names.vault, change);
    Ok(changed.await?)
}

/// `GET …/backupconfig/vaultconfig`: soft delete.
pub(crate) async fn config(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    Ok(Json(config_shape(&names.read(&app, &caller).await?)))
}

/// `PATCH` and `PUT …/backupconfig/vaultconfig`. Only here `AlwaysOn` is taken as it is said
/// (SOFT-6).
pub(crate) async fn change_config(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "backupconfig/write").await?;
    let asked = body::read::<ConfigAsked>(&bytes)?.properties;
    let place = "properties.softDeleteFeatureState";
    let state = asked.softdeletefeaturestate;
    let change = VaultChange {
        soft_delete: state.map(|s| choose(place, &s, &SOFT_DELETE)).transpose()?,
        soft_delete_days: asked.softdeleteretentionperiodindays.map(|days| days.0),
        always_on_is_meant: true,
        ..VaultChange::default()
    };
    lowers_soft_delete(&app, &names, &caller, &change).await?;
    let vault = app
        .control
        .change_vault(&names.group, &names.vault, change)
        .await?;
    Ok(Json(config_shape(&vault)))
}

/// `GET …/backupEncryptionConfigs/backupResourceEncryptionConfig` (ENC-1)
pub(crate) async fn encryption(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let vault = names.read(&app, &caller).await?;
    let name = "backupResourceEncryptionConfig";
    Ok(Json(json!({
        "id": format!("{}/backupEncryptionConfigs/{name}", vault.id),
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupEncryptionConfigs",
        "properties": {
            "encryptionAtRestType": "MicrosoftManaged",
            "infrastructureEncryptionState": "Disabled",
            "lastUpdateStatus": "NotEnabled",
            "useSystemAssignedIdentity": false,
        },
    })))
}

fn lock(vault: &Vault) -> &'static str {
    if vault.ever_protected {
        "Locked"
    } else {
        "Unlocked"
    }
}

fn storage_shape(vault: &Record<Vault>) -> Value {
    let redundancy = redundancy(vault.body.redundancy);
    json!({
        "id": format!("{}/backupstorageconfig/vaultstorageconfig", vault.id),
        "name": "vaultstorageconfig",
        "type": "Microsoft.RecoveryServices/vaults/backupstorageconfig",
        "properties": {
            "storageModelType": redundancy,
            "storageType": redundancy,
            "storageTypeState": lock(&vault.body),
            "crossRegionRestoreFlag": vault.body.cross_region_restore,
            "dedupState": "Disabled",
            "xcoolState": "Disabled",
        },
    })
}

fn config_shape(vault: &Record<Vault>) -> Value {
    let redundancy = redundancy(vault.body.redundancy);
    let soft_delete = vault.body.soft_delete;
    json!({
        "id": format!("{}/backupconfig/vaultconfig", vault.id),
        "name": "vaultconfig",
        "type": "Microsoft.RecoveryServices/vaults/backupconfig",
        "properties": {
            "storageModelType": redundancy,
            "storageType": redundancy,
            "storageTypeState": lock(&vault.body),
            "enhancedSecurityState": "Enabled",
            "softDeleteFeatureState": soft_delete_state(soft_delete.state),
            "softDeleteRetentionPeriodInDays": soft_delete.retention_days,
            "isSoftDeleteFeatureStateEditable": soft_delete.state != SoftDeleteState::AlwaysOn,
        },
    })
}
