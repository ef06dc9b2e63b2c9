//! Keeping machines and mounts away from what is used directly.

use std::path::Path;
use std::process::Command;

use base::Code;
use block::{FileDisk, Held};

use crate::place::{Loop, run, text};

/// What QEMU says when it opens the image so.
fn qemu_opens(image: &Path, options: &[&str]) -> Result<(), String> {
    let mut command = Command::new("qemu-io");
    command.args(["-f", "raw"]).args(options);
    let out = command.args(["-c", "read -q 0 512"]).arg(image).output();
    let out = out.unwrap();
    match out.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&out.stderr).into_owned()),
    }
}

/// Held by QEMU until it is dropped.
struct Open(std::process::Child);

impl Open {
    fn new(image: &Path, options: &[&str]) -> Self {
        use std::io::{BufRead, BufReader};
        use std::process::Stdio;
        let mut command = Command::new("qemu-io");
        command.args(["-f", "raw"]).args(options).arg(image);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It answers once the image is open.
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"length\n").unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        assert!(line.contains("MiB"), "{line}");
        Self(child)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_raw_image_that_is_read_is_not_written_and_one_that_is_written_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("disk");
    std::fs::write(&image, vec![1; 1 << 20]).unwrap();
    {
        let _held = Held::for_reading(&image).await.unwrap();
        let _twice = Held::for_reading(&image).await.unwrap();
        qemu_opens(&image, &["-r"]).unwrap();
        let refused = qemu_opens(&image, &[]).unwrap_err();
        assert!(refused.contains("lock"), "{refused}");
    }
    qemu_opens(&image, &[]).unwrap();
    {
        let _machine = Open::new(&image, &[]);
        let e = Held::for_reading(&image).await.unwrap_err();
        assert_eq!(e.code(), Code::ImageInUse);
    }
    let _reader = Open::new(&image, &["-r"]);
    Held::for_reading(&image).await.unwrap();
}

#[tokio::test]
async fn a_mounted_device_or_its_file_is_neither_read_nor_written() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("disk");
    std::fs::File::create(&image)
        .unwrap()
        .set_len(16 << 20)
        .unwrap();
    run("mkfs.ext4", &["-q", text(&image)]);
    let device = Loop::over(&image);
    let at = folder.path().join("at");
    std::fs::create_dir(&at).unwrap();
    run("mount", &[text(device.path()), text(&at)]);
    let mut all = Vec::new();
    for path in [device.path(), &image] {
        all.push(Held::for_reading(path).await.map(drop));
        all.push(Held::device(path).await.map(drop));
        all.push(FileDisk::open_writable(path).await.map(drop));
    }
    run("umount", &[text(&at)]);
    for held in all {
        let e = held.unwrap_err();
        assert_eq!(e.code(), Code::ImageInUse, "{e}");
    }
    let held = Held::device(device.path()).await.unwrap();
    let mount = Command::new("mount").arg(device.path()).arg(&at).output();
    assert!(!mount.unwrap().status.success(), "mounted while it is held");
    drop(held);
    let held = Held::for_reading(&image).await.unwrap();
    let mount = Command::new("mount").arg(device.path()).arg(&at).output();
    assert!(
        !mount.unwrap().status.success(),
        "mounted while its file is held"
    );
    drop(held);
    run("mount", &[text(device.path()), text(&at)]);
    run("umount", &[text(&at)]);
}
