//! Adoption: the records learn what stores hold that were written to by others (invariant 1 of
//! the control plane: the log commits, a record follows).
//!
//! ```text
//! each store: who owns it? ─ this server, as recorded ─► nothing to do
//!                          └ somebody else, nobody     ─► take it ─► compare ─► record it as taken
//! ```
//!
//! A store is taken before it is looked at, so a command that takes it over meanwhile is seen by
//! the next round.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use base::{Code, Error, PointId, Result};
use jiff::SignedDuration;
use state::hosts::Host;
use state::jobs::{self, Filter, JobOperation};
use state::protected_items as items;
use state::recovery_points::{self as points, Range, RecoveryPoint, Tiers};
use state::resources::Record;
use state::vaults::Vault;
use state::{Lease, WriteTx, fold, leases, resources};

use super::rests::Round;
use crate::Control;
use crate::adopt::Adopted;
use crate::jobs::{begun, sending};
use crate::ownership::{Owned, VAULT_PLACE, owned, set_owned, snapshot_place};
use crate::plane::{Ownership, Stores, Tier};
use crate::points::expiries;
use crate::protected_items::items_of;
use crate::stores::hosts_with_snapshots;

/// For how long a server has the adoption of a vault to itself.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// Records that are read, or written, at once.
const PAGE: u32 = 500;

/// A store of a vault.
struct Place {
    /// Its name among [`Owned`].
    name: String,
    tier: Tier,
    stores: Stores,
    /// The generation to take it in; `None` if this server has it.
    take: Option<u64>,
}

/// What the stores of a vault hold.
#[derive(Default)]
struct Held {
    /// Where each point is: the stores of one place of each tier.
    points: BTreeMap<PointId, [Option<usize>; 2]>,
    /// Whether every snapshot store could be read.
    all_snapshots: bool,
}

impl Control {
    /// Compares the records of every vault with its stores where somebody else has written to
    /// one.
    pub(super) async fn adopt_stores(&self) -> Result<()> {
        if !self.rests.is_due(Round::Adoption, self.now()) {
            return Ok(());
        }
        let mut tx = self.state.read().await?;
        let vaults: Vec<Record<Vault>> = resources::all(&mut tx).await?;
        let hosts = resources::all::<Host>(&mut tx).await?;
        drop(tx);
        for vault in vaults {
            // One that is attached just now is compared by that.
            let adopting = self.adopting.of(vault.body.store_vault);
            let Ok(_alone) = adopting.try_lock() else {
                continue;
            };
            let done = match self.needs_taking(&vault, &hosts).await {
                // With the hosts that there are by now.
                Ok(true) => self.adopt_vault(&vault).await.map(drop),
                Ok(false) => Ok(()),
                Err(e) => Err(e),
            };
            if let Err(e) = done {
                tracing::warn!("comparing the records with vault {}: {e}", vault.name);
            }
        }
        Ok(())
    }

    /// Whether somebody else has written to a store of a vault.
    async fn needs_taking(&self, vault: &Record<Vault>, hosts: &[Record<Host>]) -> Result<bool> {
        let id = vault.body.store_vault;
        let known = owned(&mut self.state.read().await?, id).await?;
        let (places, ..) = self.places(vault, hosts, &known).await?;
        self.note_taken(id, false);
        Ok(places.iter().any(|p| p.take.is_some()))
    }

    /// Compares the records of a vault with its stores, if somebody else has written to one. The
    /// caller holds the lock of it ([`Adopting`](crate::ownership::Adopting)).
    ///
    /// # Errors
    /// `StoreTakenOver` if another server has taken it; `AdoptionPending` if another one compares
    /// it just now; those of the vault's own store and of the records. A snapshot store that
    /// can't be read is left out, and taken by a later round.
    pub(crate) async fn adopt_vault(&self, vault: &Record<Vault>) -> Result<Adopted> {
        let hosts = &resources::all::<Host>(&mut self.state.read().await?).await?[..];
        let id = vault.body.store_vault;
        let known = owned(&mut self.state.read().await?, id).await?;
        let (places, mut all_snapshots, unmade) = self.places(vault, hosts, &known).await?;
        self.note_taken(id, false);
        if places.iter().all(|p| p.take.is_none()) {
            return Ok(Adopted::default());
        }
        if !unmade.is_empty() {
            let mut tx = self.state.read().await?;
            for item in items_of(&mut tx, &vault.id).await? {
                let named = hosts_with_snapshots(&mut tx, item.data_id).await?;
                // A store that points were in is one that is away.
                all_snapshots &= named.is_disjoint(&unmade);
            }
        }
        let mut tx = self.state.write().await?;
        let name = format!("adopt/{id}");
        let taken = leases::take(&mut tx, &name, self.engine.owner(), LEASE).await?;
        let busy = || Error::new(Code::AdoptionPending, "another server is at it");
        let lease = taken.ok_or_else(busy)?;
        tx.commit().await?;
        let done = self
            .compare_stores(vault, hosts, &places, all_snapshots, &lease)
            .await;
        let mut tx = self.state.write_as(&lease).await?;
        if done.is_ok() {
            let mut owned: Owned = owned(&mut tx, id).await?;
            for place in &places {
                if let Some(generation) = place.take {
                    owned.insert(place.name.clone(), generation);
                }
            }
            set_owned(&mut tx, id, &owned).await?;
        }
        leases::release(&mut tx, &lease).await?;
        tx.commit().await?;
        let adopted = done?;
        if adopted != Adopted::default() {
            tracing::warn!("vault {} was written to by others: {adopted}", vault.name);
            self.log_adoption(vault, &adopted).await?;
        }
        Ok(adopted)
    }

    /// The stores of a vault that are there, whether all snapshot stores could be asked, and the
    /// folded ids of the hosts that seem to have none.
    async fn places(
        &self,
        vault: &Record<Vault>,
        hosts: &[Record<Host>],
        known: &Owned,
    ) -> Result<(Vec<Place>, bool, BTreeSet<String>)> {
        let (mut places, mut all_snapshots) = (Vec::new(), true);
        let mut unmade = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for (number, host) in hosts.iter().enumerate() {
            let stores = self.stores_even_if_taken(&vault.body, &host.body, known)?;
            // The vault once, then each snapshot store.
            let tiers = if number == 0 {
                &[Tier::Vault, Tier::Snapshot][..]
            } else {
                &[Tier::Snapshot]
            };
            for tier in tiers {
                let name = match tier {
                    Tier::Vault => VAULT_PLACE.to_owned(),
                    Tier::Snapshot => snapshot_place(&stores.snapshots),
                };
                if !seen.insert(name.clone()) {
                    continue;
                }
                let owner = match self.plane.owner(&stores, *tier).await {
                    Err(e) if *tier == Tier::Snapshot => {
                        tracing::debug!("a snapshot store can't be read: {e}");
                        all_snapshots = false;
                        continue;
                    }
                    owner => owner?,
                };
                let take = match (owner, known.get(&name)) {
                    (Ownership::NoStore, _) => {
                        if !self.is_own_folder(&host.body) {
                            unmade.insert(fold(&host.id));
                        }
                        continue;
                    }
                    (Ownership::Nobody, _) => Some(1),
                    (Ownership::Owner(owner), generation) => {
                        let own = owner.server == Some(self.server.id);
                        if self.is_taken(&owner, generation) {
                            self.note_taken(vault.body.store_vault, true);
                            let detail = format!("{} has it since {}", owner.name, owner.since);
                            return Err(Error::new(Code::StoreTakenOver, detail));
                        }
                        let same = own && generation == Some(&owner.generation);
                        (!same).then_some(owner.generation + 1)
                    }
                };
                let (tier, stores) = (*tier, stores.clone());
                places.push(Place {
                    name,
                    tier,
                    stores,
                    take,
                });
            }
        }
        Ok((places, all_snapshots, unmade))
    }

    /// Takes the stores that are to be taken, and brings the records to what all of them hold.
    async fn compare_stores(
        &self,
        vault: &Record<Vault>,
        hosts: &[Record<Host>],
        places: &[Place],
        all_snapshots: bool,
        lease: &Lease,
    ) -> Result<Adopted> {
        for place in places {
            let Some(generation) = place.take else {
                continue;
            };
            let owner = self.server.owner(generation, self.now());
            if !self.plane.own(&place.stores, place.tier, &owner).await? {
                let detail = "somebody else took the store meanwhile";
                return Err(Error::new(Code::AdoptionPending, detail));
            }
        }
        // The records first: what is made meanwhile is then new in the store, and its job's.
        let known = self.known(vault).await?;
        let mut held = Held {
            all_snapshots,
            ..Held::default()
        };
        for (number, place) in places.iter().enumerate() {
            for point in self.plane.points(&place.stores, place.tier).await? {
                held.points.entry(point).or_default()[place.tier as usize] = Some(number);
            }
        }
        let mut adopted = Adopted::default();
        let busy = self.busy(vault).await?;
        self.adopt_new(
            vault,
            hosts,
            places,
            &held,
            &known,
            &busy,
            lease,
            &mut adopted,
        )
        .await?;
        self.mark_gone(&held, known, &busy, lease, &mut adopted)
            .await?;
        Ok(adopted)
    }

    /// The points that the records have of a vault.
    async fn known(&self, vault: &Record<Vault>) -> Result<HashMap<PointId, (i64, i64, Tiers)>> {
        let mut known = HashMap::new();
        for item in items_of(&mut self.state.read().await?, &vault.id).await? {
            let mut after = None;
            loop {
                let mut tx = self.state.read().await?;
                let all = Range::default();
                let page = points::page(&mut tx, item.data_id, all, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some((last.taken_at, last.number));
                known.extend(page.iter().map(|p| (p.point, (p.item, p.number, p.tiers))));
            }
        }
        Ok(known)
    }

    /// Points that jobs make, move or remove now, or that are to go: those are theirs.
    async fn busy(&self, vault: &Record<Vault>) -> Result<HashSet<PointId>> {
        let mut tx = self.state.read().await?;
        let filter = Filter {
            vault: Some(vault.id.clone()),
            unfinished: true,
            ..Filter::default()
        };
        let mut busy = HashSet::new();
        let mut deleted = HashSet::new();
        for job in jobs::page(&mut tx, &filter, None, u32::MAX).await? {
            if job.operation == JobOperation::DeleteBackupData {
                deleted.extend(job.item.clone());
            }
            busy.extend(begun(&job));
            busy.extend(sending(&job).map(|sending| sending.point));
        }
        for item in items_of(&mut tx, &vault.id).await? {
            busy.extend(&item.body.given_up);
            if deleted.contains(&fold(&item.id)) {
                let all = Range::default();
                let page = points::page(&mut tx, item.data_id, all, None, u32::MAX).await?;
                busy.extend(page.iter().map(|p| p.point));
            }
        }
        Ok(busy)
    }

    #[allow(clippy::too_many_arguments, reason = "all that a comparison has")]
    async fn adopt_new(
        &self,
        vault: &Record<Vault>,
        hosts: &[Record<Host>],
        places: &[Place],
        held: &Held,
        known: &HashMap<PointId, (i64, i64, Tiers)>,
        busy: &HashSet<PointId>,
        lease: &Lease,
        adopted: &mut Adopted,
    ) -> Result<()> {
        let new = held.points.iter();
        let new = new.filter(|(id, _)| !known.contains_key(id) && !busy.contains(id));
        let mut found = Vec::new();
        for (id, at) in new {
            let tiers = match at {
                [Some(_), Some(_)] => Tiers::SnapshotAndVault,
                [Some(_), None] => Tiers::Snapshot,
                _ => Tiers::Vault,
            };
            let near = at[Tier::Vault as usize].or(at[Tier::Snapshot as usize]);
            let Some(place) = near.map(|number| &places[number]) else {
                continue;
            };
            match self.plane.found(&place.stores, place.tier, *id).await {
                Ok(Some(point)) => found.push((point, tiers)),
                Ok(None) => {}
                Err(e) if e.kind() == base::Kind::Integrity => {
                    tracing::warn!("point {id} of vault {} can't be read: {e}", vault.name);
                    adopted.unreadable += 1;
                }
                Err(e) => return Err(e),
            }
        }
        // As they were taken, so that marks go to the first of each period.
        found.sort_by_key(|(point, _)| (point.facts.taken_at, point.facts.point));
        for some in found.chunks(PAGE as usize) {
            let mut tx = self.write_page(lease).await?;
            for (point, tiers) in some {
                if self
                    .adopt_point(&mut tx, vault, hosts, point, *tiers)
                    .await?
                {
                    adopted.points += 1;
                }
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Begins to write a part of what was found, as long as no other server has begun to compare.
    async fn write_page(&self, lease: &Lease) -> Result<WriteTx> {
        let mut tx = self.state.write_as(lease).await?;
        leases::renew(&mut tx, lease, LEASE).await?;
        Ok(tx)
    }

    /// Brings the records of points to where the points are; those that are nowhere go.
    async fn mark_gone(
        &self,
        held: &Held,
        known: HashMap<PointId, (i64, i64, Tiers)>,
        busy: &HashSet<PointId>,
        lease: &Lease,
        adopted: &mut Adopted,
    ) -> Result<()> {
        let mut moved = Vec::new();
        for (id, (item, number, tiers)) in known {
            let at = held.points.get(&id).copied().unwrap_or_default();
            let recorded = matches!(tiers, Tiers::Snapshot | Tiers::SnapshotAndVault);
            let snapshot = at[Tier::Snapshot as usize].is_some() || !held.all_snapshots && recorded;
            let now = match (snapshot, at[Tier::Vault as usize].is_some()) {
                (true, true) => Some(Tiers::SnapshotAndVault),
                (true, false) => Some(Tiers::Snapshot),
                (false, true) => Some(Tiers::Vault),
                (false, false) => None,
            };
            if now != Some(tiers) && !busy.contains(&id) {
                moved.push((item, number, tiers, now));
            }
        }
        for some in moved.chunks(PAGE as usize) {
            let mut tx = self.write_page(lease).await?;
            for (item, number, before, now) in some {
                let point = points::get(&mut tx, *item, *number).await?;
                // Whoever has changed it since knows better.
                let Some(point) = point.filter(|p| p.tiers == *before) else {
                    continue;
                };
                let Some(tiers) = now else {
                    points::delete(&mut tx, &point).await?;
                    adopted.gone.push(point.point);
                    continue;
                };
                let policy = items::by_data_id(&mut tx, *item).await?;
                let policy = policy.and_then(|i| i.body.policy_seen);
                let mut point = RecoveryPoint {
                    tiers: *tiers,
                    ..point
                };
                if let Some(policy) = &policy {
                    expiries(&mut point, policy);
                }
                points::update(&mut tx, point).await?;
                adopted.moved += 1;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}
