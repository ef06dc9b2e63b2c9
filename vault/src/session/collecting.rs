//! What only a collector's session does: it takes records over that a killed one copied, and
//! makes index segments of what stands in packs already.

use base::Result;

use super::{Session, settled};
use crate::format::entry::Event;
use crate::format::pack::Location;
use crate::log::State;

impl Session {
    /// The killed collectors whose packs this one may use.
    pub(crate) fn inherits(&self) -> &[u64] {
        &self.inherits
    }

    /// Takes over records that a killed collector copied: they are not copied again.
    pub(crate) async fn adopt(&self, records: Vec<Location>) -> Result<()> {
        let mut w = self.begin().await?;
        {
            let mut known = self
                .known
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            for l in records {
                if known.recent.insert(l.id, l).is_none() {
                    w.unlisted.push(l);
                }
            }
        }
        settled(w, Ok(()))
    }

    /// Lists records that stand in packs already in a segment of this session.
    pub(crate) async fn list_again(&self, records: Vec<Location>) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut w = self.begin().await?;
        let done = self.put_segment(&mut w, records).await;
        settled(w, done)
    }

    /// Adds the collector's entry, which ends the session. `decide` sees the state before it.
    ///
    /// # Errors
    /// `Fenced`, those of `decide` and of the store.
    pub(crate) async fn end_collection(
        &self,
        mut decide: impl FnMut(&State) -> Result<Event> + Send,
    ) -> Result<u64> {
        let number = self.number;
        self.vault
            .log
            .append(move |state| {
                state.check_open(number)?;
                decide(state)
            })
            .await
    }
}
