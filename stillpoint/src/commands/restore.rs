//! `stillpoint restore disks`

mod plan;

use std::path::{Path, PathBuf};

use base::{ByteSize, Code, Error, Kind, Result};
use hypervisor::{Host, MachineState};
use mover::{DiskRestore, RestoreReport};
use serde::Serialize;
use vault::PointDisk;

use crate::cli::RestoreDisks;
use crate::output::table;
use crate::points::{self, Place, Point};
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers};
use crate::units::seconds;

use plan::plan;
pub use plan::{Job, image_name, job, own_format};

/// A restored disk.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// The disk's name.
    pub name: String,
    /// The image or device.
    pub path: PathBuf,
    /// Its format.
    pub format: String,
    /// What was done.
    #[serde(flatten)]
    pub report: RestoreReport,
}

impl Restored {
    /// A table for people, a row for each disk.
    pub fn table(disks: &[Self]) -> String {
        let rows = disks.iter().map(|d| {
            let size = |n| ByteSize(n).to_string();
            vec![
                d.name.clone(),
                size(d.report.size),
                size(d.report.written),
                seconds(d.report.seconds),
                d.path.display().to_string(),
            ]
        });
        table(&["DISK", ">SIZE", ">WRITTEN", ">TIME", "~IMAGE"], rows)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    point: String,
    machine: String,
    from: Tier,
    disks: Vec<Restored>,
}

pub async fn run(settings: &Settings, words: RestoreDisks) -> Result<()> {
    settings.refuse(&["no_wait", "in_place"], "is for points of a server")?;
    if words.to.is_none() && words.onto.is_empty() {
        let detail = "where to? Give --to FOLDER, or --onto DISK=PATH";
        return Err(Error::new(Code::BadArgument, detail));
    }
    let point = settings.interrupt.over(async {
        let tiers = Tiers::open(settings).await?;
        points::find(settings, &tiers, &words.point).await
    });
    let point = point.await?;
    let jobs = plan(settings, &words, &point)?;
    if words.overwrite || !words.onto.is_empty() {
        settings
            .interrupt
            .over(refuse_running(settings, &jobs))
            .await?;
    }
    let (from, disks) = restore(settings, &point, jobs, words.rate).await?;
    settings.reporter.clear();
    let done = Done {
        point: point.id.to_string(),
        machine: point.machine().to_owned(),
        from,
        disks,
    };
    settings.output.print(&done, |d| {
        let head = format!(
            "Restored {} of {} from the {}.\n",
            d.point, d.machine, d.from
        );
        head + "\n" + &Restored::table(&d.disks)
    })
}

/// Refuses a target that a running machine of this host uses. The image's own lock refuses
/// too, but a block device has none.
async fn refuse_running(settings: &Settings, jobs: &[Job]) -> Result<()> {
    let machines = match Host::open(&settings.global.connect)?
        .hypervisor()
        .list()
        .await
    {
        Ok(machines) => machines,
        Err(e) => {
            tracing::debug!("no look at the machines of this host: {e}");
            return Ok(());
        }
    };
    let real = |p: &Path| p.canonicalize().unwrap_or_else(|_| p.to_owned());
    for machine in machines.iter().filter(|m| m.state != MachineState::Stopped) {
        for path in machine.disks.iter().filter_map(|d| d.path.as_ref()) {
            if let Some(job) = jobs.iter().find(|j| real(&j.spec.path) == real(path)) {
                let what = format!("machine {} uses {}", machine.name, job.spec.path.display());
                return Err(Error::new(Code::MachineRunning, what));
            }
        }
    }
    Ok(())
}

/// Restores disks from the nearest tier that holds the point, all or none; from the next one
/// if that is damaged or does not answer. Gives the tier too.
///
/// # Errors
/// Those of the tier and of [`mover::restore_disks`].
pub async fn restore(
    settings: &Settings,
    point: &Point,
    jobs: Vec<Job>,
    rate: Option<ByteSize>,
) -> Result<(Tier, Vec<Restored>)> {
    let mut places = point.places.iter().peekable();
    while let Some(place) = places.next() {
        let done = restore_from(settings, point, place, &jobs, rate).await;
        match done {
            Ok(reports) => {
                let restored = jobs.into_iter().zip(reports).map(|(job, report)| Restored {
                    name: job.name,
                    path: job.spec.path,
                    format: job.spec.format,
                    report,
                });
                return Ok((place.0, restored.collect()));
            }
            Err(e) => match places.peek() {
                Some(next) if matches!(e.kind(), Kind::Integrity | Kind::Unavailable) => {
                    let what = format!(
                        "restoring from the {}, since the {} fails: {e}",
                        next.0, place.0
                    );
                    settings.reporter.warn(what);
                }
                _ => return Err(e),
            },
        }
    }
    Err(Error::new(
        Code::PointNotFound,
        format!("point {} is nowhere", point.id),
    ))
}

async fn restore_from(
    settings: &Settings,
    point: &Point,
    (_, vault, info): &Place,
    jobs: &[Job],
    rate: Option<ByteSize>,
) -> Result<Vec<RestoreReport>> {
    let reader = vault.reader().await?;
    let mut disks = Vec::new();
    for job in jobs {
        let Some((root, _)) = point.record()?.disk(info, &job.name) else {
            let what = format!("no disk {}", job.name);
            return Err(Error::new(Code::DiskNotFound, what));
        };
        disks.push(DiskRestore {
            name: job.name.clone(),
            disk: PointDisk::new(reader.clone(), root, vault.chunk_size()),
            target: job.spec.clone(),
        });
    }
    let (rate, cancel) = (rate.map(|r| r.0), settings.interrupt.token());
    mover::restore_disks(disks, rate, cancel, &settings.reporter).await
}
