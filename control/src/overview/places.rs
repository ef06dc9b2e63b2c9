//! Where backups lie, and how full that is.

use std::path::PathBuf;

use base::Result;
use futures::future::join_all;
use state::hosts::Host;

use super::{OverviewOf, if_seen};
use crate::Control;

/// From this share of its bytes on a place is nearly full, in percent; and from this it is grave.
const NEARLY_FULL: u64 = 85;
const FULL: u64 = 95;
/// The most places that are told of.
const MOST: usize = 100;

/// A pool or a snapshot store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoragePlace {
    /// Its id as a resource.
    pub id: String,
    /// The name of the pool, or of the snapshot store's host.
    pub name: String,
    /// Whether it is a pool.
    pub is_pool: bool,
    /// Its folder.
    pub folder: PathBuf,
    /// The space of what it lies on.
    pub space: mover::Space,
}

impl StoragePlace {
    /// How much is used, in percent: what this user can't have counts as used.
    #[must_use]
    pub fn used_percent(&self) -> u64 {
        let used = self.space.total.saturating_sub(self.space.free);
        let share = u128::from(used) * 100 / u128::from(self.space.total.max(1));
        u64::try_from(share).unwrap_or(100)
    }

    /// Whether it is nearly full.
    #[must_use]
    pub fn is_nearly_full(&self) -> bool {
        self.used_percent() >= NEARLY_FULL
    }

    /// Whether backups will soon find no space.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.used_percent() >= FULL
    }
}

impl Control {
    /// The places that may be seen and can be reached, the fullest first.
    pub(super) async fn storage_places(&self, of: &OverviewOf) -> Result<Vec<StoragePlace>> {
        let pools = match of.pools {
            true => self.vault_pools().await?,
            false => Vec::new(),
        };
        let mut all: Vec<StoragePlace> = pools
            .into_iter()
            .filter_map(|pool| {
                Some(StoragePlace {
                    id: pool.record.id,
                    name: pool.record.name,
                    is_pool: true,
                    folder: pool.folder,
                    space: pool.space?,
                })
            })
            .collect();
        let hosts = if_seen::<Host>(&mut self.state.read().await?, of.hosts).await?;
        let stores = hosts.into_iter().map(|host| async move {
            let folder = PathBuf::from(&host.body.snapshot_store);
            Some(StoragePlace {
                id: self.snapshot_store_id(&host.name),
                name: host.name,
                is_pool: false,
                space: self.spaces.of(folder.clone(), None).await?,
                folder,
            })
        });
        all.extend(join_all(stores).await.into_iter().flatten());
        all.sort_by_key(|place| (std::cmp::Reverse(place.used_percent()), place.id.clone()));
        all.truncate(MOST);
        Ok(all)
    }
}
