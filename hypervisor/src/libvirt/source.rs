//! A disk at the instant, read over NBD.

use std::sync::Arc;

use async_trait::async_trait;
use base::{Code, Error, Result};
use block::{BlockSource, Extent, NbdClient, Run};

use super::guardian::Health;
use super::link::Link;
use super::watch;

/// A source that tells why a read failed.
#[derive(Debug)]
pub(super) struct InstantSource {
    pub(super) client: Arc<NbdClient>,
    pub(super) health: Health,
    pub(super) link: Link,
    pub(super) machine: String,
    /// The disk's name, for errors.
    pub(super) disk: String,
}

impl InstantSource {
    async fn explain<T>(&self, result: Result<T>) -> Result<T> {
        let error = match result {
            Err(e) if e.kind() != base::Kind::Invalid => e,
            other => {
                self.health.check()?;
                return other;
            }
        };
        // The guard tells of a full scratch a moment after the job was ended.
        for _ in 0..20 {
            self.health.check().map_err(|e| self.of_disk(e))?;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let why = match watch::is_off(&self.link, &self.machine).await {
            Ok(true) => {
                let what = "the machine stopped";
                self.health.break_with(Code::MachineVanished, what);
                Error::new(Code::MachineVanished, what)
            }
            _ => Error::new(Code::SnapshotBroken, "QEMU no longer serves the disk"),
        };
        Err(self.of_disk(why).because(error))
    }

    fn of_disk(&self, e: Error) -> Error {
        e.during(format_args!("disk {}", self.disk))
    }
}

#[async_trait]
impl BlockSource for InstantSource {
    fn size(&self) -> u64 {
        self.client.size()
    }

    async fn read(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        self.explain(self.client.read(offset, buf).await).await
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        self.explain(self.client.runs(range).await).await
    }
}
