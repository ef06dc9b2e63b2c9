//! Bitmaps that libvirt has forgotten.
//!
//! A machine that was undefined with its checkpoints' records and defined again keeps its
//! bitmaps in its images, where they go on recording. libvirt is told of them anew, so that
//! they can be built on, or deleted.

use std::collections::{BTreeMap, BTreeSet};

use base::TrackerName;
use block::probe_image;

use super::job;
use super::leftovers::Checkpoints;
use super::link::{LONG, Link};
use crate::{Disk, ImageFormat, Machine, SnapshotRequest};

/// Makes libvirt know the bitmaps of the request's vault that are stored in the machine's
/// images without a checkpoint, and adds them to `there`. What fails stays as it is.
pub(super) async fn adopt(
    link: &Link,
    machine: &Machine,
    request: &SnapshotRequest,
    there: &mut Checkpoints,
) {
    let mut forgotten: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for disk in &machine.disks {
        for name in stored(disk).await {
            let ours = TrackerName::parse(&name).is_some_and(|t| t.same_vault(&request.tracker));
            if ours && !there.contains_key(&name) {
                forgotten.entry(name).or_default().insert(disk.name.clone());
            }
        }
    }
    let all: Vec<String> = machine.disks.iter().map(|d| d.name.clone()).collect();
    for (name, disks) in forgotten {
        let xml = job::known_checkpoint_xml(&name, &disks, &all);
        let adopted = link
            .domain(&machine.uuid, LONG, move |d| {
                d.adopt_checkpoint(&xml).map(|_| ())
            })
            .await;
        match adopted {
            Ok(()) => {
                there.insert(name, disks);
            }
            Err(e) => tracing::warn!("bitmap {name} of machine {}: {e}", machine.name),
        }
    }
}

/// The names of the bitmaps stored in a disk's image; none if it can't be read.
async fn stored(disk: &Disk) -> Vec<String> {
    let (Some(path), ImageFormat::Qcow2) = (&disk.path, disk.format) else {
        return Vec::new();
    };
    match probe_image(path, Some("qcow2")).await {
        Ok(info) => info.bitmaps.into_iter().map(|b| b.name).collect(),
        Err(e) => {
            tracing::debug!("stored bitmaps of disk {}: {e}", disk.name);
            Vec::new()
        }
    }
}
