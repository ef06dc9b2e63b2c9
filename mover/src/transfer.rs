//! Phase 2, Transfer data to vault: a point from the snapshot store into the vault's.

use std::path::Path;
use std::sync::Arc;

use base::{Code, PointId, Result};
use serde::Serialize;
use vault::{Phase, Vault, sync_point};

use crate::lock::{PhaseLock, Wait};
use crate::progress::{Counted, Event, Events, Meter};

/// What a transfer did.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferReport {
    /// The point.
    pub point: PointId,
    /// Whether it was skipped because an earlier transfer of the machine still runs (JOB-7).
    pub skipped: bool,
    /// Whether the vault had the point already.
    pub already_there: bool,
    /// Records copied as they are.
    pub copied: u64,
    /// Chunks encoded anew, because the vault lacks what their record rests on.
    pub encoded_anew: u64,
    /// Bytes put into the vault.
    pub stored: u64,
    /// Seconds it took.
    pub seconds: f64,
}

/// Copies `point` of the machine `uuid` from the snapshot store to the vault. The next point in
/// the vault holds all that changed since the last one *there* (JOB-8), whatever was skipped.
/// Killed at any moment it hurts no earlier point, and the next one goes on with what was sent
/// (XFER-12).
///
/// # Errors
/// Those of [`sync_point`].
pub async fn transfer(
    from: &Vault,
    to: &Arc<Vault>,
    uuid: &str,
    point: PointId,
    lock_dir: &Path,
    events: &dyn Events,
) -> Result<TransferReport> {
    let started = std::time::Instant::now();
    let mut report = TransferReport {
        point,
        skipped: false,
        already_there: false,
        copied: 0,
        encoded_anew: 0,
        stored: 0,
        seconds: 0.0,
    };
    let _lock = match PhaseLock::take(lock_dir, uuid, Phase::Transfer, Wait::No).await {
        Ok(lock) => lock,
        Err(e) if e.code() == Code::BackupInProgress => {
            let message =
                "transfer skipped: an earlier one of this machine is still running".to_owned();
            events.tell(Event::Warning { message });
            return Ok(TransferReport {
                skipped: true,
                ..report
            });
        }
        Err(e) => return Err(e),
    };
    let total = from
        .point(point)
        .await?
        .manifest
        .disks
        .iter()
        .map(|d| d.size)
        .sum();
    let meter = Meter::new(events, "Transfer data to vault", total);
    let told = |p: vault::SyncProgress| {
        let counted = Counted {
            stored: Some(p.stored),
            ..Counted::default()
        };
        meter.set_with(p.done, counted);
    };
    let done = sync_point(from, to, point, &told).await?;
    report.already_there = done.already_there;
    report.copied = done.copied;
    report.encoded_anew = done.encoded_anew;
    report.stored = done.stored;
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}
