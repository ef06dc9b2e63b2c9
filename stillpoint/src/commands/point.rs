//! `stillpoint point list|show`; `export` and `remove` are in the folder.

mod export;
mod remove;

use base::{ByteSize, Result};
use hypervisor::{Consistency, Definition};
use serde::Serialize;

use super::job::consistency;
use super::remote;
use crate::cli::PointCommand;
use crate::output::{facts, table};
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers};
use crate::units::{instant, minute};

pub async fn run(settings: &Settings, command: PointCommand) -> Result<()> {
    let over = &settings.interrupt;
    match command {
        PointCommand::List { machine } if settings.asks_server(false) => {
            over.over(remote::list_points(settings, machine.as_deref()))
                .await
        }
        PointCommand::Show { point } if settings.asks_server(false) => {
            over.over(remote::show_point(settings, &point)).await
        }
        PointCommand::List { machine } => over.over(list(settings, machine.as_deref())).await,
        PointCommand::Show { point } => over.over(show(settings, &point)).await,
        PointCommand::Export(words) => export::run(settings, words).await,
        PointCommand::Remove { points, tier } => {
            let removal = async {
                let tiers = Tiers::open(settings).await?;
                remove::run(settings, &tiers, &points, tier).await
            };
            over.over(removal).await
        }
    }
}

async fn show(settings: &Settings, point: &str) -> Result<()> {
    let tiers = Tiers::open(settings).await?;
    let point = points::find(settings, &tiers, point).await?;
    settings.output.print(&Shown::of(&point)?, text)
}

async fn list(settings: &Settings, machine: Option<&str>) -> Result<()> {
    let tiers = Tiers::open(settings).await?;
    let all = points::list(settings, &tiers, machine).await?;
    let all: Vec<PointView> = all.iter().map(PointView::of).collect();
    settings.output.print(&all, |all| {
        let width = short(all);
        let rows = all.iter().map(|p| {
            let stored = p.vault_stored.or(p.snapshot_stored).unwrap_or_default();
            vec![
                p.id[..width].to_owned(),
                p.machine.clone().unwrap_or_else(|| "-".to_owned()),
                minute(&p.created_at),
                p.tiers.to_owned(),
                ByteSize(p.size).to_string(),
                ByteSize(stored).to_string(),
            ]
        });
        let headings = [
            "POINT",
            "~MACHINE",
            "TIME (UTC)",
            "TIERS",
            ">SIZE",
            ">STORED",
        ];
        table(&headings, rows)
    })
}

/// How many digits tell these points apart; 8 at least.
fn short(all: &[PointView]) -> usize {
    let mut ids: Vec<&str> = all.iter().map(|p| p.id.as_str()).collect();
    ids.sort_unstable();
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let longest = ids
        .windows(2)
        .map(|w| common(w[0], w[1]) + 1)
        .max()
        .unwrap_or(0);
    longest.clamp(8, 36)
}

/// A point in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PointView {
    id: String,
    machine: Option<String>,
    uuid: Option<String>,
    created_at: String,
    tiers: &'static str,
    consistency: Option<Consistency>,
    size: u64,
    snapshot_stored: Option<u64>,
    vault_stored: Option<u64>,
}

impl PointView {
    fn of(p: &Point) -> Self {
        let record = p.record.as_ref().ok();
        Self {
            id: p.id.to_string(),
            machine: record.map(|r| r.machine.name.clone()),
            uuid: record.map(|r| r.machine.uuid.clone()),
            created_at: p.created_at().to_owned(),
            tiers: p.tiers(),
            consistency: record.map(|r| r.consistency),
            size: p.size(),
            snapshot_stored: p.stored(Tier::Snapshot),
            vault_stored: p.stored(Tier::Vault),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    point: PointView,
    frozen_ms: u64,
    paused_ms: u64,
    definition: &'static str,
    uefi_variables: bool,
    disks: Vec<DiskView>,
    left_out: Vec<LeftOut>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiskView {
    name: String,
    size: u64,
    format: Option<hypervisor::ImageFormat>,
    tracker: Option<String>,
    reason: Option<String>,
    read: u64,
    sampled: u64,
    changed: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LeftOut {
    name: String,
    reason: String,
}

impl Shown {
    fn of(point: &Point) -> Result<Self> {
        let record = point.record()?;
        let disks = record
            .disks
            .iter()
            .zip(&point.info().manifest.disks)
            .map(|(d, root)| DiskView {
                name: d.name.clone(),
                size: root.size,
                format: record
                    .machine
                    .disks
                    .iter()
                    .find(|m| m.name == d.name)
                    .map(|m| m.format),
                tracker: d.tracker.clone(),
                reason: d.reason.clone(),
                read: d.read,
                sampled: d.sampled,
                changed: d.changed,
            });
        let left_out = record
            .machine
            .disks
            .iter()
            .filter(|m| record.disks.iter().all(|d| d.name != m.name));
        let left_out = left_out.map(|m| LeftOut {
            name: m.name.clone(),
            reason: match &m.choice {
                hypervisor::DiskChoice::Excluded(why) => why.clone(),
                hypervisor::DiskChoice::Included => "not asked for".to_owned(),
            },
        });
        let (definition, uefi_variables) = match &record.definition {
            Definition::Libvirt { nvram, .. } => ("libvirt", nvram.is_some()),
            Definition::Qemu { nvram, .. } => ("qemu", nvram.is_some()),
            Definition::Image => ("image", false),
        };
        Ok(Self {
            point: PointView::of(point),
            frozen_ms: record.frozen_ms,
            paused_ms: record.paused_ms,
            definition,
            uefi_variables,
            disks: disks.collect(),
            left_out: left_out.collect(),
            warnings: record.warnings.clone(),
        })
    }
}

fn text(s: &Shown) -> String {
    let p = &s.point;
    let stored = |n: Option<u64>| n.map_or("-".to_owned(), |n| ByteSize(n).to_string());
    let definition = match s.definition {
        "libvirt" => "libvirt domain",
        "qemu" => "QEMU command line",
        _ => "none: an image was backed up",
    };
    let with = if s.uefi_variables {
        ", with UEFI variables"
    } else {
        ""
    };
    let mut out = facts(&[
        ("Point", p.id.clone()),
        ("Machine", p.machine.clone().unwrap_or_default()),
        ("UUID", p.uuid.clone().unwrap_or_default()),
        ("Time (UTC)", instant(&p.created_at)),
        ("Tiers", p.tiers.to_owned()),
        (
            "Consistency",
            p.consistency.map_or("-", consistency).to_owned(),
        ),
        ("Frozen", format!("{} ms", s.frozen_ms)),
        ("Paused", format!("{} ms", s.paused_ms)),
        (
            "Stored",
            format!(
                "snapshot store {}, vault {}",
                stored(p.snapshot_stored),
                stored(p.vault_stored)
            ),
        ),
        ("Definition", format!("{definition}{with}")),
    ]);
    let rows = s.disks.iter().map(|d| {
        let how = match (&d.tracker, &d.reason) {
            (Some(_), _) => "changed blocks".to_owned(),
            (None, why) => format!("all: {}", why.as_deref().unwrap_or("-")),
        };
        let size = |n| ByteSize(n).to_string();
        let format = d.format.map_or("-", super::vm::format_name).to_owned();
        vec![
            d.name.clone(),
            format,
            size(d.size),
            size(d.changed),
            size(d.read),
            how,
        ]
    });
    out += "\n";
    out += &table(
        &[
            "DISK",
            "FORMAT",
            ">SIZE",
            ">CHANGED",
            ">READ",
            "~WHAT WAS READ",
        ],
        rows,
    );
    for d in &s.left_out {
        out += &format!("\nLeft out: {}: {}", d.name, d.reason);
    }
    for w in &s.warnings {
        out += &format!("\nWarning: {w}");
    }
    out
}
