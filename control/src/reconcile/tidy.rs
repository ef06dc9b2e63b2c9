//! What the server keeps for a while goes when it is old: operations, ended jobs, the activity
//! log, alerts.

use base::Result;
use jiff::SignedDuration;
use state::{activity, alerts, jobs, operations};

use super::rests::Round;
use crate::Control;

/// For how long a job is kept that has ended.
const JOBS: SignedDuration = SignedDuration::from_hours(180 * 24);

impl Control {
    /// Removes what is old, once an hour.
    pub(super) async fn tidy(&self) -> Result<()> {
        if !self.rests.is_due(Round::Tidying, self.now()) {
            return Ok(());
        }
        let mut tx = self.state.write().await?;
        let now = tx.now();
        let before = |kept| now.saturating_sub(kept).unwrap_or(now);
        operations::prune(&mut tx).await?;
        jobs::prune(&mut tx, before(JOBS)).await?;
        activity::prune(&mut tx, before(crate::activity::KEPT)).await?;
        let (kept, open) = (crate::alerts::KEPT, crate::alerts::KEPT_OPEN);
        alerts::prune(&mut tx, before(kept), before(open)).await?;
        tx.commit().await
    }
}
