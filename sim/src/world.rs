//! What all actors of a run share: chance, the two stores, what was ever backed up, the trace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::PointId;
use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use vault::MachineKey;
use vault::keys::Keyring;

use crate::Stats;
use crate::auditor::Snapshot;
use crate::dice::Dice;
use crate::disks::Disks;
use crate::ledger::{Deed, Ledger, Name};
use crate::segment::Segment;

/// Operations after which a run is taken for one that goes in circles.
const MOST_OPERATIONS: u64 = 400_000;

/// How bad things are: each a chance in ten thousand operations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// The operation is not done and fails.
    pub(crate) fail: u64,
    /// It is done, and its answer is lost.
    pub(crate) lost: u64,
    /// It fails, and is done later.
    pub(crate) late: u64,
    /// It is done, and once more later.
    pub(crate) twice: u64,
    /// The process is killed.
    pub(crate) die: u64,
    /// The process stands still for up to months.
    pub(crate) stall: u64,
    /// The store goes away for a time.
    pub(crate) outage: u64,
    /// A put is acknowledged and not done: no store that can be used does this.
    pub(crate) forget: u64,
}

impl Weather {
    /// Whether an operation may fail without the process's death.
    pub(crate) fn fails(&self) -> bool {
        self.fail + self.lost + self.late + self.outage > 0
    }
}

/// The objects of a store.
pub(crate) type Objects = BTreeMap<String, Bytes>;

/// A store as its disks hold it.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) objects: Objects,
    pub(crate) ledger: Ledger,
    /// Every segment ever put.
    pub(crate) segments: BTreeMap<Name, Arc<Segment>>,
    pub(crate) down_until: Option<Instant>,
}

/// A point as it was handed to the vault.
#[derive(Debug)]
pub(crate) struct Known {
    /// Which machine's.
    pub(crate) machine: usize,
    /// The contents of its disks, in order.
    pub(crate) disks: Vec<(MachineKey, Arc<Vec<u8>>)>,
}

/// All that a run consists of.
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) weather: Mutex<Weather>,
    pub(crate) places: [Mutex<Place>; 2],
    /// What the machines' disks hold now.
    pub(crate) disks: Mutex<Disks>,
    /// Every point ever handed to a commit, whether or not that succeeded.
    pub(crate) known: Mutex<BTreeMap<PointId, Arc<Known>>>,
    /// Points whose removal was ever asked for.
    pub(crate) unwanted: Mutex<BTreeSet<String>>,
    pub(crate) stats: Mutex<Stats>,
    pub(crate) ring: std::sync::OnceLock<Arc<Keyring>>,
    audits: UnboundedSender<Snapshot>,
    trace: Mutex<blake3::Hasher>,
    operations: AtomicU64,
    failure: Mutex<Option<String>>,
    stopped: AtomicBool,
    started: Instant,
    verbose: bool,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(crate) fn new(seed: u64, verbose: bool, audits: UnboundedSender<Snapshot>) -> Self {
        Self {
            dice: Dice::new(seed),
            weather: Mutex::default(),
            places: Default::default(),
            disks: Mutex::default(),
            known: Mutex::default(),
            unwanted: Mutex::default(),
            stats: Mutex::default(),
            ring: std::sync::OnceLock::new(),
            audits,
            trace: Mutex::default(),
            operations: AtomicU64::new(0),
            failure: Mutex::default(),
            stopped: AtomicBool::new(false),
            started: Instant::now(),
            verbose,
        }
    }

    /// Notes something that must not be; the run ends. The first one counts.
    pub(crate) fn violated(&self, what: impl Display) {
        let mut failure = lock(&self.failure);
        if failure.is_none() {
            self.say(&format_args!("VIOLATION {what}"));
            *failure = Some(what.to_string());
        }
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the run is over before its end.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Takes a line into the trace, and prints it if asked to.
    pub(crate) fn note(&self, line: &dyn Display) {
        let at = self.started.elapsed().as_millis();
        let line = format!("{at} {line}\n");
        lock(&self.trace).update(line.as_bytes());
        if self.verbose {
            print(&line);
        }
        if self.operations.fetch_add(1, Ordering::Relaxed) == MOST_OPERATIONS {
            self.violated("the run goes in circles: too many operations");
        }
    }

    /// Prints a line if asked to.
    pub(crate) fn say(&self, line: &dyn Display) {
        if self.verbose {
            print(&format!("{} {line}\n", self.started.elapsed().as_millis()));
        }
    }

    /// The hash of all that was noted.
    pub(crate) fn trace(&self) -> String {
        lock(&self.trace).finalize().to_hex().to_string()
    }

    pub(crate) fn place(&self, store: usize) -> MutexGuard<'_, Place> {
        lock(&self.places[store])
    }

    /// Counts something.
    pub(crate) fn count(&self, what: impl FnOnce(&mut Stats)) {
        what(&mut lock(&self.stats));
    }

    /// Does a put-if-absent; false if there is an object of the name.
    pub(crate) fn put(&self, store: usize, name: &str, bytes: &Bytes) -> bool {
        let mut place = self.place(store);
        if place.objects.contains_key(name) {
            return false;
        }
        place.objects.insert(name.to_owned(), bytes.clone());
        let mut wrong = None;
        if let Some(number) = name.strip_prefix("log/") {
            let number = u64::from_str_radix(number, 16).unwrap_or(0);
            match place.ledger.take(number, bytes) {
                Ok(deed) => {
                    wrong = self.surprise(&place.ledger, deed);
                    if matches!(deed, Deed::Committed | Deed::Removed | Deed::Collected) {
                        let _ = self.audits.send(Snapshot::of(store, &place));
                    }
                }
                Err(e) => wrong = Some(e),
            }
        } else if let Some(name) = session_and_number(name, "index/") {
            match Segment::read(bytes) {
                Some(segment) => drop(place.segments.insert(name, Arc::new(segment))),
                None => wrong = Some(format!("segment {name:?} can't be read")),
            }
        }
        drop(place);
        if let Some(what) = wrong {
            self.violated(format_args!("store {store}: {what}"));
        }
        true
    }

    /// What the newest entry says that nobody asked for.
    fn surprise(&self, ledger: &Ledger, deed: Deed) -> Option<String> {
        match deed {
            Deed::Committed => {
                let point = &ledger.commits.last()?.1;
                let id: PointId = point.parse().ok()?;
                let known = lock(&self.known).contains_key(&id);
                (!known).then(|| format!("{point} was committed, which nobody made"))
            }
            Deed::Removed => {
                let unwanted = lock(&self.unwanted);
                let other = ledger.removals.last()?.1.iter();
                let other = other.into_iter().find(|p| !unwanted.contains(*p));
                other.map(|p| format!("{p} was removed, which nobody asked for"))
            }
            _ => None,
        }
    }

    /// Deletes an object, which must be one that nothing needs.
    pub(crate) fn delete(&self, store: usize, name: &str) {
        let mut place = self.place(store);
        if !place.objects.contains_key(name) {
            return;
        }
        let why = place.why_needed(name);
        place.objects.remove(name);
        drop(place);
        if let Some(why) = why {
            self.violated(format_args!("store {store}: {name} was deleted: {why}"));
        }
    }
}

impl Place {
    /// Why the object `name` must not be deleted now.
    fn why_needed(&self, name: &str) -> Option<String> {
        let ledger = &self.ledger;
        let lists = |segments: &BTreeSet<Name>, pack: &Name| {
            let mut all = segments.iter().filter_map(|s| self.segments.get(s));
            all.any(|s| s.packs.contains(pack))
        };
        if let Some(segment) = session_and_number(name, "index/") {
            let used = ledger.segments.contains(&segment);
            let held = ledger.holds(segment.0);
            return (used || held).then(|| format!("in force {used}, held {held}"));
        }
        if let Some(pack) = session_and_number(name, "packs/") {
            if lists(&ledger.segments, &pack) {
                return Some("a segment in force lists it".into());
            }
            if ledger.holds(pack.0) {
                return Some("its session may still use it".into());
            }
            let open = ledger.sessions.iter().filter(|s| s.1.open);
            let mut seen = open.filter(|(_, s)| lists(&s.saw, &pack)).map(|s| s.0);
            return seen.next().map(|n| format!("session {n} began with it"));
        }
        if let Some(rest) = name.strip_prefix("points/") {
            let (session, point) = rest.split_once('/')?;
            let session = u64::from_str_radix(session, 16).ok()?;
            let is_it = |p: &crate::ledger::Point| p.session == session && p.point == point;
            let used = ledger.points.iter().any(is_it);
            let held = ledger.holds(session);
            return (used || held).then(|| format!("in force {used}, held {held}"));
        }
        let free = name.starts_with("probe/") || name.starts_with("state/");
        (!free).then(|| "nobody may delete it".into())
    }
}

/// Prints; nobody need listen.
fn print(line: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes());
}

/// Takes `FOLDER/SESSION/NUMBER` apart.
pub(crate) fn session_and_number(name: &str, folder: &str) -> Option<Name> {
    let (session, number) = name.strip_prefix(folder)?.split_once('/')?;
    Some((
        u64::from_str_radix(session, 16).ok()?,
        u32::from_str_radix(number, 16).ok()?,
    ))
}
