//! The auditor: every 22 hours, are exactly the points there that there must be, in the records
//! and in the stores? It reads the records by itself, and reckons with nothing of `policy`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use control::Control;
use control::plane::Tier;
use control::scripted::Scripted;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags, Params, Row};
use state::jobs::{Filter, JobOperation};
use state::protected_items::ProtectionState;
use state::recovery_points::number_of;
use uuid::Uuid;

use crate::fleet::{Fleet, GROUP};
use crate::item::{Deed, Item, Standing};
use crate::rules::{Version, at};

/// An item as it is recorded.
struct Recorded {
    data_id: i64,
    state: ProtectionState,
    next_run: Option<i64>,
    deleted: bool,
}

/// How many points there are in a tier, and the sum of their numbers.
type Tally = (i64, i64);

pub(crate) struct Auditor {
    records: Connection,
    items: BTreeMap<usize, Item>,
    /// The items as they were recorded when it looked last.
    states: HashMap<Uuid, (ProtectionState, bool)>,
    began: i64,
    last: i64,
    /// Since when the server is up.
    pub(crate) up_since: i64,
    pub(crate) jobs: u64,
    pub(crate) compared: u64,
    pub(crate) made: u64,
}

const MICROS: i64 = 1_000_000;

impl Auditor {
    pub(crate) fn new(folder: &Path, now: i64) -> Result<Self, String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let records = Connection::open_with_flags(folder.join("state.db"), flags);
        Ok(Self {
            records: records.map_err(|e| e.to_string())?,
            items: BTreeMap::new(),
            states: HashMap::new(),
            began: now,
            last: now,
            up_since: now,
            jobs: 0,
            compared: 0,
            made: 0,
        })
    }

    pub(crate) fn has(&self, number: usize) -> bool {
        self.items.contains_key(&number)
    }

    pub(crate) fn is_first_day(&self) -> bool {
        self.last == self.began
    }

    /// An item's state when it was looked at last, and whether it is soft-deleted.
    pub(crate) fn state(&self, machine: Uuid) -> Option<(ProtectionState, bool)> {
        self.states.get(&machine).copied()
    }

    pub(crate) fn begin(
        &mut self,
        number: usize,
        name: &str,
        version: Rc<Version>,
        next_run: i64,
        now: i64,
    ) -> Result<(), String> {
        self.items
            .insert(number, Item::new(name, now, version, next_run)?);
        Ok(())
    }

    pub(crate) fn deed(&mut self, number: usize, now: i64, deed: Deed) {
        if let Some(item) = self.items.get_mut(&number) {
            item.deed(now, deed);
        }
    }

    pub(crate) fn promise(&mut self, number: usize, job: Uuid, until: i64) {
        if let Some(item) = self.items.get_mut(&number) {
            item.promise(job, until);
        }
    }

    /// Looks at everything.
    pub(crate) fn look(
        &mut self,
        control: &Arc<Control>,
        ask: &crate::life::Life,
        plane: &Scripted,
        fleet: &Fleet,
    ) -> Result<(), String> {
        let now = control.now().as_second();
        if let Some(broken) = plane.broken().first() {
            return Err(format!("a rule of the stores was broken: {broken}"));
        }
        ask.ask(async |control| self.jobs(control, fleet).await)?;
        let recorded = self.recorded()?;
        let of_item: HashMap<i64, Uuid> = recorded.iter().map(|(m, r)| (r.data_id, *m)).collect();
        let mut new = self.new_points(now, &of_item)?;
        let tallies = self.tallies()?;
        let stored = stored(plane, fleet);
        let mut gone = Vec::new();
        for (number, item) in &mut self.items {
            let machine = &fleet.machines[*number];
            let mut here = stored.get(&machine.uuid).cloned().unwrap_or_default();
            let Some(record) = recorded.get(&machine.uuid) else {
                if !item.may_be_gone(now) {
                    return Err(format!(
                        "{}: it is gone at {}, and is {:?}",
                        item.name,
                        at(now),
                        item.standing
                    ));
                }
                if here.iter().any(|ids| !ids.is_empty()) {
                    return Err(format!(
                        "{}: it is gone, and the stores have points: {here:?}",
                        item.name
                    ));
                }
                gone.push(*number);
                continue;
            };
            let made = new.remove(&machine.uuid).unwrap_or_default();
            self.made += made.len() as u64;
            item.go_on(now, made)
                .map_err(|e| format!("{e}\n{}", item.history()))?;
            if let Standing::Deleted(purge) = item.standing {
                let late = now - purge.max(self.up_since) > 7200;
                if late {
                    return Err(format!(
                        "{}: it was to be purged at {}",
                        item.name,
                        at(purge)
                    ));
                }
                // Its points may be going.
                if purge <= now {
                    continue;
                }
            }
            if let Some(due) = item.forgotten(now, self.up_since) {
                return Err(format!(
                    "{}: the run of {} was forgotten by {}",
                    item.name,
                    at(due),
                    at(now)
                ));
            }
            if let Some(next) = item.next_run(now)
                && record.next_run != Some(next)
            {
                return Err(format!(
                    "{}: the next run is shown as {:?}, not {}",
                    item.name,
                    record.next_run.map(at),
                    at(next)
                ));
            }
            // In the records: snapshot, both, vault.
            let expected = item
                .points
                .iter()
                .fold([(0, 0); 3], |mut all: [Tally; 3], p| {
                    let tier = &mut all[usize::from(p.vault) + usize::from(p.vault && !p.snapshot)];
                    *tier = (tier.0 + 1, tier.1 + p.number);
                    all
                });
            let found = tallies.get(&record.data_id).copied().unwrap_or_default();
            self.compared += item.points.len() as u64;
            if found != expected {
                let points = ask.ask(async |control| list(control, fleet, *number).await);
                return Err(format!(
                    "{} at {} ({:?}): the records have {found:?}, must have {expected:?}\nrecords: {points:#?}\nmust be: {:#?}\n{}",
                    item.name,
                    at(now),
                    item.standing,
                    item.points,
                    item.history()
                ));
            }
            // In the stores. What a job that failed has left there goes later.
            let [snapshots, vault] = &mut here;
            vault.retain(|n| !item.points.iter().any(|p| p.number == *n && !p.vault));
            let mut expected = [Vec::new(), Vec::new()];
            for point in &item.points {
                if point.snapshot {
                    expected[0].push(point.number);
                }
                if point.vault {
                    expected[1].push(point.number);
                }
            }
            expected.iter_mut().for_each(|e| e.sort_unstable());
            if *snapshots != expected[0] {
                let left = given_up(&self.records, record.data_id)?;
                snapshots.retain(|n| !left.contains(n));
            }
            if here != expected {
                return Err(format!(
                    "{} at {}: the stores have {here:?}, must have {expected:?}",
                    item.name,
                    at(now)
                ));
            }
        }
        for number in gone {
            self.items.remove(&number);
        }
        if let Some((machine, points)) = new.into_iter().next() {
            return Err(format!("{machine} has points {points:?} and no item"));
        }
        self.states = recorded
            .into_iter()
            .map(|(m, r)| (m, (r.state, r.deleted)))
            .collect();
        self.last = now;
        Ok(())
    }

    /// Takes up new jobs, and those that had not ended.
    async fn jobs(&mut self, control: &Arc<Control>, fleet: &Fleet) -> Result<(), String> {
        let numbers: HashMap<&str, usize> = fleet
            .machines
            .iter()
            .enumerate()
            .map(|(n, m)| (&*m.name, n))
            .collect();
        let from = at(self.last)
            .saturating_add(SignedDuration::from_micros(1))
            .ok();
        for (number, item) in &mut self.items {
            let vault = &fleet.vaults[fleet.machines[*number].vault].name;
            for id in item.open() {
                let shown = control
                    .job(GROUP, vault, id)
                    .await
                    .map_err(|e| format!("{e:?}"))?;
                item.job(shown.job);
            }
        }
        for vault in &fleet.vaults {
            let filter = Filter {
                operation: Some(JobOperation::Backup),
                from,
                ..Filter::default()
            };
            let jobs = control
                .jobs(GROUP, &vault.name, filter, None, 1_000_000)
                .await;
            for job in jobs.map_err(|e| format!("{e:?}"))? {
                let number = numbers.get(&*job.body.entity).copied();
                if let Some(item) = number.and_then(|n| self.items.get_mut(&n)) {
                    self.jobs += 1;
                    item.job(job);
                }
            }
        }
        Ok(())
    }

    fn recorded(&self) -> Result<HashMap<Uuid, Recorded>, String> {
        let sql = "SELECT data_id, machine, state, next_run, purge_at FROM protected_items";
        let rows = rows(&self.records, sql, [], |row| {
            let (machine, state): (String, String) = (row.get(1)?, row.get(2)?);
            let next_run: Option<i64> = row.get(3)?;
            let purge_at: Option<i64> = row.get(4)?;
            Ok((row.get(0)?, machine, state, next_run, purge_at))
        });
        let mut all = HashMap::new();
        for (data_id, machine, state, next_run, purge_at) in rows? {
            let recorded = Recorded {
                data_id,
                state: serde_json::from_value(state.into()).map_err(|e| e.to_string())?,
                next_run: next_run.map(|at| at / MICROS),
                deleted: purge_at.is_some(),
            };
            all.insert(machine.parse().map_err(|e| format!("{e}"))?, recorded);
        }
        Ok(all)
    }

    /// Points that were taken since the last look, by machine: number and time.
    fn new_points(
        &self,
        now: i64,
        of_item: &HashMap<i64, Uuid>,
    ) -> Result<HashMap<Uuid, Vec<(i64, i64)>>, String> {
        let sql = "SELECT item, number, taken_at FROM recovery_points
             WHERE taken_at > $1 AND taken_at <= $2 ORDER BY taken_at";
        let range = [self.last * MICROS, now * MICROS];
        let rows = rows(&self.records, sql, range, |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?))
        });
        let mut all: HashMap<Uuid, Vec<(i64, i64)>> = HashMap::new();
        for (item, number, taken) in rows? {
            let machine = of_item.get(&item).ok_or("a point of no item")?;
            let of_machine = all.entry(*machine).or_default();
            of_machine.push((number, taken / MICROS));
        }
        Ok(all)
    }

    fn tallies(&self) -> Result<HashMap<i64, [Tally; 3]>, String> {
        let sql =
            "SELECT item, tiers, COUNT(*), SUM(number) FROM recovery_points GROUP BY item, tiers";
        let rows = rows(&self.records, sql, [], |row| {
            let tiers: String = row.get(1)?;
            Ok((row.get::<_, i64>(0)?, tiers, (row.get(2)?, row.get(3)?)))
        });
        let mut all: HashMap<i64, [Tally; 3]> = HashMap::new();
        for (item, tiers, tally) in rows? {
            let place = ["Snapshot", "SnapshotAndVault", "Vault"]
                .iter()
                .position(|t| *t == tiers);
            let place = place.ok_or_else(|| format!("a point is in `{tiers}`"))?;
            all.entry(item).or_default()[place] = tally;
        }
        Ok(all)
    }
}

/// The points that are in the stores, by machine: numbers in the snapshot store and in the vault.
fn stored(plane: &Scripted, fleet: &Fleet) -> HashMap<Uuid, [Vec<i64>; 2]> {
    let mut all: HashMap<Uuid, [Vec<i64>; 2]> = HashMap::new();
    for vault in &fleet.vaults {
        for (place, tier) in [Tier::Snapshot, Tier::Vault].into_iter().enumerate() {
            for (machine, point) in plane.ids(vault.id, tier) {
                all.entry(machine).or_default()[place].push(number_of(point));
            }
        }
    }
    for ids in all.values_mut().flatten() {
        ids.sort_unstable();
    }
    all
}

/// What `read` makes of the rows of a query.
fn rows<T>(
    records: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, String> {
    let query = || {
        let mut statement = records.prepare_cached(sql)?;
        statement
            .query_map(values, read)?
            .collect::<rusqlite::Result<_>>()
    };
    query().map_err(|e| e.to_string())
}

/// The numbers of the points of an item that jobs have given up.
fn given_up(records: &Connection, item: i64) -> Result<Vec<i64>, String> {
    let sql = "SELECT body FROM protected_items WHERE data_id = $1";
    let bodies = rows(records, sql, [item], |row| row.get::<_, String>(0))?;
    let body = bodies.first().ok_or("an item is gone")?;
    let body: state::protected_items::ItemBody =
        serde_json::from_str(body).map_err(|e| e.to_string())?;
    Ok(body.given_up.into_iter().map(number_of).collect())
}

/// An item's points as the server lists them.
async fn list(control: &Arc<Control>, fleet: &Fleet, number: usize) -> Vec<String> {
    let machine = &fleet.machines[number];
    let (vault, name) = (
        &fleet.vaults[machine.vault].name,
        crate::fleet::item_name(machine),
    );
    let Ok(item) = control.item(GROUP, vault, &name).await else {
        return Vec::new();
    };
    let all = control
        .recovery_points(&item, Default::default(), None, 100_000)
        .await;
    let shown = |time: Option<Timestamp>| time.map_or(0, |t| t.as_second());
    let all = all.unwrap_or_default().into_iter().map(|p| {
        let (snapshot, vault) = (shown(p.snapshot_expires_at), shown(p.expires_at));
        let keep = &p.body.keep;
        format!(
            "{} taken {} {:?}: {snapshot} {vault} {keep:?}",
            p.number,
            p.taken_at.as_second(),
            p.tiers
        )
    });
    all.collect()
}
