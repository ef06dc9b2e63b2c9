//! A fault at every operation of a backup and of a sync: earlier points stay, the next run
//! succeeds, and nothing that was reported as committed is lost.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, Kind, PointId};
use vault::keys::Keyring;
use vault::{DiskRoot, Level, Phase, PointState, Session, Vault, sync_point, verify};

use crate::faulty::{Faulty, How};
use crate::support::*;

const ALL: [How; 4] = [How::Fail, How::LoseAnswer, How::Die, How::DieAfter];

/// A vault with one point, and the contents of the next.
struct Before {
    faulty: Faulty,
    vault: Arc<Vault>,
    ring: Arc<Keyring>,
    first: (PointId, DiskRoot, Vec<u8>),
    next: Vec<u8>,
}

async fn before() -> Before {
    let faulty = Faulty::memory();
    let vault = make(faulty.store(), 1).await;
    let bytes = noise(1, 18 * CHUNK + 99);
    let (point, mut disks, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let mut next = bytes.clone();
    next[CHUNK + 5] ^= 1;
    next[8 * CHUNK..17 * CHUNK].copy_from_slice(&noise(2, 9 * CHUNK));
    next.extend_from_slice(&noise(3, 20 * CHUNK));
    let ring = Arc::clone(vault.ring());
    let first = (point, disks.remove(0), bytes);
    Before {
        faulty,
        vault,
        ring,
        first,
        next,
    }
}

impl Before {
    async fn back_up(&self, vault: &Arc<Vault>) -> base::Result<(PointId, DiskRoot)> {
        let (_, root, bytes) = &self.first;
        let base = Some(Base { root, bytes });
        let (point, mut disks, _) = backup(vault, MACHINE, &[("vda", &self.next, base)]).await?;
        Ok((point, disks.remove(0)))
    }

    /// The points that eyes see which saw nothing before; all must read as they should.
    async fn check(&self, faulty: &Faulty) -> Vec<PointId> {
        let vault = try_open(&faulty.sound(), &self.ring, 9).await.unwrap();
        let mut points = Vec::new();
        for info in vault.points().await.unwrap() {
            let bytes = match info.manifest.point == self.first.0 {
                true => &self.first.2,
                false => &self.next,
            };
            check_disk(&vault, &info.manifest.disks[0], bytes).await;
            points.push(info.manifest.point);
        }
        let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
        assert!(report.is_well(), "{report:?}");
        points
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_any_operation_of_a_backup_costs_at_most_that_backup() {
    let mut unclear = 0;
    for how in ALL {
        for n in 0.. {
            let b = before().await;
            b.faulty.plan(n, how);
            let done = b.back_up(&b.vault).await;
            let operations = b.faulty.heal();
            let points = b.check(&b.faulty).await;
            assert_eq!(points[0], b.first.0);
            match &done {
                Ok((point, _)) => assert_eq!(points[1..], [*point], "{how:?} {n}"),
                Err(e) => {
                    assert_eq!(e.kind(), Kind::Unavailable, "{how:?} {n}: {e:?}");
                    unclear += points.len() - 1;
                }
            }
            // The same process goes on, and so does another one.
            let other = try_open(&b.faulty.store(), &b.ring, 7).await.unwrap();
            let mut all = points.len();
            for vault in [&b.vault, &other] {
                b.back_up(vault).await.unwrap();
                all += 1;
            }
            assert_eq!(b.check(&b.faulty).await.len(), all, "{how:?} {n}");
            if n >= operations {
                assert!(done.is_ok());
                assert!(n > 10, "the faults reached {n} operations only");
                break;
            }
        }
    }
    assert!(unclear > 0, "no fault hit the commit itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_whose_answer_is_lost_is_settled_by_reading_back() {
    for n in 0.. {
        let b = before().await;
        b.faulty.plan_put(n, How::LoseAnswer);
        let done = b.back_up(&b.vault).await;
        let puts = b.faulty.heal();
        let (point, _) = done.unwrap_or_else(|e| panic!("put {n}: {e:?}"));
        assert_eq!(b.check(&b.faulty).await, [b.first.0, point]);
        if n >= puts {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unclear_commit_may_be_tried_again() {
    let b = before().await;
    let key = b.vault.machine_key(MACHINE);
    for n in 0..12 {
        let session = Session::open(&b.vault, key, Phase::Snapshot).await.unwrap();
        let (disks, _) = write_all(&session, MACHINE, &[("vda", &b.next, None)])
            .await
            .unwrap();
        let manifest = manifest(&session, MACHINE, PointState::Whole, disks);
        b.faulty.plan(n, How::DieAfter);
        let first = session.commit(&manifest, b"x").await;
        b.faulty.heal();
        let there = b.check(&b.faulty).await.contains(&manifest.point);
        let again = session.commit(&manifest, b"x").await;
        let now = b.check(&b.faulty).await;
        let count = now.iter().filter(|p| **p == manifest.point).count();
        match (there, again) {
            // What was cut short before the log can't be taken up by the same session if its
            // packs are not known to be there.
            (false, Err(e)) => assert_eq!((e.kind(), count), (Kind::Unavailable, 0), "{n}"),
            (_, Ok(())) => assert_eq!(count, 1, "{n}"),
            (true, Err(e)) => panic!("{n}: {first:?}, then {e:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_dropped_at_any_moment_leaves_only_whole_points() {
    let b = before().await;
    let key = b.vault.machine_key(MACHINE);
    let mut dropped = 0;
    for n in 0..60u64 {
        let session = Session::open(&b.vault, key, Phase::Snapshot).await.unwrap();
        b.faulty.delay();
        let next = noise(n + 100, 20 * CHUNK);
        let wait = Duration::from_micros(n * 400);
        let run = async {
            let (disks, _) = write_all(&session, MACHINE, &[("vda", &next, None)]).await?;
            let manifest = manifest(&session, MACHINE, PointState::Whole, disks);
            session.commit(&manifest, b"x").await
        };
        let cut = tokio::time::timeout(wait, run).await.is_err();
        dropped += usize::from(cut);
        // A careless caller goes on with the same session.
        if let Ok((disks, _)) = write_all(&session, MACHINE, &[("vda", &next, None)]).await {
            let manifest = manifest(&session, MACHINE, PointState::Whole, disks);
            let _ = session.commit(&manifest, b"x").await;
        }
        b.faulty.heal();
        let vault = try_open(&b.faulty.sound(), &b.ring, 9).await.unwrap();
        let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
        assert!(report.is_well(), "{n}: {report:?}");
        if let Some(info) = vault
            .points()
            .await
            .unwrap()
            .get(1..)
            .and_then(|p| p.last())
            && !cut
        {
            check_disk(&vault, &info.manifest.disks[0], &next).await;
        }
    }
    assert!(dropped > 5, "only {dropped} were cut short");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_any_operation_of_a_sync_costs_at_most_that_sync() {
    for how in ALL {
        for side in 0..2 {
            for n in 0.. {
                let b = before().await;
                let target = Faulty::memory();
                let second = extend(&b.vault, target.store()).await;
                let sync = |p| sync_point(&b.vault, &second, p, &|_| {});
                sync(b.first.0).await.unwrap();
                let (point, _) = b.back_up(&b.vault).await.unwrap();
                let hurt = [&b.faulty, &target][side];
                hurt.plan(n, how);
                let done = sync(point).await;
                let operations = hurt.heal();
                let points = b.check(&target).await;
                assert_eq!(points[0], b.first.0);
                match &done {
                    Ok(_) => assert_eq!(points[1..], [point], "{how:?} {n}"),
                    Err(e) => assert_eq!(e.kind(), Kind::Unavailable, "{how:?} {n}: {e:?}"),
                }
                let again = sync(point).await.unwrap();
                assert_eq!(again.already_there, points.len() == 2);
                assert_eq!(b.check(&target).await, [b.first.0, point]);
                if n >= operations {
                    assert!(done.is_ok() && n > 3, "{n}");
                    break;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_was_cut_short_sends_only_what_is_missing() {
    let b = before().await;
    let target = Faulty::memory();
    let second = extend(&b.vault, target.store()).await;
    let bytes = noise(50, 400 * CHUNK);
    let (point, _, _) = backup(&b.vault, "big", &[("sda", &bytes, None)])
        .await
        .unwrap();
    target.plan_put(40, How::Die);
    let cut = sync_point(&b.vault, &second, point, &|_| {}).await;
    assert_eq!(cut.unwrap_err().kind(), Kind::Unavailable);
    target.heal();
    let packs = bytes_in(&target.sound(), "packs").await;
    assert!(packs > 30 * 100_000);
    let done = sync_point(&b.vault, &second, point, &|_| {}).await.unwrap();
    // What was put is not put again, but for what was on its way.
    let all = bytes_in(&target.sound(), "packs").await;
    let most = 401 * (CHUNK as u64 + 200) + 4 * 120_000;
    assert!(all < most, "{packs} bytes, then {all}");
    assert!(done.copied < 240, "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_store_says_so_and_keeps_what_it_has() {
    let b = before().await;
    // A put that fails for good in mid-backup, and then a close on the sick store.
    for n in 0..10 {
        let key = b.vault.machine_key(MACHINE);
        let session = Session::open(&b.vault, key, Phase::Snapshot).await.unwrap();
        b.faulty.plan_put(n, How::Fail);
        let bytes = noise(n as u64 + 200, 40 * CHUNK);
        let written = write_all(&session, MACHINE, &[("vda", &bytes, None)]).await;
        let closed = session.close().await;
        b.faulty.heal();
        if written.is_ok() && closed.is_ok() {
            continue;
        }
        // The next run takes over what is there and is whole.
        let (_, disks, _) = backup(&b.vault, MACHINE, &[("vda", &bytes, None)])
            .await
            .unwrap();
        check_disk(&b.vault, &disks[0], &bytes).await;
        let report = verify(&b.vault, Level::Full, None, &|_, _| {})
            .await
            .unwrap();
        assert!(report.is_well(), "{n}: {report:?}");
    }
    let e = b
        .vault
        .point(PointId::from_bytes([0xEE; 16]))
        .await
        .unwrap_err();
    assert_eq!(e.code(), Code::PointNotFound);
}
