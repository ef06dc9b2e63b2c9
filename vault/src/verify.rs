//! Checking what is stored, and naming what damage hurts.
//!
//! ```text
//! points ─► trees, level by level ─► index: is all listed? ─► packs, one after another
//!                                   only if something is bad: trees again ─► points, disks, bytes
//! ```
//!
//! Memory: 32 bytes a tree node, 8 an id, three packs, and what damage there is.

mod examine;
pub(crate) mod heads;
mod hurt;
mod ledger;
pub(crate) mod listed;
pub(crate) mod packs;
pub(crate) mod trees;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::{PointId, Result};
use block::ExtentSet;

pub(crate) use self::examine::{Examined, examine};
pub(crate) use self::hurt::{Hurt, Judge};
pub use self::ledger::{Checked, Ledger};
use crate::format::entry::SegmentName;
use crate::format::id::Id;
use crate::format::manifest::MachineKey;
use crate::format::pack::{Location, PackName};
use crate::log::PointEntry;
use crate::vault::Vault;

/// How deep a check goes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Log, manifests, index, pack directories and trees: everything that points exists. Needs
    /// no data key.
    Structure,
    /// Also the checksum of every record that the index lists. Needs no data key.
    Sealed,
    /// Also opens every chunk and hashes it.
    Full,
}

/// What to check.
#[derive(Clone, Debug)]
pub struct VerifyOptions<'a> {
    /// How deep.
    pub level: Level,
    /// Only what these points need; everything that is listed if `None`.
    pub only: Option<&'a [PointId]>,
    /// Packs that need not be checked: those found well at this level after that time.
    pub known: Option<(&'a Ledger, jiff::Timestamp)>,
    /// Stop after so many bytes of packs. Those checked longest ago come first.
    pub budget: Option<u64>,
}

impl VerifyOptions<'_> {
    /// Everything, at this level.
    #[must_use]
    pub fn all(level: Level) -> Self {
        Self {
            level,
            only: None,
            known: None,
            budget: None,
        }
    }
}

/// What a check tells on its way.
#[derive(Clone, Copy, Debug)]
pub enum VerifyEvent<'a> {
    /// Bytes of packs dealt with, and of all to be checked.
    Progress {
        /// So many are done
        done: u64,
        /// of so many.
        total: u64,
    },
    /// This pack, an object's name, is well: for a [`Ledger`].
    Well(&'a str),
}

/// A point that damage hurts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The point.
    pub point: PointId,
    /// The disk, or `None` if the whole point is hurt.
    pub disk: Option<MachineKey>,
    /// The bytes of the disk that can't be restored.
    pub extents: ExtentSet,
    /// What was found.
    pub what: String,
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct VerifyReport {
    /// Points checked.
    pub points: u64,
    /// Different tree nodes checked.
    pub nodes: u64,
    /// Different chunks that the points name.
    pub chunks: u64,
    /// Packs checked.
    pub packs: u64,
    /// Packs left out: known to be well, or past the budget.
    pub packs_left: u64,
    /// Bytes of packs read.
    pub bytes: u64,
    /// Objects that are damaged, whether or not that hurts a point: log entries, index segments,
    /// packs that are missing or whose directory is damaged, bad records that no point needs.
    /// What a segment lists that can't be opened counts as lost, and the next backups store it
    /// anew where they meet it.
    pub damaged_objects: Vec<String>,
    /// The points that damage hurts.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    /// Whether no damage was found.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.findings.is_empty() && self.damaged_objects.is_empty()
    }
}

/// What is damaged, by kind of object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damage {
    /// Descriptor, key object, log entries, checkpoints: by name.
    pub(crate) heads: BTreeMap<String, String>,
    /// Segments of which something can't be read.
    pub(crate) segments: BTreeMap<SegmentName, String>,
    /// Manifests of points and attempts.
    pub(crate) manifests: Vec<(PointEntry, String)>,
    /// Packs that are not there.
    pub(crate) missing: BTreeMap<PackName, String>,
    /// Packs of which the directory is damaged, or not what the index says.
    pub(crate) directories: BTreeMap<PackName, String>,
    /// Listed records that are bad, those of missing packs among them.
    pub(crate) records: HashMap<(PackName, u32), Vec<(Location, String)>>,
    /// Prefixes of ids that are live and not listed.
    pub(crate) lost: Vec<u64>,
}

impl Damage {
    /// Why a record is bad, if it is.
    pub(crate) fn why_bad(&self, l: &Location) -> Option<&str> {
        let here = self.records.get(&(l.pack, l.offset))?;
        let same = here.iter().find(|(bad, _)| bad.id == l.id);
        same.map(|(_, why)| why.as_str())
    }

    pub(crate) fn add_bad(&mut self, l: Location, why: String) {
        let here = self.records.entry((l.pack, l.offset)).or_default();
        if here.iter().all(|(bad, _)| bad.id != l.id) {
            here.push((l, why));
        }
    }

    /// The bad records.
    pub(crate) fn bad(&self) -> impl Iterator<Item = &(Location, String)> {
        self.records.values().flatten()
    }

    pub(crate) fn bad_prefixes(&self) -> impl Iterator<Item = u64> {
        self.bad().map(|(l, _)| l.id.prefix())
    }

    /// What to name besides points.
    fn objects(&self, live: &[u64]) -> Vec<String> {
        let heads = self.heads.iter().map(|(name, why)| about(name, why));
        let segments = self.segments.iter();
        let segments = segments.map(|(name, why)| about(&name.to_string(), why));
        let packs = self.missing.iter().chain(&self.directories);
        let packs = packs.map(|(name, why)| about(&name.to_string(), why));
        let mut all: Vec<String> = heads.chain(segments).chain(packs).collect();
        let mut unneeded: BTreeMap<PackName, BTreeSet<Id>> = BTreeMap::new();
        for (l, _) in self.bad() {
            let needed = live.binary_search(&l.id.prefix()).is_ok();
            if !needed && !self.missing.contains_key(&l.pack) {
                unneeded.entry(l.pack).or_default().insert(l.id);
            }
        }
        for (pack, ids) in unneeded {
            let count = ids.len();
            all.push(format!(
                "{pack}: {count} records that no point needs are bad"
            ));
        }
        all
    }
}

/// Names the object unless the text does.
fn about(name: &str, why: &str) -> String {
    match why.contains(name) {
        true => why.to_owned(),
        false => format!("{name}: {why}"),
    }
}

/// Checks everything, or what the points of `only` need. Damage is reported, not an error.
/// `progress` is told the bytes of packs done and of all.
///
/// # Errors
/// As [`verify_with`].
pub async fn verify(
    vault: &Vault,
    level: Level,
    only: Option<&[PointId]>,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<VerifyReport> {
    let options = VerifyOptions {
        only,
        ..VerifyOptions::all(level)
    };
    let tell = |event: VerifyEvent<'_>| {
        if let VerifyEvent::Progress { done, total } = event {
            progress(done, total);
        }
    };
    verify_with(vault, &options, &tell).await
}

/// Checks what `options` ask for. Damage is reported, not an error. May be dropped at any time;
/// what [`VerifyEvent::Well`] told need not be checked again.
///
/// # Errors
/// `Integrity` if the log itself can't be read; `Denied` at [`Level::Full`] without the data
/// keys; `Unavailable`.
pub async fn verify_with(
    vault: &Vault,
    options: &VerifyOptions<'_>,
    tell: &(dyn Fn(VerifyEvent<'_>) + Send + Sync),
) -> Result<VerifyReport> {
    examine(vault, options, tell).await?.report(vault).await
}
