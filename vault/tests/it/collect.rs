//! Removal and collection (ADR 0006): space comes back, whatever goes on beside it, and nothing
//! that is committed is hurt.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, Kind, ManualClock, SeededRandom};
use jiff::{SignedDuration, Timestamp};
use vault::{
    CollectOptions, DiskRoot, Level, Phase, PointState, Session, Store, Surroundings, Vault,
    collect, plan_collection, verify,
};

use crate::faulty::{Faulty, How};
use crate::support::*;

const ALL: [How; 4] = [How::Fail, How::LoseAnswer, How::Die, How::DieAfter];

async fn now(vault: &Arc<Vault>) -> vault::CollectReport {
    collect(vault, &CollectOptions::default()).await.unwrap()
}

async fn one(vault: &Arc<Vault>, machine: &str, bytes: &[u8]) -> (base::PointId, DiskRoot) {
    let parts = [("vda", bytes, None)];
    let (point, mut disks, _) = backup(vault, machine, &parts).await.unwrap();
    (point, disks.remove(0))
}

async fn is_well(vault: &Arc<Vault>) {
    let report = verify(vault, Level::Full, None, &|_, _| {}).await.unwrap();
    assert!(report.is_well(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_last_point_is_gone_so_are_all_packs_segments_and_manifests() {
    for (_folder, store) in [(None, Store::memory()), {
        let (folder, store) = local();
        (Some(folder), store)
    }] {
        let vault = make(store.clone(), 1).await;
        let mut bytes = noise(1, 40 * CHUNK);
        let (first, root) = one(&vault, MACHINE, &bytes).await;
        bytes[7 * CHUNK] ^= 1;
        let base = Base {
            root: &root,
            bytes: &noise(1, 40 * CHUNK),
        };
        let (second, ..) = backup(&vault, MACHINE, &[("vda", &bytes, Some(base))])
            .await
            .unwrap();
        assert_eq!(now(&vault).await.swept.objects, 0);
        let gone = vault.remove_points(&[second, first]).await.unwrap();
        assert_eq!(gone, [first, second]);
        assert!(vault.remove_points(&[first]).await.unwrap().is_empty());
        let plan = plan_collection(&vault, &CollectOptions::default())
            .await
            .unwrap();
        let done = now(&vault).await;
        assert_eq!(done.figures, plan);
        assert_eq!(plan.garbage_records, plan.records);
        for folder in ["packs", "index", "points"] {
            assert_eq!(store.list(folder).await.unwrap(), [], "{folder}");
        }
        if let Some(root) = store.local_path() {
            let left = std::fs::read_dir(root.join("packs")).unwrap().count();
            assert_eq!(left, 0, "empty folders stayed");
        }
        assert!(vault.points().await.unwrap().is_empty());
        // And the vault goes on being used.
        let (_, root) = one(&vault, MACHINE, &bytes).await;
        check_disk(&vault, &root, &bytes).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_writes_nothing() {
    let vault = make(Store::memory(), 1).await;
    let (gone, _) = one(&vault, MACHINE, &noise(1, 30 * CHUNK)).await;
    one(&vault, MACHINE, &noise(2, 10 * CHUNK)).await;
    vault.remove_points(&[gone]).await.unwrap();
    let before = objects(vault.store()).await;
    let plan = plan_collection(&vault, &CollectOptions::default())
        .await
        .unwrap();
    assert_eq!(plan.garbage_records, 30 + 2 + 1);
    assert!(
        plan.packs_dropped > 0 && plan.freed > 29 * CHUNK as u64,
        "{plan:?}"
    );
    assert_eq!(objects(vault.store()).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_other_points_share_stays_and_what_lives_in_poor_packs_is_copied() {
    let vault = make(Store::memory(), 1).await;
    // Of each four chunks one is shared with the second machine.
    let first = noise(1, 64 * CHUNK);
    let mut second = vec![0; 64 * CHUNK];
    for i in (0..64).step_by(4) {
        let at = i * CHUNK;
        second[at..at + CHUNK].copy_from_slice(&first[at..at + CHUNK]);
    }
    let (gone, _) = one(&vault, MACHINE, &first).await;
    let (_, root) = one(&vault, "other", &second).await;
    vault.remove_points(&[gone]).await.unwrap();
    let before = bytes_in(vault.store(), "packs").await;
    let done = now(&vault).await;
    assert!(done.figures.packs_copied > 0, "{done:?}");
    let after = bytes_in(vault.store(), "packs").await;
    assert!(after < 18 * CHUNK as u64, "{before} bytes, then {after}");
    check_disk(&vault, &root, &second).await;
    is_well(&vault).await;
    // Bytes copied follow the garbage, and there is none left.
    let again = now(&vault).await;
    assert_eq!(
        (again.figures.copied, again.figures.garbage_records),
        (0, 0)
    );
    assert_eq!(again.swept.objects, 0);
}

/// XFER-5's example: of a disk of four blocks the first point holds two, the second brings a
/// third, and the last another second and third.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xfer_5_of_four_blocks_what_the_next_point_needs_stays_and_what_was_overwritten_goes() {
    let [one, two, three, new_two, new_three] = [1, 2, 3, 4, 5].map(|seed| noise(seed, CHUNK));
    let none = vec![0; CHUNK];
    let disks = [
        [&one, &two, &none, &none],
        [&one, &two, &three, &none],
        [&one, &new_two, &new_three, &none],
    ];
    let disks = disks.map(|blocks| blocks.map(|b| &b[..]).concat());
    // Which point goes, and how many blocks are there then. The second one shows the old second
    // block, too: it goes with the last of the two.
    for expiries in [[(0, 5), (1, 3)], [(1, 4), (0, 3)]] {
        let vault = make(Store::memory(), 1).await;
        let blocks = async || bytes_in(vault.store(), "packs").await / CHUNK as u64;
        let mut points: Vec<(base::PointId, DiskRoot)> = Vec::new();
        for (disk, stored) in disks.iter().zip([2, 3, 5]) {
            let last = points.len().checked_sub(1);
            let base = last.map(|last| Base {
                root: &points[last].1,
                bytes: &disks[last],
            });
            let made = backup(&vault, MACHINE, &[("vda", disk, base)]).await;
            let (point, mut roots, _) = made.unwrap();
            points.push((point, roots.remove(0)));
            assert_eq!(blocks().await, stored);
        }
        let mut left = vec![0, 1, 2];
        for (gone, stored) in expiries {
            vault.remove_points(&[points[gone].0]).await.unwrap();
            let all = CollectOptions {
                repack_from_percent: 1,
                ..CollectOptions::default()
            };
            collect(&vault, &all).await.unwrap();
            assert_eq!(blocks().await, stored, "{expiries:?} after {gone}");
            left.retain(|point| *point != gone);
            for point in &left {
                check_disk(&vault, &points[*point].1, &disks[*point]).await;
            }
            is_well(&vault).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_garbage_nothing_is_copied_however_small_the_packs_are() {
    let vault = make(Store::memory(), 1).await;
    let mut bytes = noise(1, 3 * CHUNK);
    let (_, mut root) = one(&vault, MACHINE, &bytes).await;
    for day in 0..3 {
        let old = bytes.clone();
        bytes[CHUNK + day * 100] ^= 1;
        let base = Some(Base {
            root: &root,
            bytes: &old,
        });
        let done = backup(&vault, MACHINE, &[("vda", &bytes, base)])
            .await
            .unwrap();
        assert_eq!(done.2.patches, 1);
        root = done.1[0].clone();
    }
    let figures = now(&vault).await.figures;
    assert_eq!((figures.copied, figures.freed), (0, 0), "{figures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patches_keep_what_they_rest_on_and_let_it_go_with_them() {
    let vault = make(Store::memory(), 1).await;
    let mut bytes = noise(1, 20 * CHUNK);
    let mut points = vec![one(&vault, MACHINE, &bytes).await];
    let mut contents = vec![bytes.clone()];
    for day in 0..12 {
        let old = bytes.clone();
        bytes[(3 + day % 2) * CHUNK + day * 10] ^= 1;
        let base = Base {
            root: &points.last().unwrap().1.clone(),
            bytes: &old,
        };
        let (point, mut roots, stats) = backup(&vault, MACHINE, &[("vda", &bytes, Some(base))])
            .await
            .unwrap();
        assert!(stats.patches > 0 || day > 7, "day {day}: {stats:?}");
        points.push((point, roots.remove(0)));
        contents.push(bytes.clone());
    }
    // Every other point goes, then all but the last.
    for keep in [2, 13] {
        let goes = |i: &usize| !i.is_multiple_of(keep) || keep > 12;
        let gone: Vec<_> = (0..12).filter(goes).map(|i| points[i].0).collect();
        vault.remove_points(&gone).await.unwrap();
        now(&vault).await;
        is_well(&vault).await;
        for info in vault.points().await.unwrap() {
            let i = points
                .iter()
                .position(|p| p.0 == info.manifest.point)
                .unwrap();
            check_disk(&vault, &points[i].1, &contents[i]).await;
        }
    }
    assert_eq!(vault.points().await.unwrap().len(), 1);
    let left = plan_collection(&vault, &CollectOptions::default())
        .await
        .unwrap();
    assert!(left.records < 20 + 3 + 2 * 8, "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_any_operation_of_a_collection_costs_nothing_and_the_next_one_ends_it() {
    for how in ALL {
        for n in 0.. {
            let faulty = Faulty::memory();
            let vault = make(faulty.store(), 1).await;
            let kept = noise(2, 12 * CHUNK);
            let gone = [noise(1, 30 * CHUNK), kept[..2 * CHUNK].to_vec()].concat();
            let (gone, _) = one(&vault, "gone", &gone).await;
            let (point, root) = one(&vault, MACHINE, &kept).await;
            vault.remove_points(&[gone]).await.unwrap();
            faulty.plan(n, how);
            let done = collect(&vault, &CollectOptions::default()).await;
            let operations = faulty.heal();
            if let Err(e) = &done {
                assert_eq!(e.kind(), Kind::Unavailable, "{how:?} {n}: {e:?}");
            }
            let fresh = try_open(&faulty.sound(), vault.ring(), 9).await.unwrap();
            let points = fresh.points().await.unwrap();
            assert_eq!(points.len(), 1);
            assert_eq!(points[0].manifest.point, point);
            check_disk(&fresh, &root, &kept).await;
            is_well(&fresh).await;
            // Both the same process and another one may go on.
            let next = if n % 2 == 0 { &vault } else { &fresh };
            now(next).await;
            check_disk(&fresh, &root, &kept).await;
            let left = bytes_in(&faulty.sound(), "packs").await;
            assert!(
                left < 14 * CHUNK as u64,
                "{how:?} {n}: {left} bytes are left"
            );
            let quiet = now(next).await;
            assert_eq!(quiet.swept.objects, 0, "{how:?} {n}");
            if n >= operations {
                assert!(done.is_ok() && n > 20, "{n}");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_collection_copied_is_not_copied_again() {
    let faulty = Faulty::memory();
    let vault = make(faulty.store(), 1).await;
    let first = noise(1, 128 * CHUNK);
    let mut second = vec![0; 128 * CHUNK];
    for at in (0..128 * CHUNK).step_by(3 * CHUNK) {
        second[at..at + CHUNK].copy_from_slice(&first[at..at + CHUNK]);
    }
    let (gone, _) = one(&vault, MACHINE, &first).await;
    let (_, root) = one(&vault, "other", &second).await;
    vault.remove_points(&[gone]).await.unwrap();
    let before = bytes_in(&faulty.sound(), "packs").await;
    faulty.plan_put(7, How::Die);
    collect(&vault, &CollectOptions::default())
        .await
        .unwrap_err();
    faulty.heal();
    let copied = bytes_in(&faulty.sound(), "packs").await - before;
    assert!(
        copied > 20 * CHUNK as u64,
        "only {copied} bytes were copied before"
    );
    now(&vault).await;
    let left = bytes_in(&faulty.sound(), "packs").await;
    let session_of = |name: &str| name.split('/').nth(1).unwrap().to_owned();
    let packs = faulty.sound().list("packs").await.unwrap();
    let sessions: std::collections::BTreeSet<_> = packs.iter().map(|p| session_of(&p.0)).collect();
    assert!(
        sessions.len() >= 3,
        "the killed one's packs went: {sessions:?}"
    );
    assert!(left < 48 * CHUNK as u64, "{left}");
    check_disk(&vault, &root, &second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_builds_on_garbage_commits_whole_after_the_collection() {
    let vault = make(Store::memory(), 1).await;
    let old = noise(1, 40 * CHUNK);
    let (gone, root) = one(&vault, MACHINE, &old).await;
    let key = vault.machine_key(MACHINE);
    // It begins while the point is there, and shares most of it; one chunk is a patch.
    let slow = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
    let mut next = old.clone();
    next[20 * CHUNK + 9] ^= 1;
    let base = Some(Base {
        root: &root,
        bytes: &old,
    });
    let (disks, stats) = write_all(&slow, MACHINE, &[("vda", &next, base)])
        .await
        .unwrap();
    assert_eq!(stats.patches, 1);
    vault.remove_points(&[gone]).await.unwrap();
    for _ in 0..3 {
        let done = now(&vault).await;
        assert!(done.swept.waiting > 0, "{done:?}");
    }
    let manifest = manifest(&slow, MACHINE, PointState::Whole, disks.clone());
    slow.commit(&manifest, b"x").await.unwrap();
    check_disk(&vault, &disks[0], &next).await;
    // What waited goes with the next collection, and all is there still, to fresh eyes too.
    let done = now(&vault).await;
    assert_eq!(done.swept.waiting, 0);
    assert!(done.swept.objects > 0);
    let fresh = try_open(vault.store(), vault.ring(), 3).await.unwrap();
    check_disk(&fresh, &disks[0], &next).await;
    is_well(&fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_a_host_that_never_comes_back_is_given_up_after_a_week() {
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let surroundings = Surroundings {
        clock: Arc::clone(&clock) as _,
        random: Arc::new(SeededRandom::new(1)),
    };
    let made = vault::create(Store::memory(), CHUNK as u32, &unlock(), surroundings).await;
    let vault = Arc::new(made.unwrap().0.with_limits(SMALL));
    let key = vault.machine_key(MACHINE);
    let lost = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
    let bytes = noise(1, 40 * CHUNK);
    let (disks, _) = write_all(&lost, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let (_, root) = one(&vault, "other", &bytes[..20 * CHUNK]).await;
    let packs = || async { bytes_in(vault.store(), "packs").await };
    let before = packs().await;
    for days in [0, 6] {
        clock.advance(SignedDuration::from_hours(24 * days));
        now(&vault).await;
        assert_eq!(packs().await, before, "after {days} days");
    }
    clock.advance(SignedDuration::from_hours(25));
    now(&vault).await;
    assert!(packs().await < before);
    // It comes back after all: a clean refusal, and the next run is whole.
    let manifest = manifest(&lost, MACHINE, PointState::Whole, disks);
    assert_eq!(
        lost.commit(&manifest, b"x").await.unwrap_err().code(),
        Code::Fenced
    );
    check_disk(&vault, &root, &bytes[..20 * CHUNK]).await;
    let (_, root) = one(&vault, MACHINE, &bytes).await;
    now(&vault).await;
    check_disk(&vault, &root, &bytes).await;
    is_well(&vault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_collectors_at_the_same_time_one_ends_and_nothing_is_hurt() {
    for seed in 0..12 {
        let faulty = Faulty::memory();
        let vault = make(faulty.store(), 1).await;
        let kept = noise(2, 20 * CHUNK);
        let (gone, _) = one(
            &vault,
            "gone",
            &[noise(1, 30 * CHUNK), kept.clone()].concat(),
        )
        .await;
        let (_, root) = one(&vault, MACHINE, &kept).await;
        vault.remove_points(&[gone]).await.unwrap();
        let other = try_open(&faulty.store(), vault.ring(), 7).await.unwrap();
        faulty.delay();
        let options = CollectOptions::default();
        let (a, b) = tokio::join!(collect(&vault, &options), async {
            tokio::time::sleep(Duration::from_millis(seed * 3)).await;
            collect(&other, &options).await
        });
        faulty.heal();
        assert!(a.is_ok() || b.is_ok(), "{a:?} {b:?}");
        for e in [a, b].into_iter().filter_map(Result::err) {
            assert_eq!(e.code(), Code::Fenced);
        }
        check_disk(&vault, &root, &kept).await;
        now(&other).await;
        let left = bytes_in(&faulty.sound(), "packs").await;
        // A pack that is less than half garbage stays.
        assert!(left < 20 * CHUNK as u64 + 60_000, "{left} bytes are left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_committed_at_any_moment_of_a_collection_keeps_what_it_shares_with_garbage() {
    let mut reused = 0;
    // Whether the writer began before the point went, builds on it or shares only chunks, and
    // whether its point is removed at once.
    for (early, based, removed) in [
        (false, false, false),
        (true, false, false),
        (true, true, false),
        (true, true, true),
    ] {
        for n in 0.. {
            let faulty = Faulty::memory();
            let vault = make(faulty.store(), 1).await;
            let old = noise(1, 40 * CHUNK);
            let (gone, root) = one(&vault, MACHINE, &old).await;
            let (_, kept) = one(&vault, "kept", &old[..9 * CHUNK]).await;
            let other = try_open(&faulty.sound(), vault.ring(), 7).await.unwrap();
            let key = other.machine_key(MACHINE);
            let open = async |other| Session::open(other, key, Phase::Snapshot).await.unwrap();
            let begun = if early {
                Some(open(&other).await)
            } else {
                None
            };
            vault.remove_points(&[gone]).await.unwrap();
            let mut next = old.clone();
            next[20 * CHUNK + 9] ^= 1;
            let (done, was) = tokio::sync::oneshot::channel();
            let (bytes, base) = (next.clone(), (root, old.clone()));
            let aside = async move {
                let session = match begun {
                    Some(session) => session,
                    None => Session::open(&other, key, Phase::Snapshot).await.unwrap(),
                };
                let base = Base {
                    root: &base.0,
                    bytes: &base.1,
                };
                let base = based.then_some(base);
                let parts = [("vda", &bytes[..], base)];
                let (disks, stats) = write_all(&session, MACHINE, &parts).await.unwrap();
                let manifest = manifest(&session, MACHINE, PointState::Whole, disks.clone());
                session.commit(&manifest, b"x").await.unwrap();
                if removed {
                    other.remove_points(&[manifest.point]).await.unwrap();
                }
                done.send((disks, stats)).unwrap();
            };
            faulty.plan_aside(n, Box::pin(aside));
            now(&vault).await;
            let operations = faulty.heal();
            if n >= operations {
                assert!(n > 20, "{n}");
                break;
            }
            let (mut disks, stats) = was.await.unwrap();
            if removed {
                // What it brought into the index is there to be found.
                let fresh = try_open(&faulty.sound(), vault.ring(), 8).await.unwrap();
                disks[0] = one(&fresh, MACHINE, &next).await.1;
            }
            reused += usize::from(stats.new_chunks < 10);
            for _ in 0..2 {
                let fresh = try_open(&faulty.sound(), vault.ring(), 9).await.unwrap();
                check_disk(&fresh, &disks[0], &next).await;
                check_disk(&fresh, &kept, &old[..9 * CHUNK]).await;
                is_well(&fresh).await;
                now(&fresh).await;
            }
        }
    }
    assert!(reused > 40, "only {reused} writers found the garbage");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_and_writers_go_on_beside_collections() {
    let (_folder, store) = local();
    let vault = make(store.clone(), 1).await;
    let bytes = noise(1, 60 * CHUNK);
    let (_, root) = one(&vault, "kept", &bytes).await;
    let other = try_open(&store, vault.ring(), 7).await.unwrap();
    let readers = async {
        for _ in 0..15 {
            check_disk(&other, &root, &bytes).await;
        }
    };
    let writers = async {
        for day in 0..12u64 {
            let mut next = bytes.clone();
            next[5 * CHUNK..25 * CHUNK].copy_from_slice(&noise(100 + day, 20 * CHUNK));
            let (point, root) = one(&other, MACHINE, &next).await;
            check_disk(&vault, &root, &next).await;
            other.remove_points(&[point]).await.unwrap();
        }
    };
    let collectors = async {
        for _ in 0..12 {
            now(&vault).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::join!(readers, writers, collectors);
    now(&vault).await;
    is_well(&vault).await;
    let left = bytes_in(&store, "packs").await;
    assert!(left < 63 * CHUNK as u64, "{left} bytes are left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_that_hides_what_is_in_use_stops_a_collection_before_it_removes_anything() {
    let mut stopped = Vec::new();
    for n in 0.. {
        let vault = make(Store::memory(), 1).await;
        let (gone, _) = one(&vault, "gone", &noise(2, 40 * CHUNK)).await;
        let before: Vec<_> = objects(vault.store()).await;
        one(&vault, MACHINE, &noise(1, 40 * CHUNK)).await;
        vault.remove_points(&[gone]).await.unwrap();
        // One object of the point that is left.
        let mut new = objects(vault.store()).await;
        new.retain(|o| !before.contains(o) && !o.0.starts_with("log"));
        let Some((name, _)) = new.get(n) else {
            break;
        };
        vault.store().delete(name).await.unwrap();
        let eyes = try_open(vault.store(), vault.ring(), 5).await.unwrap();
        let held = objects(eyes.store()).await;
        if let Err(e) = collect(&eyes, &CollectOptions::default()).await {
            assert_eq!(e.kind(), Kind::Integrity, "{name}: {e:?}");
            let left = objects(eyes.store()).await;
            assert!(
                held.iter().all(|o| left.contains(o)),
                "{name}: something was removed"
            );
            stopped.push(name.split('/').next().unwrap().to_owned());
        } else {
            // Chunks hide nothing.
            assert!(name.starts_with("packs"), "{name}");
            let left = objects(eyes.store()).await;
            assert!(
                new.iter().all(|o| o.0 == *name || left.contains(o)),
                "{name}"
            );
        }
    }
    stopped.dedup();
    assert_eq!(stopped, ["index", "packs", "points"]);
}
