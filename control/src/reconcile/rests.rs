//! What the reconcilers remember between two rounds: when they ran last, what they need not look
//! at again yet, and which stores are to be collected.
//!
//! It is not recorded: a restart looks at everything once more, and a removal that it forgets is
//! collected with the next.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use state::protected_items::ProtectedItem;

use super::health::Looks;
use crate::plane::{Stores, Tier};

/// After how long an item is looked at again of which nothing may go.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(6);
/// How often all alerts are looked at, not only those whose item has changed.
const ALL_ALERTS: SignedDuration = SignedDuration::from_hours(6);
/// How long a transaction may have gone on, at most, that changed an item, and how far the clocks
/// of servers may differ.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// A reconciler that does not run with each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Round {
    Adoption,
    Alerts,
    Collection,
    Collections,
    DeletedVaults,
    Health,
    Meter,
    ProtectionRules,
    Retention,
    Tidying,
    Usages,
}

impl Round {
    /// How often it runs.
    fn every(self) -> SignedDuration {
        match self {
            Self::Health | Self::ProtectionRules => SignedDuration::from_mins(5),
            Self::Collection => SignedDuration::from_mins(10),
            Self::Tidying | Self::Usages => SignedDuration::from_hours(1),
            Self::Adoption
            | Self::Alerts
            | Self::Collections
            | Self::DeletedVaults
            | Self::Meter
            | Self::Retention => SignedDuration::from_secs(30),
        }
    }
}

/// What the reconcilers remember.
#[derive(Debug, Default)]
pub(crate) struct Rests {
    /// How far edits of policies were followed, by the policy's id.
    following: Mutex<BTreeMap<String, Followed>>,
    last: Mutex<BTreeMap<Round, Timestamp>>,
    /// Items of which nothing that has expired may go: at which revision, and until when.
    kept: Mutex<BTreeMap<i64, (i64, Timestamp)>>,
    /// When all alerts were looked at, and when some were.
    alerts: Mutex<Option<(Timestamp, Timestamp)>>,
    /// Stores that are to be collected.
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

impl Rests {
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
    pub(super) fn is_due(&self, round: Round, now: Timestamp) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.get(&round);
        let due = before.is_none_or(|at| now.duration_since(*at) >= round.every());
        if due {
            last.insert(round, now);
        }
        due
    }

    /// Notes that points were removed from a store.
    pub(super) fn want_collection(&self, stores: &Stores, tier: Tier) {
        let folder = match tier {
            Tier::Vault => &stores.vault,
            Tier::Snapshot => &stores.snapshots,
        };
        let wanted = (stores.clone(), tier);
        self.to_collect().insert(folder.clone(), wanted);
    }

    pub(super) fn is_any_to_collect(&self) -> bool {
        !self.to_collect().is_empty()
    }

    /// The stores that are to be collected; from here on they are the caller's to note again.
    pub(super) fn take_to_collect(&self) -> Vec<(Stores, Tier)> {
        std::mem::take(&mut *self.to_collect())
            .into_values()
            .collect()
    }

    fn to_collect(&self) -> MutexGuard<'_, BTreeMap<PathBuf, (Stores, Tier)>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
