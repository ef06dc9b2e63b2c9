//! Disk images with known contents, and comparing them byte for byte.

mod spec;

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

pub use spec::DiskSpec;
pub(crate) use spec::{file_name, make_all};

/// How a disk is kept on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// QEMU's own format, with persistent bitmaps.
    Qcow2,
    /// The plain bytes in a sparse file.
    Raw,
}

impl Format {
    /// The name QEMU gives it, and our file ending.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Qcow2 => "qcow2",
            Self::Raw => "raw",
        }
    }

    /// The format of an existing image, by its first bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(image: &Path) -> Result<Self> {
        let mut start = [0; 4];
        let mut file = File::open(image).with_context(|| format!("opening {}", image.display()))?;
        let read = file.read(&mut start)?;
        Ok(if &start[..read] == b"QFI\xfb" {
            Self::Qcow2
        } else {
            Self::Raw
        })
    }
}

/// Makes an empty image of `size` bytes.
///
/// # Errors
/// When the file exists already, or cannot be made.
pub fn create(image: &Path, format: Format, size: u64) -> Result<()> {
    ensure!(!image.exists(), "{} exists", image.display());
    match format {
        Format::Raw => {
            let file =
                File::create_new(image).with_context(|| format!("making {}", image.display()))?;
            file.set_len(size)?;
            Ok(())
        }
        Format::Qcow2 => run(Command::new("qemu-img")
            .args(["create", "-q", "-f", "qcow2"])
            .arg(image)
            .arg(size.to_string())),
    }
}

/// Copies an image into another format; holes stay holes.
///
/// # Errors
/// What qemu-img says.
pub fn convert(from: &Path, to: &Path, format: Format) -> Result<()> {
    let source = Format::of(from)?;
    run(Command::new("qemu-img")
        .args(["convert", "-f", source.name(), "-O", format.name()])
        .arg(from)
        .arg(to))
}

/// Pseudo-random bytes that do not compress; the same seed gives the same bytes.
#[must_use]
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(len + 8);
    let mut state = seed;
    while data.len() < len {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        data.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    data.truncate(len);
    data
}

/// Makes a sparse raw image of `size` bytes in which `pieces` (offset, length)
/// hold [`noise`] of `seed`, each piece its own; the rest are holes.
///
/// # Errors
/// When the file exists, cannot be written, or a piece reaches beyond the end.
pub fn make_raw(image: &Path, size: u64, pieces: &[(u64, usize)], seed: u64) -> Result<()> {
    create(image, Format::Raw, size)?;
    let file = File::options().write(true).open(image)?;
    for (offset, len) in pieces {
        ensure!(
            offset + *len as u64 <= size,
            "a piece at {offset} reaches beyond the end"
        );
        file.write_all_at(&noise(seed ^ offset.rotate_left(17), *len), *offset)?;
    }
    Ok(())
}

/// Writes `pattern` over `len` bytes at `offset` of an image that no machine has
/// open, through qemu-io, so that it works for qcow2 too.
///
/// # Errors
/// What qemu-io says.
pub fn qemu_io_write(image: &Path, offset: u64, len: u64, pattern: u8) -> Result<()> {
    let format = Format::of(image)?;
    run(Command::new("qemu-io")
        .args([
            "-f",
            format.name(),
            "-c",
            &format!("write -q -P {pattern} {offset} {len}"),
        ])
        .arg(image))
}

/// Compares what two images hold, whatever their formats, as a guest would see
/// them: every byte and the size.
///
/// # Errors
/// Where they differ first, or what qemu-img says.
pub fn assert_same(a: &Path, b: &Path) -> Result<()> {
    let output = Command::new("qemu-img")
        .args([
            "compare",
            "-U",
            "-f",
            Format::of(a)?.name(),
            "-F",
            Format::of(b)?.name(),
        ])
        .args([a, b])
        .output()
        .context("running qemu-img compare")?;
    // qemu-img overlooks a difference in size when the longer one ends in zeros.
    let resized = output.stdout.starts_with(b"Warning");
    if resized || !output.status.success() {
        bail!(
            "{} and {}: {}{}",
            a.display(),
            b.display(),
            String::from_utf8_lossy(&output.stdout).trim(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

/// Bytes that a file really takes on the disk.
///
/// # Errors
/// When the file is not there.
pub fn allocated(image: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(image)
        .with_context(|| image.display().to_string())?
        .blocks()
        * 512)
}

/// Copies a file with its holes.
pub(crate) fn copy_sparse(from: &Path, to: &Path) -> Result<()> {
    run(Command::new("cp")
        .args(["--sparse=always", "--reflink=auto"])
        .arg(from)
        .arg(to))
}

/// Flips every bit of the byte at `offset` of a file: the smallest damage.
///
/// # Errors
/// When the file is shorter or cannot be written.
pub fn flip_byte(file: &Path, offset: u64) -> Result<()> {
    let mut file = File::options().read(true).write(true).open(file)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset)?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(&[!byte[0]])?;
    Ok(())
}

/// Runs a command; a failure is an error that carries what it printed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("running {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?}: {} {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_different_byte_is_found_across_formats() {
        let dir = tempfile::tempdir().unwrap();
        let raw = dir.path().join("a.raw");
        let qcow = dir.path().join("b.qcow2");
        make_raw(&raw, 8 << 20, &[(0, 4096), (5 << 20, 70_000)], 7).unwrap();
        convert(&raw, &qcow, Format::Qcow2).unwrap();
        assert_same(&raw, &qcow).unwrap();
        assert!(allocated(&raw).unwrap() < 1 << 20);
        flip_byte(&raw, (5 << 20) + 69_999).unwrap();
        assert!(assert_same(&raw, &qcow).is_err());
        flip_byte(&raw, (5 << 20) + 69_999).unwrap();
        File::options()
            .write(true)
            .open(&raw)
            .unwrap()
            .set_len(9 << 20)
            .unwrap();
        assert!(assert_same(&raw, &qcow).is_err(), "sizes differ");
    }

    #[test]
    fn qemu_io_writes_into_qcow2() {
        let dir = tempfile::tempdir().unwrap();
        let qcow = dir.path().join("a.qcow2");
        let raw = dir.path().join("a.raw");
        create(&qcow, Format::Qcow2, 1 << 20).unwrap();
        qemu_io_write(&qcow, 65536, 512, 0x5a).unwrap();
        convert(&qcow, &raw, Format::Raw).unwrap();
        let data = fs::read(&raw).unwrap();
        assert!(data[65536..66048].iter().all(|b| *b == 0x5a));
        assert_eq!(data[66048], 0);
    }
}
