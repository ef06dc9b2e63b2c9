//! Recovery points of items.

use base::{Code, Error, Result};
use jiff::Timestamp;
use state::protected_items::ProtectedItem;
use state::recovery_points::{self as points, Range, RecoveryPoint, Summary};

use crate::Control;

impl Control {
    /// At most `limit` points of an item, newest first.
    ///
    /// # Errors
    /// `ObjectNotFound`; those of the records.
    pub async fn recovery_points(
        &self,
        item: &ProtectedItem,
        range: Range,
        after: Option<(Timestamp, i64)>,
        limit: u32,
    ) -> Result<Vec<RecoveryPoint>> {
        let mut tx = self.state.read().await?;
        points::page(&mut tx, item.data_id, range, after, limit).await
    }

    /// The points of an item in numbers.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn recovery_point_summary(&self, item: &ProtectedItem) -> Result<Summary> {
        let mut tx = self.state.read().await?;
        points::summary(&mut tx, item.data_id).await
    }

    /// The point of this number.
    ///
    /// # Errors
    /// `RecoveryPointNotFound`; those of the records.
    pub async fn recovery_point(&self, item: &ProtectedItem, number: i64) -> Result<RecoveryPoint> {
        let mut tx = self.state.read().await?;
        let found = points::get(&mut tx, item.data_id, number).await?;
        found.ok_or_else(|| no_point(item, number))
    }
}

/// An item has no such point.
pub(crate) fn no_point(item: &ProtectedItem, number: i64) -> Error {
    let detail = format!("{} has no recovery point {number}", item.body.friendly_name);
    Error::new(Code::RecoveryPointNotFound, detail)
}
