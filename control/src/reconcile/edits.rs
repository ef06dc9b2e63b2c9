//! Items follow their policy: its schedule, and its retention for the points that exist
//! (POLICY-17, 21 to 23).
//!
//! An item keeps the policy that its times were reckoned by. Saving a policy notes that it was
//! edited; this brings its items up to date, and so does whatever removes points, before.

use base::Result;
use jiff::{SignedDuration, Timestamp};
use policy::{Keep, Policy};
use state::policies;
use state::protected_items::{self as items, Filter, ProtectedItem};
use state::recovery_points::{self as points, Range};
use state::{Tx, WriteTx, resources, settings};

use crate::Control;
use crate::points::expiries;
use crate::protected_items::is_active;

/// The setting with the ids of policies that were edited.
const EDITED: &str = "edited policies";
/// Points that are read at once.
const PAGE: u32 = 500;
/// Items of an edited policy that are brought up to date in one tick.
const ITEMS: u32 = 100;

/// Notes that a policy was edited, in the transaction that does.
pub(crate) async fn note_edit(tx: &mut WriteTx, policy: &str) -> Result<()> {
    let mut all: Vec<String> = settings::get(tx, EDITED).await?.unwrap_or_default();
    let id = state::fold(policy);
    if !all.contains(&id) {
        all.push(id);
        settings::set(tx, EDITED, &all).await?;
    }
    Ok(())
}

/// Brings an item's next run, within the spread `most`, to a policy that it follows from now on.
/// The item is not written.
fn reschedule(item: &mut ProtectedItem, policy: &Policy, now: Timestamp, most: SignedDuration) {
    if !is_active(item) {
        return;
    }
    let is_other = |old: &Policy| (&old.schedule, &old.zone) != (&policy.schedule, &policy.zone);
    if item.body.policy_seen.as_ref().is_some_and(is_other) {
        item.body.owed_from = Some(now);
    }
    let (seen, from) = (&item.body.policy_seen, item.body.scheduled_from);
    if let (Some(old), Some(from)) = (seen, from)
        && is_other(old)
        && old.schedule.latest_due(from, now, &old.zone).is_none()
    {
        // A new schedule owes nothing of the time before it (POLICY-18).
        item.body.scheduled_from = Some(now);
    }
    item.next_run = next_run(item, policy, now, most);
}

/// Brings an item to a policy that it follows from now on: its next run, within the spread `most`,
/// and the times of its points. All in this transaction: an edit that is taken back before it was
/// followed must find no point that has followed it. The item is not written.
pub(crate) async fn apply_policy(
    tx: &mut WriteTx,
    item: &mut ProtectedItem,
    policy: &Policy,
    most: SignedDuration,
) -> Result<()> {
    reschedule(item, policy, tx.now(), most);
    if item.body.policy_seen.as_ref() != Some(policy) {
        bring(tx, item, policy).await?;
        item.body.policy_seen = Some(policy.clone());
    }
    Ok(())
}

/// Brings the times of an item's points to a policy, in place of the one that was seen.
async fn bring(tx: &mut WriteTx, item: &ProtectedItem, policy: &Policy) -> Result<()> {
    let old = item.body.policy_seen.as_ref();
    let mut after = None;
    loop {
        let page = points::page(tx, item.data_id, Range::default(), after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some((last.taken_at, last.number));
        for point in page {
            let mut new = point.clone();
            if let (Keep::Marks(marks), Some(old)) = (&point.body.keep, old) {
                new.body.keep = Keep::Marks(marks.under(old, policy));
            }
            expiries(&mut new, policy);
            if new != point {
                points::update(tx, new).await?;
            }
        }
    }
}

/// When the next scheduled run of an item starts: at its due time and its share of the spread
/// `most` (POLICY-24).
pub(crate) fn next_run(
    item: &ProtectedItem,
    policy: &Policy,
    now: Timestamp,
    most: SignedDuration,
) -> Option<Timestamp> {
    let from = item.body.scheduled_from.unwrap_or(now);
    let due = policy.schedule.next_after(from, &policy.zone)?;
    due.saturating_add(spread(item, most)).ok()
}

/// How long after its due time an item's runs start: its share of `most`.
pub(crate) fn spread(item: &ProtectedItem, most: SignedDuration) -> SignedDuration {
    policy::spread(&state::fold(&item.id), most)
}

impl Control {
    /// Brings the items of edited policies up to date.
    pub(super) async fn follow_edits(&self) -> Result<()> {
        let mut tx = self.state.read().await?;
        let all: Option<Vec<String>> = settings::get(&mut tx, EDITED).await?;
        drop(tx);
        for id in all.into_iter().flatten() {
            if let Err(e) = self.follow_edit(&id).await {
                tracing::error!("the edit of {id}: {e:?}");
            }
        }
        Ok(())
    }

    async fn follow_edit(&self, id: &str) -> Result<()> {
        let revision = async |tx: &mut Tx| -> Result<Option<i64>> {
            let record = resources::get::<policies::Policy>(tx, id).await?;
            Ok(record.map(|r| r.revision))
        };
        let followed = revision(&mut self.state.read().await?).await?;
        let filter = Filter {
            policy: Some(id.to_owned()),
            ..Filter::default()
        };
        let mut so_far = self.rests.followed(id, followed);
        let mut tx = self.state.read().await?;
        let page = items::page(&mut tx, &filter, so_far.after.as_deref(), ITEMS).await?;
        drop(tx);
        for item in &page {
            if let Err(e) = self.apply_to(item.data_id).await {
                tracing::error!("the edited policy of {}: {e:?}", item.id);
                so_far.failed = true;
            }
        }
        let failed = so_far.failed;
        if page.len() == ITEMS as usize {
            // The rest with the next tick, which comes at once: runs that are due wait for none.
            so_far.after = page.last().map(|item| item.id.clone());
            self.rests.follow(id, Some(so_far));
            self.engine.wake.notify_one();
            return Ok(());
        }
        self.rests.follow(id, None);
        // The note stays for those that were not brought up to date.
        if failed {
            return Ok(());
        }
        let mut tx = self.state.write().await?;
        // An edit that came meanwhile is followed in the next round.
        if revision(&mut tx).await? != followed {
            return Ok(());
        }
        let mut all: Vec<String> = settings::get(&mut tx, EDITED).await?.unwrap_or_default();
        all.retain(|other| other != id);
        settings::set(&mut tx, EDITED, &all).await?;
        tx.commit().await
    }

    /// Brings one item up to date with its policy, if it follows it (IMMU-3).
    pub(super) async fn apply_to(&self, item: i64) -> Result<()> {
        // Most are up to date, and who only reads keeps no writer waiting.
        if behind(&mut self.state.read().await?, item).await?.is_none() {
            return Ok(());
        }
        let mut tx = self.state.write().await?;
        let Some((mut item, policy)) = behind(&mut tx, item).await? else {
            return Ok(());
        };
        apply_policy(&mut tx, &mut item, &policy, self.options.start_spread).await?;
        items::update(&mut tx, item).await?;
        tx.commit().await
    }

    /// Brings an item up to date with its policy, if it follows it. To be done before its
    /// protection ends or changes: an edit that was saved before holds for its points. The item is
    /// not written.
    pub(crate) async fn catch_up(&self, tx: &mut WriteTx, item: &mut ProtectedItem) -> Result<()> {
        match policy_ahead(tx, item).await? {
            Some(policy) => apply_policy(tx, item, &policy, self.options.start_spread).await,
            None => Ok(()),
        }
    }
}

/// An item with its [`policy_ahead`], if it has one.
async fn behind(tx: &mut Tx, item: i64) -> Result<Option<(ProtectedItem, Policy)>> {
    let found = items::by_data_id(tx, item).await?;
    let Some(item) = found else {
        return Ok(None);
    };
    let ahead = policy_ahead(tx, &item).await?;
    Ok(ahead.map(|policy| (item, policy)))
}

/// The policy that an item has to be brought up to; `None` if it is, or follows none.
pub(super) async fn policy_ahead(tx: &mut Tx, item: &ProtectedItem) -> Result<Option<Policy>> {
    if !is_active(item) {
        return Ok(None);
    }
    let policy = crate::jobs::policy_of(tx, item).await?;
    Ok(policy.filter(|policy| item.body.policy_seen.as_ref() != Some(policy)))
}
