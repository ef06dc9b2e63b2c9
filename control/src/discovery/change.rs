//! What has to be done to a record.

use base::Result;
use state::resources::{self, Record};
use state::{Resource, WriteTx};

/// What has to be done to a record of a kind.
pub(super) enum Change<T> {
    /// A new one, by its id and that of its group.
    Create(String, String, T),
    /// One as it is now.
    Update(Record<T>),
    /// One that is gone, or has another id now.
    Delete(Record<T>),
}

impl<T: Resource + PartialEq> Change<T> {
    /// The record with another body, if that differs.
    pub(super) fn update(record: Record<T>, body: T) -> Option<Self> {
        (record.body != body).then_some(Self::Update(Record { body, ..record }))
    }

    pub(super) async fn write(self, tx: &mut WriteTx) -> Result<()> {
        match self {
            Self::Create(id, group, body) => {
                resources::create(tx, &id, &group, body).await.map(drop)
            }
            Self::Update(record) => resources::update(tx, record).await.map(drop),
            Self::Delete(record) => resources::delete(tx, &record).await,
        }
    }
}
