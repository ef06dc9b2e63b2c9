//! Power cuts and bad disks below the folder store: at every change on the disk that an act
//! makes, the power goes, the process is killed, or the disk fails. What was acknowledged is
//! there byte for byte, and the same act goes on.
//!
//! `STILLPOINT_CUTS=N` looks at N in four changes, and from 4 on at each by a quarter of N seeds;
//! `STILLPOINT_SEED=N` at others.

mod world;

use base::Kind;
use testkit::fragile::{Disk, Fault, What};
use vault::{Put, Store};

use world::{Act, Fsync, Host, Known};

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |n| n.parse().unwrap())
}

/// In how many steps all changes are looked at.
const STEPS: u64 = 4;

/// The seeds to try at one change. Four in a row are the four moods of a disk.
fn seeds(change: usize) -> impl Iterator<Item = u64> {
    let (change, first) = (change as u64, number("STILLPOINT_SEED", 0));
    let cuts = number("STILLPOINT_CUTS", 1);
    let here = (change + first) % STEPS < cuts;
    let all = if here { cuts.div_ceil(STEPS) } else { 0 };
    // Such that the changes that are looked at meet all moods.
    let seed = first * 1000 + change / STEPS + change;
    (0..all).map(move |n| seed + n)
}

/// Does one act after the other on a disk and hands `attack` each: what is known before, what
/// the disk held at first and after each change, and what is known after.
async fn each_act<F>(acts: &[Act], mut attack: F)
where
    F: AsyncFnMut(&Host, Act, &Known, &[testkit::fragile::State], &Known),
{
    let disk = Disk::new().unwrap();
    let host = Host::new(&disk, Fsync::Yes);
    let mut known = Known::default();
    for act in Act::ALL {
        host.prepare(act).await;
        disk.record();
        let after = host.act(act, &known).unwrap();
        let states = disk.recorded();
        if acts.contains(&act) {
            attack(&host, act, &known, &states, &after).await;
        }
        disk.load(states.last().unwrap());
        known = after;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_at_any_change_loses_nothing_that_was_acknowledged() {
    let mut cuts = 0;
    each_act(&Act::ALL, async |host, act, known, states, after| {
        for (n, state) in states.iter().enumerate() {
            for seed in seeds(n) {
                let what = format!("{act:?}, {n} of {} changes, seed {seed}", states.len() - 1);
                host.disk.load(&state.cut(seed));
                let acknowledged = if n + 1 == states.len() { after } else { known };
                host.check(act, acknowledged)
                    .await
                    .unwrap_or_else(|e| panic!("{what}: {e}"));
                let now = host.act(act, known);
                let now = now.unwrap_or_else(|e| panic!("{what}, again: {e:?}"));
                host.settled(act, &now)
                    .await
                    .unwrap_or_else(|e| panic!("{what}, again: {e}"));
                cuts += 1;
            }
        }
    })
    .await;
    println!("{cuts} cuts");
    assert!(cuts > 100, "{cuts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_left_visible_is_durable_before_others_rest_on_it() {
    each_act(&Act::ALL, async |host, act, known, states, _| {
        for (n, state) in states.iter().enumerate() {
            // Near its end an act may seem to be done and not be durable.
            let last = (n + 8 >= states.len()).then_some(0);
            for seed in seeds(n).chain(last) {
                let what = format!("{act:?}, killed at {n}, then cut by seed {seed}");
                host.disk.load(state);
                let now = host.act(act, known);
                let now = now.unwrap_or_else(|e| panic!("{what}: {e:?}"));
                host.disk.load(&host.disk.state().cut(seed));
                host.settled(act, &now)
                    .await
                    .unwrap_or_else(|e| panic!("{what}: {e}"));
            }
        }
    })
    .await;
}

/// Lets each change (or read) of each act go wrong; then the power goes, and the act is done
/// again.
async fn fail_everywhere(what: What) -> (usize, usize) {
    let (mut failed, mut done) = (0, 0);
    each_act(&Act::ALL, async |host, act, known, states, _| {
        let mut all = states.len() - 1;
        if what == What::Read {
            host.disk.load(&states[0]);
            host.act(act, known).unwrap();
            all = usize::try_from(host.disk.reads()).unwrap();
        }
        for n in 0..all {
            for seed in seeds(n) {
                let said = format!("{act:?}, {what:?} {n} of {all} goes wrong, seed {seed}");
                host.disk.load(&states[0]);
                host.disk.fail(Fault { what, at: n as u64 });
                let acknowledged = match host.act(act, known) {
                    Ok(after) => {
                        done += 1;
                        after
                    }
                    Err(e) => {
                        failed += 1;
                        let wanted = [Kind::Unavailable, Kind::NoSpace, Kind::Failed];
                        assert!(wanted.contains(&e.kind()), "{said}: {e:?}");
                        known.clone()
                    }
                };
                host.disk.load(&host.disk.state().cut(seed));
                host.check(act, &acknowledged)
                    .await
                    .unwrap_or_else(|e| panic!("{said}: {e}"));
                let now = host.act(act, known);
                let now = now.unwrap_or_else(|e| panic!("{said}, again: {e:?}"));
                host.settled(act, &now)
                    .await
                    .unwrap_or_else(|e| panic!("{said}, again: {e}"));
            }
        }
    })
    .await;
    (failed, done)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_name_or_sync_that_fails_is_told_and_loses_nothing() {
    let (failed, done) = fail_everywhere(What::Change).await;
    assert!(failed > 50, "{failed} {done}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_fails_is_told_and_loses_nothing() {
    let (failed, done) = fail_everywhere(What::Read).await;
    assert!(failed > 5, "{failed} {done}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_from_any_change_on_loses_nothing() {
    let (failed, done) = fail_everywhere(What::Full).await;
    assert!(failed > 20, "{failed} {done}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_sync_is_found_out() {
    let disk = Disk::new().unwrap();
    let host = Host::new(&disk, Fsync::No);
    let mut known = Known::default();
    for act in [Act::Create, Act::First] {
        known = host.act(act, &known).unwrap();
    }
    let now = disk.state();
    let mut lost = 0;
    for seed in 0..8 {
        disk.load(&now.cut(seed));
        lost += usize::from(host.check(Act::First, &known).await.is_err());
    }
    assert!(lost >= 6, "{lost} of 8 seeds");
}

/// Packs of real vaults are written past the page cache, those of the acts above are too small.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_object_is_whole_or_not_there() {
    let object: Vec<u8> = (0..(3 << 20) + 777).map(|i| (i % 251) as u8).collect();
    let disk = Disk::new().unwrap();
    let folder = disk.path();
    let store = Store::local(folder).unwrap();
    disk.record();
    let put = store.put_new("packs/1/1", object.clone().into()).await;
    assert_eq!(put.unwrap(), Put::Created);
    let states = disk.recorded();
    assert!(states.len() > 8, "{} changes", states.len());
    let there = || std::fs::read(folder.join("packs/1/1")).ok();
    for (n, state) in states.iter().enumerate() {
        for seed in 0..4 {
            disk.load(&state.cut(seed));
            match there() {
                Some(found) => assert!(found == object, "torn after {n} changes, seed {seed}"),
                None => assert!(n + 1 < states.len(), "lost, seed {seed}"),
            }
        }
    }
}
