//! The checks of one item.

use std::collections::{BTreeMap, HashMap};

use base::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use policy::Consistency;
use state::machines::Machine;
use state::policies::Policy;
use state::protected_items::{HealthFinding, ProtectedItem};
use state::resources::Record;
use state::{Tx, fold};

use super::SILENT;
use crate::Control;
use crate::reconcile::edits::spread;

/// How long after the end of its spread a run may be late before it is told of.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// What the checks go by: all of it as at one moment.
pub(super) struct Checks {
    pub(super) now: Timestamp,
    /// The names of hosts that don't answer, by folded id.
    pub(super) silent_hosts: BTreeMap<String, String>,
    pub(super) machines: HashMap<String, Record<Machine>>,
    pub(super) policies: HashMap<String, Record<Policy>>,
    /// What is wrong with vaults, by folded id.
    pub(super) of_vaults: BTreeMap<String, HealthFinding>,
    /// Whether there is any lock, and any rule for groups.
    pub(super) has_locks: bool,
    pub(super) has_rules: bool,
}

/// An error that the next backup would end with, or a warning of it.
pub(super) fn finding(error: &Error, critical: bool) -> HealthFinding {
    HealthFinding {
        code: error.code().name().to_owned(),
        critical,
        message: error.detail().to_owned(),
        background: true,
    }
}

impl Checks {
    /// What is wrong with an item that is backed up.
    pub(super) async fn of(
        &self,
        control: &Control,
        tx: &mut Tx,
        item: &ProtectedItem,
    ) -> Result<Vec<HealthFinding>> {
        let policy = item.policy.as_ref().and_then(|id| self.policies.get(id));
        let mut found: Vec<HealthFinding> = self
            .of_vaults
            .get(&item.vault)
            .cloned()
            .into_iter()
            .collect();
        match self.of_source(item, policy) {
            Ok(warnings) => found.extend(warnings),
            Err(e) => found.push(finding(&e, true)),
        }
        found.extend(self.overdue(control, item, policy));
        if self.has_locks || self.has_rules {
            found.extend(self.of_snapshots(control, tx, item, policy).await?);
        }
        Ok(found)
    }

    /// The machine, its host and its agent.
    fn of_source(
        &self,
        item: &ProtectedItem,
        policy: Option<&Record<Policy>>,
    ) -> Result<Vec<HealthFinding>> {
        let name = &item.body.friendly_name;
        let machine = self.machines.get(&fold(&item.body.source));
        let Some(machine) = machine.filter(|m| m.body.vanished.is_none()) else {
            let detail = format!("machine {name} is no longer on its host");
            return Err(Error::new(Code::MachineNotFound, detail));
        };
        let machine = &machine.body;
        if let Some(other) = machine.also_on.first() {
            let detail = format!("{name} is on {} and on {other}", machine.host);
            return Err(Error::new(Code::MachineInConflict, detail));
        }
        if let Some(host) = self.silent_hosts.get(&machine.host) {
            let detail = format!("host {host} does not answer");
            return Err(Error::new(Code::HypervisorUnavailable, detail));
        }
        let mut found = Vec::new();
        let asks = policy.is_none_or(|p| p.body.policy.consistency != Consistency::OnlyCrash);
        let lost = machine.agent_lost.as_ref();
        if let Some(lost) = lost.filter(|l| asks && self.now.duration_since(l.since) >= SILENT) {
            let what = match lost.absent {
                true => "has no channel for a guest agent",
                false => "has a guest agent that does not answer",
            };
            let error = Error::new(Code::AgentUnavailable, format!("{name} {what}"));
            let refuses = policy.is_some_and(|p| p.body.extension.refuse_downgrades);
            found.push(finding(&error, refuses));
        }
        let chosen = item.body.disks.iter().flat_map(|d| &d.luns);
        let is_there = |lun: &u16| machine.disks.iter().any(|d| d.lun == Some(*lun));
        let missing: Vec<String> = chosen
            .filter(|l| !is_there(l))
            .map(u16::to_string)
            .collect();
        if !missing.is_empty() {
            let detail = format!(
                "disks were chosen by numbers that {name} has none of: {}",
                missing.join(", ")
            );
            found.push(finding(&Error::new(Code::DiskNotFound, detail), false));
        }
        Ok(found)
    }

    /// No point was made although a run was due a day ago.
    fn overdue(
        &self,
        control: &Control,
        item: &ProtectedItem,
        policy: Option<&Record<Policy>>,
    ) -> Option<HealthFinding> {
        let policy = &policy?.body.policy;
        let owed = item.body.owed_from.unwrap_or(item.created);
        let from = item.body.last_point.map_or(owed, |last| last.max(owed));
        let due = policy.schedule.next_after(from, &policy.zone)?;
        let late = due.saturating_add(spread(item, control.options.start_spread));
        let late = late.and_then(|at| at.checked_add(LATE)).ok()?;
        let detail = || match item.body.last_point {
            Some(last) => format!("the newest recovery point is of {last}; one was due at {due}"),
            None => format!("there is no recovery point; one was due at {due}"),
        };
        (self.now >= late).then(|| finding(&Error::new(Code::BackupOverdue, detail()), true))
    }

    /// What locks and rules do to the next snapshot, and to those that are to go.
    async fn of_snapshots(
        &self,
        control: &Control,
        tx: &mut Tx,
        item: &ProtectedItem,
        policy: Option<&Record<Policy>>,
    ) -> Result<Vec<HealthFinding>> {
        let Some(machine) = self.machines.get(&fold(&item.body.source)) else {
            return Ok(Vec::new());
        };
        let location = &machine.body.location;
        let policy = policy.map(|p| &p.body.policy);
        let checked = control.check_snapshot_group(tx, item, policy, location);
        match checked.await {
            Ok(()) => Ok(Vec::new()),
            Err((e, critical)) if is_finding(&e) => Ok(vec![finding(&e, critical)]),
            Err((e, _)) => Err(e),
        }
    }
}

/// Whether it tells of a lock or a rule, and not of the records.
fn is_finding(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::ScopeLocked | Code::SnapshotGroupDisallowed
    )
}
