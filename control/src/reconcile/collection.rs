//! Collection: the space of removed points comes back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use base::{Code, Result};
use jiff::{SignedDuration, Timestamp};

use state::protected_items::ProtectedItem;

use super::health::Looks;
use crate::Control;
use crate::plane::{Stores, Tier};

/// How often stores are collected that points were removed from.
const COLLECT: SignedDuration = SignedDuration::from_mins(10);
/// How often what is old is removed.
const TIDYING: SignedDuration = SignedDuration::from_hours(1);
/// How often items are checked in the background.
const HEALTH: SignedDuration = SignedDuration::from_mins(5);
/// After how long an item is looked at again of which nothing may go.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(6);
/// How often all alerts are looked at, not only those whose item has changed.
const ALL_ALERTS: SignedDuration = SignedDuration::from_hours(6);
/// How long a transaction may have gone on, at most, that changed an item, and how far the clocks
/// of servers may differ.
const LATE: SignedDuration = SignedDuration::from_mins(10);
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
    /// Items of which nothing that has expired may go: at which revision, and until when.
    kept: Mutex<BTreeMap<i64, (i64, Timestamp)>>,
    /// When all alerts were looked at, and when some were.
    alerts: Mutex<Option<(Timestamp, Timestamp)>>,
    stores: Mutex<BTreeMap<PathBuf, (Stores, Tier)>>,
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

    /// Whether nothing of an item at this revision may go, though some of it has expired.
    pub(super) fn has_nothing_to_go(&self, item: i64, revision: i64, now: Timestamp) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let until = kept.get(&item).filter(|(of, _)| *of == revision);
        let is_kept = until.is_some_and(|(_, until)| now < *until);
        if !is_kept {
            kept.remove(&item);
        }
        is_kept
    }

    /// Notes that nothing of an item may go before it changes, or its next point expires.
    pub(super) fn note_nothing_to_go(
        &self,
        item: &ProtectedItem,
        next: Option<Timestamp>,
        now: Timestamp,
    ) {
        // What is done to points alone is seen then.
        let most = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
        let until = next.map_or(most, |next| next.min(most));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (_, until)| *until > now);
        kept.insert(item.data_id, (item.revision, until));
    }

    /// Since when items must have changed whose alerts are looked at in this round; `None`: all
    /// are.
    pub(super) fn alerts_since(&self, now: Timestamp) -> Option<Timestamp> {
        let mut last = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.filter(|(all, some)| {
            // A clock that was set back tells nothing.
            *some <= now && now.duration_since(*all) < ALL_ALERTS
        });
        *last = Some((before.map_or(now, |(all, _)| all), now));
        before.and_then(|(_, some)| some.checked_sub(LATE).ok())
    }

    /// Whether a round is due, which then counts as done.
    pub(super) fn is_due(&self, what: &'static str, now: Timestamp) -> bool {
        let every = match what {
            "collection" => COLLECT,
            "health" => HEALTH,
            "tidying" => TIDYING,
            "usages" => super::usages::LOOK,
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
    /// Has the space of points that were removed from one of the stores given back before long.
    pub(crate) fn want_collection(&self, stores: &Stores, tier: Tier) {
        let folder = match tier {
            Tier::Vault => &stores.vault,
            Tier::Snapshot => &stores.snapshots,
        };
        let mut all = self
            .rests
            .stores
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.insert(folder.clone(), (stores.clone(), tier));
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
        for (stores, tier) in wanted.into_values() {
            let mut tx = self.state.read().await?;
            let ready = self.is_adopted(&mut tx, stores.id).await?;
            drop(tx);
            let owned = self.check_not_taken(stores.id);
            if !ready || owned.is_err() {
                // Another server's is its to collect.
                if !owned.is_err_and(|e| e.code() == Code::StoreTakenOver) {
                    self.want_collection(&stores, tier);
                }
                continue;
            }
            if let Err(e) = self.plane.collect(&stores, tier).await {
                tracing::warn!("collecting {tier:?} of vault {}: {e:?}", stores.id);
                self.want_collection(&stores, tier);
            }
        }
        Ok(())
    }
}
