//! `stillpoint vault repair`

use base::{Code, Error, Kind, Result};
use mover::{Event, Events};
use serde::Serialize;
use vault::{RepairReport, Store, Surroundings, VerifyEvent};

use super::verify::{self, Checked, damage_text};
use crate::output::facts;
use crate::settings::{Settings, Snapshots};
use crate::tiers::{Tiers, vault_place};
use crate::{keys, ownership, stores};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Repaired {
    location: String,
    objects: Vec<String>,
    segments: Vec<String>,
    records: u64,
    moved: u64,
    unhealed: Vec<String>,
    /// What is damaged still; nothing if the store can't be opened.
    after: Option<Checked>,
}

pub async fn run(settings: &Settings, store: Option<&str>, from: &[String]) -> Result<u8> {
    let from = from
        .iter()
        .map(|place| stores::existing(place))
        .collect::<Result<Vec<Store>>>()?;
    let mut targets = vec![stores::existing(vault_place(settings, store)?)?];
    if let (None, Snapshots::Store(place)) = (store, &settings.snapshots) {
        match stores::existing(place) {
            // Not made before the first backup.
            Err(e) if e.code() == Code::NotAVault => {}
            snapshots => targets.push(snapshots?),
        }
    }
    let mut objects = Vec::new();
    for place in targets.iter().chain(&from) {
        objects.extend(vault::rescue::key_objects(place).await?);
    }
    let ring = keys::any_ring(settings, &objects, &targets[0].to_string()).await?;
    let mut all = Vec::new();
    for (i, target) in targets.iter().enumerate() {
        let others = targets.iter().enumerate().filter(|(j, _)| *j != i);
        let others: Vec<Store> = others.map(|o| o.1.clone()).chain(from.clone()).collect();
        if others.iter().any(|o| o.to_string() == target.to_string()) {
            let what = format!("{target} can't be repaired from itself");
            return Err(Error::new(Code::BadArgument, what));
        }
        ownership::may_write(settings, target).await?;
        settings.reporter.tell(Event::Step {
            what: format!("Repairing {target}"),
        });
        let tell = |event: VerifyEvent<'_>| verify::progress(settings, event);
        let around = Surroundings::system();
        let report = vault::repair(target, &ring, &others, &around, &tell).await;
        let report = report.map_err(|e| e.during(target))?;
        all.push(repaired(settings, target, report).await);
    }
    settings.reporter.clear();
    let damaged = all
        .iter()
        .any(|r| r.after.as_ref().is_none_or(Checked::is_damaged));
    settings.output.print(&all, |all| {
        all.iter().map(text).collect::<Vec<_>>().join("\n")
    })?;
    Ok(if damaged {
        Kind::Integrity.exit_code()
    } else {
        0
    })
}

async fn repaired(settings: &Settings, target: &Store, report: RepairReport) -> Repaired {
    let after = match report.after {
        None => None,
        Some(after) => {
            // Names make findings readable; without them ids must do.
            let tiers = match after.findings.is_empty() {
                true => None,
                false => Tiers::open(settings).await.ok(),
            };
            Some(match tiers {
                Some(tiers) => verify::of(settings, None, after, &tiers).await,
                None => verify::unnamed(after),
            })
        }
    };
    Repaired {
        location: target.to_string(),
        objects: report.objects,
        segments: report.segments,
        records: report.records,
        moved: report.moved,
        unhealed: report.unhealed,
        after,
    }
}

fn text(r: &Repaired) -> String {
    let count = |n: usize| n.to_string();
    let state = match &r.after {
        None => "can't be opened",
        Some(c) if c.is_damaged() => "damaged still",
        Some(_) => "no damage",
    };
    let mut out = facts(&[
        ("Store", r.location.clone()),
        ("Objects put back", count(r.objects.len())),
        ("Segments made anew", count(r.segments.len())),
        ("Records put back", r.records.to_string()),
        ("Records moved", r.moved.to_string()),
        ("Now", state.to_owned()),
    ]);
    for what in &r.unhealed {
        out += &format!("Not healed: {what}\n");
    }
    if let Some(after) = &r.after {
        out += &damage_text(after);
    }
    out
}
