//! An index made of the packs alone.

use std::sync::Arc;

use base::Result;
use futures::StreamExt;

use super::Found;
use super::scan::scan;
use crate::format::entry::SegmentName;
use crate::format::pack::{Location, PackName};
use crate::index::Segment;
use crate::keys::Keyring;
use crate::session::directory_in;
use crate::store::Store;

/// Packs looked at together.
const AT_ONCE: usize = 8;
/// Records of a segment.
const SEGMENT_RECORDS: usize = 256 << 10;

/// Lists the records of all packs: from their directories, and by scanning where those are
/// damaged. Memory: 57 bytes a record.
///
/// # Errors
/// `Unavailable`, `Failed`: the store can't be listed.
pub(super) async fn index(
    store: &Store,
    ring: &Arc<Keyring>,
    found: &mut Found,
) -> Result<Vec<Arc<Segment>>> {
    let mut all = Segments {
        ring: Arc::clone(ring),
        done: Vec::new(),
        records: Vec::new(),
    };
    let names = store.list("packs").await?;
    let packs = names
        .iter()
        .filter_map(|(name, size)| Some((PackName::parse(name)?, *size)));
    let mut packs = futures::stream::iter(packs.collect::<Vec<_>>())
        .map(|(pack, size)| async move { (pack, size, directory_in(store, ring, pack).await) })
        .buffered(AT_ONCE);
    while let Some((pack, size, directory)) = packs.next().await {
        found.packs += 1;
        let records: Vec<Location> = match directory {
            Ok(directory) => directory.records.into_iter().map(|r| r.0).collect(),
            Err(e) => {
                let records = scan(store, pack, size).await;
                found.damaged.push(format!(
                    "{e}; scanned, {} whole records found",
                    records.len()
                ));
                records
            }
        };
        found.records += records.len() as u64;
        all.add(records).await?;
    }
    all.finish().await
}

struct Segments {
    ring: Arc<Keyring>,
    done: Vec<Arc<Segment>>,
    records: Vec<Location>,
}

impl Segments {
    async fn add(&mut self, records: Vec<Location>) -> Result<()> {
        self.records.extend(records);
        if self.records.len() >= SEGMENT_RECORDS {
            self.close().await?;
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        let records = std::mem::take(&mut self.records);
        let ring = Arc::clone(&self.ring);
        let number = u32::try_from(self.done.len() + 1).unwrap_or(u32::MAX);
        let name = SegmentName { session: 0, number };
        let segment = crate::cpu::run(move || Segment::in_memory(&ring, name, records)).await?;
        self.done.push(Arc::new(segment));
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<Arc<Segment>>> {
        if !self.records.is_empty() {
            self.close().await?;
        }
        Ok(self.done)
    }
}
