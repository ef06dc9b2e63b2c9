//! Which disks a backup takes, and whether the store has room for them.

use base::{ByteSize, Code, Error, Result};
use hypervisor::{Disk, DiskChoice, Machine};
use vault::Vault;

use super::DiskFilter;
use crate::estimate::{free_space, need_of_first_backup};

/// The disks to take.
pub(super) fn choose(machine: &Machine, filter: &DiskFilter) -> Result<Vec<Disk>> {
    for name in filter.include.iter().chain(&filter.exclude) {
        if !machine.disks.iter().any(|d| d.name == *name) {
            let all: Vec<&str> = machine.disks.iter().map(|d| d.name.as_str()).collect();
            return Err(Error::new(
                Code::DiskNotFound,
                format!(
                    "{} has no disk `{name}`; it has {}",
                    machine.name,
                    all.join(", ")
                ),
            ));
        }
    }
    let mut chosen = Vec::new();
    for disk in &machine.disks {
        let named = filter.include.contains(&disk.name);
        match &disk.choice {
            DiskChoice::Excluded(why) if named => {
                return Err(Error::new(
                    Code::DiskUnsupported,
                    format!(
                        "disk {} of {} can't be backed up: {why}",
                        disk.name, machine.name
                    ),
                ));
            }
            DiskChoice::Included
                if (named || filter.include.is_empty()) && !filter.exclude.contains(&disk.name) =>
            {
                chosen.push(disk.clone());
            }
            _ => {}
        }
    }
    if chosen.is_empty() {
        return Err(Error::new(
            Code::NoDisks,
            format!("no disk of {} is left to back up", machine.name),
        ));
    }
    Ok(chosen)
}

/// Checks that a local store has room for a first backup.
pub(super) fn check_space(store: &Vault, disks: &[Disk]) -> Result<()> {
    let Some(path) = store.store().local_path() else {
        return Ok(());
    };
    let (need, free) = (need_of_first_backup(disks), free_space(path)?);
    if need > free {
        return Err(Error::new(
            Code::SnapshotStoreTooSmall,
            format!(
                "the first backup needs about {} in {}, which has {} free",
                ByteSize(need),
                path.display(),
                ByteSize(free)
            ),
        ));
    }
    Ok(())
}
