//! Snapshot stores: where the snapshots of a host's machines are, and how much scratch taking them
//! may cost. A host has one, which is there while the host is.

use base::{Code, Error, Result};
use state::Tx;
use state::hosts::Host;
use state::protected_items::{self as items, Filter};
use state::recovery_points as points;
use state::resources::{self, Record};

use crate::hosts::{default_store, protected};
use crate::stores::may_have_snapshots_on;
use crate::{Control, HostInput};

/// The most percent of a file system that may be kept free of scratch.
const MOST_FREE: u8 = 95;

/// What is changed of a snapshot store; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotStoreInput {
    /// Its folder; changed only while it holds no snapshots.
    pub folder: Option<String>,
    /// Bytes of scratch that the host's snapshots may take together; 0: as their disks suggest.
    pub scratch_limit: Option<u64>,
    /// Percent of scratch's file system that stay free; 0: none.
    pub scratch_keep_free: Option<u8>,
}

impl Control {
    /// The id of a host's snapshot store.
    #[must_use]
    pub fn snapshot_store_id(&self, host: &str) -> String {
        format!("{}/snapshotStores/default", self.host_id(host))
    }

    /// Changes the snapshot store of a host. Its folder is made if it is not there. Durable when
    /// this returns; if it fails, nothing of the folder stays.
    ///
    /// # Errors
    /// `ResourceNotFound` without the host; `FolderUnusable`; `BadArgument` for a percentage that
    /// is none; `ResourceInUse` for another folder while machines of the host are protected or
    /// there are snapshots in it; those of the records.
    pub async fn set_snapshot_store(
        &self,
        host: &str,
        input: SnapshotStoreInput,
    ) -> Result<Record<Host>> {
        self.host(&self.host_id(host)).await?;
        let input = HostInput {
            snapshot_store: input.folder,
            scratch_limit: input.scratch_limit,
            scratch_keep_free: input.scratch_keep_free,
            ..HostInput::default()
        };
        Ok(self.put_host(host, input).await?.0)
    }

    /// Sets the snapshot store of a host back to what it was when the host was added; and whether
    /// that changed anything. Its folder stays on the disk. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound` without the host; `ResourceInUse` while machines of the host are
    /// protected or there are snapshots in it; those of the records.
    pub async fn reset_snapshot_store(&self, host: &str) -> Result<bool> {
        let id = self.host_id(host);
        self.refuse_snapshots(&self.host(&id).await?).await?;
        let mut tx = self.state.write().await?;
        let mut there = self.host_in(&mut tx, host).await?;
        if let Some(machine) = protected(&mut tx, &state::fold(&there.id)).await? {
            return Err(holds(&there.name, &machine));
        }
        let before = there.body.clone();
        let is_first = crate::hosts::is_first(&mut tx, &there).await?;
        there.body.snapshot_store = default_store(&self.data, (!is_first).then_some(&there.name));
        there.body.scratch_limit = None;
        there.body.scratch_keep_free = None;
        if there.body == before {
            return Ok(false);
        }
        resources::update(&mut tx, there).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Refuses to give up the snapshot store of a host in which there are snapshots, also of
    /// machines that are elsewhere by now.
    ///
    /// # Errors
    /// `ResourceInUse`; those of the records.
    pub(crate) async fn refuse_snapshots(&self, host: &Record<Host>) -> Result<()> {
        let mut tx = self.state.read().await?;
        let id = state::fold(&host.id);
        let mut after = None;
        loop {
            let all = Filter::default();
            let page = items::page(&mut tx, &all, after.as_deref(), 500).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            for item in &page {
                if has_snapshots(&mut tx, item.data_id, &id).await? {
                    return Err(holds(&host.name, &item.body.friendly_name));
                }
            }
        }
    }
}

async fn has_snapshots(tx: &mut Tx, item: i64, host: &str) -> Result<bool> {
    // Most items have none elsewhere; counting is cheaper than looking.
    if points::snapshots(tx, item).await? == 0 {
        return Ok(false);
    }
    may_have_snapshots_on(tx, item, host).await
}

/// That a snapshot store is in use.
pub(crate) fn holds(host: &str, machine: &str) -> Error {
    let detail = format!("the snapshot store of {host} holds {machine}");
    Error::new(Code::ResourceInUse, detail)
}

/// Refuses a percentage that is none, or would leave no scratch at all.
///
/// # Errors
/// `BadArgument`.
pub(crate) fn check_percent(percent: Option<u8>) -> Result<()> {
    match percent {
        Some(percent) if percent > MOST_FREE => {
            let detail = format!("{percent} percent free: give 0 to {MOST_FREE}");
            Err(Error::new(Code::BadArgument, detail))
        }
        _ => Ok(()),
    }
}
