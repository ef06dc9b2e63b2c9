//! Making and probing images.

use std::path::Path;

use base::Code;
use block::{BitmapInfo, BlockSource, FileDisk, ImageOptions, QemuNbd, create_image, probe_image};

use crate::place::{SmallDisk, run, text};

#[tokio::test]
async fn an_image_that_was_made_is_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["qcow2", "raw"] {
        // Names that QEMU would take for a protocol, an option or a list.
        for name in ["disk", "nbd:x,y", "-f", "two words=1"] {
            let path = folder.path().join(format!("{name}.{format}"));
            create_image(&path, format, 3 << 20).await.unwrap();
            let info = probe_image(&path, None).await.unwrap();
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
    let info = probe_image(&path, None).await.unwrap();
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
    let error = probe_image(Path::new("/nowhere/disk"), None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::FileNotFound, "{error:?}");
}

/// An image from elsewhere may name any file of this host. It is refused, and in words that
/// help; an image of a machine's own may have a base.
#[tokio::test]
async fn an_image_that_names_other_files_is_not_read_if_it_should_be_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [secret, overlay, pointer, whole] =
        ["secret", "overlay", "pointer", "whole"].map(|n| folder.path().join(n));
    std::fs::write(&secret, vec![b's'; 1 << 20]).unwrap();
    let qcow2 = ["create", "-q", "-f", "qcow2"];
    let base = ["-F", "raw", "-b", text(&secret), text(&overlay)];
    run("qemu-img", &[&qcow2[..], &base].concat());
    let data = format!("data_file={},data_file_raw=on", text(&secret));
    run(
        "qemu-img",
        &[&qcow2[..], &["-o", &data, text(&pointer), "1M"]].concat(),
    );
    // qemu-img has made it anew.
    std::fs::write(&secret, vec![b's'; 1 << 20]).unwrap();
    create_image(&whole, "qcow2", 1 << 20).await.unwrap();
    let alone = |path: &Path, format: &str| {
        let mut options = ImageOptions::read(path, format);
        options.alone = true;
        QemuNbd::open(options)
    };
    for (path, word) in [(&overlay, "backing file"), (&pointer, "external data file")] {
        let error = alone(path, "qcow2").await.unwrap_err();
        assert_eq!(error.code(), Code::DiskUnsupported, "{error:?}");
        let words = error.to_string();
        assert!(
            words.contains(word) && words.contains("qemu-img convert"),
            "{words}"
        );
    }
    let error = alone(&whole, "vmdk").await.unwrap_err();
    assert_eq!(error.code(), Code::DiskUnsupported, "{error:?}");
    let error = alone(&secret, "qcow2").await.unwrap_err();
    assert_eq!(error.code(), Code::BadArgument, "{error:?}");
    let told = error.to_string();
    assert_eq!(told.matches("secret").count(), 1, "{told}");
    // As raw, its bytes are only bytes.
    let image = alone(&overlay, "raw").await.unwrap();
    let head = image.client().read(0, vec![0; 4]).await.unwrap();
    assert_eq!(head, b"QFI\xfb");
    image.close().await.unwrap();
    alone(&whole, "qcow2").await.unwrap().close().await.unwrap();
    let image = QemuNbd::open(ImageOptions::read(&overlay, "qcow2"))
        .await
        .unwrap();
    let head = image.client().read(0, vec![0; 4]).await.unwrap();
    assert_eq!(head, b"ssss");
    image.close().await.unwrap();
}

/// A guest can write a description of another format into its disk.
#[tokio::test]
async fn a_format_that_is_given_is_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    let words = "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n\
        createType=\"monolithicFlat\"\nRW 2048 FLAT \"/nowhere/else\" 0\n";
    std::fs::write(&path, words).unwrap();
    // Guessed, the other file is looked for.
    let error = probe_image(&path, None).await.unwrap_err();
    assert!(error.detail().contains("/nowhere/else"), "{error}");
    let info = probe_image(&path, Some("raw")).await.unwrap();
    assert_eq!(info.format, "raw");
    let error = probe_image(&path, Some("qcow2")).await.unwrap_err();
    assert!(!error.detail().contains("/nowhere/else"), "{error}");
}

#[tokio::test]
async fn what_is_no_image_file_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    run("mkfifo", &[text(&pipe)]);
    for path in [&pipe, Path::new("/dev/zero"), folder.path()] {
        let error = probe_image(path, Some("qcow2")).await.unwrap_err();
        assert_eq!(error.code(), Code::BadArgument, "{error:?}");
        let error = QemuNbd::open(ImageOptions::read(path, "qcow2"))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::BadArgument, "{error:?}");
        let error = FileDisk::open(path).await.unwrap_err();
        assert_eq!(error.code(), Code::BadArgument, "{error:?}");
    }
}

/// Headers with every field at an edge, as a tool meets them: an error or an answer, soon.
#[tokio::test]
async fn no_header_makes_probing_hang_or_read_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    create_image(&path, "qcow2", 1 << 20).await.unwrap();
    let good = std::fs::read(&path).unwrap();
    for at in (4..104).step_by(4) {
        for value in [u32::MAX, 0x7fff_ffff, 1 << 20] {
            let mut hurt = good.clone();
            hurt[at..at + 4].copy_from_slice(&value.to_be_bytes());
            std::fs::write(&path, hurt).unwrap();
            let probe = probe_image(&path, Some("qcow2"));
            let probe = tokio::time::timeout(std::time::Duration::from_secs(20), probe);
            match probe.await.expect("it ends") {
                Ok(info) => assert_eq!(info.format, "qcow2"),
                Err(e) => assert_ne!(e.code(), Code::ProtocolError, "{at}: {e:?}"),
            }
        }
    }
}
