//! `stillpoint restore vm`: the disks, then the definition.

use std::path::PathBuf;

use base::{Code, Error, Result, SystemRandom, durable};
use hypervisor::{Definition, Host, ImageFormat};
use mover::{NewMachine, RestoredPlaces};
use serde::Serialize;

use super::restore::{Job, Restored, image_name, job, own_format, restore};
use crate::cli::RestoreVm;
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers};
use crate::unfinished::refuse_unfinished;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    point: String,
    from: Tier,
    name: String,
    uuid: String,
    disks: Vec<Restored>,
    /// The definition: NAME.xml or NAME.json.
    definition: PathBuf,
    /// What starts a bare QEMU machine.
    script: Option<PathBuf>,
    /// The UEFI variables.
    nvram: Option<PathBuf>,
    defined: bool,
    started: bool,
}

/// What was asked for, with everything decided.
struct Plan<'a> {
    point: &'a Point,
    words: &'a RestoreVm,
    /// The folder, whole and without links, as QEMU will be told it.
    folder: PathBuf,
    name: String,
}

/// Why a word is refused that a store does without.
const OF_SERVER: &str = "is for points of a server: leave --vault out";

pub async fn run(settings: &Settings, words: RestoreVm) -> Result<()> {
    let point = settings.interrupt.over(async {
        let tiers = Tiers::open(settings).await?;
        points::find(settings, &tiers, &words.point).await
    });
    let point = point.await?;
    let record = point.record()?;
    let host = Host::open(&settings.global.connect)?;
    settings
        .interrupt
        .over(check(&host, &words, &point))
        .await?;
    settings.refuse(&["network", "target_group", "no_wait"], OF_SERVER)?;
    let to = words.to.as_deref().ok_or_else(|| {
        let what = "where to? --to gives the folder for the disks and the definition";
        Error::new(Code::BadArgument, what)
    })?;
    durable::make_folder(to)?;
    let plan = Plan {
        point: &point,
        words: &words,
        folder: to.canonicalize().map_err(|e| Error::io(to.display(), e))?,
        name: words
            .name
            .clone()
            .unwrap_or_else(|| record.machine.name.clone()),
    };
    let identity = words.new_identity.then(|| {
        let bytes = <dyn base::Random>::bytes(&SystemRandom);
        let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
        uuid.to_string()
    });
    let jobs = jobs(settings, &plan)?;
    let places = places(&jobs);
    let new = NewMachine {
        record,
        folder: &plan.folder,
        home: None,
        name: &plan.name,
        identity: identity.as_deref(),
        network: None,
        disks: &places,
    };
    refuse_existing(&words, &jobs, &new)?;
    // Before hours of restoring: what can't be defined shows now.
    new.check()?;
    let (from, disks) = restore(settings, &point, jobs, words.rate).await?;
    let made = new.write()?;
    settings.reporter.clear();
    if words.define || words.start {
        // Another restore may have begun meanwhile.
        let disks = places.iter().map(|(n, (p, _))| (n.as_str(), p.as_path()));
        refuse_unfinished(settings, disks)?;
    }
    let uuid = identity.as_deref().unwrap_or(&record.machine.uuid);
    let begun = async {
        // One of libvirt is started through it, and so must be defined.
        let defined = made.xml.is_some() && (words.define || words.start);
        if defined {
            made.define(&host).await?;
        }
        if words.start {
            made.start(&host, uuid).await?;
        }
        Ok((defined, words.start))
    };
    let (defined, started) = settings.interrupt.over(begun).await?;
    let done = Done {
        point: point.id.to_string(),
        from,
        name: plan.name.clone(),
        uuid: uuid.to_owned(),
        disks,
        definition: made.definition,
        script: made.script,
        nvram: made.nvram,
        defined,
        started,
    };
    settings.output.print(&done, text)
}

fn text(d: &Done) -> String {
    let mut out = format!(
        "Restored {} from point {} of the {}.\n\n",
        d.name, d.point, d.from
    );
    out += &Restored::table(&d.disks);
    out += &format!("\nDefinition: {}\n", d.definition.display());
    if let Some(script) = &d.script {
        out += &format!("Start it with: {}\n", script.display());
    }
    match (d.defined, d.started) {
        (_, true) => out += "The machine is running.\n",
        (true, false) => out += "The machine is defined; it is not started.\n",
        (false, false) => {}
    }
    out
}

/// Refuses what can't end well before anything is written.
async fn check(host: &Host, words: &RestoreVm, point: &Point) -> Result<()> {
    let record = point.record()?;
    match (&record.definition, host) {
        (Definition::Image, _) => {
            let what = format!(
                "point {} is of an image, not of a machine: use restore disks",
                point.id
            );
            Err(Error::new(Code::BadArgument, what))
        }
        (Definition::Libvirt { .. }, Host::Qemu(_)) if words.define || words.start => {
            let what = "the machine is one of libvirt: give --connect qemu:///system";
            Err(Error::new(Code::BadArgument, what))
        }
        (Definition::Qemu { .. }, _) if words.define => {
            let what = "a bare QEMU machine is not defined anywhere: leave --define out; NAME.sh starts it";
            Err(Error::new(Code::BadArgument, what))
        }
        (Definition::Libvirt { .. }, Host::Libvirt(_)) if words.define || words.start => {
            let name = words.name.as_deref().unwrap_or(&record.machine.name);
            absent(host, name).await?;
            if words.new_identity {
                Ok(())
            } else {
                absent(host, &record.machine.uuid).await
            }
        }
        _ => Ok(()),
    }
}

async fn absent(host: &Host, name_or_uuid: &str) -> Result<()> {
    match host.hypervisor().find(name_or_uuid).await {
        Ok(machine) => {
            let what = format!("machine {} ({}) is there", machine.name, machine.uuid);
            Err(Error::new(Code::MachineExists, what))
        }
        Err(e) if e.code() == Code::MachineNotFound => Ok(()),
        Err(e) => Err(e),
    }
}

fn jobs(settings: &Settings, plan: &Plan<'_>) -> Result<Vec<Job>> {
    let record = plan.point.record()?;
    let mut jobs = Vec::new();
    for disk in &record.disks {
        let own = own_format(plan.point, &disk.name);
        let format = plan.words.format.clone().unwrap_or_else(|| own.clone());
        if format != own && matches!(record.definition, Definition::Qemu { .. }) {
            let what = format!(
                "disk {} is {own}, as the machine's command line says: leave --format out",
                disk.name
            );
            return Err(Error::new(Code::BadArgument, what));
        }
        let path = plan
            .folder
            .join(image_name(&plan.name, &disk.name, &format));
        jobs.push(job(
            settings,
            &disk.name,
            path,
            format,
            plan.words.overwrite,
        ));
    }
    Ok(jobs)
}

fn places(jobs: &[Job]) -> RestoredPlaces {
    let format = |f: &str| {
        if f == "raw" {
            ImageFormat::Raw
        } else {
            ImageFormat::Qcow2
        }
    };
    let place = |j: &Job| {
        (
            j.name.clone(),
            (j.spec.path.clone(), format(&j.spec.format)),
        )
    };
    jobs.iter().map(place).collect()
}

fn refuse_existing(words: &RestoreVm, jobs: &[Job], new: &NewMachine<'_>) -> Result<()> {
    if words.overwrite {
        return Ok(());
    }
    let own = new.files();
    let disks = jobs.iter().map(|j| j.spec.path.as_path());
    match disks
        .chain(own.iter().map(PathBuf::as_path))
        .find(|p| p.exists())
    {
        Some(path) => Err(Error::new(
            Code::TargetExists,
            format!("{} exists", path.display()),
        )),
        None => Ok(()),
    }
}
