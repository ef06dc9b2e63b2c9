//! Image files of any QEMU format: making and probing them with `qemu-img`.

mod header;

use std::ffi::OsStr;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, ResultExt};
use serde::Deserialize;

use crate::{BlockSink, FileDisk, tool};

pub use header::foreign_format;
pub(crate) use header::{Header, check_alone};

/// What `qemu-img info` says of an image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageInfo {
    /// QEMU's name of the format (`qcow2`, `raw`).
    pub format: String,
    /// The disk's size in bytes, as a guest sees it.
    pub virtual_size: u64,
    /// Persistent dirty bitmaps stored in the image.
    pub bitmaps: Vec<BitmapInfo>,
    /// The file this image is an overlay of, as the image names it.
    pub backing_file: Option<PathBuf>,
    /// Whether the contents are encrypted by the format.
    pub encrypted: bool,
}

/// A persistent dirty bitmap in an image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitmapInfo {
    /// Its name.
    pub name: String,
    /// Bytes a bit stands for.
    pub granularity: u64,
    /// Whether it records writes when the image is opened for writing (`auto`).
    pub recording: bool,
    /// Whether it is marked in use: either a program has the image open, or one died
    /// with it, and then the bitmap can't be trusted.
    pub in_use: bool,
}

/// Makes an image of `size` bytes that reads as zero, without a backing file. It is
/// durable when this returns. Only its owner may open it.
///
/// # Errors
/// `TargetExists` if there is anything at `path`, `ToolMissing`, `NoSpace`,
/// `FileAccessDenied`, `FileNotFound` (its folder), `BadArgument` (an unknown format or an
/// impossible size), `Io`. After an error there is no file.
pub async fn create_image(path: &Path, format: &str, size: u64) -> Result<()> {
    if format == "raw" {
        return FileDisk::create(path, size).await?.flush().await;
    }
    // An empty file first: qemu-img would overwrite one that is there.
    drop(FileDisk::create(path, 0).await?);
    let made = format_image(path, format, size).await;
    if made.is_err() {
        // The first error says more than this one could.
        let _ = tokio::fs::remove_file(path).await;
    }
    made
}

async fn format_image(path: &Path, format: &str, size: u64) -> Result<()> {
    let full = tool::absolute(path)?;
    let size = size.to_string();
    let words = ["create", "-q", "-f", format, "--"].map(OsStr::new);
    let args = words
        .iter()
        .copied()
        .chain([full.as_os_str(), size.as_ref()]);
    let what = format!("making {}", path.display());
    tool::run("qemu-img", args, &what).await?;
    let file = FileDisk::open(&full).await?;
    file.flush().await?;
    let folder = full.parent().unwrap_or(Path::new("/")).to_owned();
    let synced = tokio::fs::File::open(&folder).await;
    let synced = match synced {
        Ok(folder) => folder.sync_all().await,
        Err(e) => Err(e),
    };
    synced.map_err(|e| Error::io(format!("{}: flushing", folder.display()), e))
}

/// Asks `qemu-img` what a file of QEMU's format `format` is; also while a machine has it
/// open. Other files that it names are not opened.
///
/// Without a format it is guessed from the first bytes, and what they name may be opened. A
/// guest can write those of a raw disk, so where the format is known from elsewhere (a
/// machine's definition), it must be given.
///
/// # Errors
/// `FileNotFound`, `BadArgument` if it is neither file nor block device, `ToolMissing`,
/// `FileAccessDenied`, `ProtocolError` if `qemu-img` says something that is not understood,
/// `Timeout` if it does not end within a minute, `Io` (also for an image that is not of the
/// format).
pub async fn probe_image(path: &Path, format: Option<&str>) -> Result<ImageInfo> {
    let full = tool::absolute(path)?;
    let meta = tokio::fs::metadata(&full).await;
    let kind = meta.map_err(|e| Error::io(path.display(), e))?.file_type();
    // qemu-img would wait for the other end of a pipe.
    if !kind.is_file() && !kind.is_block_device() {
        let detail = format!("{}: neither a file nor a block device", path.display());
        return Err(Error::new(Code::BadArgument, detail));
    }
    let mut args = ["info", "--output=json", "-U"].map(OsStr::new).to_vec();
    if let Some(format) = format {
        args.extend(["-f", format].map(OsStr::new));
    }
    args.extend([OsStr::new("--"), full.as_os_str()]);
    let what = format!("looking at {}", path.display());
    let json = tool::run("qemu-img", args, &what).await?;
    parse_info(&json).during(what)
}

/// Reads the JSON that `qemu-img info` prints.
pub(crate) fn parse_info(json: &[u8]) -> Result<ImageInfo> {
    let info: Info = serde_json::from_slice(json).map_err(|e| {
        let detail = format!("qemu-img printed what is not understood: {e}");
        Error::new(Code::ProtocolError, detail).because(e)
    })?;
    let specific = info.format_specific.map(|s| s.data).unwrap_or_default();
    let bitmaps = specific.bitmaps.into_iter().map(|b| BitmapInfo {
        recording: b.flags.iter().any(|f| f == "auto"),
        in_use: b.flags.iter().any(|f| f == "in-use"),
        name: b.name,
        granularity: b.granularity,
    });
    Ok(ImageInfo {
        format: info.format,
        virtual_size: info.virtual_size,
        bitmaps: bitmaps.collect(),
        backing_file: info.backing_filename,
        encrypted: info.encrypted,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Info {
    format: String,
    virtual_size: u64,
    backing_filename: Option<PathBuf>,
    #[serde(default)]
    encrypted: bool,
    format_specific: Option<Specific>,
}

#[derive(Deserialize)]
struct Specific {
    #[serde(default)]
    data: SpecificData,
}

#[derive(Default, Deserialize)]
struct SpecificData {
    #[serde(default)]
    bitmaps: Vec<Bitmap>,
}

#[derive(Deserialize)]
struct Bitmap {
    name: String,
    granularity: u64,
    #[serde(default)]
    flags: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bitmaps_of_a_running_machines_image_are_seen_as_in_use() {
        let json = br#"{"virtual-size": 1048576, "filename": "a", "format": "qcow2",
            "encrypted": true, "backing-filename": "base.qcow2",
            "format-specific": {"type": "qcow2", "data": {"compat": "1.1", "bitmaps": [
                {"flags": ["in-use", "auto"], "name": "b0", "granularity": 65536},
                {"flags": [], "name": "b1", "granularity": 4096}]}}}"#;
        let info = parse_info(json).unwrap();
        assert_eq!(info.format, "qcow2");
        assert_eq!(info.backing_file.as_deref(), Some(Path::new("base.qcow2")));
        assert!(info.encrypted);
        let seen: Vec<_> = info
            .bitmaps
            .iter()
            .map(|b| (b.name.as_str(), b.granularity, b.recording, b.in_use))
            .collect();
        assert_eq!(
            seen,
            [("b0", 65536, true, true), ("b1", 4096, false, false)]
        );
        assert_eq!(parse_info(b"{}").unwrap_err().code(), Code::ProtocolError);
    }
}
