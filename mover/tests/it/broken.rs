//! Backups that end early: what is kept, and what the next one still has to read.

use std::time::Duration;

use base::{Code, Kind};
use block::{Extent, ExtentSet};
use hypervisor::MachineState;
use hypervisor::fake::{Fault, PAGE};
use mover::{PointRecord, transfer};
use vault::{PointState, Store};

use crate::faulty::Small;
use crate::host::VM;
use crate::support::*;

async fn no_point(bench: &Bench) -> bool {
    bench.vault.points().await.unwrap().is_empty()
}

/// The state of the newest thing that the store holds for the machine.
async fn newest(bench: &Bench) -> (PointState, PointRecord) {
    let uuid = hypervisor::Hypervisor::find(&bench.host, VM)
        .await
        .unwrap()
        .uuid;
    let key = bench.vault.machine_key(&uuid);
    let info = bench.vault.history(key, 1).await.unwrap().remove(0);
    let record = PointRecord::of(&bench.vault, &info).await.unwrap();
    (info.manifest.state, record)
}

#[tokio::test]
async fn a_broken_snapshot_loses_no_work() {
    for code in [Code::ScratchFull, Code::SnapshotBroken] {
        let bench = Bench::new(&[("vda", 16 * MIB), ("vdb", 2 * MIB)]).await;
        bench.host.write("vda", 0, &noise(1, 16 * MIB));
        bench.host.write("vdb", 0, &noise(2, 2 * MIB));
        bench.host.fake.script(VM, Fault::BreakAtRead(30, code));
        let e = bench.try_backup().await.unwrap_err();
        assert_eq!(e.code(), code);
        assert!(no_point(&bench).await, "an attempt is not a point");
        let (state, record) = newest(&bench).await;
        assert_eq!(state, PointState::Attempt);
        let read = bench.host.take_reads("vda");
        assert!(read.bytes() >= 25 * PAGE);
        // What is said to be unread and what was read make the disk.
        let unread = &record.disks[0].unread;
        assert_eq!(unread.union(&read), ExtentSet::full(16 * MIB));
        assert_eq!(record.disks[1].unread, ExtentSet::full(2 * MIB));

        bench.host.write("vda", 0, b"meanwhile");
        let report = bench.checked_backup().await;
        let again = bench.host.take_reads("vda");
        let dirty: ExtentSet = [Extent::new(0, PAGE)].into_iter().collect();
        assert_eq!(again, unread.union(&dirty));
        assert!(report.disks[0].tracker.is_some());
        assert_eq!(bench.host.take_reads("vdb"), ExtentSet::full(2 * MIB));
        let points = bench.vault.points().await.unwrap();
        assert_eq!(points.len(), 1);
        assert_eq!(bench.host.fake.trackers(VM, "vda").len(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_backup_is_gone_on_with() {
    let mut bench = Bench::new(&[("vda", 16 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, 16 * MIB));
    let cancel = bench.options.cancel.clone();
    let mut reads = 0;
    bench.host.on_read(move |_| {
        reads += 1;
        if reads == 8 {
            cancel.cancel();
        }
    });
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!((e.code(), e.kind()), (Code::Cancelled, Kind::Cancelled));
    assert!(no_point(&bench).await);
    assert!(!bench.host.fake.has_open_snapshot(VM));
    let read = bench.host.take_reads("vda");
    let (_, record) = newest(&bench).await;
    let unread = record.disks[0].unread.clone();
    assert!(!unread.is_empty() && unread.bytes() < 16 * MIB);
    assert_eq!(unread.union(&read), ExtentSet::full(16 * MIB));

    bench.host.calm();
    bench.options.cancel = tokio_util::sync::CancellationToken::new();
    bench.checked_backup().await;
    assert_eq!(bench.host.take_reads("vda"), unread);
}

#[tokio::test]
async fn a_snapshot_that_breaks_after_the_last_read_gives_no_point() {
    let mut bench = Bench::new(&[("vda", 4 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, 4 * MIB));
    bench.options.scratch.limit = PAGE;
    bench
        .host
        .on_check(|fake| fake.set_state(VM, MachineState::Stopped));
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!(e.code(), Code::MachineVanished);
    assert!(no_point(&bench).await);
    bench.host.calm();
    bench.host.fake.set_state(VM, MachineState::Running);
    bench.host.write("vda", PAGE, b"meanwhile");
    let next = bench.checked_backup().await;
    assert_eq!(next.disks.len(), 1);
    assert_eq!(bench.vault.points().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_machine_that_vanishes_hurts_no_earlier_point_and_may_come_back() {
    let bench = Bench::new(&[("vda", 8 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, 8 * MIB));
    let first = bench.checked_backup().await;
    let held = bench.host.instant();
    bench.host.write("vda", 0, &noise(2, 8 * MIB));
    bench.host.fake.script(VM, Fault::VanishAtRead(4));
    let heard = Heard::default();
    let e = bench.backup_telling(&heard).await.unwrap_err();
    assert_eq!(e.code(), Code::MachineVanished);
    // That the trackers could not be seen to is told, and is not the error.
    assert_eq!(heard.warnings().len(), 1, "{:?}", heard.warnings());
    check_point(&bench.vault, first.point, &held).await;
    // It is back, defined anew, without trackers.
    bench.host.fake.add_machine(VM, &[("vda", 8 * MIB)]);
    bench.host.write("vda", 0, &noise(2, 8 * MIB));
    let second = bench.checked_backup().await;
    assert_eq!(only(&second).tracker, None);
    assert_eq!(only(&second).read, 8 * MIB);
}

#[tokio::test]
async fn a_snapshot_that_is_refused_leaves_nothing_and_blocks_nothing() {
    let bench = Bench::new(&[("vda", MIB)]).await;
    bench
        .host
        .fake
        .script(VM, Fault::Refuse(Code::ScratchTooSmall));
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!(e.code(), Code::ScratchTooSmall);
    assert!(no_point(&bench).await);
    bench.host.fake.clear_faults(VM);
    bench.checked_backup().await;
}

#[tokio::test]
async fn a_point_stays_when_tidying_up_after_it_fails() {
    let bench = Bench::new(&[("vda", MIB)]).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench
        .host
        .fake
        .script(VM, Fault::FinishFails(Code::HypervisorError));
    let report = bench.checked_backup().await;
    assert_eq!(report.warnings.len(), 1);
    bench.host.fake.clear_faults(VM);
    bench.host.write("vda", 0, b"x");
    let second = bench.checked_backup().await;
    assert_eq!(only(&second).read, PAGE);
    assert_eq!(bench.host.fake.trackers(VM, "vda").len(), 1);
}

#[tokio::test]
async fn a_full_store_hurts_no_earlier_point_and_the_next_run_goes_on() {
    let small = Small::new();
    let store = Store::new(std::sync::Arc::new(small.clone()));
    // Packs are put when they have 16 MiB.
    let bench = Bench::with(&[("vda", 80 * MIB)], vault_in(store, 4 * CHUNK).await);
    bench.host.write("vda", 0, &noise(1, MIB));
    let first = bench.checked_backup().await;
    let held = bench.host.instant();
    bench.host.write("vda", 0, &noise(2, 80 * MIB));
    small.leave(i64::try_from(40 * MIB).unwrap());
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!((e.code(), e.kind()), (Code::NoSpace, Kind::NoSpace));
    check_point(&bench.vault, first.point, &held).await;
    assert_eq!(bench.vault.points().await.unwrap().len(), 1);
    assert!(!bench.host.fake.has_open_snapshot(VM));

    small.leave(i64::MAX);
    let second = bench.checked_backup().await;
    assert!(
        only(&second).tracker.is_some(),
        "the old tracker still counts"
    );
    // Two packs were there already.
    assert!(second.stored < 50 * MIB, "{} bytes", second.stored);
    check_point(&bench.vault, first.point, &held).await;
}

#[tokio::test]
async fn a_second_backup_of_a_machine_is_refused_while_one_runs() {
    let bench = Bench::new(&[("vda", 4 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, 4 * MIB));
    bench
        .host
        .fake
        .script(VM, Fault::SlowReads(Duration::from_millis(100)));
    let (one, two) = tokio::join!(bench.try_backup(), async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        bench.try_backup().await
    });
    let e = two.unwrap_err();
    assert_eq!(
        (e.code(), e.kind()),
        (Code::BackupInProgress, Kind::Conflict)
    );
    assert!(
        e.detail().contains(VM) || e.detail().contains("lock"),
        "{e}"
    );
    one.unwrap();
    bench.checked_backup().await;
}

#[tokio::test]
async fn a_dropped_backup_leaves_nothing_that_stops_the_next() {
    let bench = Bench::new(&[("vda", 8 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, 8 * MIB));
    bench
        .host
        .fake
        .script(VM, Fault::SlowReads(Duration::from_millis(5)));
    for ms in [0, 3, 12, 25] {
        let limit = Duration::from_millis(ms);
        let ended = tokio::time::timeout(limit, bench.try_backup()).await;
        assert!(ended.is_err(), "it was to be dropped after {ms} ms");
    }
    bench.host.fake.clear_faults(VM);
    assert!(no_point(&bench).await);
    let report = bench.checked_backup().await;
    assert_eq!(bench.vault.points().await.unwrap().len(), 1);
    assert_eq!(only(&report).read, 8 * MIB);
    assert_eq!(bench.host.fake.trackers(VM, "vda").len(), 1);
}

#[tokio::test]
async fn an_attempt_is_never_listed_found_or_sent() {
    let bench = Bench::new(&[("vda", 4 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, 4 * MIB));
    bench
        .host
        .fake
        .script(VM, Fault::BreakAtRead(2, Code::SnapshotBroken));
    bench.try_backup().await.unwrap_err();
    let attempt = bench.host.request().tracker.point();
    assert_eq!(newest(&bench).await.0, PointState::Attempt);
    assert!(no_point(&bench).await);
    let e = bench.vault.point(attempt).await.unwrap_err();
    assert_eq!(e.code(), Code::PointNotFound);
    let second = bench.vault.extend_to(Store::memory()).await.unwrap().into();
    let sent = transfer(
        &bench.vault,
        &second,
        "uuid",
        attempt,
        bench.folder.path(),
        &(),
    );
    assert_eq!(sent.await.unwrap_err().code(), Code::PointNotFound);
}
