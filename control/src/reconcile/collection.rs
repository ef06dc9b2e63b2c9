//! Collection: the space of removed points comes back.

use base::{Code, Result};

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
            let mut tx = self.state.read().await?;
            let ready = self.is_adopted(&mut tx, stores.id).await?;
            drop(tx);
            let owned = self.check_not_taken(stores.id);
            if !ready || owned.is_err() {
                // Another server's is its to collect.
                if !owned.is_err_and(|e| e.code() == Code::StoreTakenOver) {
                    self.want_collection(&stores, tier);
                }
                continue;
            }
            if let Err(e) = self.plane.collect(&stores, tier).await {
                tracing::warn!("collecting {tier:?} of vault {}: {e:?}", stores.id);
                self.want_collection(&stores, tier);
            }
        }
        Ok(())
    }
}
