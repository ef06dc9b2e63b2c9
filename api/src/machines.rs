//! `…/providers/Stillpoint.Fabric/machines`: machines with how each stands and is protected, a row
//! each.

use axum::Json;
use axum::extract::{Path, State};
use control::{MachineFilter, Protected, ShownMachine};
use serde_json::{Value, json};
use state::machines::{Machine, Standing};
use state::protected_items::{ProtectedItem, ProtectionState};

use crate::app::App;
use crate::body::{choose, word_for};
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::found::Found;
use crate::overview::{ITEMS, MACHINES};
use crate::page::{Page, Paged};
use crate::scope::Subscription;

/// The words for how a machine stands on its host.
pub(crate) const STANDINGS: [(&str, Standing); 3] = [
    ("Listed", Standing::Listed),
    ("Gone", Standing::Gone),
    ("Conflict", Standing::Conflict),
];

/// The words for the states of items.
pub(crate) const STATES: [(&str, ProtectionState); 6] = [
    ("IRPending", ProtectionState::InitialBackupPending),
    ("Protected", ProtectionState::Protected),
    ("ProtectionError", ProtectionState::ProtectionError),
    ("ProtectionStopped", ProtectionState::ProtectionStopped),
    ("ProtectionPaused", ProtectionState::ProtectionPaused),
    ("BackupsSuspended", ProtectionState::BackupsSuspended),
];

/// The words for which machines are asked for.
const PROTECTIONS: [(&str, Protected); 9] = [
    ("Unprotected", Protected::No),
    ("Active", Protected::Active),
    ("Stopped", Protected::Stopped),
    (
        "IRPending",
        Protected::As(ProtectionState::InitialBackupPending),
    ),
    ("Protected", Protected::As(ProtectionState::Protected)),
    (
        "ProtectionError",
        Protected::As(ProtectionState::ProtectionError),
    ),
    (
        "ProtectionStopped",
        Protected::As(ProtectionState::ProtectionStopped),
    ),
    (
        "ProtectionPaused",
        Protected::As(ProtectionState::ProtectionPaused),
    ),
    (
        "BackupsSuspended",
        Protected::As(ProtectionState::BackupsSuspended),
    ),
];

/// What `$filter` may name.
pub(crate) const FILTERS: [&str; 5] =
    ["protection", "standing", "host", "location", "nameContains"];

/// `GET …/machines`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, MACHINES).await?;
    let sees_items = scope.sees_some(&app, &caller, ITEMS).await?;
    let chosen = |name: &str| filter.get(name);
    let wanted = MachineFilter {
        protection: chosen("protection")
            .map(|word| choose("$filter: protection", word, &PROTECTIONS))
            .transpose()?,
        standing: chosen("standing")
            .map(|word| choose("$filter: standing", word, &STANDINGS))
            .transpose()?,
        host: chosen("host").map(str::to_owned),
        location: chosen("location").map(str::to_owned),
        name: chosen("nameContains").map(str::to_owned),
    };
    let found = app
        .control
        .shown_machines(
            &wanted,
            &sees,
            sees_items.as_ref(),
            page.after(),
            Paged::ASKED,
        )
        .await?;
    let key = |shown: &ShownMachine| shown.machine.id.clone();
    Ok(Json(page.answer(&app, found, key, |one| shape(&app, one))))
}

fn shape(app: &App, shown: &ShownMachine) -> Value {
    let machine = &shown.machine;
    let body = &machine.body;
    let bytes = body.disks.iter().map(|disk| disk.bytes);
    let refusal = shown.refusal.as_ref().map(|error| {
        json!({
            "code": error.code().name(),
            "message": error.detail(),
            "recommendation": error.code().remedy(),
        })
    });
    json!({
        "id": machine.id,
        "name": machine.name,
        "type": Machine::TYPE,
        "location": body.location,
        "tags": body.said.tags,
        "properties": {
            "vmId": body.uuid,
            "resourceGroup": machine.id.split('/').nth(4),
            "host": shown.host,
            "hostId": shown.host.as_deref().map(|name| app.control.host_id(name)),
            "standing": word_for(&STANDINGS, &body.standing()),
            "goneSince": body.vanished.map(|at| at.to_string()),
            "powerState": if body.running { "Running" } else { "Stopped" },
            "guestAgent": agent(body),
            "osType": body.os,
            "disks": body.disks.len(),
            "diskBytes": bytes.fold(0, u64::saturating_add),
            "seen": body.seen.to_string(),
            "refusal": refusal,
            "protection": protection(shown),
        },
    })
}

/// What is known of a machine's guest agent.
fn agent(machine: &Machine) -> Option<&'static str> {
    match (&machine.agent_lost, machine.running) {
        (_, false) => None,
        (None, true) => Some("Responding"),
        (Some(lost), true) if lost.absent => Some("NotConfigured"),
        (Some(_), true) => Some("NotResponding"),
    }
}

fn protection(shown: &ShownMachine) -> Value {
    let state = shown.state.and_then(|state| word_for(&STATES, &state));
    let mut value = json!({"state": state.unwrap_or("Unprotected")});
    if let Some(item) = &shown.item {
        crate::body::merge(&mut value, &of_item(item));
    }
    value
}

/// What a row shows of an item.
fn of_item(item: &ProtectedItem) -> Value {
    let body = &item.body;
    let vault = item.id.split("/backupFabrics/").next().unwrap_or_default();
    let last = body.last_backup.as_ref();
    json!({
        "itemId": item.id,
        "vaultId": vault,
        "vaultName": vault.rsplit('/').next(),
        "policyName": body.policy_name,
        "lastBackupStatus": last.map(|last| format!("{:?}", last.status)),
        "lastBackupTime": last.map(|last| last.at.to_string()),
        "lastBackupCode": last.and_then(|last| last.code.as_ref().or(last.downgrade.as_ref())),
        "nextRun": item.next_run.map(|at| at.to_string()),
        "newestPoint": body.last_point.map(|at| at.to_string()),
    })
}
