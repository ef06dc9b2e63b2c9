//! Collection: the space of removed points comes back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use base::{Code, Result};
use jiff::{SignedDuration, Timestamp};

use super::health::Looks;
use crate::Control;
use crate::plane::{Stores, Tier};

/// How often stores are collected that points were removed from.
const COLLECT: SignedDuration = SignedDuration::from_mins(10);
/// How often what is old is removed.
const TIDYING: SignedDuration = SignedDuration::from_hours(1);
/// How often items are checked in the background.
const HEALTH: SignedDuration = SignedDuration::from_mins(5);
/// How often the others of these are due.
const RETENTION: SignedDuration = SignedDuration::from_secs(30);

/// What rests between two rounds, and the stores that are to be collected.
///
/// It is not recorded: a removal that a restart forgets is collected with the next.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// How far edits of policies were followed, by the policy's id.
    following: Mutex<BTreeMap<String, Followed>>,
    last: Mutex<BTreeMap<&'static str, Timestamp>>,
    stores: Mutex<BTreeMap<PathBuf, Stores>>,
    /// What the looks at the hosts have told.
    pub(crate) looks: Looks,
}

/// How far an edit was followed. A restart begins anew: who is up to date is left alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed {
    /// The revision of the policy.
    revision: Option<i64>,
    /// The last item that was brought up to date.
    pub(super) after: Option<String>,
    /// Whether that failed for one.
    pub(super) failed: bool,
}

impl Wanted {
    /// How far the edit that made this revision was followed.
    pub(super) fn followed(&self, policy: &str, revision: Option<i64>) -> Followed {
        let all = self.following.lock();
        let all = all.unwrap_or_else(PoisonError::into_inner);
        let so_far = all.get(policy).filter(|f| f.revision == revision);
        so_far.cloned().unwrap_or(Followed {
            revision,
            ..Followed::default()
        })
    }

    /// Notes how far an edit was followed; `None`: to its end.
    pub(super) fn follow(&self, policy: &str, so_far: Option<Followed>) {
        let all = self.following.lock();
        let mut all = all.unwrap_or_else(PoisonError::into_inner);
        match so_far {
            Some(so_far) => drop(all.insert(policy.to_owned(), so_far)),
            None => drop(all.remove(policy)),
        }
    }

    /// Whether a round is due, which then counts as done.
    pub(super) fn is_due(&self, what: &'static str, now: Timestamp) -> bool {
        let every = match what {
            "collection" => COLLECT,
            "health" => HEALTH,
            "tidying" => TIDYING,
            _ => RETENTION,
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last
            .get(what)
            .is_none_or(|at| now.duration_since(*at) >= every);
        if due {
            last.insert(what, now);
        }
        due
    }
}

impl Control {
    /// Has the space of removed points given back before long.
    pub(crate) fn want_collection(&self, stores: &Stores) {
        let mut all = self
            .rests
            .stores
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.insert(stores.snapshots.clone(), stores.clone());
    }

    pub(super) async fn collect_stores(&self) -> Result<()> {
        let wanted = {
            let mut all = self
                .rests
                .stores
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if all.is_empty() || !self.rests.is_due("collection", self.now()) {
                return Ok(());
            }
            std::mem::take(&mut *all)
        };
        for stores in wanted.into_values() {
            let mut tx = self.state.read().await?;
            let ready = self.is_adopted(&mut tx, stores.id).await?;
            drop(tx);
            let owned = self.check_not_taken(stores.id);
            if !ready || owned.is_err() {
                // Another server's is its to collect.
                if !owned.is_err_and(|e| e.code() == Code::StoreTakenOver) {
                    self.want_collection(&stores);
                }
                continue;
            }
            for tier in [Tier::Vault, Tier::Snapshot] {
                if let Err(e) = self.plane.collect(&stores, tier).await {
                    tracing::warn!("collecting {tier:?} of vault {}: {e:?}", stores.id);
                    self.want_collection(&stores);
                }
            }
        }
        Ok(())
    }
}
