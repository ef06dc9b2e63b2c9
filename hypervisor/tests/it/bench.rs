//! A real guest, the driver that sees it, and a vault's point of view.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{PointId, Result, SeededRandom, TrackerName, VaultId};
use block::{BlockSource, Extent};
use hypervisor::watchdog::WatchdogProgram;
use hypervisor::{
    Hypervisor, QemuHost, QemuHostOptions, Quiesce, ScratchPlace, Snapshot, SnapshotRequest,
};
use serde_json::Value;
use testkit::Guest;

/// A guest, the driver that sees it, and a vault's point of view.
pub(crate) struct Bench<'a> {
    pub(crate) guest: &'a Guest,
    pub(crate) host: QemuHost,
    pub(crate) scratch: tempfile::TempDir,
    pub(crate) limit: u64,
    pub(crate) quiesce: Quiesce,
    pub(crate) budget: Duration,
    vault: VaultId,
    random: SeededRandom,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(guest: &'a Guest) -> Self {
        let random = SeededRandom::new(11);
        Self {
            guest,
            host: QemuHost::new(
                guest.hostdir(),
                QemuHostOptions {
                    watchdog: watchdog_program(),
                },
            ),
            scratch: tempfile::tempdir().unwrap(),
            limit: 256 << 20,
            quiesce: Quiesce::Skip,
            budget: Duration::from_secs(20),
            vault: VaultId::new(&random),
            random,
        }
    }

    pub(crate) fn tracker(&self) -> TrackerName {
        TrackerName::new(self.vault, PointId::new(&self.random))
    }

    /// Takes an instant of `disks` with a tracker of its own, building on `old`.
    pub(crate) async fn snapshot(
        &self,
        disks: &[&str],
        old: &[TrackerName],
    ) -> Result<Box<dyn Snapshot>> {
        self.snapshot_as(self.tracker(), disks, old).await
    }

    /// Takes an instant of `disks` with the tracker `new`, building on `old`.
    pub(crate) async fn snapshot_as(
        &self,
        new: TrackerName,
        disks: &[&str],
        old: &[TrackerName],
    ) -> Result<Box<dyn Snapshot>> {
        let trackers: BTreeMap<_, _> = disks
            .iter()
            .map(|d| ((*d).to_owned(), old.to_vec()))
            .collect();
        let request = SnapshotRequest {
            machine: self.host.find(self.guest.name()).await?,
            disks: disks.iter().map(|d| (*d).to_owned()).collect(),
            tracker: new,
            trackers,
            quiesce: self.quiesce,
            freeze_budget: self.budget,
            scratch: ScratchPlace {
                dir: self.scratch.path().into(),
                limit: self.limit,
            },
        };
        self.host.snapshot(request).await
    }

    /// Bitmap names per node, as QEMU tells them.
    pub(crate) fn bitmaps(&self) -> BTreeMap<String, Vec<String>> {
        self.guest.bitmaps().unwrap()
    }

    /// What of ours but bitmaps is in QEMU (unless it is off) or in the scratch folder.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let mut left = Vec::new();
        if self.guest.is_running() {
            left = self.guest.named("stillpoint").unwrap();
        }
        for entry in self.scratch.path().read_dir().unwrap() {
            left.push(entry.unwrap().path().display().to_string());
        }
        let socket = self.guest.dir().join("stillpoint.nbd");
        left.extend(socket.exists().then(|| socket.display().to_string()));
        left
    }

    /// Fails if [`Self::left_behind`] finds anything.
    pub(crate) fn assert_only_bitmaps_left(&self) {
        assert_eq!(self.left_behind(), Vec::<String>::new());
    }
}

/// The watchdog built for tests.
pub(crate) fn watchdog_program() -> WatchdogProgram {
    WatchdogProgram {
        program: Some(env!("CARGO_BIN_EXE_freeze-watchdog").into()),
        arguments: Vec::new(),
    }
}

/// All bytes of a source.
pub(crate) async fn read_all(source: &dyn BlockSource) -> Vec<u8> {
    let mut all = Vec::new();
    while (all.len() as u64) < source.size() {
        let len = (source.size() - all.len() as u64).min(4 << 20);
        let buf = vec![0xaa; usize::try_from(len).unwrap()];
        all.extend(source.read(all.len() as u64, buf).await.unwrap());
    }
    all
}

/// Reads `extents` of a source over an older copy of it.
pub(crate) async fn read_over(source: &dyn BlockSource, old: &mut Vec<u8>, extents: &[Extent]) {
    old.resize(usize::try_from(source.size()).unwrap(), 0);
    for e in extents {
        let (start, end) = (
            usize::try_from(e.offset).unwrap(),
            usize::try_from(e.end()).unwrap(),
        );
        let data = source.read(e.offset, vec![0; end - start]).await.unwrap();
        old[start..end].copy_from_slice(&data);
    }
}

/// What a guest's disk holds now: the guest is stopped for a moment, so that QEMU writes
/// out what it holds back, and its image is read from outside.
pub(crate) fn flushed_image(guest: &Guest, disk: usize) -> Vec<u8> {
    let running = guest.qmp("query-status", Value::Null).unwrap()["running"] == true;
    guest.qmp("stop", Value::Null).unwrap();
    let image = guest.disk_path(disk);
    let format = if image.extension().is_some_and(|e| e == "raw") {
        "raw"
    } else {
        "qcow2"
    };
    let copy = tempfile::NamedTempFile::new().unwrap();
    let done = std::process::Command::new("qemu-img")
        .args(["convert", "-U", "-f", format, "-O", "raw"])
        .args([image, copy.path()])
        .status()
        .unwrap();
    assert!(done.success());
    if running {
        guest.qmp("cont", Value::Null).unwrap();
    }
    std::fs::read(copy.path()).unwrap()
}
