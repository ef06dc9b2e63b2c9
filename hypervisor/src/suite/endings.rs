//! What becomes of trackers, and of what a run leaves.

use base::{PointId, TrackerName, VaultId};

use super::Suite;
use crate::{Changed, Ending};

pub(super) async fn a_kept_tracker_stays_beside_the_older_and_a_discarded_one_goes(
    suite: &Suite<'_>,
) {
    let host = suite.host;
    let [disk, _] = host.disks();
    let [first, second, third] = [(); 3].map(|()| suite.tracker());
    let snapshot = suite.take(first, &[]).await;
    snapshot.finish(Ending::Committed).await.expect("it ends");
    let snapshot = suite.take(second, &[first]).await;
    host.write(disk, 4 << 20, &suite.bytes(4096)).await;
    snapshot.finish(Ending::Kept).await.expect("it ends");
    let mut both = host.trackers(disk).await;
    both.sort_by_key(ToString::to_string);
    let mut expected = [first, second];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(both, expected);

    let snapshot = suite.take(third, &[second, first]).await;
    let Changed::Since { tracker, extents } = &snapshot.disks()[0].changed else {
        panic!("the kept tracker is of no use");
    };
    assert_eq!(*tracker, second, "the best tracker comes first");
    let written = block::Extent::new(4 << 20, 4096);
    let held = extents
        .extents()
        .iter()
        .any(|e| e.intersect(&written) == Some(written));
    assert!(
        held,
        "the kept tracker misses a write made during its own run: {extents:?}"
    );
    snapshot.finish(Ending::Discarded).await.expect("it ends");
    let left = host.trackers(disk).await;
    assert!(
        !left.contains(&third) && left.len() == 2,
        "after Discarded: {left:?}"
    );
    suite.assert_clean("after all endings").await;
}

pub(super) async fn trackers_of_disks_that_are_left_out_this_time_stay(suite: &Suite<'_>) {
    let host = suite.host;
    let [disk, left_out] = host.disks();
    let [first, second, third] = [(); 3].map(|()| suite.tracker());
    let snapshot = suite.take(first, &[]).await;
    snapshot.finish(Ending::Committed).await.expect("it ends");
    host.write(left_out, 6 << 20, &suite.bytes(4096)).await;

    let mut request = suite.request(second, &[first]).await;
    request.disks = vec![disk.to_owned()];
    let snapshot = host.hypervisor().snapshot(request).await;
    let snapshot = snapshot.expect("the instant of one disk is taken");
    snapshot.finish(Ending::Committed).await.expect("it ends");
    assert!(host.trackers(disk).await.contains(&second));
    assert_eq!(
        host.trackers(left_out).await,
        [first],
        "the disk that was left out can still be built on"
    );

    let mut request = suite.request(third, &[first]).await;
    request.trackers.insert(disk.to_owned(), vec![second]);
    let snapshot = host.hypervisor().snapshot(request).await;
    let snapshot = snapshot.expect("the instant is taken");
    let Changed::Since { tracker, .. } = &snapshot.disks()[0].changed else {
        panic!("{disk}: {:?}", snapshot.disks()[0].changed);
    };
    assert_eq!(*tracker, second);
    let Changed::Since { tracker, extents } = &snapshot.disks()[1].changed else {
        panic!("{left_out}: {:?}", snapshot.disks()[1].changed);
    };
    assert_eq!(*tracker, first);
    let written = block::Extent::new(6 << 20, 4096);
    assert!(
        extents
            .extents()
            .iter()
            .any(|e| e.intersect(&written) == Some(written)),
        "{left_out} was written to when it was left out: {extents:?}"
    );
    snapshot.finish(Ending::Committed).await.expect("it ends");
    for disk in host.disks() {
        assert_eq!(host.trackers(disk).await, [third], "{disk}");
    }
    suite.assert_clean("after a disk was left out").await;
}

pub(super) async fn trackers_of_other_vaults_are_left_alone(suite: &Suite<'_>) {
    let host = suite.host;
    let [disk, _] = host.disks();
    let other = VaultId::new(&*suite.random);
    let theirs = TrackerName::new(other, PointId::new(&*suite.random));
    let snapshot = suite.take(theirs, &[]).await;
    snapshot.finish(Ending::Committed).await.expect("it ends");
    let ours = suite.tracker();
    let snapshot = suite.take(ours, &[]).await;
    snapshot.finish(Ending::Committed).await.expect("it ends");
    let left = host.trackers(disk).await;
    assert!(left.contains(&theirs) && left.contains(&ours), "{left:?}");
    let last = TrackerName::new(other, PointId::new(&*suite.random));
    let snapshot = suite.take(last, &[]).await;
    snapshot.finish(Ending::Discarded).await.expect("it ends");
    let left = host.trackers(disk).await;
    assert_eq!(
        left,
        [ours],
        "a tracker that its vault no longer wants is left"
    );
}

pub(super) async fn a_dropped_snapshot_is_cleared_away_by_the_next(suite: &Suite<'_>) {
    let host = suite.host;
    let lost = suite.tracker();
    drop(suite.take(lost, &[]).await);
    for disk in host.disks() {
        host.write(disk, 0, &suite.bytes(4096)).await;
    }
    let next = suite.tracker();
    let snapshot = suite.take(next, &[]).await;
    snapshot.check().await.expect("the snapshot holds");
    snapshot.finish(Ending::Committed).await.expect("it ends");
    for disk in host.disks() {
        let left = host.trackers(disk).await;
        assert!(
            !left.contains(&lost),
            "{disk}: the lost run's tracker is left"
        );
    }
    suite.assert_clean("after a lost run and another").await;
}
