//! `stillpoint rescue`

use std::path::{Path, PathBuf};

use base::{ByteSize, Code, Error, Kind, Result, durable};
use mover::{Events, PointRecord};
use serde::Serialize;
use vault::rescue::{Rescue, RescuePoint, Standing};
use vault::{DiskRoot, PointState};

use self::image::write_image;
use crate::cli::Rescue as Words;
use crate::commands::restore::image_name;
use crate::output::table;
use crate::settings::Settings;
use crate::units::minute;
use crate::{keys, stores};

mod image;

pub async fn run(settings: &Settings, words: Words) -> Result<u8> {
    let store = stores::existing(&words.store)?;
    let objects = vault::rescue::key_objects(&store).await?;
    let ring = keys::any_ring(settings, &objects, &words.store).await?;
    settings.reporter.tell(mover::Event::Step {
        what: format!("Looking through {store}"),
    });
    let rescue = Rescue::open(&store, &ring).await?;
    settings.reporter.clear();
    let found = rescue.found();
    if objects.is_empty() && found.packs == 0 && rescue.points().is_empty() {
        let what = format!("{store} holds nothing of a vault");
        return Err(Error::new(Code::NotAVault, what));
    }
    if words.list {
        let listed = Listed::of(&rescue);
        settings.output.print(&listed, list_text)?;
        return Ok(0);
    }
    let folder = words.to.as_deref().unwrap_or(Path::new("."));
    let word = words.point.as_deref().unwrap_or_default();
    let jobs = jobs_of(find(&rescue, word)?, &words.disk, folder)?;
    if let Some(job) = jobs.iter().find(|j| j.path.exists()) {
        let what = format!("{} exists", job.path.display());
        return Err(Error::new(Code::TargetExists, what));
    }
    durable::make_folder(folder)?;
    let mut written = Vec::new();
    for job in &jobs {
        written.push(write_image(settings, &rescue, job).await?);
    }
    settings.reporter.clear();
    let incomplete = written.iter().any(|w| w.missing > 0);
    settings.output.print(&written, |w| written_text(w))?;
    Ok(if incomplete {
        Kind::Integrity.exit_code()
    } else {
        0
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    packs: u64,
    records: u64,
    damaged: Vec<String>,
    points: Vec<PointView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PointView {
    id: String,
    machine: Option<String>,
    uuid: Option<String>,
    created_at: String,
    attempt: bool,
    standing: &'static str,
    disks: Vec<DiskView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiskView {
    name: String,
    size: u64,
}

fn record(point: &RescuePoint) -> Option<PointRecord> {
    serde_json::from_slice(point.sealed.as_ref().ok()?).ok()
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Committed => "committed",
        Standing::Removed => "removed",
        Standing::NotCommitted => "notCommitted",
        Standing::Unknown => "unknown",
    }
}

impl Listed {
    fn of(rescue: &Rescue) -> Self {
        let point = |p: &RescuePoint| {
            let record = record(p);
            let disks = p.manifest.disks.iter().enumerate().map(|(i, d)| DiskView {
                name: disk_name(record.as_ref(), i),
                size: d.size,
            });
            PointView {
                id: p.manifest.point.to_string(),
                disks: disks.collect(),
                machine: record.as_ref().map(|r| r.machine.name.clone()),
                uuid: record.map(|r| r.machine.uuid),
                created_at: p.manifest.created_at.clone(),
                attempt: p.manifest.state == PointState::Attempt,
                standing: standing(p.standing),
            }
        };
        let found = rescue.found();
        Self {
            packs: found.packs,
            records: found.records,
            damaged: found.damaged.clone(),
            points: rescue.points().iter().map(point).collect(),
        }
    }
}

/// A disk's name, or its place where the key at hand does not open the record.
fn disk_name(record: Option<&PointRecord>, i: usize) -> String {
    let known = record.and_then(|r| r.disks.get(i));
    known.map_or_else(|| format!("disk{i}"), |d| d.name.clone())
}

/// The point of this id or beginning of one; of several manifests the one that counts most.
fn find<'a>(rescue: &'a Rescue, word: &str) -> Result<&'a RescuePoint> {
    let wanted = word.to_ascii_lowercase();
    let fits = |p: &&RescuePoint| p.manifest.point.to_string().starts_with(&wanted);
    let mut found: Vec<_> = rescue.points().iter().filter(fits).collect();
    found.sort_by_key(|p| match p.standing {
        Standing::Committed => 0,
        Standing::Unknown => 1,
        Standing::NotCommitted => 2,
        Standing::Removed => 3,
    });
    let missing = || {
        Error::new(
            Code::PointNotFound,
            format!("no point `{word}` is left: `stillpoint rescue STORE --list` gives the ids"),
        )
    };
    let first = *found
        .first()
        .filter(|_| !wanted.is_empty())
        .ok_or_else(missing)?;
    let others = found
        .iter()
        .filter(|p| p.manifest.point != first.manifest.point);
    match others.count() {
        0 => Ok(first),
        n => Err(Error::new(
            Code::BadArgument,
            format!(
                "`{word}` is the beginning of {} points' ids: give more of it",
                n + 1
            ),
        )),
    }
}

/// A disk to be written.
struct Job {
    name: String,
    path: PathBuf,
    root: DiskRoot,
}

fn jobs_of(point: &RescuePoint, wanted: &[String], folder: &Path) -> Result<Vec<Job>> {
    let record = record(point);
    let machine = match &record {
        Some(record) => record.machine.name.clone(),
        None => point.manifest.point.to_string(),
    };
    let disks = point.manifest.disks.iter().enumerate();
    let all: Vec<Job> = disks
        .map(|(i, root)| {
            let name = disk_name(record.as_ref(), i);
            Job {
                path: folder.join(image_name(&machine, &name, "raw")),
                name,
                root: root.clone(),
            }
        })
        .collect();
    if let Some(name) = wanted.iter().find(|w| all.iter().all(|j| j.name != **w)) {
        let names: Vec<&str> = all.iter().map(|j| j.name.as_str()).collect();
        let what = format!(
            "point {} has no disk `{name}`; it has {}",
            point.manifest.point,
            names.join(", ")
        );
        return Err(Error::new(Code::DiskNotFound, what));
    }
    let is_wanted = |j: &Job| wanted.is_empty() || wanted.contains(&j.name);
    Ok(all.into_iter().filter(is_wanted).collect())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    disk: String,
    path: PathBuf,
    size: u64,
    /// Bytes that could not be read.
    missing: u64,
    /// Offset and length in bytes.
    extents: Vec<(u64, u64)>,
    reasons: Vec<String>,
    /// The file that lists them.
    list: Option<PathBuf>,
}

fn list_text(l: &Listed) -> String {
    let rows = l.points.iter().map(|p| {
        let disks: Vec<String> = p
            .disks
            .iter()
            .map(|d| format!("{} {}", d.name, ByteSize(d.size)))
            .collect();
        let what = match (p.standing, p.attempt) {
            (standing, true) => format!("attempt, {standing}"),
            ("notCommitted", _) => "never committed".to_owned(),
            (standing, _) => standing.to_owned(),
        };
        vec![
            p.id.clone(),
            p.machine.clone().unwrap_or_else(|| "-".to_owned()),
            minute(&p.created_at),
            what,
            disks.join(", "),
        ]
    });
    let mut out = table(
        &["POINT", "~MACHINE", "TIME (UTC)", "LOG SAYS", "~DISKS"],
        rows,
    );
    out += &format!("\n{} packs with {} records.\n", l.packs, l.records);
    for what in &l.damaged {
        out += &format!("Damaged: {what}\n");
    }
    out
}

fn written_text(all: &[Written]) -> String {
    let rows = all.iter().map(|w| {
        vec![
            w.disk.clone(),
            ByteSize(w.size).to_string(),
            match w.missing {
                0 => "nothing".to_owned(),
                n => ByteSize(n).to_string(),
            },
            w.path.display().to_string(),
        ]
    });
    let mut out = table(&["DISK", ">SIZE", ">MISSING", "~IMAGE"], rows);
    for w in all.iter().filter(|w| w.missing > 0) {
        out += &format!("\nDisk {}: {} missing, at", w.disk, ByteSize(w.missing));
        let places = w.extents.iter().take(5);
        let places: Vec<String> = places.map(|(at, len)| format!(" {at}+{len}")).collect();
        out += &places.join(",");
        if w.extents.len() > 5 {
            out += ", …";
        }
        if let Some(list) = &w.list {
            out += &format!("; all in {}", list.display());
        }
        for why in &w.reasons {
            out += &format!("\n  {why}");
        }
        out += "\n";
    }
    out
}
