//! A checkpoint of a domain: libvirt's name for a set of dirty bitmaps.

use std::fmt;

use super::table::{Object, Table};
use super::{Result, lent_text, owned_text, status};

/// A checkpoint; the reference is given back when dropped.
pub(in crate::libvirt) struct Checkpoint {
    table: &'static Table,
    raw: Object,
}

/// What to delete of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::libvirt) enum DeleteCheckpoint {
    /// libvirt's record and the bitmaps. Works only while the domain runs.
    All,
    /// libvirt's record alone (`VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY`).
    RecordOnly,
}

// SAFETY: libvirt allows its objects to be used by several threads at the same time.
unsafe impl Send for Checkpoint {}
// SAFETY: as above.
unsafe impl Sync for Checkpoint {}

impl Checkpoint {
    pub(super) fn new(table: &'static Table, raw: Object) -> Self {
        Self { table, raw }
    }

    /// Its name.
    pub(in crate::libvirt) fn name(&self) -> Result<String> {
        // SAFETY: `raw` is a checkpoint; the text is its own and `self` outlives the copy.
        lent_text(self.table, unsafe {
            (self.table.virDomainCheckpointGetName)(self.raw)
        })
    }

    /// Its description without that of the domain (`VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN`).
    pub(in crate::libvirt) fn xml(&self) -> Result<String> {
        // SAFETY: `raw` is a checkpoint; the text is handed over.
        owned_text(self.table, unsafe {
            (self.table.virDomainCheckpointGetXMLDesc)(self.raw, 2)
        })
    }

    /// Deletes it.
    pub(in crate::libvirt) fn delete(&self, what: DeleteCheckpoint) -> Result<()> {
        let flags = match what {
            DeleteCheckpoint::All => 0,
            DeleteCheckpoint::RecordOnly => 2,
        };
        // SAFETY: `raw` is a checkpoint; the reference stays ours until the drop.
        status(self.table, unsafe {
            (self.table.virDomainCheckpointDelete)(self.raw, flags)
        })?;
        Ok(())
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        // SAFETY: `raw` is ours and is not used again.
        unsafe { (self.table.virDomainCheckpointFree)(self.raw) };
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checkpoint")
    }
}
