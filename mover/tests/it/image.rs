//! Image files and devices as sources.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use base::Code;
use block::{Extent, ExtentSet};
use hypervisor::{Consistency, Definition};
use mover::{BackupReport, ImageHost, PointRecord, read_extent_list};
use tokio_util::sync::CancellationToken;

use crate::support::*;

/// A folder with an image `disk.raw` of 4 MiB, noise in the second.
fn image() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.raw");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(4 * MIB).unwrap();
    file.write_all_at(&noise(1, MIB), MIB).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (folder, path, bytes)
}

fn host(path: &Path, format: &str, changed: Option<&[(u64, u64)]>) -> ImageHost {
    let changed = changed.map(|c| {
        let extents = c.iter().map(|(at, len)| Extent::new(*at, *len));
        extents.collect::<ExtentSet>()
    });
    ImageHost::new(
        path.to_owned(),
        format.to_owned(),
        "web".to_owned(),
        changed,
    )
}

struct Setting {
    vault: std::sync::Arc<vault::Vault>,
    folder: tempfile::TempDir,
    around: vault::Surroundings,
    cancel: CancellationToken,
    sample: u64,
}

impl Setting {
    async fn new() -> Self {
        Self {
            vault: memory_vault().await,
            folder: tempfile::tempdir().unwrap(),
            around: around(5),
            cancel: CancellationToken::new(),
            sample: 0,
        }
    }

    async fn backup(&self, host: &ImageHost) -> base::Result<BackupReport> {
        let mut options = options(self.folder.path());
        options.cancel = self.cancel.clone();
        options.sample = self.sample;
        mover::backup(host, "any", &self.vault, &self.around, &options, &()).await
    }
}

#[tokio::test]
async fn a_raw_image_is_backed_up_and_its_holes_are_not_read() {
    let (_folder, path, bytes) = image();
    let s = Setting::new().await;
    let report = s.backup(&host(&path, "raw", None)).await.unwrap();
    assert_eq!(
        (report.machine.as_str(), report.consistency),
        ("web", Consistency::Offline)
    );
    assert_eq!(
        (only(&report).name.as_str(), only(&report).read),
        ("disk", MIB)
    );
    assert_same(
        &disk_bytes(&s.vault, report.point, "disk").await,
        &bytes,
        "the image",
    );
    let info = s.vault.point(report.point).await.unwrap();
    let record = PointRecord::of(&s.vault, &info).await.unwrap();
    assert_eq!(record.definition, Definition::Image);
    // Without a list all is read again, and nothing stored.
    let again = s.backup(&host(&path, "raw", None)).await.unwrap();
    assert_eq!((only(&again).read, only(&again).changed), (MIB, 0));
    assert_eq!(only(&again).reason.as_deref(), Some("no list of changes"));
}

#[tokio::test]
async fn a_qcow2_image_is_read_through_its_format() {
    let (folder, path, bytes) = image();
    let qcow2 = folder.path().join("disk.qcow2");
    testkit::disk::convert(&path, &qcow2, testkit::disk::Format::Qcow2).unwrap();
    let s = Setting::new().await;
    let report = s.backup(&host(&qcow2, "qcow2", None)).await.unwrap();
    assert!(only(&report).read <= MIB, "{}", only(&report).read);
    assert_same(
        &disk_bytes(&s.vault, report.point, "disk").await,
        &bytes,
        "the image",
    );
    // The format is what we are told, not what the bytes look like.
    let raw = s.backup(&host(&qcow2, "raw", None)).await.unwrap();
    let file = std::fs::read(&qcow2).unwrap();
    assert_same(
        &disk_bytes(&s.vault, raw.point, "disk").await,
        &file,
        "the file",
    );
}

#[tokio::test]
async fn an_image_of_an_odd_size_keeps_its_last_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd");
    let bytes = noise(3, 3 * CHUNK + 777);
    std::fs::write(&path, &bytes).unwrap();
    let s = Setting::new().await;
    let report = s.backup(&host(&path, "raw", None)).await.unwrap();
    assert_same(
        &disk_bytes(&s.vault, report.point, "disk").await,
        &bytes,
        "the image",
    );
}

#[tokio::test]
async fn with_a_list_only_what_it_names_is_read() {
    let (_folder, path, _) = image();
    let s = Setting::new().await;
    let first = host(&path, "raw", Some(&[(0, 10)]));
    let report = s.backup(&first).await.unwrap();
    // There is nothing that the list could be relative to.
    assert_eq!(only(&report).read, MIB);
    assert_eq!(only(&report).reason.as_deref(), Some("no earlier point"));
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(b"changed", MIB + 5000).unwrap();
    file.write_all_at(b"new", 3 * MIB).unwrap();
    let listed = host(&path, "raw", Some(&[(MIB + 5000, 7), (3 * MIB, 3)]));
    let report = s.backup(&listed).await.unwrap();
    assert_eq!(only(&report).read, 2 * CHUNK);
    let bytes = std::fs::read(&path).unwrap();
    assert_same(
        &disk_bytes(&s.vault, report.point, "disk").await,
        &bytes,
        "the image",
    );
    for wrong in [(4 * MIB - 1, 2), (u64::MAX - 5, 3), (5 * MIB, 1)] {
        let e = s.backup(&host(&path, "raw", Some(&[wrong]))).await;
        assert_eq!(e.unwrap_err().code(), Code::ExtentListInvalid, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_list_that_leaves_out_a_change_is_found_out() {
    let (_folder, path, _) = image();
    let mut s = Setting::new().await;
    s.backup(&host(&path, "raw", None)).await.unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(b"told", MIB).unwrap();
    file.write_all_at(b"not told", 2 * MIB - 8).unwrap();
    s.sample = MIB;
    let listed = host(&path, "raw", Some(&[(MIB, 4)]));
    let report = s.backup(&listed).await.unwrap();
    assert_eq!(only(&report).sampled, MIB - CHUNK);
    assert_eq!((&only(&report).tracker, only(&report).read), (&None, MIB));
    let stale = format!("bytes {} to {}", 2 * MIB - CHUNK, 2 * MIB);
    assert!(report.warnings[0].contains(&stale), "{report:?}");
    let bytes = std::fs::read(&path).unwrap();
    let point = disk_bytes(&s.vault, report.point, "disk").await;
    assert_same(&point, &bytes, "the image");
}

#[tokio::test]
async fn a_disk_that_was_made_smaller_and_larger_again_is_read_whole() {
    let (_folder, path, first) = image();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let size = first.len() as u64;
    // Data up to the end, so that whatever is cut off shows.
    file.write_all_at(&noise(77, MIB), size - MIB).unwrap();
    let s = Setting::new().await;
    s.backup(&host(&path, "raw", None)).await.unwrap();
    for (least, then, written) in [
        (size - MIB / 2, size, None),
        (size - 3 * MIB, size - MIB, None),
        (size - 4 * MIB, size + MIB, Some(size - 3 * MIB)),
        (MIB, 2 * MIB, None),
        // Only larger: nothing is amiss.
        (2 * MIB, 9 * MIB, Some(8 * MIB)),
        // Smaller, and what is left is as it was.
        (9 * MIB - CHUNK, 9 * MIB - CHUNK, None),
    ] {
        let before = std::fs::metadata(&path).unwrap().len();
        file.set_len(least).unwrap();
        file.set_len(then).unwrap();
        if let Some(at) = written {
            file.write_all_at(&noise(then, CHUNK), at).unwrap();
        }
        let list: Vec<(u64, u64)> = written.map(|at| (at, CHUNK)).into_iter().collect();
        let report = s.backup(&host(&path, "raw", Some(&list))).await.unwrap();
        let reason = only(&report).reason.clone().unwrap_or_default();
        let cut = least < before.min(then);
        assert_eq!(reason.contains("larger again"), cut, "{then}: {report:?}");
        let bytes = std::fs::read(&path).unwrap();
        let point = disk_bytes(&s.vault, report.point, "disk").await;
        assert_same(&point, &bytes, "the image");
        // What the last mebibyte holds is data again for the next one.
        file.write_all_at(&noise(then + 1, MIB), then - MIB)
            .unwrap();
        s.backup(&host(&path, "raw", None)).await.unwrap();
    }
}

#[tokio::test]
async fn an_unchanged_tebibyte_that_holds_little_is_sampled_in_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    for at in 0..1000 {
        file.write_all_at(&noise(at, 4096), at * 1_099_511_627)
            .unwrap();
    }
    let mut s = Setting::new().await;
    let store = vault::Store::local(&folder.path().join("vault")).unwrap();
    s.vault = vault_in(store, 4 * CHUNK).await;
    s.backup(&host(&path, "raw", None)).await.unwrap();
    s.sample = mover::DEFAULT_SAMPLE;
    let start = std::time::Instant::now();
    let report = s.backup(&host(&path, "raw", Some(&[]))).await.unwrap();
    let took = start.elapsed();
    assert_eq!((only(&report).read, only(&report).sampled), (0, s.sample));
    // Far less when nothing else runs; a walk over the whole takes minutes.
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn a_list_counts_from_the_newest_point_also_after_a_cancelled_run() {
    let (_folder, path, first) = image();
    let s = Setting::new().await;
    s.backup(&host(&path, "raw", None)).await.unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(&noise(9, MIB), MIB).unwrap();
    // A run that is cut short sees a state that is taken back afterwards.
    let mut cut = s;
    let cancel = cut.cancel.clone();
    let mut rate = options(cut.folder.path());
    rate.rate = Some(MIB);
    rate.cancel = cancel.clone();
    let listed = host(&path, "raw", Some(&[(MIB, MIB)]));
    let run = mover::backup(&listed, "any", &cut.vault, &cut.around, &rate, &());
    let (run, ()) = tokio::join!(run, async {
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        cancel.cancel();
    });
    assert_eq!(run.unwrap_err().code(), Code::Cancelled);
    file.write_all_at(&first[usize::try_from(MIB).unwrap()..][..1 << 20], MIB)
        .unwrap();
    file.write_all_at(b"x", 0).unwrap();
    // Against the newest point, only the first byte differs.
    cut.cancel = CancellationToken::new();
    let listed = host(&path, "raw", Some(&[(0, 1)]));
    let report = cut.backup(&listed).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_same(
        &disk_bytes(&cut.vault, report.point, "disk").await,
        &bytes,
        "the image",
    );
}

#[tokio::test]
async fn an_image_that_changes_while_it_is_read_gives_no_point() {
    let (_folder, path, _) = image();
    let s = Setting::new().await;
    let mut slow = options(s.folder.path());
    slow.rate = Some(2 * MIB);
    let source = host(&path, "raw", None);
    let run = mover::backup(&source, "any", &s.vault, &s.around, &slow, &());
    let (run, ()) = tokio::join!(run, async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(b"meanwhile", 2 * MIB).unwrap();
    });
    assert_eq!(run.unwrap_err().code(), Code::SnapshotBroken);
    assert!(s.vault.points().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_image_that_is_not_there_or_is_no_image_is_refused() {
    let (folder, path, _) = image();
    let s = Setting::new().await;
    let e = s
        .backup(&host(&folder.path().join("none"), "raw", None))
        .await;
    assert_eq!(e.unwrap_err().code(), Code::FileNotFound);
    let e = s.backup(&host(folder.path(), "raw", None)).await;
    assert_eq!(e.unwrap_err().code(), Code::BadArgument);
    s.backup(&host(&path, "qcow2", None)).await.unwrap_err();
    assert!(s.vault.points().await.unwrap().is_empty());
}

#[test]
fn an_extent_list_is_read_and_a_wrong_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, "# changes\n\n 4096 512\n0 10\n10 5\n").unwrap();
    let set = read_extent_list(&path).unwrap();
    assert_eq!(set.extents(), [Extent::new(0, 15), Extent::new(4096, 512)]);
    for wrong in [
        "1",
        "1 2 3",
        "a b",
        "-1 5",
        "18446744073709551615 2",
        "0x10 5",
    ] {
        std::fs::write(&path, format!("0 1\n{wrong}\n")).unwrap();
        let e = read_extent_list(&path).unwrap_err();
        assert_eq!(e.code(), Code::ExtentListInvalid, "{wrong}");
        assert!(e.detail().contains("line 2"), "{e}");
    }
    let e = read_extent_list(&folder.path().join("none")).unwrap_err();
    assert_eq!(e.code(), Code::FileNotFound);
}

/// An image can name any file of the host as its base. Whoever backs up an image that somebody
/// gave him must not store that file with it.
#[tokio::test]
async fn an_image_that_names_another_file_is_refused_and_nothing_is_stored() {
    let (folder, secret, _) = image();
    let overlay = folder.path().join("overlay.qcow2");
    let made = std::process::Command::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"])
        .args([&secret, &overlay])
        .status();
    assert!(made.unwrap().success());
    let s = Setting::new().await;
    let error = s.backup(&host(&overlay, "qcow2", None)).await.unwrap_err();
    assert_eq!(error.code(), Code::DiskUnsupported, "{error:?}");
    assert!(error.to_string().contains("backing file"), "{error}");
    assert!(s.vault.points().await.unwrap().is_empty());
}
