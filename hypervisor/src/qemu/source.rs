//! A disk at the instant, read over NBD.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use base::{Code, Error, Result};
use block::{BlockSource, Extent, NbdClient, Run};
use serde_json::{Value, json};

use super::nodes::Names;
use super::scratch::free_bytes;
use crate::qmp::Qmp;

/// Copy-before-write works in units of this size.
const CLUSTER: u64 = 64 << 10;

/// A source that tells why a read failed, and keeps a place to test the snapshot by.
#[derive(Debug)]
pub(super) struct InstantSource {
    pub(super) client: Arc<NbdClient>,
    pub(super) qmp: Qmp,
    pub(super) names: Names,
    /// The disk's name, for errors.
    pub(super) disk: String,
    /// The scratch file and the most that it may hold.
    pub(super) scratch: PathBuf,
    pub(super) share: u64,
}

impl InstantSource {
    /// The start of the last cluster, which is never released: reading it tells whether the
    /// snapshot holds, since a broken one refuses every read.
    fn witness(&self) -> u64 {
        self.client.size().saturating_sub(1) / CLUSTER * CLUSTER
    }

    /// Whether the instant still holds.
    ///
    /// # Errors
    /// `SnapshotBroken`, `ScratchFull`, `MachineVanished`.
    pub(super) async fn check(&self) -> Result<()> {
        let len = (self.client.size() - self.witness()).min(512);
        let buf = vec![0; usize::try_from(len).expect("512 fits")];
        self.read(self.witness(), buf).await.map(|_| ())
    }

    /// What a failed read means.
    async fn diagnose(&self, error: Error) -> Error {
        if error.kind() == base::Kind::Invalid {
            return error;
        }
        let disk = &self.disk;
        let stats = self
            .qmp
            .execute("query-blockstats", json!({ "query-nodes": true }))
            .await;
        let stats = match stats {
            Ok(stats) => stats,
            Err(gone) => return gone.during(format!("reading disk {disk}")).because(error),
        };
        let full = self
            .highest_write(&stats)
            .is_some_and(|h| h + 4 * CLUSTER > self.share);
        let dir = self.scratch.parent().unwrap_or(&self.scratch);
        let host_full = free_bytes(dir).is_ok_and(|free| free < 4 * CLUSTER);
        let (code, why) = if full {
            (
                Code::ScratchFull,
                format!("its scratch of {} bytes is full", self.share),
            )
        } else if host_full {
            (
                Code::ScratchFull,
                format!("no space is left in {}", dir.display()),
            )
        } else {
            (
                Code::SnapshotBroken,
                "copy-before-write failed or took too long".to_owned(),
            )
        };
        Error::new(
            code,
            format!("disk {disk}: QEMU gave up the snapshot: {why}"),
        )
        .because(error)
    }

    /// The end of the highest write to the scratch file.
    fn highest_write(&self, stats: &Value) -> Option<u64> {
        let name = self.names.raw();
        let nodes = stats.as_array()?.iter();
        let node = nodes.into_iter().find(|n| n["node-name"] == *name)?;
        node["stats"]["wr_highest_offset"].as_u64()
    }
}

#[async_trait]
impl BlockSource for InstantSource {
    fn size(&self) -> u64 {
        self.client.size()
    }

    async fn read(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        match self.client.read(offset, buf).await {
            Ok(buf) => Ok(buf),
            Err(e) => Err(self.diagnose(e).await),
        }
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        match self.client.runs(range).await {
            Ok(runs) => Ok(runs),
            Err(e) => Err(self.diagnose(e).await),
        }
    }

    async fn release(&self, range: Extent) -> Result<()> {
        match range.intersect(&Extent::new(0, self.witness())) {
            Some(range) => self.client.release(range).await,
            None => Ok(()),
        }
    }
}
