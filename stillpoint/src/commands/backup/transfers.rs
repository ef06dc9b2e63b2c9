//! `stillpoint backup transfer`

use std::sync::Arc;

use base::{ByteSize, Code, Error, Result};
use mover::TransferReport;
use serde::Serialize;

use crate::commands::WARNINGS;
use crate::errors::ErrorView;
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tiers, again};
use crate::units::seconds;

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

/// Transfers the newest point of a machine.
pub async fn one(settings: &Settings, machine: &str) -> Result<u8> {
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

/// Transfers the newest point of every machine; each error is told, and costs code 3.
pub async fn all(settings: &Settings) -> Result<u8> {
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
