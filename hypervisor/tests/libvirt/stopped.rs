//! A machine that is off.

use base::Code;
use hypervisor::{Changed, Consistency, Ending, Hypervisor, MachineState};
use testkit::machine::Machine;

use super::bench::{Bench, checkpoints, read_all, read_over, scribble, truth, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_machine_builds_on_the_bitmap_and_a_start_breaks_the_snapshot() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let disks = ["vdb", "vdc"];
    let first = bench.tracker();
    let mut copy = truth(world, 1);
    let snapshot = bench.snapshot(first, &disks, &[]).await.unwrap();
    snapshot.finish(Ending::Committed).await.unwrap();
    scribble(world, "vdb", 64, 50, 4);
    world.domain.shutdown().unwrap();

    let second = bench.tracker();
    let snapshot = bench.snapshot(second, &disks, &[first]).await.unwrap();
    assert_eq!(
        snapshot.report().consistency,
        Consistency::Offline,
        "{:?}",
        snapshot.report()
    );
    let disk = &snapshot.disks()[0];
    let Changed::Since { tracker, extents } = &disk.changed else {
        panic!("{:?}", disk.changed);
    };
    assert_eq!((*tracker, extents.bytes()), (first, 4 * (64 << 10)));
    read_over(&*disk.source, &mut copy, extents).await;
    assert!(
        copy == truth(world, 1),
        "the increment does not lead to the instant"
    );
    assert!(read_all(&*snapshot.disks()[1].source).await.unwrap() == truth(world, 2));
    snapshot.check().await.unwrap();
    snapshot.finish(Ending::Committed).await.unwrap();
    assert_eq!(
        checkpoints(world),
        [first.to_string()],
        "the older tracker holds all"
    );
    bench.assert_clean(world);

    let snapshot = bench
        .snapshot(bench.tracker(), &disks, &[first])
        .await
        .unwrap();
    world.domain.start_again().unwrap();
    assert_eq!(
        snapshot.check().await.unwrap_err().code(),
        Code::SnapshotBroken
    );
    let e = read_all(&*snapshot.disks()[0].source)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(e.code(), Code::SnapshotBroken);
    snapshot.finish(Ending::Discarded).await.unwrap();
    bench.assert_clean(world);
    assert_eq!(
        bench.host.find(world.domain.name()).await.unwrap().state,
        MachineState::Running
    );
    let third = bench.tracker();
    let snapshot = bench
        .snapshot(third, &disks, &[second, first])
        .await
        .unwrap();
    assert!(
        matches!(&snapshot.disks()[0].changed, Changed::Since { tracker, .. } if *tracker == first)
    );
    snapshot.finish(Ending::Committed).await.unwrap();
    assert_eq!(checkpoints(world), [third.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_qemu_costs_a_reread_and_the_broken_checkpoint_goes() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let first = bench.tracker();
    let snapshot = bench.snapshot(first, &["vdb"], &[]).await.unwrap();
    snapshot.finish(Ending::Committed).await.unwrap();
    // Stored once, so that the kill leaves it in use rather than absent.
    world.domain.destroy().unwrap();
    world.domain.start_again().unwrap();
    world.domain.kill().unwrap();

    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[first])
        .await
        .unwrap();
    assert_eq!(snapshot.report().consistency, Consistency::CrashConsistent);
    let changed = &snapshot.disks()[0].changed;
    assert!(
        matches!(changed, Changed::Unknown { reason } if reason.contains("not whole")),
        "{changed:?}"
    );
    snapshot.finish(Ending::Committed).await.unwrap();

    world.domain.start_again().unwrap();
    let second = bench.tracker();
    let snapshot = bench.snapshot(second, &["vdb"], &[first]).await.unwrap();
    let changed = &snapshot.disks()[0].changed;
    assert!(
        matches!(changed, Changed::Unknown { reason } if reason.contains("broken")),
        "{changed:?}"
    );
    assert!(read_all(&*snapshot.disks()[0].source).await.unwrap() == truth(world, 1));
    snapshot.finish(Ending::Committed).await.unwrap();
    assert_eq!(checkpoints(world), [second.to_string()]);
    scribble(world, "vdb", 64, 7, 1);
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[second])
        .await
        .unwrap();
    let Changed::Since { extents, .. } = &snapshot.disks()[0].changed else {
        panic!("tracking does not go on");
    };
    assert_eq!(extents.bytes(), 64 << 10);
    snapshot.finish(Ending::Discarded).await.unwrap();
    assert_eq!(checkpoints(world), [second.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_defined_anew_keeps_its_bitmaps_and_old_ones_go() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let (old, first) = (bench.tracker(), bench.tracker());
    for tracker in [old, first] {
        let snapshot = bench.snapshot(tracker, &["vdb"], &[old]).await.unwrap();
        snapshot.finish(Ending::Kept).await.unwrap();
    }
    scribble(world, "vdb", 64, 9, 3);
    world.domain.shutdown().unwrap();
    let xml = world.domain.virsh("dumpxml", &["--inactive"]).unwrap();
    let bitmaps = || block::probe_image(&world.domain.disks()[1], Some("qcow2"));
    assert_eq!(bitmaps().await.unwrap().bitmaps.len(), 2);
    world
        .domain
        .virsh("undefine", &["--checkpoints-metadata"])
        .unwrap();
    bench.host.define(&xml).await.unwrap();
    world.domain.start_again().unwrap();
    assert!(checkpoints(world).is_empty());

    let second = bench.tracker();
    let snapshot = bench.snapshot(second, &["vdb"], &[first]).await.unwrap();
    let changed = &snapshot.disks()[0].changed;
    let Changed::Since { tracker, extents } = changed else {
        panic!("{changed:?}");
    };
    assert_eq!((*tracker, extents.bytes()), (first, 3 * (64 << 10)));
    snapshot.finish(Ending::Committed).await.unwrap();
    assert_eq!(checkpoints(world), [second.to_string()]);
    world.domain.shutdown().unwrap();
    assert_eq!(bitmaps().await.unwrap().bitmaps.len(), 1);
}
