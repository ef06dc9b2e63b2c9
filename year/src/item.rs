//! One protected machine as the auditor has it: what was done to it and what its jobs did, in
//! order, and which points there must be.

mod jobs;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use state::jobs::Job;
use uuid::Uuid;

use self::words::{Stands, stands};
use crate::rules::{Unit, Version};

/// How protection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    Stopped,
    Suspended,
    /// Soft-deleted, to be purged then.
    Deleted(i64),
}

/// What the operator did, and the server took.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// Enabled, changed to a policy, or resumed.
    Protect(Rc<Version>),
    /// The item's policy was edited.
    Edit(Rc<Version>),
    Stop,
    Suspend,
    /// Soft-deleted, for so many seconds.
    Delete(i64),
    Undelete,
}

/// A point.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) number: i64,
    job: Uuid,
    taken: i64,
    /// The ranges that it is kept for; with a count where a former policy's goes on.
    marks: Vec<(Unit, Option<u32>)>,
    /// On demand.
    until: Option<i64>,
    pub(crate) snapshot: bool,
    pub(crate) vault: bool,
    snapshot_until: i64,
    vault_until: i64,
    /// Its transfer goes on.
    sent: bool,
}

/// A backup, and what of it was taken note of.
#[derive(Debug)]
struct Seen {
    job: Job,
    started: bool,
    taken: bool,
    sent: bool,
    /// The run that it is of; none: on demand.
    due: Option<i64>,
}

/// A protected machine.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) standing: Standing,
    version: Rc<Version>,
    /// How long after its due time its runs start.
    spread: i64,
    /// Runs due after it are owed.
    from: i64,
    /// Ends of days after it are owed to the vault.
    since: i64,
    tries: usize,
    pub(crate) points: Vec<Own>,
    jobs: BTreeMap<Uuid, Seen>,
    /// On-demand backups: until when their points are kept.
    promised: BTreeMap<Uuid, i64>,
    deeds: Vec<(i64, Deed)>,
    /// When the last of them was done.
    acted: i64,
    /// What happened of late, for who has to find out why something is wrong.
    history: VecDeque<String>,
}

fn seconds(time: jiff::Timestamp) -> i64 {
    time.as_second()
}

impl Item {
    /// Of protection that begins; `next_run` is what the server shows.
    pub(crate) fn new(
        name: &str,
        now: i64,
        version: Rc<Version>,
        next_run: i64,
    ) -> Result<Self, String> {
        let spread = next_run - version.next_due(now);
        if !(0..=7200).contains(&spread) {
            return Err(format!(
                "{name}: the first run starts {spread} s after it is due"
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            standing: Standing::Active,
            version,
            spread,
            from: now,
            since: now,
            tries: 0,
            points: Vec::new(),
            jobs: BTreeMap::new(),
            promised: BTreeMap::new(),
            deeds: Vec::new(),
            acted: now,
            history: VecDeque::new(),
        })
    }

    pub(crate) fn deed(&mut self, now: i64, deed: Deed) {
        self.deeds.push((now, deed));
    }

    pub(crate) fn promise(&mut self, job: Uuid, until: i64) {
        self.promised.insert(job, until);
    }

    /// Takes up a job as it is recorded now.
    pub(crate) fn job(&mut self, job: Job) {
        match self.jobs.get_mut(&job.id) {
            Some(seen) => seen.job = job,
            None => {
                let seen = Seen {
                    job,
                    started: false,
                    taken: false,
                    sent: false,
                    due: None,
                };
                self.jobs.insert(seen.job.id, seen);
            }
        }
    }

    /// The jobs that had not ended when they were taken up.
    pub(crate) fn open(&self) -> Vec<Uuid> {
        let open = self.jobs.values().filter(|s| s.job.ended_at.is_none());
        open.map(|s| s.job.id).collect()
    }

    /// Whether it may be gone: it was deleted, and its time is over.
    pub(crate) fn may_be_gone(&mut self, now: i64) -> bool {
        for (at, deed) in std::mem::take(&mut self.deeds) {
            self.done(at, deed);
        }
        matches!(self.standing, Standing::Deleted(purge) if purge <= now)
    }

    /// Goes through all that happened, in order, up to now. `new`: points that the records have
    /// since the last time, with number and time.
    pub(crate) fn go_on(&mut self, now: i64, mut new: Vec<(i64, i64)>) -> Result<(), String> {
        // The operator acts in a second of his own, and what follows from that comes after.
        let mut events: Vec<(i64, u8, Event)> = Vec::new();
        for (at, deed) in self.deeds.drain(..) {
            events.push((at, 0, Event::Deed(deed)));
        }
        for seen in self.jobs.values() {
            let id = seen.job.id;
            let [snapshot, transfer] = &seen.job.body.tasks[..] else {
                return Err(format!("{}: job {id} has no two tasks", self.name));
            };
            if !seen.started {
                events.push((seconds(seen.job.started_at), 2, Event::Start(id)));
            }
            let order = |end: jiff::Timestamp| match end == seen.job.started_at {
                true => 3,
                false => 1,
            };
            let closed =
                |task| stands(task).map(|s| !matches!(s, Stands::InProgress | Stands::NotStarted));
            let (snapshot_closed, transfer_closed) = (closed(snapshot)?, closed(transfer)?);
            if let Some(end) = snapshot.ended_at.filter(|_| !seen.taken && snapshot_closed) {
                events.push((seconds(end), order(end), Event::Taken(id)));
            }
            if let Some(end) = transfer.ended_at.filter(|_| !seen.sent && transfer_closed) {
                events.push((seconds(end), order(end), Event::Sent(id)));
            }
        }
        // Of one moment: one job ends before another starts, and a snapshot before its transfer.
        events.sort_by_key(|(at, order, event)| (*at, *order, matches!(event, Event::Sent(_))));
        for (at, _, event) in events {
            self.note(at, &event);
            match event {
                Event::Deed(deed) => self.done(at, deed),
                Event::Start(id) => self.started(at, id)?,
                Event::Taken(id) => self.taken(at, id, &mut new)?,
                Event::Sent(id) => self.sent(id)?,
            }
        }
        if let Some((number, taken)) = new.first() {
            return Err(format!(
                "{}: point {number} of {taken} is of no job",
                self.name
            ));
        }
        self.jobs.retain(|_, s| s.job.ended_at.is_none());
        self.clean(now);
        Ok(())
    }

    fn note(&mut self, at: i64, event: &Event) {
        let job = |id: &Uuid| {
            let seen = self.jobs.get(id)?;
            let codes: Vec<&str> = seen.job.body.errors.iter().map(|e| &*e.code).collect();
            Some(format!(
                "{id} {:?} {codes:?} plan {}",
                seen.job.status, seen.job.body.step
            ))
        };
        let what = match event {
            Event::Deed(Deed::Protect(v)) => format!("protected by {:?}", v.rules),
            Event::Deed(Deed::Edit(v)) => format!("edited to {:?}", v.rules),
            Event::Deed(deed) => format!("{deed:?}"),
            Event::Start(id) => format!("started {:?}", job(id)),
            Event::Taken(id) => format!("snapshot ended {:?}", job(id)),
            Event::Sent(id) => format!("transfer ended {:?}", job(id)),
        };
        let told = format!(
            "{at} {what}; before: from {} since {} tries {} {:?}",
            self.from, self.since, self.tries, self.standing
        );
        self.history.push_back(told);
        if self.history.len() > 24 {
            self.history.pop_front();
        }
    }

    /// What happened of late, a line each.
    pub(crate) fn history(&self) -> String {
        let lines: Vec<&str> = self.history.iter().map(|l| &**l).collect();
        format!("spread {}\n{}", self.spread, lines.join("\n"))
    }

    fn done(&mut self, at: i64, deed: Deed) {
        // A deed is done a second after a tick, which saw what had expired by then. Between two
        // deeds of one moment the server removes nothing.
        if self.acted != at {
            self.clean(at - 1);
        }
        self.acted = at;
        match deed {
            Deed::Protect(version) => {
                if self.standing != Standing::Active {
                    self.standing = Standing::Active;
                    self.from = at;
                    self.since = at;
                }
                self.follow(at, version);
            }
            Deed::Edit(version) => {
                if self.standing == Standing::Active {
                    self.follow(at, version);
                }
            }
            Deed::Stop => (self.standing, self.tries) = (Standing::Stopped, 0),
            Deed::Suspend => (self.standing, self.tries) = (Standing::Suspended, 0),
            // What was never backed up has nothing to bring back.
            Deed::Delete(_) if self.points.is_empty() => self.standing = Standing::Deleted(at),
            Deed::Delete(kept) => self.standing = Standing::Deleted(at + kept),
            Deed::Undelete => (self.standing, self.tries) = (Standing::Stopped, 0),
        }
    }

    /// Another policy, or another version of it (POLICY-17, 21 to 23).
    fn follow(&mut self, at: i64, version: Rc<Version>) {
        let old = std::mem::replace(&mut self.version, version);
        let new = &self.version;
        if !old.runs_as(new) && old.latest_due(self.from, at).is_none() {
            self.from = at;
        }
        let weekly = |v: &Version| matches!(v.rules.rhythm, crate::rules::Rhythm::Weekly(..));
        let becomes_daily = weekly(&old) && !weekly(new);
        for own in &mut self.points {
            for (unit, count) in &mut own.marks {
                *count = match (new.count(*unit), *count) {
                    (Some(_), _) => None,
                    (None, None) if becomes_daily && *unit == Unit::Week => {
                        Some(old.count(*unit).unwrap_or(0))
                    }
                    (None, before) => before,
                };
            }
            own.reckon(new);
        }
    }

    /// Removes what has expired (SNAP-8, 9; PROT-15).
    fn clean(&mut self, now: i64) {
        if !matches!(self.standing, Standing::Active | Standing::Suspended) {
            return;
        }
        self.points.sort_by_key(|p| p.taken);
        let (mut newer, mut newer_in_vault) = (false, false);
        for own in self.points.iter_mut().rev() {
            let in_vault = own.vault;
            if !own.sent {
                own.snapshot &= !(newer && now >= own.snapshot_until);
                own.vault &= !(newer_in_vault && !own.snapshot && now >= own.vault_until);
            }
            newer = true;
            newer_in_vault |= in_vault;
        }
        self.points.retain(|p| p.snapshot || p.vault);
    }

    /// What the server must show as the next run; `None` if that can't be told.
    pub(crate) fn next_run(&self, now: i64) -> Option<i64> {
        let rests = self.standing == Standing::Active && self.tries == 0;
        let owed = self.version.latest_due(self.from, now - self.spread);
        (rests && owed.is_none() && self.jobs.is_empty())
            .then(|| self.version.next_due(self.from) + self.spread)
    }

    /// The run that is owed for so long that it was forgotten.
    pub(crate) fn forgotten(&self, now: i64, up_since: i64) -> Option<i64> {
        if self.standing != Standing::Active {
            return None;
        }
        let takes = |s: &Seen| stands(&s.job.body.tasks[0]) == Ok(Stands::InProgress);
        if self.jobs.values().any(takes) {
            return None;
        }
        let due = self.version.latest_due(self.from, now - self.spread)?;
        (now - (due + self.spread).max(up_since) > 7200).then_some(due)
    }
}

impl Own {
    fn reckon(&mut self, version: &Version) {
        self.snapshot_until = version.later(self.taken, Unit::Day, version.rules.snapshot_days);
        let of = |(unit, count): &(Unit, Option<u32>)| {
            let count = count.or(version.count(*unit)).unwrap_or(0);
            version.later(self.taken, *unit, count)
        };
        let marks = self.marks.iter().map(of).max();
        self.vault_until = self.until.or(marks).unwrap_or(self.taken);
    }
}

enum Event {
    Deed(Deed),
    Start(Uuid),
    Taken(Uuid),
    Sent(Uuid),
}
