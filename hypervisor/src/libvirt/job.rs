//! The XML of backup jobs and checkpoints.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, TrackerName};

use super::folder::JobFiles;
use super::xml::{self, Element};

/// One disk of a job to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlannedDisk {
    /// Its target name.
    pub(super) name: String,
    /// The tracker to read the changes of, where there is one to build on.
    pub(super) base: Option<TrackerName>,
    /// Whether its format holds dirty bitmaps, so that the new checkpoint includes it.
    pub(super) tracked: bool,
}

/// The name of the bitmap that QEMU exports with a disk.
pub(super) fn export_bitmap(disk: &str) -> String {
    format!("backup-{disk}")
}

/// The description of a pull job over `disks`; all other disks of the machine are left out.
///
/// # Errors
/// `BadArgument` for a path that is not UTF-8.
pub(super) fn backup_xml(
    disks: &[PlannedDisk],
    others: &[String],
    files: &JobFiles,
) -> Result<String> {
    let mut list = Element::new("disks");
    for disk in disks {
        let scratch = files.scratch.iter().find(|(name, _)| *name == disk.name);
        let scratch = scratch.ok_or_else(|| {
            Error::new(
                Code::Internal,
                format!("no scratch file for disk {}", disk.name),
            )
        })?;
        let mut e = Element::new("disk")
            .with("name", &disk.name)
            .with("backup", "yes")
            .with("type", "file")
            .with("exportname", &disk.name);
        match &disk.base {
            Some(base) => {
                e.set("backupmode", "incremental");
                e.set("incremental", base.to_string());
                e.set("exportbitmap", export_bitmap(&disk.name));
            }
            None => e.set("backupmode", "full"),
        }
        list = list.holding(
            e.holding(Element::new("driver").with("type", "qcow2"))
                .holding(Element::new("scratch").with("file", text_of(&scratch.1)?)),
        );
    }
    for other in others {
        list = list.holding(
            Element::new("disk")
                .with("name", other)
                .with("backup", "no"),
        );
    }
    let server = Element::new("server")
        .with("transport", "unix")
        .with("socket", text_of(&files.socket)?);
    Ok(Element::new("domainbackup")
        .with("mode", "pull")
        .holding(server)
        .holding(list)
        .to_text())
}

/// The description of the checkpoint that starts with the job; `None` if no disk can be
/// tracked, since libvirt refuses an empty one.
pub(super) fn checkpoint_xml(
    name: &TrackerName,
    disks: &[PlannedDisk],
    others: &[String],
) -> Option<String> {
    if !disks.iter().any(|d| d.tracked) {
        return None;
    }
    let tracked = disks.iter().filter(|d| d.tracked).map(|d| d.name.as_str());
    let left_out = disks.iter().filter(|d| !d.tracked).map(|d| &d.name);
    let left_out = left_out.chain(others).map(String::as_str);
    Some(checkpoint(&name.to_string(), tracked, left_out).to_text())
}

/// The description of a checkpoint whose bitmaps are there already, on `disks` of `all`.
pub(super) fn known_checkpoint_xml(name: &str, disks: &BTreeSet<String>, all: &[String]) -> String {
    let left_out = all
        .iter()
        .filter(|d| !disks.contains(*d))
        .map(String::as_str);
    // libvirt asks for a time when it makes no checkpoint itself; nothing depends on it.
    let time = Element::new("creationTime").saying("0");
    checkpoint(name, disks.iter().map(String::as_str), left_out)
        .holding(time)
        .to_text()
}

fn checkpoint<'a>(
    name: &str,
    tracked: impl Iterator<Item = &'a str>,
    left_out: impl Iterator<Item = &'a str>,
) -> Element {
    let disk = |name, kind| {
        Element::new("disk")
            .with("name", name)
            .with("checkpoint", kind)
    };
    let tracked = tracked.map(|d| disk(d, "bitmap"));
    let list = tracked.chain(left_out.map(|d| disk(d, "no")));
    Element::new("domaincheckpoint")
        .holding(Element::new("name").saying(name))
        .holding(list.fold(Element::new("disks"), Element::holding))
}

/// The disks that a checkpoint has bitmaps on.
///
/// # Errors
/// `HypervisorError` if the XML can't be read.
pub(super) fn checkpoint_disks(text: &str) -> Result<BTreeSet<String>> {
    let root = xml::parse(text)?;
    let Some(disks) = root.child("disks") else {
        return Ok(BTreeSet::new());
    };
    Ok(disks
        .all("disk")
        .filter(|d| d.attribute("checkpoint") == Some("bitmap"))
        .filter_map(|d| d.attribute("name").map(str::to_owned))
        .collect())
}

/// The Unix socket of a running job, if it has one.
///
/// # Errors
/// `HypervisorError` if the XML can't be read.
pub(super) fn job_socket(text: &str) -> Result<Option<PathBuf>> {
    let root = xml::parse(text)?;
    let socket = root.child("server").and_then(|s| s.attribute("socket"));
    Ok(socket.map(PathBuf::from))
}

fn text_of(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        let what = format!("{}: libvirt takes UTF-8 paths only", path.display());
        Error::new(Code::BadArgument, what)
    })
}

#[cfg(test)]
mod tests {
    use base::{PointId, SeededRandom, VaultId};

    use super::*;

    #[test]
    fn each_disk_has_its_own_base_and_the_job_is_known_by_its_socket() {
        let random = SeededRandom::new(1);
        let name = || TrackerName::new(VaultId::new(&random), PointId::new(&random));
        let (old, new) = (name(), name());
        let disk = |name: &str, base, tracked| PlannedDisk {
            name: name.into(),
            base,
            tracked,
        };
        let disks = [disk("vda", Some(old), true), disk("vdb", None, false)];
        let others = ["sda".to_owned()];
        let files = JobFiles {
            socket: "/s/a&b/x.sock".into(),
            scratch: vec![
                ("vda".into(), "/s/vda".into()),
                ("vdb".into(), "/s/vdb".into()),
            ],
        };
        let backup = backup_xml(&disks, &others, &files).unwrap();
        assert_eq!(
            job_socket(&backup).unwrap().as_deref(),
            Some(Path::new("/s/a&b/x.sock"))
        );
        assert_eq!(backup.matches(&old.to_string()).count(), 1);
        assert!(backup.contains(r#"name="sda" backup="no""#));
        let point = checkpoint_xml(&new, &disks, &others).unwrap();
        assert!(point.contains(&new.to_string()));
        assert_eq!(
            checkpoint_disks(&point).unwrap(),
            BTreeSet::from(["vda".to_owned()])
        );
        assert_eq!(checkpoint_xml(&new, &disks[1..], &others), None);
    }
}
