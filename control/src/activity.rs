//! The activity log: who changed what, and who tried to.

use base::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use state::activity::{self, Entry, Filter};
use uuid::Uuid;

use crate::Control;

/// For how long entries are kept (as Azure keeps them).
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Control {
    /// Adds an entry about the resource `scope`. Durable when this returns.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn log_activity(&self, scope: &str, body: Value) -> Result<()> {
        let mut tx = self.state.write().await?;
        let entry = Entry {
            id: self.new_id(),
            at: tx.now(),
            scope: scope.to_owned(),
            body,
        };
        activity::append(&mut tx, &entry).await?;
        tx.commit().await
    }

    /// At most `limit` entries, newest first, beginning behind that of this time and id.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn activity(
        &self,
        filter: &Filter,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Entry>> {
        let mut tx = self.state.read().await?;
        activity::page(&mut tx, filter, after, limit).await
    }
}
