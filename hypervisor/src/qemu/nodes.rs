//! Names of what the driver adds to a QEMU, and its removal.
//!
//! Everything is called `stillpoint-` and so on. Whoever holds the machine's lock may remove
//! all of it: nobody else can be using it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Code, Error, Result, TrackerName};
use serde_json::{Value, json};
use tokio::net::UnixStream;

use super::graph::Graph;
use crate::qmp::Qmp;

/// What all names start with.
const PREFIX: &str = "stillpoint-";

/// The role of what shows the instant. It goes before the filter leaves the guest's way: a
/// filter with a reader keeps others from writing below it.
const SHOWN: &str = "-snap";

/// The roles of a disk's other nodes, those that rest on others first.
const REST: [&str; 4] = ["-cbw", "-scr", "-raw", "-file"];

/// How long QEMU may take to let go of an export.
const PATIENCE: Duration = Duration::from_secs(10);

/// The names for one disk. A node's name may have 31 characters.
#[derive(Clone, Debug)]
pub(super) struct Names {
    stem: String,
}

impl Names {
    /// The names for the `index`th disk of a snapshot.
    pub(super) fn new(tracker: &TrackerName, index: usize) -> Self {
        let full = tracker.to_string();
        let vault = full.get(..PREFIX.len() + 8).unwrap_or(&full);
        Self {
            stem: format!("{vault}-{index}"),
        }
    }

    /// The scratch file as QEMU opens it.
    pub(super) fn file(&self) -> String {
        format!("{}-file", self.stem)
    }

    /// The limit on the scratch file.
    pub(super) fn raw(&self) -> String {
        format!("{}-raw", self.stem)
    }

    /// The scratch's format layer.
    pub(super) fn scratch(&self) -> String {
        format!("{}-scr", self.stem)
    }

    /// The filter in the guest's way.
    pub(super) fn filter(&self) -> String {
        format!("{}-cbw", self.stem)
    }

    /// What shows the instant.
    pub(super) fn snapshot(&self) -> String {
        format!("{}-snap", self.stem)
    }

    /// The export, and the job that formats the scratch.
    pub(super) fn export(&self) -> String {
        self.stem.clone()
    }

    /// The scratch file's path.
    pub(super) fn scratch_path(&self, dir: &Path, uuid: &str) -> PathBuf {
        dir.join(format!(
            "{}{}",
            self.stem,
            super::scratch::scratch_end(uuid)
        ))
    }
}

/// Removes everything of ours from a QEMU but bitmaps: exports, the NBD server at `nbd`,
/// filters, nodes, scratch files, jobs. Gives what failed; goes on after each failure.
pub(super) async fn remove_all(qmp: &Qmp, nbd: &Path) -> Vec<Error> {
    let mut errors = Vec::new();
    keep(&mut errors, remove_exports(qmp).await);
    if server_is_ours(nbd).await {
        keep(
            &mut errors,
            qmp.execute("nbd-server-stop", Value::Null).await,
        );
    }
    keep(&mut errors, remove_file(nbd));
    match Graph::read(qmp).await {
        Ok(graph) => {
            remove_nodes(qmp, &graph, &[SHOWN], &mut errors).await;
            remove_filters(qmp, &graph, &mut errors).await;
            remove_nodes(qmp, &graph, &REST, &mut errors).await;
        }
        Err(e) => errors.push(e),
    }
    keep(&mut errors, remove_jobs(qmp).await);
    errors
}

/// Whether the NBD server of this QEMU is the one that we start: QEMU has one at most, and
/// ours listens at `nbd`.
pub(super) async fn server_is_ours(nbd: &Path) -> bool {
    UnixStream::connect(nbd).await.is_ok()
}

fn keep<T>(errors: &mut Vec<Error>, result: Result<T>) {
    if let Err(e) = result {
        errors.push(e);
    }
}

/// Removes a file that may be absent.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("removing {}", path.display()), e))
        }
        _ => Ok(()),
    }
}

/// The names under `key` in a list of objects that are ours.
fn ours(list: &Value, key: &str) -> Vec<String> {
    let names = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| v[key].as_str());
    names
        .filter(|n| n.starts_with(PREFIX))
        .map(str::to_owned)
        .collect()
}

async fn remove_exports(qmp: &Qmp) -> Result<()> {
    let list = async || -> Result<Vec<String>> {
        Ok(ours(
            &qmp.execute("query-block-exports", Value::Null).await?,
            "id",
        ))
    };
    let mut left = list().await?;
    for id in &left {
        // One that is going already refuses; the wait below tells whether it went.
        let _ = qmp
            .execute("block-export-del", json!({ "id": id, "mode": "hard" }))
            .await;
    }
    let start = std::time::Instant::now();
    while !left.is_empty() {
        if start.elapsed() > PATIENCE {
            let text = format!("QEMU does not let go of the NBD exports {left:?}");
            return Err(Error::new(Code::HypervisorError, text));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        left = list().await?;
    }
    Ok(())
}

async fn remove_filters(qmp: &Qmp, graph: &Graph, errors: &mut Vec<Error>) {
    for device in &graph.devices {
        let Some(root) = device.root.as_deref().filter(|r| r.starts_with(PREFIX)) else {
            continue;
        };
        let Some(below) = graph.child(root, "file") else {
            continue;
        };
        keep(errors, attach(qmp, &device.qom, below).await);
    }
}

/// The command that makes a device use a node.
pub(super) fn attach_command(device: &str, node: &str) -> (&'static str, Value) {
    (
        "qom-set",
        json!({ "path": device, "property": "drive", "value": node }),
    )
}

async fn attach(qmp: &Qmp, device: &str, node: &str) -> Result<()> {
    let (command, arguments) = attach_command(device, node);
    qmp.execute(command, arguments).await.map(|_| ())
}

async fn remove_nodes(qmp: &Qmp, graph: &Graph, roles: &[&str], errors: &mut Vec<Error>) {
    for role in roles {
        for (name, node) in &graph.nodes {
            if !name.starts_with(PREFIX) || !name.ends_with(role) {
                continue;
            }
            keep(
                errors,
                qmp.execute("blockdev-del", json!({ "node-name": name }))
                    .await,
            );
            let file = Path::new(&node.file);
            let is_scratch = file
                .file_name()
                .and_then(|n| n.to_str())
                .is_some_and(|n| n.starts_with(PREFIX) && n.ends_with(".scratch"));
            if *role == "-file" && is_scratch {
                keep(errors, remove_file(file));
            }
        }
    }
}

async fn remove_jobs(qmp: &Qmp) -> Result<()> {
    for id in ours(&qmp.execute("query-jobs", Value::Null).await?, "id") {
        // One that runs refuses to be dismissed, one that has ended to be cancelled.
        let _ = qmp.execute("job-cancel", json!({ "id": id })).await;
        let _ = qmp.execute("job-dismiss", json!({ "id": id })).await;
    }
    Ok(())
}
