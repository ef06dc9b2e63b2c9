//! `stillpoint backup list`

use base::{ByteSize, Result};
use serde::Serialize;

use crate::commands::job::consistency;
use crate::output::table;
use crate::points;
use crate::settings::Settings;
use crate::tiers::Tiers;
use crate::units::minute;

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

pub async fn run(settings: &Settings, machine: Option<&str>, last: usize) -> Result<()> {
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
