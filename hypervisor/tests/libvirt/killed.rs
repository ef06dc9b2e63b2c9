//! Processes that die in the middle, and jobs of others.

use std::time::{Duration, Instant};

use base::{Code, TrackerName};
use hypervisor::{Changed, Ending, Hypervisor};

use super::bench::{Bench, World, checkpoints, guards, read_all, scribble, signal, truth, world};

fn wait_for_no_job(world: &World) {
    let end = Instant::now() + Duration::from_secs(20);
    while !world
        .domain
        .virsh("domjobinfo", &[])
        .unwrap()
        .contains("None")
    {
        assert!(Instant::now() < end, "the job runs on");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_libvirtd_does_not_disturb_the_reading_and_the_end_is_in_order() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    scribble(world, "vdb", 1024, 0, 8);
    let was = truth(world, 1);
    let tracker = bench.tracker();
    let snapshot = bench.snapshot(tracker, &["vdb"], &[]).await.unwrap();
    world.libvirtd.kill9().unwrap();
    assert!(read_all(&*snapshot.disks()[0].source).await.unwrap() == was);
    snapshot.check().await.unwrap();
    let e = bench.host.list().await.unwrap_err();
    assert_eq!(e.code(), Code::HypervisorUnavailable, "{e:?}");
    world.libvirtd.restart().unwrap();
    snapshot.check().await.unwrap();
    snapshot.finish(Ending::Committed).await.unwrap();
    bench.assert_clean(world);
    assert_eq!(checkpoints(world), [tracker.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_dropped_is_ended_by_the_guard() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[])
        .await
        .unwrap();
    drop(snapshot);
    wait_for_no_job(world);
    let end = Instant::now() + Duration::from_secs(5);
    while bench.scratch.path().read_dir().unwrap().count() > 0 {
        assert!(Instant::now() < end, "scratch is left");
        std::thread::sleep(Duration::from_millis(20));
    }
    // The checkpoint stays for the next run, which knows it by its name.
    assert_eq!(checkpoints(world).len(), 1);
    let second = bench.tracker();
    let snapshot = bench.snapshot(second, &["vdb"], &[]).await.unwrap();
    assert_eq!(checkpoints(world), [second.to_string()]);
    snapshot.finish(Ending::Discarded).await.unwrap();
    assert!(checkpoints(world).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_a_living_owner_is_taken_down_by_the_next_run() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let old = bench.tracker();
    let snapshot = bench.snapshot(old, &["vdb"], &[]).await.unwrap();
    // Guard and run die at once.
    let [guard] = guards()[..] else {
        panic!("not one guard");
    };
    signal(guard, "KILL");
    drop(snapshot);
    // Each bench is another vault.
    let other = Bench::new(world);
    let foreign = other.tracker();
    let snapshot = other.snapshot(foreign, &["vdb"], &[]).await.unwrap();
    assert!(read_all(&*snapshot.disks()[0].source).await.unwrap() == truth(world, 1));
    snapshot.finish(Ending::Committed).await.unwrap();
    other.assert_clean(world);
    bench.assert_clean(world);
    let left: Vec<_> = checkpoints(world)
        .iter()
        .filter_map(|n| TrackerName::parse(n))
        .collect();
    assert!(
        left.contains(&old) && left.contains(&foreign),
        "another vault's checkpoint stays: {left:?}"
    );
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[old])
        .await
        .unwrap();
    assert!(
        matches!(&snapshot.disks()[0].changed, Changed::Since { tracker, .. } if *tracker == old)
    );
    snapshot.finish(Ending::Committed).await.unwrap();
    assert!(!checkpoints(world).contains(&old.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_and_a_foreign_job_are_refused_at_once() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let start = Instant::now();
    let refused = async |bench: &Bench| {
        let e = bench
            .snapshot(bench.tracker(), &["vdb"], &[])
            .await
            .unwrap_err();
        assert_eq!(e.code(), Code::BackupInProgress, "{e:?}");
    };
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[])
        .await
        .unwrap();
    refused(&bench).await;
    let elsewhere = Bench::new(world);
    refused(&elsewhere).await;
    snapshot.check().await.unwrap();
    snapshot.finish(Ending::Discarded).await.unwrap();

    let dir = tempfile::tempdir().unwrap();
    let xml = dir.path().join("foreign.xml");
    let scratch = dir.path().join("scratch").display().to_string();
    let socket = dir.path().join("sock").display().to_string();
    let text = format!(
        "<domainbackup mode='pull'><server transport='unix' socket='{socket}'/><disks>\
         <disk name='vda' backup='no'/><disk name='vdb' backup='yes' type='file'>\
         <scratch file='{scratch}'/></disk><disk name='vdc' backup='no'/><disk name='vdd' backup='no'/></disks></domainbackup>"
    );
    std::fs::write(&xml, text).unwrap();
    world
        .domain
        .virsh("backup-begin", &[&xml.display().to_string()])
        .unwrap();
    refused(&bench).await;
    assert!(
        world
            .domain
            .virsh("domjobinfo", &[])
            .unwrap()
            .contains("Backup")
    );
    world.domain.virsh("domjobabort", &[]).unwrap();
    wait_for_no_job(world);
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{:?}",
        start.elapsed()
    );
    bench.assert_clean(world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_vanishes_is_told_from_a_broken_snapshot() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[])
        .await
        .unwrap();
    world.domain.kill().unwrap();
    assert_eq!(
        snapshot.check().await.unwrap_err().code(),
        Code::MachineVanished
    );
    let e = read_all(&*snapshot.disks()[0].source)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(e.code(), Code::MachineVanished, "{e:?}");
    snapshot.finish(Ending::Committed).await.unwrap();
    bench.assert_clean(world);

    world.domain.start_again().unwrap();
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[])
        .await
        .unwrap();
    world.domain.virsh("domjobabort", &[]).unwrap();
    wait_for_no_job(world);
    assert_eq!(
        snapshot.check().await.unwrap_err().code(),
        Code::SnapshotBroken
    );
    snapshot.finish(Ending::Discarded).await.unwrap();
    bench.assert_clean(world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scratch_that_qemu_may_not_write_is_a_clear_refusal_and_leaves_nothing() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    // Where even root may not make files.
    let mut request = bench.request(bench.tracker(), &["vdb"], &[]).await;
    request.scratch.dir = "/proc/sys".into();
    let e = bench.host.snapshot(request).await.unwrap_err();
    assert!(
        matches!(e.code(), Code::FileAccessDenied | Code::FileNotFound),
        "{e:?}"
    );
    let request = {
        let mut r = bench.request(bench.tracker(), &["vdb"], &[]).await;
        r.scratch.limit = 512 << 10;
        r
    };
    let e = bench.host.snapshot(request).await.unwrap_err();
    assert_eq!(e.code(), Code::ScratchTooSmall);
    bench.assert_clean(world);
    assert!(checkpoints(world).is_empty());
}

/// Runs the guest's QEMU as another user.
fn run_qemu_as(world: &World, user: &str, group: &str) {
    world.domain.destroy().unwrap();
    world.libvirtd.run_guests_as(user, group).unwrap();
    world.domain.start_again().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qemu_of_another_user_is_given_its_folder_and_a_closed_path_is_refused_clearly() {
    let world = world();
    let world = world.as_ref().unwrap();
    let open = |path: &std::path::Path, mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, mode).unwrap();
    };
    let chain = |dir: &std::path::Path| {
        for path in dir
            .ancestors()
            .filter(|p| p.starts_with("/tmp") && *p != std::path::Path::new("/tmp"))
        {
            open(path, 0o755);
        }
    };
    chain(world.libvirtd.dir());
    chain(world.domain.dir());
    run_qemu_as(world, "nobody", "nogroup");
    let bench = Bench::new(world);
    // A folder of root's that others may look into but not write to.
    chain(bench.scratch.path());
    let snapshot = bench
        .snapshot(bench.tracker(), &["vdb"], &[])
        .await
        .unwrap();
    assert!(read_all(&*snapshot.disks()[0].source).await.unwrap() == truth(world, 1));
    snapshot.finish(Ending::Discarded).await.unwrap();
    bench.assert_clean(world);

    open(bench.scratch.path(), 0o700);
    let e = bench
        .snapshot(bench.tracker(), &["vdb"], &[])
        .await
        .unwrap_err();
    let path = bench.scratch.path().display().to_string();
    assert_eq!(e.code(), Code::HypervisorDenied, "{e:?}");
    assert!(e.detail().contains(&path), "{e:?}");
    bench.assert_clean(world);
    assert!(checkpoints(world).is_empty());
    run_qemu_as(world, "root", "root");
}
