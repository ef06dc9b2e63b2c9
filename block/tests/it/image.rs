//! Making and probing images.

use std::path::Path;

use base::Code;
use block::{BitmapInfo, create_image, probe_image};

use crate::place::{SmallDisk, run, text};

#[tokio::test]
async fn an_image_that_was_made_is_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["qcow2", "raw"] {
        // Names that QEMU would take for a protocol, an option or a list.
        for name in ["disk", "nbd:x,y", "-f", "two words=1"] {
            let path = folder.path().join(format!("{name}.{format}"));
            create_image(&path, format, 3 << 20).await.unwrap();
            let info = probe_image(&path).await.unwrap();
            assert_eq!(info.format, format, "{name}");
            assert_eq!(info.virtual_size, 3 << 20);
            assert!(info.bitmaps.is_empty() && info.backing_file.is_none() && !info.encrypted);
        }
    }
}

#[tokio::test]
async fn an_image_that_exists_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    std::fs::write(&path, b"dear data").unwrap();
    for format in ["qcow2", "raw"] {
        let error = create_image(&path, format, 1 << 20).await.unwrap_err();
        assert_eq!(error.code(), Code::TargetExists);
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"dear data");
}

#[tokio::test]
async fn nothing_is_left_of_an_image_that_could_not_be_made() {
    let small = SmallDisk::new("64k");
    let path = small.path().join("disk");
    let error = create_image(&path, "qcow2", 1 << 30).await.unwrap_err();
    assert_eq!(error.code(), Code::NoSpace, "{error:?}");
    assert!(!path.exists());
    let error = create_image(&path, "no-such-format", 1 << 20)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::BadArgument, "{error:?}");
    assert!(!path.exists());
}

#[tokio::test]
async fn bitmaps_and_backing_files_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base.qcow2");
    let path = folder.path().join("disk.qcow2");
    create_image(&base, "qcow2", 1 << 20).await.unwrap();
    let args = [
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        "qcow2",
        "-b",
        text(&base),
        text(&path),
    ];
    run("qemu-img", &args);
    run(
        "qemu-img",
        &["bitmap", "--add", "-g", "4096", text(&path), "on"],
    );
    run(
        "qemu-img",
        &["bitmap", "--add", "--disable", text(&path), "off"],
    );
    let info = probe_image(&path).await.unwrap();
    assert_eq!(info.backing_file.as_deref(), Some(base.as_path()));
    let bitmap = |name: &str, granularity, recording| BitmapInfo {
        name: name.into(),
        granularity,
        recording,
        in_use: false,
    };
    assert_eq!(
        info.bitmaps,
        [bitmap("on", 4096, true), bitmap("off", 65536, false)]
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_found() {
    let error = probe_image(Path::new("/nowhere/disk")).await.unwrap_err();
    assert_eq!(error.code(), Code::FileNotFound, "{error:?}");
}
