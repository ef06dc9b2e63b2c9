//! `stillpoint backup now`; the other verbs are in the folder.

mod list;
mod transfers;

use std::path::Path;

use base::{Code, Error, Result};
use hypervisor::{DiskChoice, Host, Hypervisor, Quiesce, ScratchPlace};
use mover::{
    BackupOptions, BackupReport, DiskFilter, ImageHost, TransferReport, read_extent_list,
    scratch_place,
};
use vault::Surroundings;

use super::job::Job;
use super::remote;
use crate::cli::{BackupCommand, BackupNow, QuiesceWord};
use crate::settings::Settings;
use crate::tiers::{Tiers, again};
use crate::unfinished::refuse_unfinished;

pub async fn run(settings: &Settings, command: BackupCommand) -> Result<u8> {
    let over = &settings.interrupt;
    match command {
        BackupCommand::Now(words) if settings.asks_server(false) => {
            over.over(remote::backups::now(settings, &words)).await
        }
        BackupCommand::Now(words) => now(settings, &words).await,
        BackupCommand::List { machine, last } => over
            .over(list::run(settings, machine.as_deref(), last))
            .await
            .map(|()| 0),
        BackupCommand::Transfer {
            machine: Some(machine),
        } => over.over(transfers::one(settings, &machine)).await,
        BackupCommand::Transfer { machine: None } => over.over(transfers::all(settings)).await,
    }
}

async fn now(settings: &Settings, words: &BackupNow) -> Result<u8> {
    let why = "is for backups that a server makes";
    settings.refuse(&["retain_until", "no_wait"], why)?;
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
            let host = Host::open(&settings.global.connect)?;
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
            let scratch = scratch_place(
                &host,
                &machine,
                settings.global.scratch.as_deref(),
                settings.global.scratch_limit.map(|limit| limit.0),
                &settings.state_dir,
            )?;
            (name, Box::new(host), scratch)
        }
    };
    let options = BackupOptions {
        point: None,
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
        sample: words.sample.0,
        lock_dir: settings.lock_dir(),
        cancel: settings.interrupt.token().clone(),
        origin: None,
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
    let format = match (&words.format, block::foreign_format(&path)?) {
        (Some(format), _) => format.clone(),
        (None, None) => "raw".to_owned(),
        (None, Some(found)) => {
            let path = path.display();
            let so = match found {
                "qcow2" => "say `--format qcow2`",
                _ => "make one that is read of it with `qemu-img convert -O qcow2`",
            };
            let what = format!(
                "{path} looks like a {found} image: {so}, or say `--format raw` to \
                 back up the file as it is (a guest's raw disk may begin like that)"
            );
            return Err(Error::new(Code::BadArgument, what));
        }
    };
    let changed = words.changed.as_deref().map(read_extent_list).transpose()?;
    Ok((name.clone(), ImageHost::new(path, format, name, changed)))
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
