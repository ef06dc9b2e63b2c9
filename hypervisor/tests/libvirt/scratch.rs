//! A scratch that runs full costs the snapshot, never the guest.

use std::time::{Duration, Instant};

use base::Code;
use hypervisor::libvirt::LibvirtOptions;
use hypervisor::{Changed, Ending};
use testkit::machine::Machine;

use super::bench::{
    Bench, World, checkpoints, read_all, read_over, scribble, truth, watchdog, world,
};

fn stood_still(world: &World) -> bool {
    world.domain.state().unwrap() != "running"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_scratch_breaks_the_snapshot_not_the_guest_and_tracking_goes_on() {
    let world = world();
    let world = world.as_ref().unwrap();
    let mut bench = Bench::new(world);
    bench.limit = 12 << 20;
    let disks = ["vdb", "vdc"];
    scribble(world, "vdb", 1024, 0, 60);
    let first = bench.tracker();
    let mut copy = truth(world, 1);
    let snapshot = bench.snapshot(first, &disks, &[]).await.unwrap();
    let source = snapshot.disks()[0].source.clone();
    scribble(world, "vdb", 1024, 0, 60);
    assert!(!stood_still(world), "the guest was held");
    let e = read_all(&*source).await.map(drop).unwrap_err();
    assert_eq!(e.code(), Code::ScratchFull, "{e:?}");
    assert_eq!(
        snapshot.check().await.unwrap_err().code(),
        Code::ScratchFull
    );
    let warnings = snapshot.finish(Ending::Kept).await.unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    bench.assert_clean(world);
    assert_eq!(checkpoints(world), [first.to_string()]);

    bench.limit = 256 << 20;
    let now = truth(world, 1);
    let snapshot = bench
        .snapshot(bench.tracker(), &disks, &[first])
        .await
        .unwrap();
    let disk = &snapshot.disks()[0];
    let Changed::Since { extents, .. } = &disk.changed else {
        panic!("{:?}", disk.changed);
    };
    read_over(&*disk.source, &mut copy, extents).await;
    assert!(
        copy == now,
        "what changed during the broken attempt was not recorded"
    );
    snapshot.finish(Ending::Discarded).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_stops_all_the_same_is_resumed_at_once_and_the_time_is_told() {
    let world = world();
    let world = world.as_ref().unwrap();
    // So seldom a look that QEMU meets the full file system first.
    let options = LibvirtOptions {
        watchdog: watchdog(),
        scratch_look: Duration::from_millis(200),
    };
    let mut bench = Bench::with(world, options);
    bench.scratch = tempfile::tempdir_in(&world.small).unwrap();
    bench.limit = 20 << 20;
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[])
        .await
        .unwrap();
    // Someone else fills the file system between two looks.
    let ballast = world.small.join("ballast");
    let _ = std::fs::write(&ballast, vec![1; 30 << 20]);
    scribble(world, "vdb", 1024, 0, 60);
    let end = Instant::now() + Duration::from_secs(20);
    while stood_still(world) {
        assert!(Instant::now() < end, "the guest stands still");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(
        snapshot.check().await.unwrap_err().code(),
        Code::ScratchFull
    );
    let warnings = snapshot.finish(Ending::Discarded).await.unwrap();
    println!("{warnings:?}");
    world
        .domain
        .run("sync; dd if=/dev/urandom of=/dev/vdb bs=1M count=4 conv=fsync 2>&1")
        .unwrap();
    bench.assert_clean(world);
}
