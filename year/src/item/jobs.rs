//! What an item's backups did, against what the rules say of each: its start, the end of its
//! snapshot, the end of its transfer.

use state::jobs::JobStatus;
use uuid::Uuid;

use super::words::{Stands, stands};
use super::{Item, Own, Standing, seconds};
use crate::rules::UNITS;

/// How often a scheduled run that failed is tried again.
const RETRIES: usize = 3;

impl Item {
    pub(super) fn started(&mut self, at: i64, id: Uuid) -> Result<(), String> {
        let (name, active) = (&self.name, self.standing == Standing::Active);
        let Some(seen) = self.jobs.get_mut(&id) else {
            return Ok(());
        };
        seen.started = true;
        if !active {
            return Err(format!(
                "{name}: job {id} started at {at} without active protection"
            ));
        }
        if self.promised.contains_key(&id) {
            return Ok(());
        }
        if seen.job.body.by_user {
            return Err(format!("{name}: nobody asked for job {id}"));
        }
        let owed = self.version.latest_due(self.from, at - self.spread);
        let Some(due) = owed else {
            return Err(format!(
                "{name}: job {id} started at {at}, and no run was owed since {}",
                self.from
            ));
        };
        seen.due = Some(due);
        self.from = due;
        Ok(())
    }

    pub(super) fn taken(
        &mut self,
        at: i64,
        id: Uuid,
        new: &mut Vec<(i64, i64)>,
    ) -> Result<(), String> {
        let others = self.sending(id, at);
        let Some(seen) = self.jobs.get_mut(&id) else {
            return Ok(());
        };
        seen.taken = true;
        let [snapshot, transfer] = &seen.job.body.tasks[..] else {
            return Ok(());
        };
        let (due, snapshot_stands) = (seen.due, stands(snapshot)?);
        if snapshot_stands != Stands::Completed {
            // Its code says whether it may pass.
            let code = seen.job.body.errors.first().map(|e| e.code.as_str());
            let may_pass = code == Some("HypervisorUnavailable");
            if let (Some(due), Stands::Failed) = (due, snapshot_stands) {
                if may_pass && self.tries < RETRIES {
                    self.from = due - 1;
                    self.tries += 1;
                } else {
                    self.tries = 0;
                }
            }
            return Ok(());
        }
        let began = snapshot.started_at.map_or(at, seconds);
        let place = new
            .iter()
            .position(|(_, taken)| (began..=at).contains(taken));
        let Some(place) = place else {
            return Err(format!(
                "{}: job {id} made no point from {began} to {at}",
                self.name
            ));
        };
        let (number, taken) = new.remove(place);
        let until = self.promised.get(&id).copied();
        // The rules: on demand always; else when a day has ended, unless another is under way.
        let ended = due.map(|due| !self.version.ended(self.since, due).is_empty());
        let skipped = stands(transfer)? == Stands::Skipped;
        let right = match (ended, others) {
            (None, _) => !skipped,
            (Some(false), _) | (_, Others::One) => skipped,
            (Some(true), Others::None) => !skipped,
            (Some(true), Others::Perhaps) => true,
        };
        if !right {
            return Err(format!(
                "{}: the transfer of job {id} (due {due:?}, since {}, ended {ended:?}, others {others:?}) is {:?}",
                self.name, self.since, transfer.status
            ));
        }
        if skipped {
            self.tries = 0;
        }
        let mut own = Own {
            number,
            job: id,
            taken,
            marks: Vec::new(),
            until,
            snapshot: true,
            vault: false,
            snapshot_until: 0,
            vault_until: 0,
            sent: !skipped,
        };
        own.reckon(&self.version);
        self.points.push(own);
        Ok(())
    }

    /// Whether another transfer of the machine went on at a time.
    fn sending(&self, job: Uuid, at: i64) -> Others {
        let mut found = Others::None;
        for seen in self.jobs.values().filter(|s| s.job.id != job) {
            let Some(transfer) = seen.job.body.tasks.get(1) else {
                continue;
            };
            let Some(start) = transfer.started_at.map(seconds) else {
                continue;
            };
            // Failed with its snapshot, it never ran.
            if stands(&seen.job.body.tasks[0]) != Ok(Stands::Completed) {
                continue;
            }
            let end = transfer.ended_at.map_or(i64::MAX, seconds);
            match at {
                at if at == start || at == end => found = Others::Perhaps,
                at if at > start && at < end => return Others::One,
                _ => {}
            }
        }
        found
    }

    pub(super) fn sent(&mut self, id: Uuid) -> Result<(), String> {
        let Some(seen) = self.jobs.get_mut(&id) else {
            return Ok(());
        };
        seen.sent = true;
        let [snapshot, transfer] = &seen.job.body.tasks[..] else {
            return Ok(());
        };
        let (due, status) = (seen.due, stands(transfer)?);
        let expected = match (stands(snapshot)?, status) {
            (Stands::Completed, Stands::Completed | Stands::Skipped) => JobStatus::Completed,
            (Stands::Completed, Stands::Failed) => JobStatus::CompletedWithWarnings,
            (_, Stands::Failed) => JobStatus::Failed,
            _ => JobStatus::Cancelled,
        };
        if seen.job.status != expected {
            return Err(format!(
                "{}: job {id} is {:?}, not {expected:?}",
                self.name, seen.job.status
            ));
        }
        let Some(own) = self.points.iter_mut().find(|p| p.job == id) else {
            return Ok(());
        };
        own.sent = false;
        self.tries = 0;
        if status != Stands::Completed {
            return Ok(());
        }
        own.vault = true;
        if let Some(due) = due {
            let ended = self.version.ended(self.since, due);
            let marked = UNITS.into_iter().filter(|unit| {
                let chosen = ended.iter().any(|date| self.version.chooses(*unit, *date));
                self.version.count(*unit).is_some() && chosen
            });
            own.marks = marked.map(|unit| (unit, None)).collect();
            self.since = self.since.max(due);
        }
        own.reckon(&self.version);
        Ok(())
    }
}

/// Whether another transfer goes on.
#[derive(Debug, Clone, Copy)]
enum Others {
    None,
    /// It began or ended at that very second.
    Perhaps,
    One,
}
