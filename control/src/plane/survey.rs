//! What a store holds as a whole, and who owns it.

use base::{Code, Error, PointId, Result};
use mover::{Origin, PointRecord};
use state::machines::MachineDisk;
use uuid::Uuid;
use vault::{Owner, PointState, Put};

use super::hosts::HostPlane;
use super::stores::never_made;
use super::{PointFacts, Stores, Tier, disk_numbers};

/// Who owns a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// It was never made.
    NoStore,
    /// Nobody has said so far.
    Nobody,
    /// This one.
    Owner(Owner),
}

/// A point that is in a store, with all that records can be made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPoint {
    /// What the store tells of it.
    pub facts: PointFacts,
    /// Its machine.
    pub machine: Uuid,
    /// The machine's name on its host.
    pub name: String,
    /// The machine's disks.
    pub disks: Vec<MachineDisk>,
    /// Whose point it is, and what was promised of it; `None` if no server took it.
    pub origin: Option<Origin>,
}

impl HostPlane {
    pub(super) async fn ownership(&self, stores: &Stores, tier: Tier) -> Result<Ownership> {
        if tier == Tier::Snapshot && never_made(stores)? {
            return Ok(Ownership::NoStore);
        }
        let opened = self.tier(stores, tier).await?;
        let store = opened.store();
        let owner = store.owner().await?;
        // It was opened a while ago: an empty folder in its place must not pass for it.
        if store.get("vault").await?.is_none() {
            let detail = format!("{store} is gone: is what it lies on mounted?");
            return Err(Error::new(Code::StoreUnavailable, detail));
        }
        Ok(owner.map_or(Ownership::Nobody, Ownership::Owner))
    }

    pub(super) async fn take(&self, stores: &Stores, tier: Tier, owner: &Owner) -> Result<bool> {
        let opened = self.tier(stores, tier).await?;
        Ok(opened.store().own(owner).await? == Put::Created)
    }

    pub(super) async fn all_points(&self, stores: &Stores, tier: Tier) -> Result<Vec<PointId>> {
        let opened = self.tier(stores, tier).await?;
        let state = opened.refresh().await?;
        let whole = state.points.iter().filter(|p| p.state == PointState::Whole);
        Ok(whole.map(|p| p.point).collect())
    }

    pub(super) async fn found_point(
        &self,
        stores: &Stores,
        tier: Tier,
        point: PointId,
    ) -> Result<Option<FoundPoint>> {
        let opened = self.tier(stores, tier).await?;
        let info = match opened.point(point).await {
            Err(e) if e.code() == Code::PointNotFound => return Ok(None),
            info => info?,
        };
        let record = PointRecord::of(&opened, &info).await?;
        let machine = record.machine.uuid.parse().map_err(|e| {
            let detail = format!("the machine of point {point} has no UUID");
            Error::new(Code::VaultDamaged, detail).because(e)
        })?;
        let numbers = disk_numbers(&record.machine.disks);
        let disks = record.machine.disks.iter().zip(numbers);
        let disks = disks.map(|(disk, lun)| MachineDisk {
            lun,
            name: disk.name.clone(),
            bytes: disk.size,
        });
        Ok(Some(FoundPoint {
            facts: self.facts(&opened, point).await?,
            machine,
            name: record.machine.name.clone(),
            disks: disks.collect(),
            origin: record.origin,
        }))
    }
}
