//! Items with their points and jobs, as so many days of backups leave them.

mod jobs;
mod points;

use anyhow::Result;
use base::{Clock, Code, Error};
use jiff::{SignedDuration, Timestamp};
use state::jobs::JobStatus;
use state::machines::Machine;
use state::policies::Policy;
use state::protected_items::{self as items, ItemBody, LastBackup, NewItem, ProtectionState};
use state::resources::Record;
use state::{WriteTx, resources};
use testkit::postgres::Postgres;

use crate::Size;
use crate::names::{GROUP, POLICY, item_name, vault_of};
use crate::server::{Server, told};

const DAY: i64 = 86_400;
/// Items that are filled in one transaction.
const AT_ONCE: usize = 200;
/// The items are due in turn: so many milliseconds from one to the next.
pub(crate) const BETWEEN: i64 = 720;

/// When the scheduled backups begin that come next: after all else was measured.
pub(crate) fn first_due(now: Timestamp) -> Timestamp {
    now + SignedDuration::from_hours(1)
}

/// Protects each machine, and gives it its points and jobs.
pub(crate) async fn fill(server: &Server, size: Size) -> Result<()> {
    for first in (0..size.machines).step_by(AT_ONCE) {
        let mut tx = server.records.write().await.map_err(|e| told(&e))?;
        for number in first..size.machines.min(first + AT_ONCE) {
            one(server, &mut tx, size, number)
                .await
                .map_err(|e| told(&e))?;
        }
        tx.commit().await.map_err(|e| told(&e))?;
    }
    // Such records do not come within minutes: PostgreSQL would have seen to them.
    server.postgres.as_ref().map_or(Ok(()), Postgres::vacuum)
}

async fn one(server: &Server, tx: &mut WriteTx, size: Size, number: usize) -> base::Result<()> {
    let control = &server.control;
    let now = server.clock.now();
    let ago = |days: usize| now - SignedDuration::from_secs(days as i64 * DAY + number as i64);
    let machine = control.machine_id(GROUP, &item_name(number).machine);
    let policy = control.policy_id(GROUP, &vault_of(number), POLICY);
    let machine = found(resources::get::<Machine>(tx, &machine).await?)?;
    let policy = found(resources::get::<Policy>(tx, &policy).await?)?;
    let new = new_item(server, number, &machine, policy, ago);
    let item = items::create(tx, new).await?;
    for day in 0..size.points {
        points::create(tx, &item, &machine.body, (number, day), ago(day), size).await?;
    }
    for day in 0..size.jobs {
        jobs::create(tx, &item, (number, day), ago(day)).await?;
    }
    Ok(())
}

fn new_item(
    server: &Server,
    number: usize,
    machine: &Record<Machine>,
    policy: Record<Policy>,
    ago: impl Fn(usize) -> Timestamp,
) -> NewItem {
    let control = &server.control;
    let (name, vault) = (item_name(number), vault_of(number));
    let turn = SignedDuration::from_millis(number as i64 * BETWEEN);
    let failed = jobs::is_failed(number, 0);
    NewItem {
        id: control.item_id(GROUP, &vault, &name),
        vault: control.vault_id(GROUP, &vault),
        machine: machine.body.uuid,
        machine_group: machine.parent.clone(),
        policy: Some(policy.id),
        state: ProtectionState::Protected,
        next_run: Some(first_due(server.clock.now()) + turn),
        body: ItemBody {
            friendly_name: name.machine,
            source: machine.id.clone(),
            policy_name: policy.name,
            policy_seen: Some(policy.body.policy),
            last_backup: Some(LastBackup {
                at: ago(0),
                status: match failed {
                    true => JobStatus::Failed,
                    false => JobStatus::Completed,
                },
                code: failed.then(|| Code::HypervisorUnavailable.name().to_owned()),
                downgrade: None,
            }),
            last_point: Some(ago(0)),
            // A run is owed once it is looked at.
            scheduled_from: Some(ago(2)),
            owed_from: Some(ago(2)),
            vaulted_from: Some(ago(2)),
            data: Some(10 << 30),
            ..ItemBody::default()
        },
    }
}

fn found<T>(one: Option<T>) -> base::Result<T> {
    one.ok_or_else(|| Error::new(Code::ObjectNotFound, "a machine or policy"))
}
