//! Counts what items take in stores, once a day where points came or went (`usage_counts`).

use base::Result;
use jiff::SignedDuration;
use state::hosts::Host;
use state::resources::{self, Record};
use state::usages::{self, CountedStore};
use state::vaults::Vault;

use super::rests::Round;
use crate::Control;
use crate::ownership::{owned, snapshot_place};
use crate::protected_items::{items_of, newest_point};
use crate::stores::snapshot_folder;

/// For how long a count is good enough.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// How often a store is counted in which no point came or went.
const AT_LEAST: SignedDuration = SignedDuration::from_hours(24 * 7);

impl Control {
    /// Counts the stores that were not counted for a day. One that fails keeps no other waiting.
    pub(super) async fn count_usages(&self) -> Result<()> {
        if !self.rests.is_due(Round::Usages, self.now()) {
            return Ok(());
        }
        let mut tx = self.state.read().await?;
        let vaults: Vec<Record<Vault>> = resources::all(&mut tx).await?;
        let hosts = resources::all::<Host>(&mut tx).await?;
        drop(tx);
        for vault in &vaults {
            if let Err(e) = self.count_if_stale(vault, &hosts).await {
                tracing::warn!("counting what is in vault {}: {e:?}", vault.name);
            }
        }
        Ok(())
    }

    async fn count_if_stale(&self, vault: &Record<Vault>, hosts: &[Record<Host>]) -> Result<()> {
        let mut tx = self.state.read().await?;
        if self.check_not_taken(vault.body.store_vault).is_err()
            || !self.is_adopted(&mut tx, vault.body.store_vault).await?
        {
            return Ok(());
        }
        let counted = usages::stores(&mut tx, &vault.id).await?;
        let now = tx.now();
        let fresh = |name: &str| {
            let last = counted.iter().find(|c| c.store == name);
            last.is_some_and(|c| now.duration_since(c.counted_at) < FRESH)
        };
        let known = owned(&mut tx, vault.body.store_vault).await?;
        let mut names = vec![usages::VAULT.to_owned()];
        for host in hosts {
            let name = state::fold(&host.id);
            let folder = snapshot_folder(&vault.body, &host.body);
            // Most vaults have no store on most hosts.
            let is_there = known.contains_key(&snapshot_place(&folder));
            if is_there || counted.iter().any(|c| c.store == name) {
                names.push(name);
            }
        }
        let stale = names.into_iter();
        let stale: Vec<String> = stale.filter(|name| !fresh(name)).collect();
        if stale.is_empty() {
            return Ok(());
        }
        let items = items_of(&mut tx, &vault.id).await?;
        let newest = newest_point(&items);
        let sums = usages::of_vault(&mut tx, &vault.id).await?;
        let points: u64 = sums.values().map(|of| of.sum.points).sum();
        drop(tx);
        for name in stale {
            let last = counted.iter().find(|c| c.store == name);
            // Snapshots go without a point that goes.
            let recent = |c: &&CountedStore| now.duration_since(c.counted_at) < AT_LEAST;
            let same = |c: &CountedStore| (c.usage.points, c.usage.newest) == (points, newest);
            if last.filter(recent).is_some_and(same) {
                continue;
            }
            if let Err(e) = self.count_store(vault, hosts, &name).await {
                tracing::warn!("counting store {name} of vault {}: {e:?}", vault.name);
            }
        }
        Ok(())
    }
}
