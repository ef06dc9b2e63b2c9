//! Alerts: what somebody should look at, until its cause is gone or they say so (MON-2, 3, 6).
//!
//! One alert of a rule is open for a target at a time: while it fires and was not closed, what
//! happens again is counted in it.

use base::Result;
use jiff::Timestamp;
pub use policy::AlertRule;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::{Row, Select, Tx, WriteTx, json_of, name_of, whole};
use crate::fold::{below, fold};
use crate::resources::{changed_meanwhile, gone};

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its id.
    pub id: Uuid,
    /// The folded id of the vault that it is of.
    pub vault: String,
    /// The folded id of what it is about: an item, a policy, or the vault.
    pub target: String,
    /// What it tells of.
    pub rule: AlertRule,
    /// What people made of it.
    pub state: AlertState,
    /// When it was raised first.
    pub fired_at: Timestamp,
    /// Since when its cause is gone; `None`: it fires.
    pub resolved_at: Option<Timestamp>,
    /// When it was changed last.
    pub changed: Timestamp,
    /// 1 when raised, one more with each change.
    pub revision: i64,
    /// The rest.
    pub body: AlertBody,
}

/// What people made of an alert (MON-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertState {
    /// Nobody has looked at it.
    New,
    /// Somebody has.
    Acknowledged,
    /// Somebody has made it inactive.
    Closed,
}

/// What is kept of an alert beside what it is searched by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertBody {
    /// The vault's id, as first written.
    pub vault: String,
    /// The target's id, as first written.
    pub target: String,
    /// The target's name for people.
    pub entity: String,
    /// The name of the error's code, which has cause and remedy.
    pub code: Option<String>,
    /// What happened last.
    pub detail: String,
    /// The job that it comes from.
    pub job: Option<Uuid>,
    /// How often it happened.
    pub count: u64,
    /// When the work began that it happened in last: what was done since may be the end of it.
    pub since: Timestamp,
    /// The name of who changed its state last; `None`: the server.
    pub changed_by: Option<String>,
}

/// What is raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// Its id, if it is a new one.
    pub id: Uuid,
    /// What it tells of.
    pub rule: AlertRule,
    /// The rest; its count is 1, whatever was given.
    pub body: AlertBody,
}

const FROM: &str = "SELECT id, vault, target, rule, state, fired_at, resolved_at, changed,
    revision, body FROM alerts";

/// Raises an alert, or counts what happened again in the one that is open.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn raise(tx: &mut WriteTx, new: NewAlert) -> Result<Alert> {
    let target = fold(&new.body.target);
    let open = Select::new(FROM)
        .with("target = ?", [target.as_str().into()])
        .with("rule = ?", [name_of(&new.rule)?])
        .with("resolved_at IS NULL AND state <> 'Closed'", []);
    if let Some(mut open) = all(tx, open, "id", 1).await?.pop() {
        let count = open.body.count + 1;
        open.body = AlertBody { count, ..new.body };
        return update(tx, open).await;
    }
    let alert = Alert {
        id: new.id,
        vault: fold(&new.body.vault),
        target,
        rule: new.rule,
        state: AlertState::New,
        fired_at: tx.now(),
        resolved_at: None,
        changed: tx.now(),
        revision: 1,
        body: AlertBody {
            count: 1,
            ..new.body
        },
    };
    let sql = "INSERT INTO alerts
         (id, vault, target, rule, state, fired_at, resolved_at, changed, revision, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        alert.id.to_string().into(),
        alert.vault.as_str().into(),
        alert.target.as_str().into(),
        name_of(&alert.rule)?,
        name_of(&alert.state)?,
        alert.fired_at.into(),
        alert.resolved_at.into(),
        alert.changed.into(),
        alert.revision.into(),
        json_of(&alert.body)?,
    ];
    tx.execute(sql, values).await?;
    Ok(alert)
}

/// The alert of this id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<Alert>> {
    let select = Select::new(FROM).with("id = ?", [id.to_string().into()]);
    Ok(all(tx, select, "id", 1).await?.pop())
}

/// Which alerts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of vaults that are this, or below it.
    pub scope: Option<String>,
    /// Those about this.
    pub target: Option<String>,
    /// Those that tell of this.
    pub rule: Option<AlertRule>,
    /// Those that people made this of.
    pub state: Option<AlertState>,
    /// Those that fire, or those that don't.
    pub fires: Option<bool>,
    /// Those raised at this time or later.
    pub from: Option<Timestamp>,
    /// Those raised before this time.
    pub to: Option<Timestamp>,
}

/// At most `limit` alerts, newest first, beginning behind the one of this time and id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Alert>> {
    let rule = filter.rule.as_ref().map(name_of).transpose()?;
    let state = filter.state.as_ref().map(name_of).transpose()?;
    let mut select = Select::new(FROM)
        .with_some("target = ?", filter.target.as_deref().map(fold))
        .with_some("rule = ?", rule)
        .with_some("state = ?", state)
        .with_some("fired_at >= ?", filter.from.map(whole))
        .with_some("fired_at < ?", filter.to.map(whole));
    select = match filter.fires {
        Some(true) => select.with("resolved_at IS NULL", []),
        Some(false) => select.with("resolved_at IS NOT NULL", []),
        None => select,
    };
    if let Some(scope) = &filter.scope {
        let (first, end) = below(scope);
        let values = [fold(scope).into(), first.into(), end.into()];
        select = select.with("(vault = ? OR vault > ? AND vault < ?)", values);
    }
    if let Some((at, id)) = after {
        let values = [at.into(), id.to_string().into()];
        select = select.with("(fired_at, id) < (?, ?)", values);
    }
    all(tx, select, "fired_at DESC, id DESC", limit).await
}

/// At most `limit` alerts that fire and whose cause may go by itself, by id, beginning after this
/// one. With `since` without those whose item has not changed from then on, unless something else
/// than the item decides.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn firing(
    tx: &mut Tx,
    since: Option<Timestamp>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Alert>> {
    let mut select = Select::new(FROM)
        .with("resolved_at IS NULL", [])
        .with("rule NOT IN ('PurgeComplete', 'RetentionReduced')", [])
        .with_some("id > ?", after.map(|id| id.to_string()));
    if let Some(since) = since {
        let values = [since.into(), since.into()];
        select = select.with(
            "(changed >= ? OR rule IN ('RestoreFailed', 'SoftDeleteDisabled')
              OR NOT EXISTS (SELECT 1 FROM protected_items AS items
                WHERE items.id = target AND items.changed < ?))",
            values,
        );
    }
    all(tx, select, "id", limit).await
}

/// Writes state, end and body of an alert that was read, if nobody has changed it since; returns
/// it at its new revision.
///
/// # Errors
/// `PreconditionFailed` when it is at another revision, `ResourceNotFound` when it is gone; after
/// both the transaction may go on. Those of the database.
pub async fn update(tx: &mut WriteTx, alert: Alert) -> Result<Alert> {
    let sql = "UPDATE alerts SET revision = revision + 1, state = $3, resolved_at = $4,
           changed = $5, body = $6
         WHERE id = $1 AND revision = $2";
    let resolved_at = alert.resolved_at.map(whole);
    let changed = tx.now();
    let values = [
        alert.id.to_string().into(),
        alert.revision.into(),
        name_of(&alert.state)?,
        resolved_at.into(),
        changed.into(),
        json_of(&alert.body)?,
    ];
    match tx.execute(sql, values).await? {
        0 => {
            let what = format!("alert {}", alert.id);
            Err(match get(tx, alert.id).await? {
                Some(_) => changed_meanwhile(&what),
                None => gone(&what),
            })
        }
        _ => Ok(Alert {
            resolved_at,
            changed,
            revision: alert.revision + 1,
            ..alert
        }),
    }
}

/// Removes the alerts that were changed last before a time: of those that fire and are not
/// closed, only those from before `open`. Returns how many.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut WriteTx, before: Timestamp, open: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM alerts WHERE changed < $2 OR
         changed < $1 AND (resolved_at IS NOT NULL OR state = 'Closed')";
    tx.execute(sql, [before.into(), open.into()]).await
}

async fn all(tx: &mut Tx, select: Select, order: &str, limit: u32) -> Result<Vec<Alert>> {
    let (sql, values) = select.page(order, limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(alert).collect()
}

fn alert(row: &Row) -> Result<Alert> {
    Ok(Alert {
        id: row.name(0)?,
        vault: row.string(1)?,
        target: row.string(2)?,
        rule: row.name(3)?,
        state: row.name(4)?,
        fired_at: row.time(5)?,
        resolved_at: row.optional_time(6)?,
        changed: row.time(7)?,
        revision: row.int(8)?,
        body: row.json(9)?,
    })
}
