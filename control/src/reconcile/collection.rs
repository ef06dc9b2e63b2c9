//! Collection: the space of removed points comes back.

use base::{Code, Error, Result};

use super::rests::Round;
use crate::Control;
use crate::plane::{Stores, Tier};

impl Control {
    /// Has the space of points that were removed from one of the stores given back before long.
    pub(crate) fn want_collection(&self, stores: &Stores, tier: Tier) {
        self.rests.want_collection(stores, tier);
    }

    pub(super) async fn collect_stores(&self) -> Result<()> {
        if !self.rests.is_any_to_collect() || !self.rests.is_due(Round::Collection, self.now()) {
            return Ok(());
        }
        for (stores, tier) in self.rests.take_to_collect() {
            let Err(e) = self.collect_store(&stores, tier).await else {
                continue;
            };
            match e.code() {
                Code::StoreTakenOver => continue,
                Code::AdoptionPending => {}
                _ => tracing::warn!("collecting {tier:?} of vault {}: {e:?}", stores.id),
            }
            self.want_collection(&stores, tier);
        }
        Ok(())
    }

    /// Collects a store, once it is known what there is. Another server's is its to collect.
    async fn collect_store(&self, stores: &Stores, tier: Tier) -> Result<()> {
        self.check_not_taken(stores.id)?;
        let mut tx = self.state.read().await?;
        let ready = self.is_adopted(&mut tx, stores.id).await?;
        drop(tx);
        match ready {
            true => self.plane.collect(stores, tier).await.map(drop),
            false => Err(Error::new(
                Code::AdoptionPending,
                "its points are not compared yet",
            )),
        }
    }
}
