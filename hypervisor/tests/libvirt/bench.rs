//! One libvirtd and one guest for all tests, and a vault's view of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{PointId, Result, SystemRandom, TrackerName, VaultId};
use block::{BlockSource, ExtentSet};
use hypervisor::libvirt::{LibvirtHost, LibvirtOptions};
use hypervisor::watchdog::WatchdogProgram;
use hypervisor::{Hypervisor, Quiesce, ScratchPlace, Snapshot, SnapshotRequest};
use testkit::disk::{DiskSpec, Format};
use testkit::libvirt::{Domain, Libvirtd};
use testkit::machine::Machine;

/// Disks are `vda` (root), `vdb` (qcow2), `vdc` (raw) and `vdd` (qcow2), the last three of
/// this size and without a file system.
pub const SIZE: u64 = 64 << 20;

pub struct World {
    pub libvirtd: Libvirtd,
    pub domain: Domain,
    /// A file system of [`SMALL`], which libvirtd sees too.
    pub small: PathBuf,
    _unmounter: Child,
}

/// Bytes of the small file system.
pub const SMALL: u64 = 24 << 20;

/// Mounts a small file system, which goes when this process ends, however it does.
fn mount_small() -> (PathBuf, Child) {
    let dir = tempfile::tempdir().unwrap().keep();
    let options = format!("size={SMALL}");
    let mut mount = Command::new("mount");
    mount
        .args(["-t", "tmpfs", "-o", &options, "none"])
        .arg(&dir);
    assert!(mount.status().unwrap().success());
    let unmounter = Command::new("setsid")
        .args(["sh", "-c", "cat; umount -l \"$0\" && rmdir \"$0\""])
        .arg(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    (dir, unmounter)
}

/// The guest, running, for one test at a time.
pub fn world() -> MutexGuard<'static, Option<World>> {
    static WORLD: Mutex<Option<World>> = Mutex::new(None);
    let mut world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    match &*world {
        None => {
            let (small, unmounter) = mount_small();
            let libvirtd = Libvirtd::start().unwrap();
            let domain = libvirtd
                .domain("main")
                .disk(DiskSpec::qcow2(SIZE).blank())
                .disk(DiskSpec::raw(SIZE).blank())
                .disk(DiskSpec::qcow2(SIZE).blank())
                .start()
                .unwrap();
            domain.wait_agent().unwrap();
            *world = Some(World {
                libvirtd,
                domain,
                small,
                _unmounter: unmounter,
            });
        }
        Some(w) if w.domain.state().unwrap() == "shut off" => w.domain.start_again().unwrap(),
        Some(w) if w.domain.state().unwrap() == "paused" => {
            w.domain.virsh("resume", &[]).unwrap();
        }
        Some(_) => {}
    }
    // Those of vaults of other tests.
    let here = world.as_ref().unwrap();
    for name in checkpoints(here) {
        here.domain.virsh("checkpoint-delete", &[&name]).unwrap();
    }
    world
}

/// A vault's view of a machine.
pub struct Bench {
    pub host: LibvirtHost,
    pub scratch: tempfile::TempDir,
    pub limit: u64,
    pub quiesce: Quiesce,
    pub vault: VaultId,
    name: String,
}

impl Bench {
    pub fn new(world: &World) -> Self {
        let options = LibvirtOptions {
            watchdog: watchdog(),
        };
        Self {
            host: LibvirtHost::open(&world.libvirtd.uri(), options).unwrap(),
            scratch: tempfile::tempdir().unwrap(),
            limit: 256 << 20,
            quiesce: Quiesce::Skip,
            vault: VaultId::new(&SystemRandom),
            name: world.domain.name().into(),
        }
    }

    pub fn tracker(&self) -> TrackerName {
        TrackerName::new(self.vault, PointId::new(&SystemRandom))
    }

    pub async fn request(
        &self,
        new: TrackerName,
        disks: &[&str],
        old: &[TrackerName],
    ) -> SnapshotRequest {
        let trackers: BTreeMap<_, _> = disks
            .iter()
            .map(|d| ((*d).to_owned(), old.to_vec()))
            .collect();
        SnapshotRequest {
            machine: self.host.find(&self.name).await.unwrap(),
            disks: disks.iter().map(|d| (*d).to_owned()).collect(),
            tracker: new,
            trackers,
            quiesce: self.quiesce,
            freeze_budget: Duration::from_secs(20),
            scratch: ScratchPlace {
                dir: self.scratch.path().into(),
                limit: self.limit,
            },
        }
    }

    pub async fn snapshot(
        &self,
        new: TrackerName,
        disks: &[&str],
        old: &[TrackerName],
    ) -> Result<Box<dyn Snapshot>> {
        self.host
            .snapshot(self.request(new, disks, old).await)
            .await
    }

    /// Jobs and files that are left.
    pub fn left_behind(&self, world: &World) -> Vec<String> {
        let entries = self.scratch.path().read_dir().unwrap();
        let mut left: Vec<String> = entries
            .map(|e| e.unwrap().path().display().to_string())
            .collect();
        if world.domain.state().unwrap() == "running" {
            let job = world.domain.virsh("domjobinfo", &[]).unwrap();
            left.extend((!job.contains("None")).then_some(job));
        }
        left
    }

    /// Fails if a job or a file is left.
    pub fn assert_clean(&self, world: &World) {
        let left = self.left_behind(world);
        assert!(left.is_empty(), "{left:?}");
    }
}

pub fn watchdog() -> WatchdogProgram {
    WatchdogProgram {
        program: Some(PathBuf::from(env!("CARGO_BIN_EXE_freeze-watchdog"))),
        arguments: Vec::new(),
    }
}

/// The names of the domain's checkpoints.
pub fn checkpoints(world: &World) -> Vec<String> {
    let text = world.domain.virsh("checkpoint-list", &["--name"]).unwrap();
    text.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect()
}

/// All bytes of a source.
pub async fn read_all(source: &dyn BlockSource) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    while (all.len() as u64) < source.size() {
        let len = (source.size() - all.len() as u64).min(4 << 20);
        let buf = vec![0xaa; usize::try_from(len).unwrap()];
        all.extend(source.read(all.len() as u64, buf).await?);
    }
    Ok(all)
}

/// Reads `extents` of a source over an older copy of it.
pub async fn read_over(source: &dyn BlockSource, old: &mut Vec<u8>, extents: &ExtentSet) {
    old.resize(usize::try_from(source.size()).unwrap(), 0);
    for e in extents.extents() {
        let (start, end) = (e.offset as usize, e.end() as usize);
        let data = source.read(e.offset, vec![0; end - start]).await.unwrap();
        old[start..end].copy_from_slice(&data);
    }
}

/// What disk `n` holds now, by the guest's own eyes: of a disk that nobody mounts.
pub fn truth(world: &World, n: usize) -> Vec<u8> {
    let running = world.domain.state().unwrap() == "running";
    if running {
        world.domain.run("sync").unwrap();
        world.domain.virsh("suspend", &[]).unwrap();
    }
    let copy = tempfile::NamedTempFile::new().unwrap();
    let image: &Path = world.domain.disk_path(n);
    let format = Format::of(image).unwrap().name();
    let done = Command::new("qemu-img")
        .args(["convert", "-U", "-f", format, "-O", "raw"])
        .args([image, copy.path()])
        .status()
        .unwrap();
    assert!(done.success());
    if running {
        world.domain.virsh("resume", &[]).unwrap();
    }
    std::fs::read(copy.path()).unwrap()
}

/// Writes noise onto a disk in the guest, `count` blocks of `kib` KiB from block `at` on.
pub fn scribble(world: &World, disk: &str, kib: u32, at: u32, count: u32) {
    let script = format!(
        "dd if=/dev/urandom of=/dev/{disk} bs={kib}k seek={at} count={count} conv=notrunc,fsync 2>&1"
    );
    world.domain.run(&script).unwrap();
}

/// The scratch guards that this process started.
pub fn guards() -> Vec<u32> {
    let me = format!("PPid:\t{}\n", std::process::id());
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let read = |name: &str| std::fs::read(path.join(name)).unwrap_or_default();
        let pid: Option<u32> = path.file_name().and_then(|n| n.to_str()?.parse().ok());
        let ours = String::from_utf8_lossy(&read("status")).contains(&me);
        let environment = read("environ");
        let guard = environment
            .split(|b| *b == 0)
            .any(|v| v == b"STILLPOINT_WATCH=scratch");
        found.extend(pid.filter(|_| ours && guard));
    }
    found
}

pub fn signal(pid: u32, name: &str) {
    let done = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status();
    assert!(done.unwrap().success());
}
