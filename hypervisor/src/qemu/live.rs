//! Taking an instant of a machine that runs.
//!
//! Everything slow comes before the freeze: scratch files, filters (which do nothing until
//! they are attached), and the new bitmaps. A bitmap that starts before the instant marks
//! too much, never too little, so it need not start at the instant. The instant itself is
//! the attaching of the filters, between `stop` and `cont` if there are several disks, sent
//! in one piece so that QEMU comes to `cont` even if this process is stopped in between.
//! After the thaw a copy of the old bitmap is taken for the export, which again marks too
//! much at most.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Code, Error, Result, ResultExt};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::TryRecvError;

use super::discover::{self, Running};
use super::graph::Graph;
use super::live_snapshot::{LiveDisk, LiveSnapshot};
use super::nodes::{attach_command, remove_all};
use super::place::Place;
use super::show::{show, start_server};
use super::source::InstantSource;
use super::target::{Target, targets, tidy_bitmaps};
use super::{QemuHostOptions, scratch};
use crate::agent::AgentChannel;
use crate::qmp::Qmp;
use crate::watchdog::{Quiescer, with_thaw};
use crate::{Changed, MachineState, Snapshot, SnapshotDisk, SnapshotReport, SnapshotRequest};

/// How long a guest's write may wait for its old contents to reach the scratch, in seconds.
/// After that the snapshot breaks and the write goes on.
const COPY_TIMEOUT: u64 = 10;

/// Takes the instant. On failure everything that was added is removed again.
pub(super) async fn take(
    options: &QemuHostOptions,
    place: &Place,
    lock: File,
    qmp: Qmp,
    request: &SnapshotRequest,
) -> Result<Box<dyn Snapshot>> {
    let mut warnings = Vec::new();
    let running = prepare(place, &qmp, &mut warnings).await?;
    scratch::remove_stale(&request.scratch.dir, &running.machine.uuid);
    let mut targets = targets(&running, request)?;
    tidy_bitmaps(&qmp, &running, request, &targets, &mut warnings).await;
    let budget = scratch::budget(&request.scratch, targets.len())?;
    let sizes: Vec<u64> = targets.iter().map(|t| t.disk.size).collect();
    for (target, share) in targets.iter_mut().zip(scratch::shares(budget, &sizes)) {
        target.share = share;
    }
    let work = Work {
        options,
        place,
        qmp: &qmp,
        request,
        running: &running,
    };
    match work.run(&targets, &mut warnings).await {
        Ok((report, disks)) => {
            let parts = targets.into_iter().zip(disks);
            let disks = parts.map(|(t, (source, changed))| LiveDisk {
                bitmaps: t.bitmaps,
                source: source.clone(),
                shown: SnapshotDisk {
                    disk: t.disk,
                    source,
                    changed,
                },
            });
            let report = SnapshotReport { warnings, ..report };
            Ok(Box::new(LiveSnapshot::new(
                lock,
                qmp,
                place.nbd(),
                request.tracker,
                report,
                disks.collect(),
            )))
        }
        Err(error) => {
            work.undo(&targets).await;
            Err(error.during(format!("machine {}", place.name)))
        }
    }
}

/// Removes what an earlier run left and describes the machine.
async fn prepare(place: &Place, qmp: &Qmp, warnings: &mut Vec<String>) -> Result<Running> {
    for error in remove_all(qmp, &place.nbd()).await {
        tracing::warn!(
            machine = place.name,
            ?error,
            "removing what an earlier run left"
        );
        warnings.push(format!(
            "something of an earlier run could not be removed: {error}"
        ));
    }
    let running = discover::running(qmp, &place.name).await?;
    let migrating = [
        "inmigrate",
        "finish-migrate",
        "postmigrate",
        "save-vm",
        "restore-vm",
        "colo",
    ];
    if migrating.contains(&running.status.as_str()) {
        let text = format!("machine {} is in state {}", place.name, running.status);
        return Err(Error::new(Code::HypervisorError, text));
    }
    Ok(running)
}

struct Work<'a> {
    options: &'a QemuHostOptions,
    place: &'a Place,
    qmp: &'a Qmp,
    request: &'a SnapshotRequest,
    running: &'a Running,
}

type Taken = (SnapshotReport, Vec<(Arc<InstantSource>, Changed)>);

impl Work<'_> {
    async fn run(&self, targets: &[Target], warnings: &mut Vec<String>) -> Result<Taken> {
        for target in targets {
            self.build(target)
                .await
                .during(format!("disk {}", target.disk.name))?;
        }
        for target in targets {
            self.start_tracker(target, warnings).await?;
        }
        let report = self.quiet_instant(targets, warnings).await?;
        start_server(self.qmp, self.place).await?;
        let mut disks = Vec::new();
        for target in targets {
            let shown = show(self.qmp, self.place, target).await;
            disks.push(shown.during(format!("disk {}", target.disk.name))?);
        }
        Ok((report, disks))
    }

    /// Freezes, takes the instant, thaws.
    async fn quiet_instant(
        &self,
        targets: &[Target],
        warnings: &mut Vec<String>,
    ) -> Result<SnapshotReport> {
        let state = self.running.machine.state;
        let agent = &self.place.agent;
        let channel = agent.exists().then(|| AgentChannel::Socket {
            path: agent.clone(),
        });
        let program = &self.options.watchdog;
        let mut guest = Quiescer::prepare(program, channel, self.request, state, warnings).await?;
        guest.freeze(warnings).await?;
        let instant = self.instant(targets, &mut guest).await;
        let thawed = guest.thaw(warnings).await;
        let ((taken, paused), (consistency, frozen)) = with_thaw(instant, thawed)?;
        Ok(SnapshotReport {
            taken,
            consistency,
            downgrade: guest.downgraded(),
            frozen,
            paused,
            warnings: Vec::new(),
        })
    }

    /// The scratch and the filter, which is not attached yet.
    async fn build(&self, target: &Target) -> Result<()> {
        let Target {
            names,
            scratch,
            share,
            disk,
            ..
        } = target;
        scratch::build(self.qmp, names, scratch, *share, disk.size).await?;
        let filter = json!({
            "driver": "copy-before-write",
            "node-name": names.filter(),
            "file": target.root,
            "target": names.scratch(),
            "on-cbw-error": "break-snapshot",
            "cbw-timeout": COPY_TIMEOUT,
            "discard": "unmap",
        });
        self.qmp.execute("blockdev-add", filter).await.map(|_| ())
    }

    async fn start_tracker(&self, target: &Target, warnings: &mut Vec<String>) -> Result<()> {
        let add = |persistent: bool| {
            let arguments = json!({
                "node": target.bitmaps,
                "name": self.request.tracker.to_string(),
                "persistent": persistent,
                "granularity": 64 << 10,
            });
            self.qmp.execute("block-dirty-bitmap-add", arguments)
        };
        if target.persistent {
            match add(true).await {
                Err(e) if e.code() == Code::HypervisorError => warnings.push(format!(
                    "disk {}: changes are tracked only until QEMU ends: {e}",
                    target.disk.name
                )),
                other => return other.map(|_| ()),
            }
        }
        add(false).await.map(|_| ())
    }

    /// Attaches the filters. Gives when, and how long the processors stood still.
    async fn instant(
        &self,
        targets: &[Target],
        guest: &mut Quiescer,
    ) -> Result<(Instant, Duration)> {
        let mut commands: Vec<(&str, Value)> = targets
            .iter()
            .map(|t| attach_command(&t.device.qom, &t.names.filter()))
            .collect();
        let pause = targets.len() > 1 && self.running.machine.state == MachineState::Running;
        if pause {
            commands.insert(0, ("stop", Value::Null));
            commands.push(("cont", Value::Null));
            guest.hold(&self.place.monitor).await?;
        }
        let mut events = self.qmp.events();
        for answer in self.qmp.batch(&commands).await? {
            answer?;
        }
        let taken = Instant::now();
        if pause {
            guest.released().await?;
        }
        let (mut stopped, mut resumed) = (None, None);
        loop {
            match events.try_recv() {
                Ok(e) if e.name == "STOP" => stopped = Some(e.micros),
                Ok(e) if e.name == "RESUME" => resumed = Some(e.micros),
                Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
        let micros = stopped.zip(resumed).map_or(0, |(s, r)| r.saturating_sub(s));
        let paused = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        Ok((taken, paused))
    }

    /// Removes what was added, after a failure.
    async fn undo(&self, targets: &[Target]) {
        let mut errors = remove_all(self.qmp, &self.place.nbd()).await;
        let graph = Graph::read(self.qmp).await.unwrap_or_default();
        let name = self.request.tracker.to_string();
        for target in targets {
            errors.extend(super::nodes::remove_file(&target.scratch).err());
            let node = graph.nodes.get(&target.bitmaps);
            if node.is_some_and(|n| n.bitmaps.iter().any(|b| b.name == name)) {
                let arguments = json!({ "node": target.bitmaps, "name": name });
                let gone = self
                    .qmp
                    .execute("block-dirty-bitmap-remove", arguments)
                    .await;
                errors.extend(gone.err());
            }
        }
        for error in errors {
            tracing::warn!(
                machine = self.place.name,
                ?error,
                "undoing a failed snapshot"
            );
        }
    }
}
