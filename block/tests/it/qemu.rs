//! Images through qemu-nbd.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::Code;
use block::{BlockSink, BlockSource, Extent, ImageOptions, NbdClient, QemuNbd, RunState};
use block::{create_image, probe_image};

use crate::place::{Dice, SmallDisk, run, text};

const MIB: u64 = 1 << 20;

/// The processes with `path` in their arguments.
fn servers_of(path: &Path) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|p| p.file_name().to_str()?.parse().ok());
    let mine = |id: &u32| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains(text(path))
    };
    ids.filter(mine).collect()
}

async fn wait_until_gone(path: &Path) {
    for _ in 0..500 {
        if servers_of(path).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("qemu-nbd lives on: {:?}", servers_of(path));
}

#[tokio::test]
async fn what_is_written_to_a_qcow2_is_in_the_file_after_close() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a disk,with:odd=name.qcow2");
    create_image(&path, "qcow2", 32 * MIB).await.unwrap();
    let image = QemuNbd::open(ImageOptions::write(&path, "qcow2"))
        .await
        .unwrap();
    let disk = Arc::clone(image.client());
    assert_eq!(disk.size(), 32 * MIB);
    let bytes = Dice(9).bytes(3 * MIB as usize);
    disk.write(5 * MIB + 1, &bytes).await.unwrap();
    disk.write(20 * MIB, &vec![4; MIB as usize]).await.unwrap();
    disk.write_zeroes(Extent::new(20 * MIB, MIB)).await.unwrap();
    image.close().await.unwrap();
    assert_eq!(
        disk.read(0, vec![0]).await.unwrap_err().code(),
        Code::NbdDisconnected
    );

    let mut expected = vec![0; 32 * MIB as usize];
    expected[5 * MIB as usize + 1..][..bytes.len()].copy_from_slice(&bytes);
    let raw = folder.path().join("raw");
    std::fs::write(&raw, &expected).unwrap();
    run("qemu-img", &["check", "-q", "-f", "qcow2", text(&path)]);
    run(
        "qemu-img",
        &[
            "compare",
            "-f",
            "raw",
            "-F",
            "qcow2",
            text(&raw),
            text(&path),
        ],
    );

    let image = QemuNbd::open(ImageOptions::read(&path, "qcow2"))
        .await
        .unwrap();
    let client = image.client();
    assert!(client.read_only());
    let read = client.read(0, vec![1; 32 * MIB as usize]).await.unwrap();
    assert!(read == expected);
    let runs = client.runs(Extent::new(20 * MIB, MIB)).await.unwrap();
    assert!(runs.iter().all(|r| r.state == RunState::Zero), "{runs:?}");
    assert_eq!(
        client.write(0, &[1]).await.unwrap_err().code(),
        Code::FileAccessDenied
    );
    image.close().await.unwrap();
    wait_until_gone(&path).await;
}

#[tokio::test]
async fn an_image_in_use_is_refused_unless_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.qcow2");
    create_image(&path, "qcow2", MIB).await.unwrap();
    run("qemu-img", &["bitmap", "--add", text(&path), "b0"]);
    let first = QemuNbd::open(ImageOptions::write(&path, "qcow2"))
        .await
        .unwrap();
    for options in [
        ImageOptions::read(&path, "qcow2"),
        ImageOptions::write(&path, "qcow2"),
    ] {
        let error = QemuNbd::open(options).await.unwrap_err();
        assert_eq!(error.code(), Code::ImageInUse, "{error:?}");
        assert!(error.detail().contains("disk.qcow2"), "{error}");
    }
    let shared = ImageOptions {
        force_share: true,
        ..ImageOptions::read(&path, "qcow2")
    };
    let second = QemuNbd::open(shared.clone()).await.unwrap();
    second.close().await.unwrap();
    assert!(probe_image(&path, None).await.unwrap().bitmaps[0].in_use);
    let writing = ImageOptions {
        writable: true,
        ..shared
    };
    assert_eq!(
        QemuNbd::open(writing).await.unwrap_err().code(),
        Code::BadArgument
    );
    first.close().await.unwrap();
    assert!(!probe_image(&path, None).await.unwrap().bitmaps[0].in_use);
    let after = QemuNbd::open(ImageOptions::write(&path, "qcow2"))
        .await
        .unwrap();
    after.close().await.unwrap();
}

#[tokio::test]
async fn what_can_not_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    let error = QemuNbd::open(ImageOptions::read(&path, "raw"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::FileNotFound, "{error:?}");
    std::fs::write(&path, [1; 4096]).unwrap();
    let error = QemuNbd::open(ImageOptions::read(&path, "qcow2"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Io, "{error:?}");
    assert!(error.detail().contains("not in qcow2 format"), "{error}");
    let error = QemuNbd::open(ImageOptions::read(&path, "no-such"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::BadArgument, "{error:?}");
    let bitmap = ImageOptions {
        bitmap: Some("b7".into()),
        ..ImageOptions::read(&path, "raw")
    };
    let error = QemuNbd::open(bitmap).await.unwrap_err();
    assert!(error.detail().contains("b7"), "{error}");
    wait_until_gone(&path).await;
}

#[tokio::test]
async fn a_full_file_system_under_an_image_is_called_full() {
    let small = SmallDisk::new("2m");
    let path = small.path().join("disk.qcow2");
    create_image(&path, "qcow2", 64 * MIB).await.unwrap();
    let image = QemuNbd::open(ImageOptions::write(&path, "qcow2"))
        .await
        .unwrap();
    let bytes = Dice(4).bytes(4 * MIB as usize);
    let error = image.client().write(0, &bytes).await.unwrap_err();
    assert_eq!(error.code(), Code::NoSpace, "{error:?}");
    let _ = image.close().await;
    wait_until_gone(&path).await;
}

async fn write_until_it_fails(disk: &NbdClient) -> base::Error {
    let bytes = vec![3; MIB as usize];
    for at in (0..64).cycle() {
        if let Err(e) = disk.write(at * MIB, &bytes).await {
            return e;
        }
    }
    unreachable!("a cycle has no end")
}

#[tokio::test]
async fn a_server_killed_while_writing_fails_the_write_and_the_close() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.qcow2");
    create_image(&path, "qcow2", 64 * MIB).await.unwrap();
    let image = QemuNbd::open(ImageOptions::write(&path, "qcow2"))
        .await
        .unwrap();
    let client = Arc::clone(image.client());
    let writes = tokio::spawn(async move { write_until_it_fails(&client).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let servers = servers_of(&path);
    assert_eq!(servers.len(), 1);
    run("kill", &["-9", &servers[0].to_string()]);
    let error = writes.await.unwrap();
    assert_eq!(error.code(), Code::NbdDisconnected, "{error:?}");
    image.close().await.unwrap_err();
}

#[tokio::test]
async fn a_dropped_image_ends_its_server_and_keeps_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.qcow2");
    create_image(&path, "qcow2", 8 * MIB).await.unwrap();
    let image = QemuNbd::open(ImageOptions::write(&path, "qcow2"))
        .await
        .unwrap();
    image.client().write(MIB, &[5; 4096]).await.unwrap();
    let kept = Arc::clone(image.client());
    drop(image);
    wait_until_gone(&path).await;
    drop(kept);
    run("qemu-img", &["check", "-q", "-f", "qcow2", text(&path)]);
    let image = QemuNbd::open(ImageOptions::read(&path, "qcow2"))
        .await
        .unwrap();
    assert_eq!(
        image.client().read(MIB, vec![0; 4096]).await.unwrap(),
        [5; 4096]
    );
}

const CHILD: &str = "BLOCK_TEST_HOLDS_IMAGE";

/// Not a test by itself: what the next one runs in a process of its own.
#[tokio::test]
#[ignore = "run by the test below"]
async fn holds_an_image_open() {
    let path = std::env::var_os(CHILD).unwrap();
    let image = QemuNbd::open(ImageOptions::write(path, "raw"))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    drop(image);
}

/// Opens `image` in a process with this `PATH`, kills it, and waits for the server's end.
async fn kill_the_holder_of(image: &Path, program_path: &str) {
    std::fs::write(image, [1; 4096]).unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "qemu::holds_an_image_open"])
        .env(CHILD, image)
        .env("PATH", program_path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let served = || {
        servers_of(image).iter().any(|id| {
            std::fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|c| c == "qemu-nbd\n")
        })
    };
    for _ in 0..500 {
        if served() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(served());
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until_gone(image).await;
}

#[tokio::test]
async fn the_server_ends_when_our_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var("PATH").unwrap();
    kill_the_holder_of(&folder.path().join("disk"), &path).await;
}

#[tokio::test]
async fn a_server_that_has_not_answered_yet_ends_when_our_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("qemu-nbd");
    std::fs::write(&program, "#!/bin/sh\nwhile :; do sleep 1; done\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", text(folder.path()));
    kill_the_holder_of(&folder.path().join("disk"), &path).await;
}
