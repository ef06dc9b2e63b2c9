//! The instant of a running machine while it is read, and its end.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use base::{Code, Error, Result, TrackerName};
use serde_json::{Value, json};

use super::graph::Graph;
use super::nodes::{remove_all, remove_file};
use super::source::InstantSource;
use crate::qmp::Qmp;
use crate::{Ending, Snapshot, SnapshotDisk, SnapshotReport};

/// One disk of the snapshot.
#[derive(Debug)]
pub(super) struct LiveDisk {
    /// The node that holds the bitmaps.
    pub(super) bitmaps: String,
    pub(super) source: Arc<InstantSource>,
    pub(super) shown: SnapshotDisk,
}

/// The snapshot. It holds the machine's lock and monitor until its end.
#[derive(Debug)]
pub(super) struct LiveSnapshot {
    _lock: File,
    qmp: Qmp,
    nbd: PathBuf,
    tracker: TrackerName,
    report: SnapshotReport,
    /// The node with the bitmaps and the source, per disk.
    parts: Vec<(String, Arc<InstantSource>)>,
    shown: Vec<SnapshotDisk>,
}

impl LiveSnapshot {
    pub(super) fn new(
        lock: File,
        qmp: Qmp,
        nbd: PathBuf,
        tracker: TrackerName,
        report: SnapshotReport,
        disks: Vec<LiveDisk>,
    ) -> Self {
        let (parts, shown) = disks
            .into_iter()
            .map(|d| ((d.bitmaps, d.source), d.shown))
            .unzip();
        Self {
            _lock: lock,
            qmp,
            nbd,
            tracker,
            report,
            parts,
            shown,
        }
    }

    /// The bitmaps to remove from a node.
    fn old_bitmaps(&self, graph: &Graph, node: &str, ending: Ending) -> Vec<String> {
        let bitmaps = graph
            .nodes
            .get(node)
            .map(|n| n.bitmaps.as_slice())
            .unwrap_or_default();
        let ours = bitmaps.iter().filter_map(|b| TrackerName::parse(&b.name));
        let goes = |name: &TrackerName| match ending {
            Ending::Committed => name.same_vault(&self.tracker) && *name != self.tracker,
            Ending::Kept => false,
            Ending::Discarded => *name == self.tracker,
        };
        ours.filter(goes).map(|n| n.to_string()).collect()
    }
}

#[async_trait]
impl Snapshot for LiveSnapshot {
    fn report(&self) -> &SnapshotReport {
        &self.report
    }

    fn disks(&self) -> &[SnapshotDisk] {
        &self.shown
    }

    async fn check(&self) -> Result<()> {
        self.qmp.execute("query-status", Value::Null).await?;
        for (_, source) in &self.parts {
            source.check().await?;
        }
        Ok(())
    }

    async fn finish(self: Box<Self>, ending: Ending) -> Result<Vec<String>> {
        let mut errors = remove_all(&self.qmp, &self.nbd).await;
        for (_, source) in &self.parts {
            errors.extend(remove_file(&source.scratch).err());
        }
        match Graph::read(&self.qmp).await {
            Err(e) => errors.push(e),
            Ok(graph) => {
                for (node, _) in &self.parts {
                    for name in self.old_bitmaps(&graph, node, ending) {
                        let arguments = json!({ "node": node, "name": name });
                        let gone = self
                            .qmp
                            .execute("block-dirty-bitmap-remove", arguments)
                            .await;
                        errors.extend(gone.err());
                    }
                }
            }
        }
        if let Some(gone) = errors
            .iter()
            .position(|e| e.code() == Code::MachineVanished)
        {
            return Err(errors.swap_remove(gone));
        }
        match errors.pop() {
            None => Ok(Vec::new()),
            Some(last) => {
                let all: Vec<String> = errors.iter().map(|e| e.detail().to_owned()).collect();
                let text = format!("ending the snapshot: {} {}", last.detail(), all.join("; "));
                Err(Error::new(Code::HypervisorError, text).because(last))
            }
        }
    }
}
