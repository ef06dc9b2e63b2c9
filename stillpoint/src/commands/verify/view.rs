//! How a check's report is shown.

use std::collections::BTreeMap;

use base::{ByteSize, PointId};
use serde::Serialize;
use vault::{Finding, VerifyReport};

use crate::output::table;
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers};

/// What was found in one store.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    tier: Option<Tier>,
    points: u64,
    nodes: u64,
    chunks: u64,
    packs: u64,
    packs_left: u64,
    bytes: u64,
    damaged_objects: Vec<String>,
    findings: Vec<FindingView>,
}

impl Checked {
    /// Whether anything is damaged.
    pub fn is_damaged(&self) -> bool {
        !self.findings.is_empty() || !self.damaged_objects.is_empty()
    }
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

pub(super) type Names = BTreeMap<PointId, Point>;

/// The points that damage hurts, as far as they can still be read.
pub(super) async fn names(settings: &Settings, report: &VerifyReport, tiers: &Tiers) -> Names {
    if report.findings.is_empty() {
        return Names::new();
    }
    let all = points::list(settings, tiers, None)
        .await
        .unwrap_or_default();
    all.into_iter().map(|p| (p.id, p)).collect()
}

pub(super) fn checked(tier: Option<Tier>, report: VerifyReport, names: &Names) -> Checked {
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
        packs: report.packs,
        packs_left: report.packs_left,
        bytes: report.bytes,
        damaged_objects: report.damaged_objects,
        findings: report.findings.into_iter().map(view).collect(),
    }
}

pub(super) fn text(all: &[Checked]) -> String {
    let rows = all.iter().map(|c| {
        let result = match (c.findings.len(), c.damaged_objects.len()) {
            (0, 0) => "no damage".to_owned(),
            (0, n) => format!("{n} objects damaged"),
            (n, _) => format!("{n} damaged"),
        };
        vec![
            c.tier.map(|t| t.to_string()).unwrap_or_default(),
            c.points.to_string(),
            c.chunks.to_string(),
            c.packs.to_string(),
            c.packs_left.to_string(),
            ByteSize(c.bytes).to_string(),
            result,
        ]
    });
    let headings = [
        "TIER", ">POINTS", ">CHUNKS", ">PACKS", ">LEFT", ">READ", "RESULT",
    ];
    let mut out = table(&headings, rows);
    for c in all {
        out += &damage_text(c);
    }
    out
}

/// What is damaged, for people.
pub fn damage_text(c: &Checked) -> String {
    let mut out = String::new();
    for f in &c.findings {
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
    for (i, what) in c.damaged_objects.iter().enumerate() {
        out += if i == 0 { "\nDamaged: " } else { "Damaged: " };
        out += &format!("{what}\n");
    }
    out
}
