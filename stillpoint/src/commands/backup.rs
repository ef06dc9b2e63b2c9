//! `stillpoint backup now|list|transfer`

use std::path::Path;
use std::sync::Arc;

use base::{ByteSize, Code, Error, Result};
use hypervisor::{DiskChoice, Hypervisor, Quiesce, ScratchPlace};
use mover::{BackupOptions, BackupReport, DiskFilter, ImageHost, TransferReport, read_extent_list};
use serde::Serialize;
use vault::Surroundings;

use super::WARNINGS;
use super::job::{Job, consistency};
use crate::cli::{BackupCommand, BackupNow, QuiesceWord};
use crate::errors::ErrorView;
use crate::hosts::Host;
use crate::output::table;
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tiers, again};
use crate::unfinished::refuse_unfinished;
use crate::units::{minute, seconds};

pub async fn run(settings: &Settings, command: BackupCommand) -> Result<u8> {
    let over = &settings.interrupt;
    match command {
        BackupCommand::Now(words) => now(settings, &words).await,
        BackupCommand::List { machine, last } => over
            .over(list(settings, machine.as_deref(), last))
            .await
            .map(|()| 0),
        BackupCommand::Transfer {
            machine: Some(machine),
        } => over.over(transfer_one(settings, &machine)).await,
        BackupCommand::Transfer { machine: None } => over.over(transfer_all(settings)).await,
    }
}

async fn now(settings: &Settings, words: &BackupNow) -> Result<u8> {
    let tiers = settings
        .interrupt
        .over(Tiers::open_to_write(settings))
        .await?;
    let taken = match snapshot(settings, words, &tiers).await {
        Ok(report) => report,
        Err(e) => {
            settings.reporter.clear();
            settings.output.print(&Job::failed(&e), Job::text)?;
            return Err(e);
        }
    };
    let transfer = if words.no_transfer && tiers.snapshot.is_some() {
        None
    } else {
        Some(
            settings
                .interrupt
                .over(transfer(settings, &tiers, &taken.uuid, &taken))
                .await,
        )
    };
    settings.reporter.clear();
    let transfer = match &transfer {
        None => None,
        Some(Ok(report)) => Some(Ok(report.clone())),
        Some(Err(e)) => Some(Err(e)),
    };
    let job = Job::taken(taken, transfer);
    settings.output.print(&job, Job::text)?;
    Ok(job.exit_code())
}

/// The first phase.
async fn snapshot(settings: &Settings, words: &BackupNow, tiers: &Tiers) -> Result<BackupReport> {
    let store = tiers.first()?;
    let (name, source, scratch): (String, Box<dyn Source>, ScratchPlace) = match &words.image {
        Some(path) => {
            refuse_unfinished(settings, [("disk", path.as_path())])?;
            let (name, host) = image(words, path)?;
            // An image is read as it lies: no scratch.
            let scratch = ScratchPlace {
                dir: settings.state_dir.clone(),
                limit: 0,
            };
            (name, Box::new(host), scratch)
        }
        None => {
            let host = Host::open(settings)?;
            let name = words.machine.clone().unwrap_or_default();
            let machine = settings
                .interrupt
                .over(host.hypervisor().find(&name))
                .await?;
            let asked = machine.disks.iter().filter(|d| {
                let named = words.include.is_empty() || words.include.contains(&d.name);
                named && !words.exclude.contains(&d.name)
            });
            let paths = asked.filter_map(|d| Some((d.name.as_str(), d.path.as_deref()?)));
            refuse_unfinished(settings, paths)?;
            if machine
                .disks
                .iter()
                .all(|d| d.choice != DiskChoice::Included)
            {
                let what = format!("{name} has no disk that can be backed up");
                return Err(Error::new(Code::NoDisks, what));
            }
            let scratch = host.scratch(settings, &machine)?;
            (name, Box::new(host), scratch)
        }
    };
    let options = BackupOptions {
        disks: DiskFilter {
            include: words.include.clone(),
            exclude: words.exclude.clone(),
        },
        quiesce: match words.quiesce {
            QuiesceWord::Try => Quiesce::Try,
            QuiesceWord::Require => Quiesce::Require,
            QuiesceWord::Skip => Quiesce::Skip,
        },
        freeze_budget: words.freeze_budget,
        scratch,
        rate: words.rate.map(|r| r.0),
        lock_dir: settings.lock_dir(),
        cancel: settings.interrupt.token().clone(),
    };
    let around = Surroundings::system();
    mover::backup(
        source.hypervisor(),
        &name,
        store,
        &around,
        &options,
        &settings.reporter,
    )
    .await
}

/// What machines come from.
trait Source {
    fn hypervisor(&self) -> &dyn Hypervisor;
}

impl Source for Host {
    fn hypervisor(&self) -> &dyn Hypervisor {
        self.hypervisor()
    }
}

impl Source for ImageHost {
    fn hypervisor(&self) -> &dyn Hypervisor {
        self
    }
}

fn image(words: &BackupNow, path: &Path) -> Result<(String, ImageHost)> {
    if let Some(disk) = words.include.iter().chain(&words.exclude).next() {
        let what = format!("an image has no disks to choose from: leave `{disk}` out");
        return Err(Error::new(Code::BadArgument, what));
    }
    let path = path
        .canonicalize()
        .map_err(|e| Error::io(path.display(), e))?;
    let name = match (&words.name, path.file_name()) {
        (Some(name), _) => name.clone(),
        (None, Some(file)) => file.to_string_lossy().into_owned(),
        (None, None) => return Err(Error::new(Code::BadArgument, "give the image a --name")),
    };
    let changed = words.changed.as_deref().map(read_extent_list).transpose()?;
    Ok((
        name.clone(),
        ImageHost::new(path, words.format.clone(), name, changed),
    ))
}

/// The second phase. Where the first went to the vault's store, the point is there already.
async fn transfer(
    settings: &Settings,
    tiers: &Tiers,
    uuid: &str,
    taken: &BackupReport,
) -> Result<TransferReport> {
    match (&tiers.snapshot, &tiers.vault) {
        (_, Err(e)) => Err(again(e)),
        (Some(from), Ok(to)) => {
            let locks = settings.lock_dir();
            mover::transfer(from, to, uuid, taken.point, &locks, &settings.reporter).await
        }
        (None, Ok(_)) => Ok(TransferReport {
            point: taken.point,
            skipped: false,
            already_there: true,
            copied: 0,
            encoded_anew: 0,
            stored: 0,
            seconds: 0.0,
        }),
    }
}

/// Transfers the newest point of each machine (or of one).
async fn transfers(
    settings: &Settings,
    machine: Option<&str>,
) -> Result<Vec<(String, Result<TransferReport>)>> {
    let tiers = Tiers::open_to_write(settings).await?;
    let Some(from) = &tiers.snapshot else {
        let what = "this host has no snapshot store (--snapshots), so there is nothing to transfer";
        return Err(Error::new(Code::BadArgument, what));
    };
    let to = match &tiers.vault {
        Ok(vault) => vault,
        Err(e) => return Err(again(e)),
    };
    let near = Tiers {
        snapshot: Some(Arc::clone(from)),
        vault: Err(Error::new(Code::NotAVault, "not asked")),
    };
    let mut newest: Vec<Point> = Vec::new();
    for point in points::list(settings, &near, machine).await? {
        newest.retain(|p| p.info().entry.machine != point.info().entry.machine);
        newest.push(point);
    }
    let mut all = Vec::new();
    for point in newest {
        let (name, uuid) = match point.record() {
            Ok(record) => (record.machine.name.clone(), record.machine.uuid.clone()),
            Err(e) => {
                settings.reporter.warn(format!("left out: {e}"));
                continue;
            }
        };
        let locks = settings.lock_dir();
        let done = mover::transfer(from, to, &uuid, point.id, &locks, &settings.reporter).await;
        all.push((name, done));
    }
    settings.reporter.clear();
    Ok(all)
}

async fn transfer_one(settings: &Settings, machine: &str) -> Result<u8> {
    let done = transfers(settings, Some(machine)).await?.pop();
    let missing = || {
        let what = format!("the snapshot store has no point of a machine `{machine}`");
        Error::new(Code::PointNotFound, what)
    };
    let report = done.ok_or_else(missing)?.1?;
    settings.output.print(&report, |r| said(machine, r))?;
    Ok(0)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transferred {
    machine: String,
    report: Option<TransferReport>,
    error: Option<ErrorView>,
}

async fn transfer_all(settings: &Settings) -> Result<u8> {
    let all = transfers(settings, None)
        .await?
        .into_iter()
        .map(|(machine, done)| match done {
            Ok(report) => Transferred {
                machine,
                report: Some(report),
                error: None,
            },
            Err(e) => Transferred {
                machine,
                report: None,
                error: Some((&e).into()),
            },
        });
    let all: Vec<Transferred> = all.collect();
    settings.output.print(&all, |all| {
        let lines = all.iter().map(|t| match (&t.report, &t.error) {
            (Some(report), _) => said(&t.machine, report),
            (None, Some(e)) => format!("{}: {}: {}\n", t.machine, e.code, e.message),
            (None, None) => String::new(),
        });
        lines.collect()
    })?;
    Ok(if all.iter().any(|t| t.error.is_some()) {
        WARNINGS
    } else {
        0
    })
}

fn said(machine: &str, r: &TransferReport) -> String {
    match r {
        r if r.skipped => format!("{machine}: skipped, an earlier transfer still runs\n"),
        r if r.already_there => format!("{machine}: point {} is in the vault already\n", r.point),
        r => format!(
            "{machine}: point {}, {} records, {} stored in {}\n",
            r.point,
            r.copied,
            ByteSize(r.stored),
            seconds(r.seconds)
        ),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Backup {
    point: String,
    machine: String,
    created_at: String,
    tiers: &'static str,
    consistency: Option<hypervisor::Consistency>,
    changed: Option<u64>,
    read: Option<u64>,
    stored: u64,
}

async fn list(settings: &Settings, machine: Option<&str>, last: usize) -> Result<()> {
    let tiers = Tiers::open(settings).await?;
    let mut counts = std::collections::HashMap::new();
    let mut all: Vec<Backup> = Vec::new();
    for p in points::list(settings, &tiers, machine).await?.iter().rev() {
        let count = counts.entry(p.info().entry.machine).or_insert(0);
        *count += 1;
        if *count > last {
            continue;
        }
        let record = p.record.as_ref().ok();
        all.push(Backup {
            point: p.id.to_string(),
            machine: p.machine().to_owned(),
            created_at: p.created_at().to_owned(),
            tiers: p.tiers(),
            consistency: record.map(|r| r.consistency),
            changed: record.map(|r| r.disks.iter().map(|d| d.changed).sum()),
            read: record.map(|r| r.disks.iter().map(|d| d.read).sum()),
            stored: p.info().entry.stored,
        });
    }
    all.reverse();
    settings.output.print(&all, |all| {
        let rows = all.iter().map(|b| {
            let size = |n: Option<u64>| n.map_or("-".to_owned(), |n| ByteSize(n).to_string());
            vec![
                b.machine.clone(),
                minute(&b.created_at),
                b.consistency.map_or("-", consistency).to_owned(),
                size(b.read),
                size(b.changed),
                size(Some(b.stored)),
            ]
        });
        table(
            &[
                "~MACHINE",
                "TIME (UTC)",
                "CONSISTENCY",
                ">READ",
                ">CHANGED",
                ">STORED",
            ],
            rows,
        )
    })
}
