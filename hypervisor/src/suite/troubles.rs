//! When something is in the way.

use std::time::Duration;

use base::{Code, Error, TrackerName};
use block::Extent;

use super::{Suite, all_of};
use crate::{Changed, Consistency, Ending, MachineState, Quiesce, Snapshot};

pub(super) async fn a_second_backup_of_the_machine_is_refused(suite: &Suite<'_>) {
    let snapshot = suite.take(suite.tracker(), &[]).await;
    let error = suite
        .try_take(suite.tracker(), &[])
        .await
        .expect_err("one at a time");
    assert_eq!(error.code(), Code::BackupInProgress, "{error:?}");
    snapshot
        .check()
        .await
        .expect("the first one is not disturbed");
    snapshot.finish(Ending::Discarded).await.expect("it ends");
}

pub(super) async fn what_is_not_there_is_named(suite: &Suite<'_>) {
    let hypervisor = suite.host.hypervisor();
    let error = hypervisor
        .find("no-such-machine")
        .await
        .expect_err("there is none");
    assert_eq!(error.code(), Code::MachineNotFound, "{error:?}");
    assert!(error.detail().contains("no-such-machine"), "{error:?}");
    let mut request = suite.request(suite.tracker(), &[]).await;
    request.disks = vec!["no-such-disk".into()];
    let error = hypervisor
        .snapshot(request)
        .await
        .expect_err("there is none");
    assert_eq!(error.code(), Code::DiskNotFound, "{error:?}");
    assert!(error.detail().contains("no-such-disk"), "{error:?}");
    let listed = hypervisor.list().await.expect("machines are listed");
    let found = hypervisor
        .find(suite.host.machine())
        .await
        .expect("it is there");
    assert!(
        listed.iter().any(|m| m.uuid == found.uuid),
        "find and list disagree"
    );
    suite.assert_clean("after a refused request").await;
}

/// Why a snapshot is broken. A driver that watches the scratch from outside sees it a moment
/// later than QEMU.
async fn broken(snapshot: &dyn Snapshot) -> Error {
    for _ in 0..100 {
        if let Err(error) = snapshot.check().await {
            return error;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("12 MiB do not fit into 4");
}

pub(super) async fn a_full_scratch_costs_the_snapshot_and_not_the_guest(suite: &Suite<'_>) {
    let host = suite.host;
    let [disk, _] = host.disks();
    host.churn(disk, 12 << 20).await;
    let (first, second) = (suite.tracker(), suite.tracker());
    let mut request = suite.request(first, &[]).await;
    request.scratch.limit = 4 << 20;
    let snapshot = host
        .hypervisor()
        .snapshot(request)
        .await
        .expect("the instant is taken");
    host.churn(disk, 12 << 20).await;
    let error = broken(&*snapshot).await;
    assert_eq!(error.code(), Code::ScratchFull, "{error:?}");
    let read = snapshot.disks()[0].source.read(0, vec![0; 4096]).await;
    assert_eq!(read.expect_err("it is broken").code(), Code::ScratchFull);
    snapshot.finish(Ending::Kept).await.expect("it ends");
    suite.assert_clean("after a full scratch").await;

    host.write(disk, 0, &suite.bytes(4096)).await;
    let truth = host.truth(disk).await;
    let snapshot = suite.take(second, &[first]).await;
    let Changed::Since { extents, .. } = &snapshot.disks()[0].changed else {
        panic!("the tracker of a broken snapshot is of no use");
    };
    let churned = Extent::new(0, 12 << 20);
    let held = extents
        .extents()
        .iter()
        .any(|e| e.intersect(&churned) == Some(churned));
    assert!(
        held,
        "the tracker stopped when the snapshot broke: {extents:?}"
    );
    assert!(all_of(&*snapshot.disks()[0].source).await == truth);
    snapshot.finish(Ending::Committed).await.expect("it ends");
}

pub(super) async fn a_machine_that_is_off_is_read_and_keeps_its_trackers(suite: &Suite<'_>) {
    let host = suite.host;
    let [disk, _] = host.disks();
    let first = suite.tracker();
    let snapshot = suite.take(first, &[]).await;
    snapshot.finish(Ending::Committed).await.expect("it ends");
    host.write(disk, 2 << 20, &suite.bytes(4096)).await;
    let mut truths = Vec::new();
    for disk in host.disks() {
        truths.push(host.truth(disk).await);
    }
    host.switch_off().await;
    let machine = host
        .hypervisor()
        .find(host.machine())
        .await
        .expect("it is still known");
    assert_eq!(machine.state, MachineState::Stopped);
    let second = suite.tracker();
    requires_a_clean_shutdown(suite, first).await;
    let snapshot = suite.take(second, &[first]).await;
    let report = snapshot.report();
    if host.knows_of_clean_shutdowns() {
        assert_eq!(report.consistency, Consistency::Offline);
    } else {
        assert_eq!(report.consistency, Consistency::CrashConsistent);
        assert!(!report.warnings.is_empty(), "a downgrade is told of");
    }
    for (disk, truth) in snapshot.disks().iter().zip(&truths) {
        assert!(
            all_of(&*disk.source).await == *truth,
            "{} read while off",
            disk.disk.name
        );
    }
    assert!(
        matches!(&snapshot.disks()[0].changed, Changed::Since { tracker, extents }
            if *tracker == first && !extents.is_empty() && extents.bytes() < 2 << 20),
        "{:?}",
        snapshot.disks()[0].changed
    );
    snapshot.check().await.expect("it holds");
    snapshot.finish(Ending::Committed).await.expect("it ends");
    suite
        .assert_clean("after reading a machine that is off")
        .await;
    host.switch_on().await;

    host.write(disk, 3 << 20, &suite.bytes(4096)).await;
    let snapshot = suite.take(suite.tracker(), &[second, first]).await;
    let Changed::Since { extents, .. } = &snapshot.disks()[0].changed else {
        panic!(
            "no tracker outlasted the machine's rest: {:?}",
            snapshot.disks()[0].changed
        );
    };
    let written = Extent::new(3 << 20, 4096);
    assert!(
        extents
            .extents()
            .iter()
            .any(|e| e.intersect(&written) == Some(written))
    );
    snapshot.finish(Ending::Committed).await.expect("it ends");
}

/// Of a machine that is off: whoever requires a quiet guest gets one that was shut down, or
/// nothing.
async fn requires_a_clean_shutdown(suite: &Suite<'_>, old: TrackerName) {
    let mut request = suite.request(suite.tracker(), &[old]).await;
    request.quiesce = Quiesce::Require;
    let required = suite.host.hypervisor().snapshot(request).await;
    if suite.host.knows_of_clean_shutdowns() {
        let snapshot = required.expect("the machine was shut down cleanly");
        assert_eq!(snapshot.report().consistency, Consistency::Offline);
        snapshot.finish(Ending::Discarded).await.expect("it ends");
    } else {
        let e = required.expect_err("nothing shows a clean shutdown");
        assert_eq!(e.code(), Code::FreezeFailed, "{e:?}");
    }
}

pub(super) async fn after_a_crash_nothing_doubtful_is_called_unchanged(suite: &Suite<'_>) {
    let host = suite.host;
    let first = suite.tracker();
    let snapshot = suite.take(first, &[]).await;
    snapshot.finish(Ending::Committed).await.expect("it ends");
    let snapshot = suite.take(suite.tracker(), &[first]).await;
    host.crash().await;
    let error = snapshot.check().await.expect_err("the machine is gone");
    assert_eq!(error.code(), Code::MachineVanished, "{error:?}");
    // Whether this can succeed differs; what counts is what is left.
    let _ = snapshot.finish(Ending::Kept).await;
    host.switch_on().await;
    let snapshot = suite.take(suite.tracker(), &[first]).await;
    for disk in snapshot.disks() {
        assert!(matches!(disk.changed, Changed::Unknown { .. }), "{disk:?}");
    }
    snapshot.finish(Ending::Discarded).await.expect("it ends");
    suite.assert_clean("after a crash").await;
}
