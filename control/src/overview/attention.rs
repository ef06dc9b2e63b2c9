//! What somebody should look at, the most urgent first.

use std::collections::BTreeMap;

use base::{ByteSize, Code, Result};
use jiff::Timestamp;
use policy::AlertLevel;
use state::Tx;
use state::hosts::Host;
use state::machines::{self, Filter, Machine, Protection, Standing};
use state::protected_items::{Need, ProtectedItem, needing};
use state::resources::Record;
use state::vaults::Vault;

use super::places::StoragePlace;
use super::{ItemCounts, MachineCounts, OverviewOf, if_seen};
use crate::reconcile::is_silent;

/// The most that are told of.
const MOST: usize = 50;
/// So many of each kind are told of, whatever there is of others.
const OF_EACH: usize = 5;

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    /// What it is.
    pub kind: AttentionKind,
    /// How grave it is.
    pub severity: AlertLevel,
    /// The id of what it is about.
    pub resource: String,
    /// The name of that.
    pub name: String,
    /// The name of its vault, if it has one.
    pub vault: Option<String>,
    /// Since when it is so, if that is known.
    pub since: Option<Timestamp>,
    /// The name of the code that has cause and remedy.
    pub code: Option<String>,
    /// What is the matter.
    pub detail: String,
}

/// What is to be looked at: in the order of its urgency among what is as grave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttentionKind {
    /// A pool or a snapshot store is nearly full.
    StorageNearlyFull,
    /// A host does not answer.
    HostUnreachable,
    /// The last backup of an item failed.
    LastBackupFailed,
    /// The run after the one that is due is due, too.
    PointsMissed,
    /// A machine is on several hosts at once, and so is not backed up.
    Conflict,
    /// An item has no backup so far.
    InitialBackupPending,
    /// The last point is less consistent than was asked.
    Downgraded,
    /// Nothing backs a machine up.
    Unprotected,
    /// Nobody but the server has a vault's keys.
    KeyNotExported,
}

/// What some items need, by the counts of all.
pub(super) fn needs(counts: &ItemCounts, missed_by: Timestamp) -> Vec<(Need, AttentionKind)> {
    let all = [
        (
            counts.last_backup_failed,
            Need::LastBackupFailed,
            AttentionKind::LastBackupFailed,
        ),
        (
            counts.points_missed,
            Need::PointsMissed(missed_by),
            AttentionKind::PointsMissed,
        ),
        (
            counts.initial_backup_pending,
            Need::InitialBackup(missed_by),
            AttentionKind::InitialBackupPending,
        ),
        (
            counts.downgraded,
            Need::Downgraded(missed_by),
            AttentionKind::Downgraded,
        ),
    ];
    let some = all.into_iter().filter(|(count, ..)| *count > 0);
    some.map(|(_, need, kind)| (need, kind)).collect()
}

/// What is known of all before it is looked for single things.
pub(super) struct Known<'a> {
    /// What some items need.
    pub(super) needs: Vec<(Need, AttentionKind)>,
    pub(super) machines: MachineCounts,
    /// Vaults that may be seen.
    pub(super) vaults: &'a [Record<Vault>],
    /// Their folded ids.
    pub(super) ids: &'a [String],
    pub(super) places: &'a [StoragePlace],
    /// Hosts that don't answer this process, and since when, by folded id.
    pub(super) silent: BTreeMap<String, Timestamp>,
}

/// All that may be seen: only what the counts say is there is asked for.
pub(super) async fn attention(
    tx: &mut Tx,
    of: &OverviewOf,
    known: &Known<'_>,
) -> Result<Vec<Attention>> {
    let mut all: Vec<Attention> = known.places.iter().filter_map(nearly_full).collect();
    all.extend(known.vaults.iter().filter_map(not_exported));
    let now = tx.now();
    let hosts = if_seen::<Host>(tx, of.hosts).await?;
    let silent = hosts.iter().filter(|h| is_silent(h, &known.silent, now));
    all.extend(silent.map(unreachable));
    for (need, kind) in &known.needs {
        let found = needing(tx, *need, Some(known.ids), MOST as u32).await?;
        all.extend(found.iter().map(|item| of_item(item, *kind)));
    }
    if let Some(sees) = &of.machines {
        let of_kind = |standing, protection| Filter {
            within: sees.scopes(),
            standing: Some(vec![standing]),
            protection,
            ..Filter::default()
        };
        if known.machines.in_conflict > 0 {
            let filter = of_kind(Standing::Conflict, None);
            let found = machines::page(tx, &filter, None, MOST as u32).await?;
            all.extend(found.iter().map(conflict));
        }
        if known.machines.unprotected > 0 {
            let filter = of_kind(Standing::Listed, Some(Protection::None));
            let found = machines::page(tx, &filter, None, MOST as u32).await?;
            all.extend(found.iter().map(unprotected));
        }
    }
    Ok(most_urgent(all))
}

/// The most urgent, and some of each kind.
fn most_urgent(mut all: Vec<Attention>) -> Vec<Attention> {
    let rank = |one: &Attention| (one.severity, one.kind, one.since, one.resource.clone());
    all.sort_by_cached_key(rank);
    let mut of_kind = BTreeMap::new();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for one in all {
        let count: &mut usize = of_kind.entry(one.kind).or_default();
        *count += 1;
        match *count <= OF_EACH {
            true => first.push(one),
            false => rest.push(one),
        }
    }
    rest.truncate(MOST.saturating_sub(first.len()));
    first.extend(rest);
    first.sort_by_cached_key(rank);
    first
}

fn nearly_full(place: &StoragePlace) -> Option<Attention> {
    let severity = match (place.is_full(), place.is_nearly_full()) {
        (true, _) => AlertLevel::Critical,
        (false, true) => AlertLevel::Warning,
        (false, false) => return None,
    };
    let what = match place.is_pool {
        true => "the vault pool",
        false => "the snapshot store",
    };
    let space = place.space;
    Some(Attention {
        kind: AttentionKind::StorageNearlyFull,
        severity,
        resource: place.id.clone(),
        name: place.name.clone(),
        vault: None,
        since: None,
        code: Some(Code::NoSpace.name().to_owned()),
        detail: format!(
            "{what} in {} lies on what is {} % full: {} are free of {}",
            place.folder.display(),
            place.used_percent(),
            ByteSize(space.free),
            ByteSize(space.total),
        ),
    })
}

fn unreachable(host: &Record<Host>) -> Attention {
    Attention {
        kind: AttentionKind::HostUnreachable,
        severity: AlertLevel::Critical,
        resource: host.id.clone(),
        name: host.name.clone(),
        vault: None,
        since: Some(host.body.seen.unwrap_or(host.created)),
        code: Some(Code::HypervisorUnavailable.name().to_owned()),
        detail: match host.body.seen {
            Some(at) => format!("host {} answered last at {at}", host.name),
            None => format!("host {} has never answered", host.name),
        },
    }
}

fn of_item(item: &ProtectedItem, kind: AttentionKind) -> Attention {
    let body = &item.body;
    let last = body.last_backup.as_ref();
    let vault = item.id.split("/backupFabrics/").next().unwrap_or_default();
    let owed = body.owed_from.unwrap_or(item.created);
    let (severity, since, code, detail) = match kind {
        AttentionKind::LastBackupFailed => {
            let code = last.and_then(|last| last.code.clone());
            let left = body.health.iter().find(|f| Some(&f.code) == code.as_ref());
            let detail = left.map(|found| found.message.clone());
            let detail = detail.unwrap_or_else(|| "the last backup failed".to_owned());
            (AlertLevel::Critical, last.map(|last| last.at), code, detail)
        }
        AttentionKind::PointsMissed => {
            let detail = match body.last_point {
                Some(at) => format!("the newest recovery point is of {at}, and two were due since"),
                None => format!("there is no recovery point, and two were due since {owed}"),
            };
            let code = Code::BackupOverdue.name().to_owned();
            let since = body.last_point.unwrap_or(owed);
            (AlertLevel::Critical, Some(since), Some(code), detail)
        }
        AttentionKind::Downgraded => {
            let code = last.and_then(|last| last.downgrade.clone());
            let known = code.as_deref().and_then(code_of);
            let detail = known.map_or("", Code::cause).to_owned();
            (AlertLevel::Warning, body.last_point, code, detail)
        }
        _ => {
            let detail = match item.next_run {
                Some(at) => format!("there is no backup so far; the first begins at {at}"),
                None => "there is no backup so far".to_owned(),
            };
            (AlertLevel::Warning, Some(owed), None, detail)
        }
    };
    Attention {
        kind,
        severity,
        resource: item.id.clone(),
        name: body.friendly_name.clone(),
        vault: vault.rsplit('/').next().map(str::to_owned),
        since,
        code,
        detail,
    }
}

/// The code of this name.
fn code_of(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.name() == name)
}

fn conflict(machine: &Record<Machine>) -> Attention {
    let name = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let others: Vec<String> = machine.body.also_on.iter().map(|id| name(id)).collect();
    Attention {
        kind: AttentionKind::Conflict,
        severity: AlertLevel::Critical,
        resource: machine.id.clone(),
        name: machine.name.clone(),
        vault: None,
        since: None,
        code: Some(Code::MachineInConflict.name().to_owned()),
        detail: format!(
            "machine {} is on several hosts at once: {} and {}",
            machine.name,
            name(&machine.body.host),
            others.join(", ")
        ),
    }
}

fn unprotected(machine: &Record<Machine>) -> Attention {
    Attention {
        kind: AttentionKind::Unprotected,
        severity: AlertLevel::Warning,
        resource: machine.id.clone(),
        name: machine.name.clone(),
        vault: None,
        since: machine.body.said.found.or(Some(machine.created)),
        code: None,
        detail: format!("nothing backs up the machine {}", machine.name),
    }
}

fn not_exported(vault: &Record<Vault>) -> Option<Attention> {
    let name = &vault.name;
    vault.body.key_exported.is_none().then(|| Attention {
        kind: AttentionKind::KeyNotExported,
        severity: AlertLevel::Warning,
        resource: vault.id.clone(),
        name: name.clone(),
        vault: Some(name.clone()),
        since: Some(vault.created),
        code: None,
        detail: format!(
            "only this server has the keys of {name}: lost with it, its points can't be read; run \
             `stillpoint server export-key {name} --to FILE` and keep the file in another place"
        ),
    })
}
