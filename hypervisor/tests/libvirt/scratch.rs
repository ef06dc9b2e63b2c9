//! A scratch that runs full costs the snapshot, never the guest.

use std::time::{Duration, Instant};

use base::Code;
use hypervisor::{Changed, Ending};
use testkit::machine::Machine;

use super::bench::{
    Bench, SMALL, World, checkpoints, guards, read_all, read_over, scribble, signal, truth, world,
};

fn stood_still(world: &World) -> bool {
    world.domain.state().unwrap() != "running"
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "waiting for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
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
    let mut bench = Bench::new(world);
    bench.scratch = tempfile::tempdir_in(&world.small).unwrap();
    bench.limit = 20 << 20;
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[])
        .await
        .unwrap();
    // Someone else fills the file system, and the guard gets no processor.
    let [guard] = guards()[..] else {
        panic!("not one guard");
    };
    signal(guard, "STOP");
    let _ = std::fs::write(world.small.join("ballast"), vec![1; SMALL as usize]);
    let script = "dd if=/dev/urandom of=/dev/vdb bs=1M count=60 conv=fsync >/dev/null 2>&1 &";
    world.domain.run(script).unwrap();
    wait_for("the guest to stop", || stood_still(world));
    let reason = world.domain.virsh("domstate", &["--reason"]).unwrap();
    assert!(reason.contains("I/O error"), "{reason}");
    signal(guard, "CONT");
    wait_for("the guest to go on", || !stood_still(world));
    let _ = std::fs::remove_file(world.small.join("ballast"));
    assert_eq!(
        snapshot.check().await.unwrap_err().code(),
        Code::ScratchFull
    );
    let warnings = snapshot.finish(Ending::Discarded).await.unwrap();
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("stood still for at most")),
        "{warnings:?}"
    );
    world
        .domain
        .run("sync; dd if=/dev/urandom of=/dev/vdb bs=1M count=4 conv=fsync 2>&1")
        .unwrap();
    bench.assert_clean(world);
}
