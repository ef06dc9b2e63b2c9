//! Random acts on resources, points and leases, checked against plain maps that share no code
//! with the product.

use std::collections::BTreeMap;

use base::{Code, Result};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use state::groups::Group;
use state::recovery_points::{self as points, Range, RecoveryPoint};
use state::{Lease, Record, Scope, State, WriteTx, leases, resources};

use crate::build::{Home, START, at, furnish, group, item, point};

/// One thing to do. Numbers choose among the few names, records and leases of the test.
#[derive(Debug, Clone)]
pub enum Act {
    Create(u8, u16),
    /// Writes a record that was read at some time.
    Update(u8, u16),
    Delete(u8),
    Page(u8, u8),
    TakePoint(u8, u8, u8),
    /// Gives a point that was read at some time another expiry.
    KeepPoint(u8, u8),
    DeletePoint(u8),
    PagePoints(u8, u8, u8, u8),
    Expired(u8),
    Take(u8, u8, u8),
    Renew(u8, u8),
    Release(u8),
    Check(u8),
    Pass(u8),
    /// The next act is done and not committed.
    Abandon,
    Reopen,
}

pub fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (n, w) = (any::<u8>, any::<u16>);
    let act = prop_oneof![
        3 => (n(), w()).prop_map(|(a, b)| Act::Create(a, b)),
        3 => (n(), w()).prop_map(|(a, b)| Act::Update(a, b)),
        2 => n().prop_map(Act::Delete),
        2 => (n(), n()).prop_map(|(a, b)| Act::Page(a, b)),
        4 => (n(), n(), n()).prop_map(|(a, b, c)| Act::TakePoint(a, b, c)),
        2 => (n(), n()).prop_map(|(a, b)| Act::KeepPoint(a, b)),
        2 => n().prop_map(Act::DeletePoint),
        2 => (n(), n(), n(), n()).prop_map(|(a, b, c, d)| Act::PagePoints(a, b, c, d)),
        2 => n().prop_map(Act::Expired),
        3 => (n(), n(), n()).prop_map(|(a, b, c)| Act::Take(a, b, c)),
        2 => (n(), n()).prop_map(|(a, b)| Act::Renew(a, b)),
        1 => n().prop_map(Act::Release),
        2 => n().prop_map(Act::Check),
        3 => n().prop_map(Act::Pass),
        2 => Just(Act::Abandon),
        1 => Just(Act::Reopen),
    ];
    prop::collection::vec(act, 1..80)
}

/// Some sequences of acts, always the same.
pub fn examples(count: usize) -> Vec<Vec<Act>> {
    let mut runner = TestRunner::deterministic();
    let one = |_| acts().new_tree(&mut runner).unwrap().current();
    (0..count).map(one).collect()
}

const NAMES: &[&str] = &["aa", "a-a", "Ab", "b"];
const OWNERS: &[&str] = &["one", "two", "three"];

/// What should be there.
#[derive(Debug, Clone, Default)]
struct Model {
    now: i64,
    /// By folded name: creation, revision, value.
    groups: BTreeMap<String, (i64, i64, u16)>,
    /// By item and number: second, revision, expiry.
    points: BTreeMap<(i64, i64), (i64, i64, Option<i64>)>,
    /// By name: owner, generation, end.
    leases: BTreeMap<u8, (Option<u8>, i64, i64)>,
}

/// What was handed out so far.
#[derive(Default)]
struct Held {
    groups: Vec<Record<Group>>,
    points: Vec<RecoveryPoint>,
    leases: Vec<(u8, u8, Lease)>,
}

fn pick<T>(of: &[T], number: u8) -> Option<&T> {
    of.get(usize::from(number).checked_rem(of.len())?)
}

/// Does the acts on an empty database.
pub async fn hold(home: &Home, acts: &[Act]) {
    let mut state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let items = [
        item(&mut tx, "a", 1).await.data_id,
        item(&mut tx, "b", 2).await.data_id,
    ];
    tx.commit().await.unwrap();
    let (mut model, mut held) = (Model::default(), Held::default());
    let mut abandon = false;
    for act in acts {
        match act {
            Act::Abandon => abandon = true,
            Act::Pass(seconds) => {
                home.pass(i64::from(*seconds));
                model.now += i64::from(*seconds);
            }
            Act::Reopen => {
                state.close().await;
                state = home.open().await;
            }
            act => {
                let before = model.clone();
                let mut tx = state.write().await.unwrap();
                one(&mut tx, act, &mut model, &mut held, items).await;
                if std::mem::take(&mut abandon) {
                    drop(tx);
                    model = before;
                } else {
                    tx.commit().await.unwrap();
                }
            }
        }
    }
    check(&state, &model, items).await;
}

async fn one(tx: &mut WriteTx, act: &Act, model: &mut Model, held: &mut Held, items: [i64; 2]) {
    match *act {
        Act::Create(name, value) => {
            let name = *pick(NAMES, name).unwrap();
            let id = format!("/top/{name}");
            let made = resources::create(tx, &id, "/top", with_value(value)).await;
            let there = model.groups.contains_key(&name.to_lowercase());
            assert_eq!(code(&made), there.then_some(Code::ResourceExists));
            if let Ok(made) = made {
                let new = (model.now, 1, value);
                model.groups.insert(name.to_lowercase(), new);
                held.groups.push(made);
            }
        }
        Act::Update(number, value) => {
            let Some(old) = pick(&held.groups, number) else {
                return;
            };
            let mut new = old.clone();
            new.body = with_value(value);
            let done = resources::update(tx, new).await;
            match expected(model, old) {
                Some(refusal) => assert_eq!(code(&done), Some(refusal)),
                None => {
                    let done = done.unwrap();
                    let slot = model.groups.get_mut(&old.name.to_lowercase()).unwrap();
                    *slot = (slot.0, slot.1 + 1, value);
                    assert_eq!(done.revision, slot.1);
                    held.groups.push(done);
                }
            }
        }
        Act::Delete(number) => {
            let Some(old) = pick(&held.groups, number) else {
                return;
            };
            let done = resources::delete(tx, old).await;
            assert_eq!(code(&done), expected(model, old));
            if done.is_ok() {
                model.groups.remove(&old.name.to_lowercase());
            }
        }
        Act::Page(after, limit) => {
            let (after, limit) = (pick(NAMES, after).unwrap(), limit % 4);
            let id = format!("/TOP/{after}");
            let page =
                resources::page::<Group>(tx, Scope::In("/Top"), Some(&id), limit.into()).await;
            let page: Vec<_> = page
                .unwrap()
                .iter()
                .map(|g| g.name.to_lowercase())
                .collect();
            let behind = model
                .groups
                .keys()
                .filter(|name| **name > after.to_lowercase());
            let behind: Vec<_> = behind.take(limit.into()).cloned().collect();
            assert_eq!(page, behind);
        }
        Act::TakePoint(item, seed, expiry) => {
            let item = *pick(&items, item).unwrap();
            let second = i64::from(seed % 7);
            let mut new = point(item, u64::from(seed % 16), at(second));
            let expiry = (expiry > 60).then(|| model.now + i64::from(expiry));
            new.expires_at = expiry.map(at);
            let key = (item, new.number);
            let made = points::create(tx, new).await;
            let there = model.points.contains_key(&key);
            assert_eq!(code(&made), there.then_some(Code::ResourceExists));
            if let Ok(made) = made {
                model.points.insert(key, (second, 1, expiry));
                held.points.push(made);
            }
        }
        Act::KeepPoint(number, expiry) => {
            let Some(old) = pick(&held.points, number) else {
                return;
            };
            let expiry = (expiry > 60).then_some(i64::from(expiry));
            let mut new = old.clone();
            new.expires_at = expiry.map(at);
            let done = points::update(tx, new).await;
            match expected_of_point(model, old) {
                Some(refusal) => assert_eq!(code(&done), Some(refusal)),
                None => {
                    let slot = model.points.get_mut(&(old.item, old.number)).unwrap();
                    *slot = (slot.0, slot.1 + 1, expiry);
                    held.points.push(done.unwrap());
                }
            }
        }
        Act::DeletePoint(number) => {
            let Some(old) = pick(&held.points, number) else {
                return;
            };
            let done = points::delete(tx, old).await;
            assert_eq!(code(&done), expected_of_point(model, old));
            if done.is_ok() {
                model.points.remove(&(old.item, old.number));
            }
        }
        Act::PagePoints(item, from, to, limit) => {
            let item = *pick(&items, item).unwrap();
            let (from, to) = (i64::from(from % 8), i64::from(to % 8));
            let range = Range {
                from: Some(at(from)),
                to: Some(at(to)),
            };
            let limit = u32::from(limit % 5);
            let page = points::page(tx, item, range, None, limit).await.unwrap();
            let page: Vec<_> = page.iter().map(|p| p.number).collect();
            let mut there: Vec<_> = model
                .points
                .iter()
                .filter(|((i, _), (second, _, _))| *i == item && (from..to).contains(second))
                .map(|((_, number), (second, _, _))| (*second, *number))
                .collect();
            there.sort();
            let newest = there.into_iter().rev().take(limit as usize);
            assert_eq!(page, newest.map(|(_, number)| number).collect::<Vec<_>>());
        }
        Act::Expired(number) => {
            let limit = u32::from(number % 3);
            let look = points::items_with_expired(tx, 0, limit).await.unwrap();
            let due =
                |(_, _, expiry): &(i64, i64, Option<i64>)| expiry.is_some_and(|e| e <= model.now);
            let expired = model.points.iter().filter(|(_, point)| due(point));
            let mut of: Vec<_> = expired.map(|((item, _), _)| *item).collect();
            of.dedup();
            let mut looked = items.to_vec();
            looked.sort_unstable();
            looked.truncate(limit as usize);
            of.retain(|item| looked.contains(item));
            let found = of.iter().map(|item| (*item, 1)).collect();
            let expected = looked
                .last()
                .map(|last| points::Look { last: *last, found });
            assert_eq!(look, expected);
            // Of one item those, and the newest.
            let item = *pick(&items, number).unwrap();
            let found = points::to_clean(tx, item).await.unwrap();
            let mut found: Vec<_> = found.iter().map(|p| p.number).collect();
            found.sort_unstable();
            let here = || model.points.iter().filter(|((i, _), _)| *i == item);
            let newest = here().max_by_key(|((_, number), (second, _, _))| (*second, *number));
            let newest = newest.map(|(key, _)| key.1);
            let chosen = here().filter(|((_, n), point)| due(point) || Some(*n) == newest);
            assert_eq!(found, chosen.map(|(key, _)| key.1).collect::<Vec<_>>());
        }
        Act::Take(name, owner, seconds) => {
            let (name, owner) = (name % 2, owner % 3);
            let length = SignedDuration::from_secs(seconds.into());
            let owner_name = OWNERS[usize::from(owner)];
            let taken = leases::take(tx, &name.to_string(), owner_name, length).await;
            let old = model.leases.get(&name).copied().unwrap_or((None, 0, 0));
            let free = old.0.is_none_or(|o| o == owner) || old.2 <= model.now;
            let taken = taken.unwrap();
            assert_eq!(taken.is_some(), free);
            if let Some(lease) = taken {
                assert_eq!(lease.generation, old.1 + 1);
                let new = (Some(owner), old.1 + 1, model.now + i64::from(seconds));
                model.leases.insert(name, new);
                held.leases.push((name, owner, lease));
            }
        }
        Act::Renew(number, seconds) => {
            let Some((name, owner, lease)) = pick(&held.leases, number) else {
                return;
            };
            let length = SignedDuration::from_secs(seconds.into());
            let done = leases::renew(tx, lease, length).await;
            let live = is_live(model, *name, *owner, lease);
            assert_eq!(code(&done), (!live).then_some(Code::LeaseLost));
            if live {
                let end = model.now + i64::from(seconds);
                model.leases.get_mut(name).unwrap().2 = end;
                assert_eq!(done.unwrap().until, at(end));
            }
        }
        Act::Release(number) => {
            let Some((name, owner, lease)) = pick(&held.leases, number) else {
                return;
            };
            let done = leases::release(tx, lease).await;
            let live = is_live(model, *name, *owner, lease);
            assert_eq!(code(&done), (!live).then_some(Code::LeaseLost));
            if live {
                let slot = model.leases.get_mut(name).unwrap();
                *slot = (None, slot.1, 0);
            }
        }
        Act::Check(number) => {
            let Some((name, owner, lease)) = pick(&held.leases, number) else {
                return;
            };
            let done = leases::check(tx, lease).await;
            let live = is_live(model, *name, *owner, lease);
            assert_eq!(code(&done), (!live).then_some(Code::LeaseLost));
        }
        Act::Pass(_) | Act::Abandon | Act::Reopen => unreachable!("done by the caller"),
    }
}

/// What is there is what should be, and no more.
async fn check(state: &State, model: &Model, items: [i64; 2]) {
    let mut tx = state.read().await.unwrap();
    let groups = resources::page::<Group>(&mut tx, Scope::In("/top"), None, 99).await;
    let groups: BTreeMap<_, _> = groups
        .unwrap()
        .into_iter()
        .map(|g| {
            let value = g.body.location.parse().unwrap();
            (
                g.name.to_lowercase(),
                (seconds(g.created), g.revision, value),
            )
        })
        .collect();
    assert_eq!(groups, model.groups);
    let mut found = BTreeMap::new();
    for item in items {
        let page = points::page(&mut tx, item, Range::default(), None, 999).await;
        for p in page.unwrap() {
            let value = (seconds(p.taken_at), p.revision, p.expires_at.map(seconds));
            found.insert((p.item, p.number), value);
        }
    }
    assert_eq!(found, model.points);
}

fn with_value(value: u16) -> Group {
    Group {
        location: value.to_string(),
        ..group()
    }
}

fn seconds(time: Timestamp) -> i64 {
    time.as_second() - START.as_second()
}

fn code<T>(result: &Result<T>) -> Option<Code> {
    result.as_ref().err().map(base::Error::code)
}

fn expected(model: &Model, old: &Record<Group>) -> Option<Code> {
    match model.groups.get(&old.name.to_lowercase()) {
        None => Some(Code::ResourceNotFound),
        Some((created, revision, _)) => {
            let same = *created == seconds(old.created) && *revision == old.revision;
            (!same).then_some(Code::PreconditionFailed)
        }
    }
}

fn expected_of_point(model: &Model, old: &RecoveryPoint) -> Option<Code> {
    match model.points.get(&(old.item, old.number)) {
        None => Some(Code::ResourceNotFound),
        Some((_, revision, _)) => (*revision != old.revision).then_some(Code::PreconditionFailed),
    }
}

fn is_live(model: &Model, name: u8, owner: u8, lease: &Lease) -> bool {
    model
        .leases
        .get(&name)
        .is_some_and(|(o, generation, _)| *o == Some(owner) && *generation == lease.generation)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_acts_do_what_plain_maps_do(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(hold(&Home::sqlite(), &acts));
    }
}
