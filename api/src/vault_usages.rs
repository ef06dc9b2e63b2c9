//! What a vault and its items take, in bytes (`Stillpoint.Fabric/vaultUsages`), and counts of it.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use control::{ItemBytes, VaultBytes};
use serde_json::{Value, json};
use state::usages::{self, CountedStore};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::operations::accepted;
use crate::vaults::{Names, redundancy};

const TYPE: &str = "Stillpoint.Fabric/vaultUsages";
const READ: &str = "Stillpoint.Fabric/vaultUsages/read";
/// In how many pools a vault's data lies, whatever redundancy was asked for: no pool has a pair.
const COPIES: u64 = 1;
const COUNT: &str = "Stillpoint.Fabric/vaultUsages/count/action";

/// `GET …/vaultUsages/{vault}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allowed(&app, &caller, READ).await?;
    let found = app.control.vault_bytes(&names.group, &names.vault).await?;
    Ok(Json(shape(&found)))
}

/// `POST …/vaultUsages/{vault}/count`
pub(crate) async fn count(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Response> {
    names.allowed(&app, &caller, COUNT).await?;
    let operation = app.control.start_count(&names.group, &names.vault).await?;
    let group = app.control.group_id(&names.group);
    let id = format!("{group}/providers/{TYPE}/{}", names.vault);
    Ok(accepted(&app, &id, operation))
}

fn shape(found: &VaultBytes) -> Value {
    let sum = found.sum();
    let stores: Vec<Value> = found.stores.iter().map(|s| store(found, s)).collect();
    let items: Vec<Value> = found.items.iter().map(item).collect();
    let (group, _) = found.vault.id.split_once("/providers/").unwrap_or_default();
    json!({
        "id": format!("{group}/providers/{TYPE}/{}", found.vault.name),
        "name": found.vault.name,
        "type": TYPE,
        "properties": {
            "vaultId": found.vault.id,
            "redundancy": redundancy(found.vault.body.redundancy),
            "copies": COPIES,
            "pairedPool": null,
            "points": sum.points,
            "logicalBytes": sum.logical,
            "stores": stores,
            "items": items,
        },
    })
}

fn store(found: &VaultBytes, of: &CountedStore) -> Value {
    json!({
        "name": store_name(&of.store),
        "countedAt": of.counted_at.to_string(),
        "uniqueBytes": of.usage.used - of.usage.shared,
        "sharedBytes": of.usage.shared,
        "storedBytes": of.usage.stored,
        "addedBytes": found.added(&of.store),
        "expectedBytes": of.usage.expected,
        "wrongSums": of.usage.wrong_sums,
    })
}

fn item(of: &ItemBytes) -> Value {
    let stores = of.usage.stores.iter().map(|(name, usage)| {
        json!({
            "name": store_name(name),
            "uniqueBytes": usage.unique,
            "sharedBytes": usage.shared,
            "addedBytes": usage.added,
        })
    });
    json!({
        "id": of.item.id,
        "friendlyName": of.item.body.friendly_name,
        "points": of.usage.sum.points,
        "logicalBytes": of.usage.sum.logical,
        "dataBytes": of.item.body.data,
        "stores": stores.collect::<Vec<_>>(),
    })
}

/// The vault's own store, or the host of a snapshot store.
fn store_name(store: &str) -> &str {
    match store == usages::VAULT {
        true => "vault",
        false => store.rsplit('/').next().unwrap_or(store),
    }
}
