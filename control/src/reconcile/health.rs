//! The check in the background: what would keep the next backup of an item from going well, before
//! it is due (PROT-14).
//!
//! It works on what discovery and the reconcilers have found, and touches no host and no store. A
//! round follows a look at the hosts, five minutes after the last one at the earliest; an item is
//! written only if what was found differs. What a backup that failed has left at its item stays
//! until one goes well.

mod checks;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use base::{Code, Result};
use jiff::{SignedDuration, Timestamp};
use state::admission_rules::AdmissionRule;
use state::hosts::Host;
use state::machines::Machine;
use state::policies::Policy;
use state::protected_items::{self as items, Filter, HealthFinding, ProtectedItem};
use state::resources::{self, Record, Scope};
use state::vaults::Vault;
use state::{Resource, Tx, fold};

use self::checks::Checks;
use super::rests::Round;
use crate::Control;
use crate::protected_items::is_active;

/// Items that are looked at in one page.
const PAGE: u32 = 500;
/// For how long a host or an agent must be silent before it is told of.
const SILENT: SignedDuration = SignedDuration::from_mins(5);

/// What the looks at the hosts have told.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    /// Whether there was one since the last round.
    looked: bool,
    /// Since when hosts don't answer this process, by folded id.
    silent: BTreeMap<String, Timestamp>,
}

impl Looks {
    /// There was a look, at which these hosts did not answer.
    pub(crate) fn note(&self, silent: &BTreeSet<String>, now: Timestamp) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.looked = true;
        told.silent.retain(|host, _| silent.contains(host));
        for host in silent {
            told.silent.entry(host.clone()).or_insert(now);
        }
    }

    /// Hosts that don't answer, and since when.
    pub(crate) fn silent(&self) -> BTreeMap<String, Timestamp> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.silent.clone()
    }

    fn is_wanted(&self) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.looked
    }

    /// Hosts that don't answer, and since when; the looks so far count as followed.
    fn take(&self) -> BTreeMap<String, Timestamp> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.looked = false;
        told.silent.clone()
    }
}

/// Whether a host has not answered for so long that it is told of: to this process, which has
/// asked it that long, and to any other server.
pub(crate) fn is_silent(
    host: &Record<Host>,
    silent: &BTreeMap<String, Timestamp>,
    now: Timestamp,
) -> bool {
    let long_ago = |at: Timestamp| now.duration_since(at) >= SILENT;
    let is_seen = host.body.seen.is_some_and(|at| !long_ago(at));
    let here = silent.get(&fold(&host.id));
    !is_seen && here.is_some_and(|since| long_ago(*since))
}

impl Control {
    /// Brings what was found at the items up to date.
    pub(super) async fn check_health(&self) -> Result<()> {
        if !self.rests.looks.is_wanted() || !self.rests.is_due(Round::Health, self.now()) {
            return Ok(());
        }
        let silent = self.rests.looks.take();
        let mut tx = self.state.read().await?;
        let checks = self.checks(&mut tx, &silent).await?;
        drop(tx);
        let live = Filter {
            deleted: Some(false),
            ..Filter::default()
        };
        let mut after = None;
        loop {
            let mut tx = self.state.read().await?;
            let page = items::page(&mut tx, &live, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            let mut changed = Vec::new();
            for item in &page {
                if self.findings(&mut tx, &checks, item).await? != item.body.health {
                    changed.push(item.data_id);
                }
            }
            drop(tx);
            if !changed.is_empty() {
                self.note_health(&checks, &changed).await?;
            }
        }
    }

    async fn note_health(&self, checks: &Checks, changed: &[i64]) -> Result<()> {
        let mut tx = self.state.write().await?;
        for item in changed {
            let found = items::by_data_id(&mut tx, *item).await?;
            let Some(mut item) = found.filter(|i| i.purge_at.is_none()) else {
                continue;
            };
            let findings = self.findings(&mut tx, checks, &item).await?;
            if findings != item.body.health {
                item.body.health = findings;
                items::update(&mut tx, item).await?;
            }
        }
        tx.commit().await
    }

    /// What is to stand at an item: what its last backup left, and what is found now.
    async fn findings(
        &self,
        tx: &mut Tx,
        checks: &Checks,
        item: &ProtectedItem,
    ) -> Result<Vec<HealthFinding>> {
        let left = item.body.health.iter().filter(|f| !f.background);
        let mut all: Vec<HealthFinding> = left.cloned().collect();
        // No backup is to come that could fail.
        if is_active(item) {
            all.extend(checks.of(self, tx, item).await?);
        }
        Ok(all)
    }

    /// What the checks go by.
    async fn checks(&self, tx: &mut Tx, silent: &BTreeMap<String, Timestamp>) -> Result<Checks> {
        let now = tx.now();
        let hosts: Vec<Record<Host>> = resources::all(tx).await?;
        let silent_hosts = hosts.iter().filter(|host| is_silent(host, silent, now));
        let silent_hosts = silent_hosts.map(|h| (fold(&h.id), h.name.clone()));
        let vaults: Vec<Record<Vault>> = resources::all(tx).await?;
        let of_vaults = vaults.iter().filter_map(|vault| {
            let taken = self.check_not_taken(vault.body.store_vault).err();
            // Nobody has asked so far: that is no finding.
            let taken = taken.filter(|e| e.code() == Code::StoreTakenOver);
            let locked = || self.key.vault_key(&vault.body).err();
            let error = taken.or_else(locked)?;
            Some((fold(&vault.id), checks::finding(&error, true)))
        });
        let of_vaults = of_vaults.collect();
        let locks = resources::count::<state::locks::Lock>(tx, Scope::All).await?;
        let rules = resources::count::<AdmissionRule>(tx, Scope::All).await?;
        Ok(Checks {
            now,
            silent_hosts: silent_hosts.collect(),
            machines: by_id::<Machine>(tx).await?,
            policies: by_id::<Policy>(tx).await?,
            of_vaults,
            has_locks: locks > 0,
            has_rules: rules > 0,
        })
    }
}

/// All resources of a kind by their folded ids.
async fn by_id<T: Resource>(tx: &mut Tx) -> Result<HashMap<String, Record<T>>> {
    let all = resources::all::<T>(tx).await?;
    Ok(all.into_iter().map(|r| (fold(&r.id), r)).collect())
}
