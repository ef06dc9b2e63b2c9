//! Which disks go where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, durable};
use hypervisor::ImageFormat;
use mover::{TargetSpec, file_part};

use crate::cli::RestoreDisks;
use crate::points::Point;
use crate::settings::Settings;

/// A disk to be restored, and where to.
pub struct Job {
    /// The disk's name.
    pub name: String,
    /// Where to.
    pub spec: TargetSpec,
}

/// The disks that were asked for, and their targets.
///
/// # Errors
/// `BadArgument`, `DiskNotFound`, `TargetExists`, `KeyMissing`; those of the folder.
pub fn plan(settings: &Settings, words: &RestoreDisks, point: &Point) -> Result<Vec<Job>> {
    let record = point.record()?;
    let mut onto: BTreeMap<&str, &Path> = BTreeMap::new();
    for word in &words.onto {
        let split = word
            .split_once('=')
            .filter(|(name, path)| !name.is_empty() && !path.is_empty());
        let Some((name, path)) = split else {
            let what = format!("`{word}` is not DISK=PATH");
            return Err(Error::new(Code::BadArgument, what));
        };
        if onto.insert(name, Path::new(path)).is_some() {
            return Err(Error::new(
                Code::BadArgument,
                format!("disk {name} is given twice"),
            ));
        }
    }
    for name in words
        .disk
        .iter()
        .map(String::as_str)
        .chain(onto.keys().copied())
    {
        has_disk(point, name)?;
    }
    let mut jobs = Vec::new();
    for disk in &record.disks {
        if let Some(path) = onto.get(disk.name.as_str()) {
            let format = existing_format(point, &disk.name, path, words.format.as_deref())?;
            jobs.push(job(settings, &disk.name, path.to_path_buf(), format, true));
        } else if words.disk.contains(&disk.name) || (words.disk.is_empty() && words.to.is_some()) {
            let Some(folder) = &words.to else {
                let what = format!("where should disk {} go? Give --to or --onto", disk.name);
                return Err(Error::new(Code::BadArgument, what));
            };
            let format = words
                .format
                .clone()
                .unwrap_or_else(|| own_format(point, &disk.name));
            let path = folder.join(image_name(&record.machine.name, &disk.name, &format));
            jobs.push(job(settings, &disk.name, path, format, words.overwrite));
        }
    }
    if let Some(folder) = &words.to {
        durable::make_folder(folder)?;
    }
    for job in &jobs {
        if job.spec.path.exists() && !job.spec.overwrite {
            let what = format!("{} exists", job.spec.path.display());
            return Err(Error::new(Code::TargetExists, what));
        }
    }
    Ok(jobs)
}

/// A disk's job.
pub fn job(settings: &Settings, name: &str, path: PathBuf, format: String, overwrite: bool) -> Job {
    let state_dir = settings.state_dir.clone();
    Job {
        name: name.to_owned(),
        spec: TargetSpec {
            path,
            format,
            overwrite,
            state_dir,
        },
    }
}

fn has_disk(point: &Point, name: &str) -> Result<()> {
    let all: Vec<&str> = point
        .record()?
        .disks
        .iter()
        .map(|d| d.name.as_str())
        .collect();
    if all.contains(&name) {
        return Ok(());
    }
    let what = format!(
        "point {} has no disk `{name}`; it has {}",
        point.id,
        all.join(", ")
    );
    Err(Error::new(Code::DiskNotFound, what))
}

/// A new image's name: `MACHINE-DISK.FORMAT`.
pub fn image_name(machine: &str, disk: &str, format: &str) -> String {
    format!("{}-{}.{format}", file_part(machine), file_part(disk))
}

/// The format a disk had, if it can be written.
pub fn own_format(point: &Point, disk: &str) -> String {
    let disks = point
        .record
        .as_ref()
        .map(|r| r.machine.disks.as_slice())
        .unwrap_or_default();
    let format = disks.iter().find(|d| d.name == disk).map(|d| d.format);
    if format == Some(ImageFormat::Raw) {
        "raw"
    } else {
        "qcow2"
    }
    .to_owned()
}

/// The format of an image that is written over. A raw disk's first bytes belong to its guest,
/// so they are believed only if the disk was of that format in its machine too.
fn existing_format(point: &Point, disk: &str, path: &Path, asked: Option<&str>) -> Result<String> {
    use std::io::Read;
    use std::os::unix::fs::FileTypeExt;
    if let Some(format) = asked {
        return Ok(format.to_owned());
    }
    let mut actual = path.to_owned();
    if !path.exists() {
        let mut name = path.as_os_str().to_owned();
        name.push(".stillpoint-restoring");
        actual = PathBuf::from(name);
    }
    let io = |e| Error::io(path.display(), e);
    let meta = std::fs::metadata(&actual).map_err(io)?;
    let mut start = [0; 4];
    let read = std::fs::File::open(&actual)
        .and_then(|mut f| f.read(&mut start))
        .map_err(io)?;
    let qcow2 = read == 4 && start == *b"QFI\xfb";
    let was_qcow2 = own_format(point, disk) == "qcow2";
    match (qcow2, was_qcow2) {
        (true, true) => Ok("qcow2".to_owned()),
        (false, _) => Ok("raw".to_owned()),
        (true, false) if meta.file_type().is_block_device() => Ok("raw".to_owned()),
        (true, false) => {
            let what = format!(
                "{} begins like a qcow2 image, but disk {disk} was raw: say which with --format",
                path.display()
            );
            Err(Error::new(Code::BadArgument, what))
        }
    }
}
