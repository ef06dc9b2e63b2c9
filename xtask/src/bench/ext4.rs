//! An ext4 disk image, made and changed without mounting it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::shell;

/// The time on every file's stamps, so that two makings give one image.
const TIME: &str = "1760000000";
const UUID: &str = "5f5c2f6e-57b1-4b9a-9d53-8f4f6b1b7a01";

/// Makes an image of `size` bytes with the files of `tree`.
pub(crate) fn make(image: &Path, size: u64, tree: &Path) -> Result<()> {
    std::fs::File::create(image)?.set_len(size)?;
    let mut mkfs = Command::new("mkfs.ext4");
    mkfs.args(["-q", "-F", "-b", "4096", "-U", UUID])
        .args(["-E", &format!("hash_seed={UUID},lazy_itable_init=1")])
        .arg("-d")
        .arg(tree)
        .arg(image);
    shell::output(mkfs.env("E2FSPROGS_FAKE_TIME", TIME)).map(drop)
}

/// Runs commands of debugfs on the image.
pub(crate) fn change(image: &Path, commands: &[String]) -> Result<()> {
    let script = image.with_extension("debugfs");
    std::fs::write(&script, commands.join("\n"))?;
    let mut debugfs = Command::new("debugfs");
    debugfs.arg("-w").arg("-f").arg(&script).arg(image);
    let output = debugfs
        .env("E2FSPROGS_FAKE_TIME", TIME)
        .stdin(Stdio::null())
        .output()
        .context("running debugfs")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    // The first line is its version.
    let errors: Vec<&str> = errors.lines().skip(1).take(5).collect();
    ensure!(
        output.status.success() && errors.is_empty(),
        "debugfs: {}",
        errors.join("; ")
    );
    std::fs::remove_file(script)?;
    Ok(())
}

/// Where on the image the blocks of a file are, in the file's order: offsets in bytes.
pub(crate) fn blocks(image: &Path, path: &str) -> Result<Vec<u64>> {
    let mut debugfs = Command::new("debugfs");
    let request = format!("dump_extents -l {path}");
    let text = shell::output(debugfs.args(["-R", &request]).arg(image))?;
    let mut blocks = Vec::new();
    for line in text.lines() {
        let line = line.replace(['/', '-'], " ");
        let numbers: Vec<u64> = line.split_whitespace().flat_map(str::parse).collect();
        // Level, levels, place, of how many; logical from and to; physical from and to; length.
        if let [_, _, _, _, _, _, from, to, ..] = numbers[..] {
            blocks.extend((from..=to).map(|block| block * 4096));
        }
    }
    ensure!(!blocks.is_empty(), "debugfs knows no blocks of {path}");
    Ok(blocks)
}
