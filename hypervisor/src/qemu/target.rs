//! The disks of a running machine that a request takes, and their bitmaps.

use std::path::PathBuf;

use base::{Code, Error, Result};
use serde_json::json;

use super::discover::Running;
use super::graph::Device;
use super::nodes::Names;
use super::trackers::{Plan, plan};
use crate::qmp::Qmp;
use crate::{Disk, DiskChoice, SnapshotRequest};

/// One disk on its way into the snapshot.
pub(super) struct Target {
    pub(super) disk: Disk,
    pub(super) device: Device,
    /// The node attached to the device.
    pub(super) root: String,
    /// The node that holds the bitmaps.
    pub(super) bitmaps: String,
    /// Whether it can store them.
    pub(super) persistent: bool,
    pub(super) plan: Plan,
    pub(super) names: Names,
    pub(super) scratch: PathBuf,
    pub(super) share: u64,
}

/// The disks asked for.
pub(super) fn targets(running: &Running, request: &SnapshotRequest) -> Result<Vec<Target>> {
    let name = &running.machine.name;
    let mut targets = Vec::new();
    for wanted in &request.disks {
        let mut all = running.machine.disks.iter().zip(&running.devices);
        let (disk, device) = all.find(|(d, _)| d.name == *wanted).ok_or_else(|| {
            Error::new(
                Code::DiskNotFound,
                format!("machine {name} has no disk `{wanted}`"),
            )
        })?;
        if let DiskChoice::Excluded(why) = &disk.choice {
            let text = format!("disk {wanted} of machine {name}: {why}");
            return Err(Error::new(Code::DiskUnsupported, text));
        }
        let root = device.root.clone().unwrap_or_default();
        let bitmaps = running.graph.below_filters(&root).to_owned();
        let node = running
            .graph
            .nodes
            .get(&bitmaps)
            .cloned()
            .unwrap_or_default();
        let trackers = request.trackers.get(wanted).map_or(&[][..], Vec::as_slice);
        let names = Names::new(&request.tracker, targets.len());
        targets.push(Target {
            disk: disk.clone(),
            device: device.clone(),
            root,
            bitmaps,
            persistent: node.driver == "qcow2" && node.version_3,
            plan: plan(&node.bitmaps, trackers, &request.tracker),
            scratch: names.scratch_path(&request.scratch.dir, &running.machine.uuid),
            share: 0,
            names,
        });
    }
    if targets.is_empty() {
        return Err(Error::new(
            Code::NoDisks,
            format!("machine {name}: no disk was asked for"),
        ));
    }
    Ok(targets)
}

/// Removes bitmaps of the vault that are of no use, also on disks that are not taken.
pub(super) async fn tidy_bitmaps(
    qmp: &Qmp,
    running: &Running,
    request: &SnapshotRequest,
    targets: &[Target],
    warnings: &mut Vec<String>,
) {
    for (disk, device) in running.machine.disks.iter().zip(&running.devices) {
        let Some(root) = &device.root else { continue };
        let node = running.graph.below_filters(root);
        let remove = match targets.iter().find(|t| t.disk.name == disk.name) {
            Some(target) => target.plan.remove.clone(),
            None => {
                let bitmaps = running.graph.nodes.get(node).map(|n| n.bitmaps.clone());
                let trackers = request
                    .trackers
                    .get(&disk.name)
                    .map_or(&[][..], Vec::as_slice);
                plan(&bitmaps.unwrap_or_default(), trackers, &request.tracker).remove
            }
        };
        for name in remove {
            let arguments = json!({ "node": node, "name": name.to_string() });
            if let Err(e) = qmp.execute("block-dirty-bitmap-remove", arguments).await {
                warnings.push(format!("disk {}: an old bitmap stays: {e}", disk.name));
            }
        }
    }
}
