//! Writing one image: sparse, under a name of its own until it is done.

use std::io::Write;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, durable};
use block::{BlockSink, FileDisk};
use mover::{Event, Events, Progress};
use vault::rescue::{Missing, Rescue};

use super::{Job, Written};
use crate::settings::Settings;

/// Writes a disk as far as it can be read, and beside it the list of what is missing. Both are
/// durable before the image gets its name.
///
/// # Errors
/// `TargetExists`, `Cancelled`; those of the files.
pub async fn write_image(settings: &Settings, rescue: &Rescue, job: &Job) -> Result<Written> {
    let partial = with_suffix(&job.path, ".stillpoint-partial");
    let list = with_suffix(&job.path, ".missing");
    for left in [&partial, &list] {
        // Of a rescue that was killed.
        match std::fs::remove_file(left) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(left.display(), e));
            }
            _ => {}
        }
    }
    let size = job.root.size;
    settings.reporter.tell(Event::Step {
        what: format!("Writing {}", job.path.display()),
    });
    let tell = |done| {
        settings.reporter.tell(Event::Progress(Progress {
            done,
            total: size,
            ..Progress::default()
        }));
    };
    let file = FileDisk::create(&partial, size).await?;
    let work = async {
        let missing = rescue.write_disk(&job.root, &file, &tell).await?;
        file.flush().await?;
        if !missing.is_empty() {
            write_list(&list, &missing)?;
        }
        name(&partial, &job.path)?;
        Ok(missing)
    };
    let missing = match settings.interrupt.over(work).await {
        Ok(missing) => missing,
        Err(e) => {
            let _ = std::fs::remove_file(&partial);
            let _ = std::fs::remove_file(&list);
            return Err(e);
        }
    };
    let extents = missing.extents();
    Ok(Written {
        disk: job.name.clone(),
        path: job.path.clone(),
        size,
        missing: extents.bytes(),
        extents: extents
            .extents()
            .iter()
            .map(|e| (e.offset, e.len))
            .collect(),
        reasons: missing.reasons().map(str::to_owned).collect(),
        list: (!missing.is_empty()).then_some(list),
    })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// One `offset length` line for each range.
fn write_list(path: &Path, missing: &Missing) -> Result<()> {
    let io = |e| Error::io(path.display(), e);
    let file = std::fs::File::create(path).map_err(io)?;
    let mut out = std::io::BufWriter::new(file);
    for e in missing.extents().extents() {
        writeln!(out, "{} {}", e.offset, e.len).map_err(io)?;
    }
    let file = out.into_inner().map_err(|e| io(e.into_error()))?;
    file.sync_all().map_err(io)
}

/// Gives the image its name, unless somebody else took it meanwhile.
fn name(partial: &Path, path: &Path) -> Result<()> {
    if path.exists() {
        let what = format!("{} exists", path.display());
        return Err(Error::new(Code::TargetExists, what));
    }
    std::fs::rename(partial, path).map_err(|e| Error::io(path.display(), e))?;
    durable::sync_name(path)
}
