//! Vaults, options and checks that the tests share.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{ManualClock, PointId, SeededRandom};
use block::BlockSource;
use hypervisor::fake::PAGE;
use hypervisor::{Quiesce, ScratchPlace};
use jiff::Timestamp;
use mover::{
    BackupOptions, BackupReport, DiskFilter, DiskReport, Event, Events, PointRecord, Progress,
};
use tokio_util::sync::CancellationToken;
use vault::keys::{Passphrase, PassphraseCost, Unlock};
use vault::{PointDisk, Store, Surroundings, Vault};

use crate::host::{Contents, Host, VM};

/// The chunk size of most tests' vaults: a quarter of the fake's page.
pub const CHUNK: u64 = 16 << 10;

pub const MIB: u64 = 1 << 20;

/// A passphrase that costs nothing.
pub fn unlock() -> Unlock {
    let passphrase = Passphrase::new("correct horse").unwrap();
    Unlock::Passphrase(passphrase.with_cost(PassphraseCost::LEAST).unwrap())
}

pub fn around(seed: u64) -> Surroundings {
    Surroundings {
        clock: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
        random: Arc::new(SeededRandom::new(seed)),
    }
}

/// A new vault in `store`.
pub async fn vault_in(store: Store, chunk: u64) -> Arc<Vault> {
    let chunk = u32::try_from(chunk).unwrap();
    let made = vault::create(store, chunk, &unlock(), around(1)).await;
    Arc::new(made.unwrap().0)
}

/// A new vault in memory.
pub async fn memory_vault() -> Arc<Vault> {
    vault_in(Store::memory(), CHUNK).await
}

/// Everything that a backup of the watched machine needs.
pub struct Bench {
    pub host: Host,
    pub vault: Arc<Vault>,
    pub folder: tempfile::TempDir,
    pub options: BackupOptions,
    pub around: Surroundings,
}

impl Bench {
    pub async fn new(disks: &[(&str, u64)]) -> Self {
        Self::with(disks, memory_vault().await)
    }

    pub fn with(disks: &[(&str, u64)], vault: Arc<Vault>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path());
        Self {
            host: Host::new(disks),
            vault,
            folder,
            options,
            around: around(7),
        }
    }

    pub async fn try_backup(&self) -> base::Result<BackupReport> {
        self.backup_telling(&()).await
    }

    pub async fn backup_telling(&self, events: &dyn Events) -> base::Result<BackupReport> {
        mover::backup(
            &self.host,
            VM,
            &self.vault,
            &self.around,
            &self.options,
            events,
        )
        .await
    }

    pub async fn backup(&self) -> BackupReport {
        self.try_backup().await.unwrap()
    }

    /// Backs up, and holds the new point against what the disks held at its instant.
    pub async fn checked_backup(&self) -> BackupReport {
        let report = self.backup().await;
        check_point(&self.vault, report.point, &self.host.instant()).await;
        report
    }
}

/// Options without a limit of any kind, and without a sample.
pub fn options(folder: &Path) -> BackupOptions {
    BackupOptions {
        point: None,
        disks: DiskFilter::default(),
        quiesce: Quiesce::Try,
        freeze_budget: Duration::from_secs(5),
        scratch: ScratchPlace {
            dir: folder.join("scratch"),
            limit: 1 << 30,
        },
        rate: None,
        sample: 0,
        lock_dir: folder.join("locks"),
        cancel: CancellationToken::new(),
        origin: None,
    }
}

/// The one disk of a report.
pub fn only(report: &BackupReport) -> &DiskReport {
    assert_eq!(report.disks.len(), 1, "{report:?}");
    &report.disks[0]
}

/// The bytes of a disk of a point.
pub async fn disk_bytes(vault: &Vault, point: PointId, name: &str) -> Vec<u8> {
    let disk = point_disk(vault, point, name).await;
    let size = usize::try_from(disk.size()).unwrap();
    disk.read(0, vec![0xAA; size]).await.unwrap()
}

pub async fn point_disk(vault: &Vault, point: PointId, name: &str) -> PointDisk {
    let info = vault.point(point).await.unwrap();
    let record = PointRecord::of(vault, &info).await.unwrap();
    let (root, _) = record.disk(&info, name).expect("the disk is in the point");
    PointDisk::new(vault.reader().await.unwrap(), root, vault.chunk_size())
}

/// Holds a point against what its disks should be: no more, no fewer, byte for byte.
pub async fn check_point(vault: &Vault, point: PointId, wanted: &Contents) {
    let info = vault.point(point).await.unwrap();
    let record = PointRecord::of(vault, &info).await.unwrap();
    for disk in &record.disks {
        let bytes = disk_bytes(vault, point, &disk.name).await;
        assert_same(&bytes, &wanted[&disk.name], &disk.name);
    }
}

/// Points at the first byte that differs, rather than printing megabytes.
pub fn assert_same(found: &[u8], wanted: &[u8], what: &str) {
    assert_eq!(found.len(), wanted.len(), "the size of {what}");
    if let Some(at) = found.iter().zip(wanted).position(|(a, b)| a != b) {
        panic!(
            "{what}: byte {at} (page {}) is {} where {} belongs",
            at as u64 / PAGE,
            found[at],
            wanted[at]
        );
    }
}

/// Bytes that don't compress, the same for the same seed.
pub fn noise(seed: u64, len: u64) -> Vec<u8> {
    testkit::disk::noise(seed, usize::try_from(len).unwrap())
}

/// Keeps what was told.
#[derive(Default)]
pub struct Heard(Mutex<Vec<Event>>);

impl Events for Heard {
    fn tell(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Heard {
    pub fn progress(&self) -> Vec<Progress> {
        let all = self.0.lock().unwrap();
        all.iter()
            .filter_map(|e| match e {
                Event::Progress(p) => Some(*p),
                _ => None,
            })
            .collect()
    }

    pub fn warnings(&self) -> Vec<String> {
        let all = self.0.lock().unwrap();
        all.iter()
            .filter_map(|e| match e {
                Event::Warning { message } => Some(message.clone()),
                _ => None,
            })
            .collect()
    }
}
