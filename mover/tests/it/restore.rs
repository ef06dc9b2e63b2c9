//! Restores of a disk: new images, images that exist, devices; cut short, refused, resumed.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Code, Kind, Result};
use mover::{
    DiskRestore, Event, Events, RestoreReport, TargetSpec, restore_disks, unfinished_restore,
};
use tokio_util::sync::CancellationToken;
use vault::{DiskRoot, DiskWriter, Phase, PointDisk, SPAN_CHUNKS, Session, Vault};

use crate::support::*;

/// The size of most tests' disk.
const SIZE: u64 = 8 * MIB;

/// Writes a disk into the vault, so that it can be restored.
async fn put(vault: &Arc<Vault>, bytes: &[u8]) -> DiskRoot {
    let machine = vault.machine_key("m");
    let session = Session::open(vault, machine, Phase::Snapshot)
        .await
        .unwrap();
    let key = vault.disk_key("m", "d");
    let mut writer = DiskWriter::new(&session, key, bytes.len() as u64, None);
    let span = u64::from(vault.chunk_size()) * SPAN_CHUNKS;
    for (i, part) in bytes.chunks(usize::try_from(span).unwrap()).enumerate() {
        writer.put(i as u64 * span, part.to_vec()).await.unwrap();
    }
    let (root, _) = writer.finish().await.unwrap();
    let manifest = vault::Manifest {
        point: base::PointId::new(&*around(3).random),
        machine,
        created_at: "2026-01-02T03:04:05Z".into(),
        state: vault::PointState::Whole,
        disks: vec![root.clone()],
    };
    session.commit(&manifest, b"").await.unwrap();
    root
}

/// A folder, and a vault with a disk in it.
struct Setting {
    folder: tempfile::TempDir,
    vault: Arc<Vault>,
    root: DiskRoot,
    bytes: Vec<u8>,
}

/// 8 MiB with two islands of data, one of them in the middle of a chunk.
fn islands() -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(SIZE).unwrap()];
    let at = usize::try_from(MIB).unwrap();
    bytes[at..2 * at].copy_from_slice(&noise(1, MIB));
    bytes[5 * at + 5000..5 * at + 5100].fill(7);
    bytes
}

impl Setting {
    async fn new(bytes: Vec<u8>) -> Self {
        let vault = memory_vault().await;
        let root = put(&vault, &bytes).await;
        Self {
            folder: tempfile::tempdir().unwrap(),
            vault,
            root,
            bytes,
        }
    }

    fn spec(&self, name: &str, format: &str, overwrite: bool) -> TargetSpec {
        TargetSpec {
            path: self.folder.path().join(name),
            format: format.to_owned(),
            overwrite,
            state_dir: self.folder.path().join("state"),
        }
    }

    async fn disk(&self) -> PointDisk {
        let reader = self.vault.reader().await.unwrap();
        PointDisk::new(reader, &self.root, self.vault.chunk_size())
    }

    async fn restore(&self, spec: &TargetSpec) -> Result<RestoreReport> {
        self.restore_until(spec, &CancellationToken::new(), None)
            .await
    }

    async fn restore_until(
        &self,
        spec: &TargetSpec,
        cancel: &CancellationToken,
        rate: Option<u64>,
    ) -> Result<RestoreReport> {
        self.restore_told(spec, cancel, rate, &()).await
    }

    async fn restore_told(
        &self,
        spec: &TargetSpec,
        cancel: &CancellationToken,
        rate: Option<u64>,
        events: &dyn Events,
    ) -> Result<RestoreReport> {
        let all = vec![self.onto("vda", spec).await];
        let reports = restore_disks(all, rate, cancel, events).await?;
        Ok(reports[0])
    }

    /// The disk, to go there.
    async fn onto(&self, name: &str, spec: &TargetSpec) -> DiskRestore {
        DiskRestore {
            name: name.to_owned(),
            disk: self.disk().await,
            target: spec.clone(),
        }
    }

    /// Begins a restore, and cuts it short once something was written.
    async fn cut_short(&self, spec: &TargetSpec) {
        let cancel = CancelAtProgress::default();
        let rate = Some(4 * MIB);
        let e = self.restore_told(spec, &cancel.0, rate, &cancel).await;
        assert_eq!(e.unwrap_err().code(), Code::Cancelled);
    }

    /// What is in the folder, but for the state.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| n != "state")
            .collect();
        names.sort();
        names
    }

    /// Makes a qcow2 or raw image of these bytes.
    fn image(&self, name: &str, format: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        if format == "raw" {
            std::fs::write(&path, bytes).unwrap();
        } else {
            let raw = self.folder.path().join("tmp");
            std::fs::write(&raw, bytes).unwrap();
            testkit::disk::convert(&raw, &path, testkit::disk::Format::Qcow2).unwrap();
            std::fs::remove_file(raw).unwrap();
        }
        path
    }
}

/// Cancels when the first progress is told, which is after the first bytes.
#[derive(Default)]
struct CancelAtProgress(CancellationToken);

impl Events for CancelAtProgress {
    fn tell(&self, event: Event) {
        if matches!(event, Event::Progress(_)) {
            self.0.cancel();
        }
    }
}

/// Does something whenever progress is told.
struct AtProgress<F>(F);

impl<F: Fn() + Send + Sync> Events for AtProgress<F> {
    fn tell(&self, event: Event) {
        if matches!(event, Event::Progress(_)) {
            (self.0)();
        }
    }
}

/// The contents of an image.
fn contents(path: &Path, format: &str) -> Vec<u8> {
    if format == "raw" {
        return std::fs::read(path).unwrap();
    }
    let raw = path.with_extension("contents");
    testkit::disk::convert(path, &raw, testkit::disk::Format::Raw).unwrap();
    let bytes = std::fs::read(&raw).unwrap();
    std::fs::remove_file(raw).unwrap();
    bytes
}

/// Bytes in blocks of 4 KiB that differ.
fn differing(a: &[u8], b: &[u8]) -> u64 {
    a.chunks(4096)
        .zip(b.chunks(4096))
        .filter(|(a, b)| a != b)
        .map(|(a, _)| a.len() as u64)
        .sum()
}

#[tokio::test]
async fn a_new_image_holds_the_disk_and_holes_stay_holes() {
    let s = Setting::new(islands()).await;
    for format in ["raw", "qcow2"] {
        let spec = s.spec(&format!("new.{format}"), format, false);
        let report = s.restore(&spec).await.unwrap();
        assert_same(&contents(&spec.path, format), &s.bytes, format);
        let blocks = std::fs::metadata(&spec.path).unwrap().blocks() * 512;
        // The second island costs a block, in qcow2 a cluster.
        assert!(blocks <= MIB + 600_000, "{format}: {blocks} bytes");
        assert!(report.written >= MIB && report.written <= MIB + CHUNK);
        assert_eq!((report.size, report.data), (SIZE, MIB + CHUNK));
        let mode = std::fs::metadata(&spec.path).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "others may not read a restored disk");
    }
    assert_eq!(s.names(), ["new.qcow2", "new.raw"]);
}

#[tokio::test]
async fn a_disk_of_an_odd_size_comes_back_to_the_byte() {
    let s = Setting::new(noise(4, 5 * CHUNK + 777)).await;
    let raw = s.spec("odd.raw", "raw", false);
    s.restore(&raw).await.unwrap();
    assert_same(&contents(&raw.path, "raw"), &s.bytes, "raw");
    // An image of a format ends at a sector.
    let qcow2 = s.spec("odd.qcow2", "qcow2", false);
    s.restore(&qcow2).await.unwrap();
    let mut padded = s.bytes.clone();
    padded.resize(s.bytes.len().next_multiple_of(512), 0);
    assert_same(&contents(&qcow2.path, "qcow2"), &padded, "qcow2");
    for (name, format) in [("odd.raw", "raw"), ("odd.qcow2", "qcow2")] {
        let report = s.restore(&s.spec(name, format, true)).await.unwrap();
        assert_eq!(report.written, 0, "{format}");
    }
    assert_same(&contents(&raw.path, "raw"), &s.bytes, "raw");
}

#[tokio::test]
async fn an_empty_and_a_zero_disk_can_be_restored() {
    for size in [0, 3 * MIB] {
        let s = Setting::new(vec![0; usize::try_from(size).unwrap()]).await;
        for format in ["raw", "qcow2"] {
            let spec = s.spec(&format!("zero.{format}"), format, false);
            let report = s.restore(&spec).await.unwrap();
            assert_eq!((report.data, report.written), (0, 0));
            assert_same(&contents(&spec.path, format), &s.bytes, format);
        }
    }
}

#[tokio::test]
async fn onto_an_image_only_the_blocks_that_differ_are_written() {
    let s = Setting::new(islands()).await;
    for format in ["raw", "qcow2"] {
        let mut old = s.bytes.clone();
        let at = usize::try_from(MIB).unwrap();
        old[at + 100] ^= 1; // in data
        old[3 * at + 70_000] = 9; // one block of a hole
        old[6 * at..6 * at + 10_000].fill(3); // three blocks of a hole
        old[5 * at..5 * at + 4096].fill(1); // zeros beside data
        let path = s.image(&format!("old.{format}"), format, &old);
        let spec = s.spec(&format!("old.{format}"), format, true);
        let report = s.restore(&spec).await.unwrap();
        assert_same(&contents(&path, format), &s.bytes, format);
        assert_eq!(report.written, differing(&old, &s.bytes), "{format}");
        // And nothing the second time.
        let again = s.restore(&spec).await.unwrap();
        assert_eq!(again.written, 0, "{format}");
        assert_eq!(unfinished_restore(&path, &spec.state_dir), None);
    }
    assert_eq!(s.names(), ["old.qcow2", "old.raw"]);
}

#[tokio::test]
async fn a_target_that_exists_is_left_alone_unless_it_is_to_be_overwritten() {
    let s = Setting::new(islands()).await;
    let path = s.image("there", "raw", b"mine");
    let e = s.restore(&s.spec("there", "raw", false)).await.unwrap_err();
    assert_eq!((e.code(), e.kind()), (Code::TargetExists, Kind::Conflict));
    // An image of another size is refused.
    let e = s.restore(&s.spec("there", "raw", true)).await.unwrap_err();
    assert_eq!(e.code(), Code::TargetTooSmall);
    let large = vec![1; usize::try_from(SIZE).unwrap() + 512];
    s.image("large", "raw", &large);
    let e = s.restore(&s.spec("large", "raw", true)).await.unwrap_err();
    assert_eq!(e.code(), Code::BadArgument);
    let e = s.restore(&s.spec("none/new", "raw", false)).await;
    assert_eq!(e.unwrap_err().code(), Code::FileNotFound);
    assert_eq!(std::fs::read(path).unwrap(), b"mine");
    assert_eq!(s.names(), ["large", "there"]);
}

#[tokio::test]
async fn what_takes_the_name_during_a_restore_keeps_it() {
    let s = Setting::new(islands()).await;
    for format in ["raw", "qcow2"] {
        let spec = s.spec("new", format, false);
        let cancel = CancellationToken::new();
        let take = AtProgress(|| std::fs::write(&spec.path, b"mine").unwrap());
        let e = s.restore_told(&spec, &cancel, None, &take).await;
        assert_eq!(e.unwrap_err().code(), Code::TargetExists);
        assert_eq!(std::fs::read(&spec.path).unwrap(), b"mine");
        assert_eq!(s.names(), ["new"], "{format}");
        std::fs::remove_file(&spec.path).unwrap();
    }
}

#[tokio::test]
async fn two_restores_to_one_new_name_dont_mix() {
    let s = Setting::new(islands()).await;
    for format in ["raw", "qcow2"] {
        let spec = s.spec(&format!("new.{format}"), format, false);
        let (first, second) = tokio::join!(s.restore(&spec), s.restore(&spec));
        let (won, lost) = if first.is_ok() {
            (first, second)
        } else {
            (second, first)
        };
        won.unwrap();
        assert_eq!(lost.unwrap_err().kind(), Kind::Conflict);
        assert_same(&contents(&spec.path, format), &s.bytes, format);
    }
}

#[tokio::test]
async fn a_new_image_is_removed_when_the_restore_fails_or_is_cancelled() {
    let s = Setting::new(noise(1, SIZE)).await;
    for format in ["raw", "qcow2"] {
        let spec = s.spec("new", format, false);
        let cancel = CancellationToken::new();
        let (e, ()) = tokio::join!(s.restore_until(&spec, &cancel, Some(2 * MIB)), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!spec.path.exists(), "a part must not have the name");
            cancel.cancel();
        });
        assert_eq!(e.unwrap_err().code(), Code::Cancelled);
        assert!(s.names().is_empty(), "{:?}", s.names());
        // A process that was killed leaves its part, which the next one clears away.
        std::fs::write(s.folder.path().join("new.stillpoint-partial"), b"junk").unwrap();
        s.restore(&spec).await.unwrap();
        assert_same(&contents(&spec.path, format), &s.bytes, format);
        assert_eq!(s.names(), ["new"]);
        std::fs::remove_file(&spec.path).unwrap();
    }
    // A vault that loses a pack.
    for (name, _) in s.vault.store().list("packs").await.unwrap() {
        s.vault.store().delete(&name).await.unwrap();
    }
    let spec = s.spec("new", "raw", false);
    let e = s.restore(&spec).await.unwrap_err();
    assert_eq!(e.kind(), Kind::Integrity);
    assert!(s.names().is_empty());
}

#[tokio::test]
async fn a_restore_onto_an_image_that_is_cut_short_is_marked_and_resumed() {
    let s = Setting::new(noise(1, SIZE)).await;
    for format in ["raw", "qcow2"] {
        let old = noise(2, SIZE);
        let path = s.image("old", format, &old);
        let spec = s.spec("old", format, true);
        s.cut_short(&spec).await;
        assert_eq!(s.names(), ["old.stillpoint-restoring"]);
        let mark = unfinished_restore(&path, &spec.state_dir).unwrap();
        assert_eq!(mark, s.folder.path().join("old.stillpoint-restoring"));
        // It is not taken for a name that is free.
        let e = s.restore(&s.spec("old", format, false)).await.unwrap_err();
        assert_eq!(e.code(), Code::RestoreIncomplete);
        // Nor is a new file of that name overwritten.
        std::fs::write(&path, b"mine").unwrap();
        let e = s.restore(&spec).await.unwrap_err();
        assert_eq!(e.code(), Code::RestoreIncomplete);
        std::fs::remove_file(&path).unwrap();

        let report = s.restore(&spec).await.unwrap();
        assert!(report.written > 0 && report.written < SIZE, "{report:?}");
        assert_same(&contents(&path, format), &s.bytes, format);
        assert_eq!(s.names(), ["old"]);
        assert_eq!(unfinished_restore(&path, &spec.state_dir), None);
        std::fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn an_image_that_was_not_touched_keeps_its_name() {
    let s = Setting::new(noise(1, SIZE)).await;
    for format in ["raw", "qcow2"] {
        let old = noise(2, SIZE);
        let path = s.image("old", format, &old);
        let cancel = CancellationToken::new();
        cancel.cancel();
        let spec = s.spec("old", format, true);
        let e = s.restore_until(&spec, &cancel, None).await.unwrap_err();
        assert_eq!(e.code(), Code::Cancelled);
        assert_eq!(s.names(), ["old"]);
        assert_same(&contents(&path, format), &old, format);
    }
}

#[tokio::test]
async fn a_link_to_an_image_stays_a_link() {
    let s = Setting::new(noise(1, SIZE)).await;
    let real = s.image("real", "raw", &noise(2, SIZE));
    let link = s.folder.path().join("link");
    std::os::unix::fs::symlink("real", &link).unwrap();
    let spec = s.spec("link", "raw", true);
    s.cut_short(&spec).await;
    // The machine can't be started by the one name or by the other.
    assert!(!real.exists() && !link.exists());
    assert!(unfinished_restore(&link, &spec.state_dir).is_some());
    assert!(unfinished_restore(&real, &spec.state_dir).is_some());
    s.restore(&spec).await.unwrap();
    assert!(link.is_symlink() && !real.is_symlink());
    assert_same(&contents(&real, "raw"), &s.bytes, "the image");
}

/// Ends when the test does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A QEMU that has the image open and stands still.
fn qemu(image: &Path, format: &str) -> Running {
    let child = Command::new("qemu-system-x86_64")
        .args(["-nodefaults", "-machine", "q35,accel=tcg", "-m", "32"])
        .args(["-S", "-display", "none", "-drive"])
        .arg(format!(
            "file={},format={format},if=virtio",
            image.display()
        ))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    let start = Instant::now();
    // Until the image can't be opened for writing.
    while Command::new("qemu-io")
        .args(["-f", format, "-c", "quit"])
        .arg(image)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
    {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it did not start"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    running
}

#[tokio::test]
async fn the_image_of_a_running_machine_is_refused_and_keeps_its_name() {
    let s = Setting::new(noise(1, SIZE)).await;
    for format in ["raw", "qcow2"] {
        let name = format!("disk.{format}");
        let old = noise(2, SIZE);
        let path = s.image(&name, format, &old);
        let before = std::fs::metadata(&path).unwrap();
        let machine = qemu(&path, format);
        let e = s.restore(&s.spec(&name, format, true)).await.unwrap_err();
        assert_eq!((e.code(), e.kind()), (Code::MachineRunning, Kind::Conflict));
        let after = std::fs::metadata(&path).unwrap();
        assert_eq!(
            (before.ino(), before.ctime_nsec(), before.ctime()),
            (after.ino(), after.ctime_nsec(), after.ctime()),
            "the image was renamed for a while"
        );
        drop(machine);
        s.restore(&s.spec(&name, format, true)).await.unwrap();
        assert_same(&contents(&path, format), &s.bytes, format);
    }
}

/// A file system of this size, in memory; gone with the test. Needs root.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    fn new(size: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .status();
        if mounted.is_ok_and(|s| s.success()) {
            return Some(Self(folder));
        }
        assert!(
            !rustix::process::getuid().is_root(),
            "root can mount a tmpfs"
        );
        None
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_file_system_is_said_so_and_nothing_is_left_on_it() {
    let s = Setting::new(noise(1, SIZE)).await;
    let Some(small) = Tmpfs::new(2 * MIB) else {
        return;
    };
    for format in ["raw", "qcow2"] {
        let mut spec = s.spec("new", format, false);
        spec.path = small.0.path().join("new");
        let e = s.restore(&spec).await.unwrap_err();
        assert_eq!(
            (e.code(), e.kind()),
            (Code::NoSpace, Kind::NoSpace),
            "{e:?}"
        );
        assert_eq!(std::fs::read_dir(small.0.path()).unwrap().count(), 0);
    }
}

/// A block device over a file. Needs root and loop devices.
struct Loop(PathBuf);

impl Loop {
    fn new(file: &Path) -> Option<Self> {
        let out = Command::new("losetup")
            .args(["--find", "--show"])
            .arg(file)
            .output()
            .ok()?;
        let name = String::from_utf8(out.stdout).unwrap();
        out.status
            .success()
            .then(|| Self(PathBuf::from(name.trim())))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_block_device_gets_what_differs_and_a_note_marks_it_meanwhile() {
    let s = Setting::new(islands()).await;
    let mut old = s.bytes.clone();
    old[10_000] = 5;
    old[usize::try_from(MIB).unwrap()] ^= 1;
    old.extend([6; 4096]);
    let file = s.image("backing", "raw", &old);
    let Some(device) = Loop::new(&file) else {
        return;
    };
    let mut spec = s.spec("", "raw", false);
    spec.path.clone_from(&device.0);
    s.cut_short(&spec).await;
    let note = unfinished_restore(&device.0, &spec.state_dir).unwrap();
    let text = std::fs::read_to_string(note).unwrap();
    assert!(text.contains(device.0.to_str().unwrap()), "{text}");

    s.restore(&spec).await.unwrap();
    assert_eq!(unfinished_restore(&device.0, &spec.state_dir), None);
    let held = std::fs::read(&file).unwrap();
    assert_same(&held[..s.bytes.len()], &s.bytes, "the device");
    assert_eq!(held[s.bytes.len()..], old[s.bytes.len()..], "past the disk");
    assert_eq!(s.restore(&spec).await.unwrap().written, 0);

    // What is mounted is not written to.
    let at = s.folder.path().join("at");
    std::fs::create_dir(&at).unwrap();
    let system = s.folder.path().join("system");
    std::fs::File::create(&system)
        .unwrap()
        .set_len(2 * SIZE)
        .unwrap();
    let done = |c: &mut Command| assert!(c.status().unwrap().success(), "{c:?}");
    done(Command::new("mkfs.ext4").arg("-q").arg(&system));
    let mounted = Loop::new(&system).unwrap();
    done(Command::new("mount").arg(&mounted.0).arg(&at));
    spec.path.clone_from(&mounted.0);
    let refused = s.restore(&spec).await;
    done(Command::new("umount").arg(&at));
    assert_eq!(refused.unwrap_err().code(), Code::ImageInUse);
    assert_eq!(unfinished_restore(&mounted.0, &spec.state_dir), None);

    let tiny = s.image("tiny", "raw", &noise(1, MIB));
    let Some(device) = Loop::new(&tiny) else {
        return;
    };
    spec.path.clone_from(&device.0);
    let e = s.restore(&spec).await.unwrap_err();
    assert_eq!(e.code(), Code::TargetTooSmall);
    assert_eq!(unfinished_restore(&device.0, &spec.state_dir), None);
}

#[tokio::test]
async fn progress_of_a_restore_rises_to_the_disks_size() {
    let s = Setting::new(islands()).await;
    let heard = Heard::default();
    let cancel = CancellationToken::new();
    let spec = s.spec("new", "raw", false);
    s.restore_told(&spec, &cancel, None, &heard).await.unwrap();
    let told = heard.progress();
    assert!(told.windows(2).all(|w| w[0].done <= w[1].done));
    assert_eq!(told.last().unwrap().done, SIZE);
}

/// Restores the disk onto all of these.
async fn restore_all(
    s: &Setting,
    specs: &[&TargetSpec],
    cancel: &CancellationToken,
    rate: Option<u64>,
    events: &dyn Events,
) -> Result<Vec<RestoreReport>> {
    let mut all = Vec::new();
    for (i, spec) in specs.iter().enumerate() {
        all.push(s.onto(&format!("vd{i}"), spec).await);
    }
    restore_disks(all, rate, cancel, events).await
}

#[tokio::test]
async fn a_second_target_that_cant_be_opened_leaves_the_first_as_it_was() {
    let s = Setting::new(noise(1, SIZE)).await;
    let (cancel, old) = (CancellationToken::new(), noise(2, SIZE));
    for format in ["raw", "qcow2"] {
        let path = s.image("one", format, &old);
        s.image("two", format, &noise(3, MIB));
        let (one, two) = (s.spec("one", format, true), s.spec("two", format, true));
        let fresh = s.spec("fresh", format, false);
        let e = restore_all(&s, &[&fresh, &one, &two], &cancel, None, &()).await;
        assert_eq!(e.unwrap_err().code(), Code::TargetTooSmall);
        assert_eq!(s.names(), ["one", "two"]);
        assert_same(&contents(&path, format), &old, format);
        // Nor can two disks go to one place.
        let e = restore_all(&s, &[&one, &one], &cancel, None, &()).await;
        assert_eq!(e.unwrap_err().kind(), Kind::Conflict);
        assert_eq!(s.names(), ["one", "two"]);
        assert_same(&contents(&path, format), &old, format);
        std::fs::remove_file(s.folder.path().join("two")).unwrap();
        std::fs::remove_file(path).unwrap();
    }
}

#[tokio::test]
async fn no_disk_has_its_name_before_all_are_restored() {
    let s = Setting::new(noise(1, SIZE)).await;
    let one = s.spec("one", "raw", true);
    let (two, fresh) = (s.spec("two", "qcow2", true), s.spec("new", "qcow2", false));
    s.image("one", "raw", &noise(2, SIZE));
    s.image("two", "qcow2", &noise(3, SIZE));
    let told = std::sync::atomic::AtomicU64::new(0);
    let look = AtProgress(|| {
        told.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let working = [
            "new.stillpoint-partial",
            "one.stillpoint-restoring",
            "two.stillpoint-restoring",
        ];
        assert_eq!(s.names(), working);
    });
    let cancel = CancellationToken::new();
    let reports = restore_all(&s, &[&one, &two, &fresh], &cancel, None, &look).await;
    let written = reports.unwrap().iter().map(|r| r.written).sum::<u64>();
    assert_eq!(written, 3 * SIZE, "each disk counts what is its own");
    assert!(told.into_inner() >= 3, "the end of each disk is told");
    assert_eq!(s.names(), ["new", "one", "two"]);
    for spec in [&one, &two, &fresh] {
        assert_same(&contents(&spec.path, &spec.format), &s.bytes, &spec.format);
    }
}

#[tokio::test]
async fn several_disks_cut_short_are_all_marked_and_completed_by_the_same_restore() {
    let s = Setting::new(noise(1, SIZE)).await;
    let (one, two) = (s.spec("one", "raw", true), s.spec("two", "qcow2", true));
    s.image("one", "raw", &noise(2, SIZE));
    s.image("two", "qcow2", &noise(3, SIZE));
    let marked = ["one.stillpoint-restoring", "two.stillpoint-restoring"];
    let cancel = CancelAtProgress::default();
    let specs = [&one, &two];
    let e = restore_all(&s, &specs, &cancel.0, Some(4 * MIB), &cancel).await;
    assert_eq!(e.unwrap_err().code(), Code::Cancelled);
    assert_eq!(
        s.names(),
        marked,
        "the second was not touched, but is marked"
    );
    // A second try that does nothing doesn't take the marks away.
    let e = restore_all(&s, &specs, &cancel.0, None, &()).await;
    assert_eq!(e.unwrap_err().code(), Code::Cancelled);
    assert_eq!(s.names(), marked);

    let go = CancellationToken::new();
    restore_all(&s, &specs, &go, None, &()).await.unwrap();
    assert_eq!(s.names(), ["one", "two"]);
    for spec in specs {
        assert_same(&contents(&spec.path, &spec.format), &s.bytes, &spec.format);
    }
}

#[tokio::test]
async fn several_disks_cancelled_before_anything_was_written_keep_their_names() {
    let s = Setting::new(noise(1, SIZE)).await;
    let (one, two) = (s.spec("one", "raw", true), s.spec("two", "raw", true));
    let old = noise(2, SIZE);
    s.image("one", "raw", &old);
    s.image("two", "raw", &old);
    let cancel = CancellationToken::new();
    // The first step is waited for: a cancellation finds all opened and nothing written.
    let specs = [&one, &two];
    let (e, ()) = tokio::join!(
        restore_all(&s, &specs, &cancel, Some(MIB / 64), &()),
        async {
            while s.names() != ["one.stillpoint-restoring", "two.stillpoint-restoring"] {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            cancel.cancel();
        }
    );
    assert_eq!(e.unwrap_err().code(), Code::Cancelled);
    assert_eq!(s.names(), ["one", "two"]);
    for spec in [&one, &two] {
        assert_same(&contents(&spec.path, "raw"), &old, "not touched");
    }
}

#[tokio::test]
async fn a_name_that_was_taken_meanwhile_leaves_the_later_disks_marked() {
    let s = Setting::new(noise(1, SIZE)).await;
    let (fresh, old) = (s.spec("fresh", "raw", false), s.spec("old", "raw", true));
    s.image("old", "raw", &noise(2, SIZE));
    let take = AtProgress(|| std::fs::write(&fresh.path, b"mine").unwrap());
    let cancel = CancellationToken::new();
    let e = restore_all(&s, &[&fresh, &old], &cancel, None, &take).await;
    assert_eq!(e.unwrap_err().code(), Code::TargetExists);
    assert_eq!(s.names(), ["fresh", "old.stillpoint-restoring"]);
    let report = s.restore(&old).await.unwrap();
    assert_eq!(report.written, 0, "it was complete");
    assert_same(&contents(&old.path, "raw"), &s.bytes, "old");
}
