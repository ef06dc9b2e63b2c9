//! Disks that a restore which was cut short left as a mixture.

use std::path::{Path, PathBuf};

use base::{Code, Error, Result};
use serde::Serialize;

use crate::settings::Settings;

/// Such a disk.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfinished {
    /// The disk's name.
    pub disk: String,
    /// The file that marks it: the image under its name of the meantime, or a note.
    pub mark: PathBuf,
}

/// Which of these disks, each a name and a path, are so.
pub fn unfinished<'a>(
    settings: &Settings,
    disks: impl IntoIterator<Item = (&'a str, &'a Path)>,
) -> Vec<Unfinished> {
    let marked = disks.into_iter().filter_map(|(disk, path)| {
        let mark = mover::unfinished_restore(path, &settings.state_dir)?;
        let disk = disk.to_owned();
        Some(Unfinished { disk, mark })
    });
    marked.collect()
}

/// Refuses to take any of them for good.
///
/// # Errors
/// `RestoreIncomplete`, naming the disks and their marks.
pub fn refuse_unfinished<'a>(
    settings: &Settings,
    disks: impl IntoIterator<Item = (&'a str, &'a Path)>,
) -> Result<()> {
    let found = unfinished(settings, disks);
    if found.is_empty() {
        return Ok(());
    }
    let each = found.iter().map(|u| {
        let mark = u.mark.display();
        format!("an earlier restore onto disk {} left {mark}", u.disk)
    });
    let what = each.collect::<Vec<_>>().join("; ");
    Err(Error::new(Code::RestoreIncomplete, what))
}
