//! `stillpoint verify`

use std::collections::BTreeMap;

use base::{ByteSize, Kind, PointId, Result};
use mover::{Event, Events, Progress};
use serde::Serialize;
use vault::{Finding, Level, VerifyReport};

use crate::cli::{LevelWord, Verify};
use crate::output::table;
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    tier: Tier,
    points: u64,
    nodes: u64,
    chunks: u64,
    bytes: u64,
    findings: Vec<FindingView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingView {
    point: String,
    machine: Option<String>,
    disk: Option<String>,
    /// Offset and length in bytes.
    extents: Vec<(u64, u64)>,
    what: String,
}

pub async fn run(settings: &Settings, words: Verify) -> Result<u8> {
    let tiers = Tiers::open(settings).await?;
    let mut named: Vec<Point> = Vec::new();
    for word in &words.points {
        named.push(points::find(settings, &tiers, word).await?);
    }
    let level = match words.level {
        LevelWord::Structure => Level::Structure,
        LevelWord::Sealed => Level::Sealed,
        LevelWord::Full => Level::Full,
    };
    let mut all = Vec::new();
    for (tier, vault) in tiers.all() {
        let only: Vec<PointId> = named
            .iter()
            .filter(|p| p.places.iter().any(|place| place.0 == tier))
            .map(|p| p.id)
            .collect();
        if only.is_empty() && !named.is_empty() {
            continue;
        }
        settings.reporter.tell(Event::Step {
            what: format!("Checking the {tier}"),
        });
        let tell = |done, total| {
            let progress = Progress {
                done,
                total,
                rate: 0,
                seconds_left: None,
            };
            settings.reporter.tell(Event::Progress(progress));
        };
        let only = (!named.is_empty()).then_some(only.as_slice());
        let report = vault::verify(vault, level, only, &tell).await?;
        let names = names(settings, &report, &tiers).await;
        all.push(checked(tier, report, &names));
    }
    settings.reporter.clear();
    let damaged = all.iter().any(|c| !c.findings.is_empty());
    settings.output.print(&all, |all| text(all))?;
    Ok(if damaged {
        Kind::Integrity.exit_code()
    } else {
        0
    })
}

type Names = BTreeMap<PointId, Point>;

/// The points that damage hurts, as far as they can still be read.
async fn names(settings: &Settings, report: &VerifyReport, tiers: &Tiers) -> Names {
    if report.findings.is_empty() {
        return Names::new();
    }
    let all = points::list(settings, tiers, None)
        .await
        .unwrap_or_default();
    all.into_iter().map(|p| (p.id, p)).collect()
}

fn checked(tier: Tier, report: VerifyReport, names: &Names) -> Checked {
    let view = |f: Finding| {
        let point = names.get(&f.point);
        let record = point.and_then(|p| p.record.as_ref().ok());
        let disk = f.disk.map(|key| {
            let roots = point
                .map(|p| p.info().manifest.disks.as_slice())
                .unwrap_or_default();
            let at = roots.iter().position(|d| d.key == key);
            let known = at
                .and_then(|i| record?.disks.get(i))
                .map(|d| d.name.clone());
            known.unwrap_or_else(|| format!("{key:?}"))
        });
        FindingView {
            point: f.point.to_string(),
            machine: record.map(|r| r.machine.name.clone()),
            disk,
            extents: f
                .extents
                .extents()
                .iter()
                .map(|e| (e.offset, e.len))
                .collect(),
            what: f.what,
        }
    };
    Checked {
        tier,
        points: report.points,
        nodes: report.nodes,
        chunks: report.chunks,
        bytes: report.bytes,
        findings: report.findings.into_iter().map(view).collect(),
    }
}

fn text(all: &[Checked]) -> String {
    let rows = all.iter().map(|c| {
        let result = match c.findings.len() {
            0 => "no damage".to_owned(),
            n => format!("{n} damaged"),
        };
        let (points, chunks) = (c.points.to_string(), c.chunks.to_string());
        vec![
            c.tier.to_string(),
            points,
            chunks,
            ByteSize(c.bytes).to_string(),
            result,
        ]
    });
    let mut out = table(&["TIER", ">POINTS", ">CHUNKS", ">STORED", "RESULT"], rows);
    for f in all.iter().flat_map(|c| &c.findings) {
        let bytes: u64 = f.extents.iter().map(|e| e.1).sum();
        let machine = f.machine.as_deref().unwrap_or("unknown machine");
        out += &format!("\nPoint {} of {machine}: {}\n", f.point, f.what);
        if let Some(disk) = &f.disk {
            out += &format!("  disk {disk}: {} can't be restored", ByteSize(bytes));
            let places: Vec<String> = f
                .extents
                .iter()
                .take(5)
                .map(|(at, len)| format!("{at}+{len}"))
                .collect();
            let more = if f.extents.len() > 5 { ", …" } else { "" };
            out += &format!(", at {}{more}\n", places.join(", "));
        }
    }
    out
}
