//! Reading an instant.

use std::time::Instant;

use block::{Extent, RunState};

use super::{Suite, all_of, over};
use crate::{Changed, Consistency, Ending};

pub(super) async fn an_instant_stays_while_the_guest_writes_and_the_next_reads_what_changed(
    suite: &Suite<'_>,
) {
    let host = suite.host;
    let (first, second) = (suite.tracker(), suite.tracker());
    let mut truths = Vec::new();
    for disk in host.disks() {
        host.write(disk, 1 << 20, &suite.bytes(256 << 10)).await;
        truths.push(host.truth(disk).await);
    }
    let asked = Instant::now();
    let snapshot = suite.take(first, &[]).await;
    let taken = snapshot.report().taken;
    assert!(
        asked < taken && taken <= Instant::now(),
        "the instant lies between the request and its answer"
    );
    let names: Vec<_> = snapshot
        .disks()
        .iter()
        .map(|d| d.disk.name.as_str())
        .collect();
    assert_eq!(names, host.disks(), "the disks come in the order asked for");
    assert_ne!(snapshot.report().consistency, Consistency::Offline);
    let mut copies = Vec::new();
    for (disk, truth) in snapshot.disks().iter().zip(&truths) {
        assert!(
            matches!(disk.changed, Changed::Unknown { .. }),
            "there is no earlier point"
        );
        host.write(&disk.disk.name, 1 << 20, &suite.bytes(64 << 10))
            .await;
        copies.push(all_of(&*disk.source).await);
        assert!(
            copies.last() == Some(truth),
            "{} is not as at the instant",
            disk.disk.name
        );
    }
    snapshot.check().await.expect("the snapshot holds");
    snapshot.finish(Ending::Committed).await.expect("it ends");
    suite.assert_clean("after a full snapshot").await;

    let mut truths = Vec::new();
    for disk in host.disks() {
        host.write(disk, 8 << 20, &suite.bytes(4096)).await;
        truths.push(host.truth(disk).await);
    }
    let snapshot = suite.take(second, &[first]).await;
    for ((disk, copy), truth) in snapshot.disks().iter().zip(&mut copies).zip(&truths) {
        let name = &disk.disk.name;
        let Changed::Since { tracker, extents } = &disk.changed else {
            panic!(
                "{name}: the tracker of the point before is of no use: {:?}",
                disk.changed
            );
        };
        assert_eq!(*tracker, first);
        assert!(
            extents.bytes() < 2 << 20,
            "{name}: too much changed: {extents:?}"
        );
        over(&*disk.source, copy, extents.extents()).await;
        assert!(copy == truth, "{name}: the incremental lacks a write");
    }
    snapshot.finish(Ending::Committed).await.expect("it ends");
    for disk in host.disks() {
        assert_eq!(
            host.trackers(disk).await,
            [second],
            "{disk}: only the newest tracker stays"
        );
    }
    suite.assert_clean("after an incremental").await;
}

pub(super) async fn a_zero_run_reads_as_zero(suite: &Suite<'_>) {
    let snapshot = suite.take(suite.tracker(), &[]).await;
    for disk in snapshot.disks() {
        let (size, name) = (disk.source.size(), &disk.disk.name);
        let mut end = 0;
        while end < size {
            let range = Extent::new(end, size - end);
            let runs = disk.source.runs(range).await.expect("runs are told");
            assert!(!runs.is_empty(), "{name}: no runs for {range:?}");
            for run in runs {
                assert_eq!(run.extent.offset, end, "{name}: runs have gaps");
                end = run.extent.end();
                if run.state == RunState::Zero {
                    let len = run.extent.len.min(1 << 20);
                    let buf = vec![1; usize::try_from(len).expect("1 MiB fits")];
                    let data = disk.source.read(run.extent.offset, buf).await;
                    let data = data.expect("the instant is readable");
                    assert!(
                        block::is_zero(&data),
                        "{name}: {run:?} does not read as zero"
                    );
                }
            }
        }
        assert_eq!(end, size, "{name}: runs go beyond the end");
    }
    snapshot.finish(Ending::Discarded).await.expect("it ends");
}
