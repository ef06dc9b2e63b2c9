//! The bare-QEMU driver on real guests.

use std::time::{Duration, Instant};

use base::Code;
use block::Extent;
use hypervisor::{
    AgentStatus, Changed, Consistency, Definition, DiskChoice, Ending, Firmware, Hypervisor,
    ImageFormat, MachineState, Quiesce,
};
use serde_json::{Value, json};

use crate::bench::{Bench, flushed_image, read_all, read_over};
use crate::guests::{SIZE, guest, guest_with};

const MIB: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn discovery_tells_what_a_machine_is_running_or_not() {
    let guest = guest("found").await;
    let bench = Bench::new(&guest);
    let machine = bench.host.find("found").await.unwrap();
    assert_eq!(machine.uuid, guest.uuid());
    assert_eq!(
        (machine.state, machine.firmware),
        (MachineState::Running, Firmware::Bios)
    );
    assert!(matches!(&machine.agent, AgentStatus::Responding { version } if version.contains('.')));
    let told: Vec<_> = machine
        .disks
        .iter()
        .map(|d| {
            (
                d.name.as_str(),
                d.format,
                d.bus.as_str(),
                d.boot_order,
                d.choice.clone(),
            )
        })
        .collect();
    let included = DiskChoice::Included;
    assert_eq!(
        told[0],
        (
            "vd0",
            ImageFormat::Qcow2,
            "virtio",
            Some(1),
            included.clone()
        )
    );
    assert_eq!(told[2].1, ImageFormat::Raw);
    assert_eq!((machine.disks[1].size, machine.disks[2].size), (SIZE, SIZE));
    assert_eq!(machine.disks[2].path.as_deref(), Some(guest.disk_path(2)));
    let definition = bench.host.definition(&machine).await.unwrap();
    let Definition::Qemu {
        arguments,
        nvram: None,
    } = &definition
    else {
        panic!("{definition:?}")
    };
    assert!(arguments[0].contains("qemu-system") && arguments.contains(&guest.uuid().to_owned()));

    guest.quit().unwrap();
    let off = bench.host.find(guest.uuid()).await.unwrap();
    assert_eq!(
        (off.state, &off.disks),
        (MachineState::Stopped, &machine.disks)
    );
    assert_eq!(bench.host.definition(&off).await.unwrap(), definition);
    assert_eq!(bench.host.list().await.unwrap(), [off]);
    let error = bench.host.find("nobody").await.unwrap_err();
    assert_eq!(error.code(), Code::MachineNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_machine_stays_paused_and_its_root_disk_reads_as_it_was() {
    let guest = guest("paused").await;
    let bench = Bench::new(&guest);
    guest.qmp("stop", Value::Null).unwrap();
    let truth = flushed_image(&guest, 0);
    let snapshot = bench.snapshot(&["vd0", "vd1"], &[]).await.unwrap();
    let status = guest.qmp("query-status", Value::Null).unwrap();
    assert_eq!(
        status["status"], "paused",
        "a machine that someone paused stays so"
    );
    guest.qmp("cont", Value::Null).unwrap();
    guest
        .run("dd if=/dev/urandom of=/after bs=1M count=8 conv=fsync")
        .unwrap();
    let disk = &snapshot.disks()[0];
    assert!(matches!(&disk.changed, Changed::Unknown { reason } if reason == "no earlier point"));
    assert!(
        read_all(&*disk.source).await == truth,
        "the instant is not what the disk held"
    );
    snapshot.check().await.unwrap();
    assert_eq!(
        snapshot.finish(Ending::Committed).await.unwrap(),
        Vec::<String>::new()
    );
    bench.assert_only_bitmaps_left();
    guest.run("test -s /after").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incremental_holds_every_write_and_little_else_on_qcow2_and_raw() {
    let guest = guest("inc").await;
    let bench = Bench::new(&guest);
    let disks = ["vd1", "vd2"];
    for device in ["vdb", "vdc"] {
        guest.write(device, 0, 20);
    }
    let first = bench.tracker();
    let snapshot = bench.snapshot_as(first, &disks, &[]).await.unwrap();
    assert!(
        snapshot.report().paused > Duration::ZERO,
        "two disks are taken between stop and cont"
    );
    let mut copies = Vec::new();
    for (n, disk) in snapshot.disks().iter().enumerate() {
        let device = ["vdb", "vdc"][n];
        guest.write(device, 4, 2); // while it is read
        copies.push(read_all(&*disk.source).await);
    }
    snapshot.check().await.unwrap();
    assert!(snapshot.finish(Ending::Committed).await.unwrap().is_empty());
    guest.write("vdb", 40, 1);
    guest.write("vdc", 0, 1);
    let truths = [flushed_image(&guest, 1), flushed_image(&guest, 2)];

    let second = bench.tracker();
    let snapshot = bench.snapshot_as(second, &disks, &[first]).await.unwrap();
    for (n, disk) in snapshot.disks().iter().enumerate() {
        let Changed::Since { tracker, extents } = &disk.changed else {
            panic!("{disk:?}")
        };
        assert_eq!(*tracker, first);
        assert!(
            extents.bytes() >= 3 * MIB && extents.bytes() <= 4 * MIB,
            "{extents:?}"
        );
        assert!(copies[n] != truths[n]);
        read_over(&*disk.source, &mut copies[n], extents.extents()).await;
        assert!(copies[n] == truths[n], "disk {n} differs");
    }
    snapshot.finish(Ending::Committed).await.unwrap();
    let left = bench.bitmaps();
    assert_eq!(left["disk1"], [second.to_string()]);
    assert_eq!(left["disk2"], [second.to_string()]);
    bench.assert_only_bitmaps_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_disks_are_of_one_instant() {
    let guest = guest("instant").await;
    let bench = Bench::new(&guest);
    // Number n goes to vdb, and only after that to vdc.
    let script = "n=1000000; while :; do n=$((n+1)); \
                  for d in vdb vdc; do echo $n | dd of=/dev/$d conv=notrunc,sync,fsync bs=512 \
                  2>/dev/null; done; done";
    guest.run(&format!("({script}) >/dev/null 2>&1 &")).unwrap();
    let mut last = 0;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let snapshot = bench.snapshot(&["vd1", "vd2"], &[]).await.unwrap();
        let mut numbers = Vec::new();
        for disk in snapshot.disks() {
            let text = disk.source.read(0, vec![0; 7]).await.unwrap();
            numbers.push(String::from_utf8(text).unwrap().parse::<u64>().unwrap());
        }
        snapshot.finish(Ending::Discarded).await.unwrap();
        assert!(
            numbers[0] == numbers[1] || numbers[0] == numbers[1] + 1,
            "{numbers:?}"
        );
        assert!(numbers[0] > last, "the guest does not write");
        last = numbers[0];
    }
    assert!(bench.bitmaps().is_empty(), "discarded trackers are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_scratch_breaks_the_snapshot_not_the_guest_and_the_tracker_goes_on() {
    let guest = guest("full").await;
    let mut bench = Bench::new(&guest);
    bench.limit = 4 * MIB;
    guest.write("vdb", 0, 20);
    let first = bench.tracker();
    let snapshot = bench.snapshot_as(first, &["vd1"], &[]).await.unwrap();
    let source = &snapshot.disks()[0].source;
    let copy = source.read(0, vec![0; 1 << 20]).await.unwrap();
    snapshot.check().await.unwrap();
    guest.write("vdb", 2, 18);
    let error = snapshot.check().await.unwrap_err();
    assert_eq!(error.code(), Code::ScratchFull, "{error:?}");
    let error = source.read(8 << 20, vec![0; 4096]).await.unwrap_err();
    assert_eq!(error.code(), Code::ScratchFull, "{error:?}");
    let status = guest.qmp("query-status", Value::Null).unwrap();
    assert_eq!(status["status"], "running");
    snapshot.finish(Ending::Kept).await.unwrap();
    bench.assert_only_bitmaps_left();

    let truth = flushed_image(&guest, 1);
    assert!(truth[..1 << 20] == copy, "what was read before stays good");
    bench.limit = 256 * MIB;
    let snapshot = bench.snapshot(&["vd1"], &[first]).await.unwrap();
    let Changed::Since { extents, .. } = &snapshot.disks()[0].changed else {
        panic!()
    };
    assert_eq!(extents.extents(), [Extent::new(2 * MIB, 18 * MIB)]);
    assert!(read_all(&*snapshot.disks()[0].source).await == truth);
    snapshot.finish(Ending::Committed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn released_scratch_is_used_again_so_a_small_one_outlasts_much_churn() {
    let guest = guest("release").await;
    let mut bench = Bench::new(&guest);
    guest.write("vdb", 0, 64);
    let truth = flushed_image(&guest, 1);
    bench.limit = 6 * MIB;
    let snapshot = bench.snapshot(&["vd1"], &[]).await.unwrap();
    let source = &snapshot.disks()[0].source;
    let mut copy = Vec::new();
    // The guest overwrites what is about to be read, then what was read: 120 MiB through 6.
    for at in (0..64).step_by(4) {
        guest.write("vdb", at, 4);
        copy.extend(source.read(at * MIB, vec![0; 4 << 20]).await.unwrap());
        source
            .release(Extent::new(at * MIB, 4 * MIB))
            .await
            .unwrap();
        guest.write("vdb", 0, at.clamp(1, 12));
    }
    snapshot.check().await.unwrap();
    assert!(copy == truth);
    snapshot.finish(Ending::Committed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_machine_costs_a_full_read_and_leaves_nothing() {
    let guest = guest("killed").await;
    let bench = Bench::new(&guest);
    let first = bench.tracker();
    guest.write("vdb", 0, 4);
    let snapshot = bench
        .snapshot_as(first, &["vd1", "vd2"], &[])
        .await
        .unwrap();
    assert!(snapshot.finish(Ending::Committed).await.unwrap().is_empty());
    guest.quit().unwrap();
    guest.start_again().unwrap();

    // The bitmap of the qcow2 disk was stored and goes on; the raw disk's is lost.
    let second = bench.tracker();
    let snapshot = bench
        .snapshot_as(second, &["vd1", "vd2"], &[first])
        .await
        .unwrap();
    assert!(matches!(&snapshot.disks()[0].changed,
        Changed::Since { tracker, extents } if *tracker == first && extents.is_empty()));
    assert!(
        matches!(&snapshot.disks()[1].changed, Changed::Unknown { reason }
        if reason.contains("not there"))
    );
    let source = snapshot.disks()[0].source.clone();
    guest.kill().unwrap();
    let error = source.read(0, vec![0; 512]).await.unwrap_err();
    assert_eq!(error.code(), Code::MachineVanished, "{error:?}");
    assert_eq!(
        snapshot.check().await.unwrap_err().code(),
        Code::MachineVanished
    );
    let error = snapshot.finish(Ending::Kept).await.unwrap_err();
    assert_eq!(error.code(), Code::MachineVanished);
    assert_eq!(bench.scratch.path().read_dir().unwrap().count(), 0);

    guest.start_again().unwrap();
    assert_eq!(bench.bitmaps()["disk1"], [first.to_string()]);
    let snapshot = bench.snapshot(&["vd1"], &[second, first]).await.unwrap();
    assert!(
        matches!(&snapshot.disks()[0].changed, Changed::Unknown { reason }
        if reason.contains("inconsistent"))
    );
    snapshot.finish(Ending::Discarded).await.unwrap();
    assert!(
        bench.bitmaps().is_empty(),
        "the inconsistent bitmap is removed"
    );
    bench.assert_only_bitmaps_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_off_is_read_with_its_bitmap_and_keeps_it() {
    let guest = guest("off").await;
    let bench = Bench::new(&guest);
    let first = bench.tracker();
    guest.write("vdb", 0, 4);
    let snapshot = bench
        .snapshot_as(first, &["vd1", "vd2"], &[])
        .await
        .unwrap();
    snapshot.finish(Ending::Committed).await.unwrap();
    guest.write("vdb", 2, 1);
    guest.write("vdc", 2, 1);
    let truths = [flushed_image(&guest, 1), flushed_image(&guest, 2)];
    guest.quit().unwrap();

    let second = bench.tracker();
    let snapshot = bench
        .snapshot_as(second, &["vd1", "vd2"], &[first])
        .await
        .unwrap();
    let report = snapshot.report();
    assert_eq!(
        (report.consistency, report.warnings.len()),
        (Consistency::CrashConsistent, 0),
        "no more was asked for, and how QEMU ended is not known"
    );
    for (disk, truth) in snapshot.disks().iter().zip(&truths) {
        assert!(read_all(&*disk.source).await == *truth);
    }
    let Changed::Since { extents, .. } = &snapshot.disks()[0].changed else {
        panic!()
    };
    assert_eq!(extents.extents(), [Extent::new(2 * MIB, MIB)]);
    assert!(matches!(
        snapshot.disks()[1].changed,
        Changed::Unknown { .. }
    ));
    let error = guest.start_again().unwrap_err();
    assert!(
        format!("{error:#}").contains("lock"),
        "the image is locked meanwhile: {error:#}"
    );
    snapshot.check().await.unwrap();
    snapshot.finish(Ending::Committed).await.unwrap();

    guest.start_again().unwrap();
    let snapshot = bench.snapshot(&["vd1"], &[second, first]).await.unwrap();
    assert!(
        matches!(&snapshot.disks()[0].changed, Changed::Since { tracker, .. }
        if *tracker == first),
        "the older point's tracker still counts"
    );
    snapshot.finish(Ending::Committed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_died_leaves_nothing_to_the_next_one() {
    let guest = guest("left").await;
    let bench = Bench::new(&guest);
    let snapshot = bench.snapshot(&["vd0", "vd1"], &[]).await.unwrap();
    let request = bench.snapshot(&["vd1"], &[]);
    let error = request.await.unwrap_err();
    assert_eq!(
        error.code(),
        Code::BackupInProgress,
        "while it lives it is not disturbed"
    );
    drop(snapshot);
    let second = bench.tracker();
    let snapshot = bench.snapshot_as(second, &["vd1"], &[]).await.unwrap();
    assert!(
        snapshot.report().warnings.is_empty(),
        "{:?}",
        snapshot.report()
    );
    snapshot.finish(Ending::Committed).await.unwrap();
    bench.assert_only_bitmaps_left();
    let names: Vec<_> = bench.bitmaps().into_values().flatten().collect();
    assert_eq!(names, [second.to_string()]);
    guest.run("echo fine > /fine; sync").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_freeze_covers_the_instant_and_a_slow_hook_costs_consistency_only() {
    let guest = guest("freeze").await;
    let mut bench = Bench::new(&guest);
    bench.quiesce = Quiesce::Require;
    let snapshot = bench.snapshot(&["vd1", "vd2"], &[]).await.unwrap();
    let report = snapshot.report().clone();
    assert_eq!(report.consistency, Consistency::FileSystemConsistent);
    assert!(report.frozen > report.paused, "{report:?}");
    assert!(report.warnings.is_empty(), "{report:?}");
    snapshot.finish(Ending::Discarded).await.unwrap();

    let hook = "#!/bin/sh\n[ $1 = freeze ] && sleep 5\nexit 0\n";
    guest
        .write_file("/etc/qemu/fsfreeze-hook.d/slow", hook.as_bytes())
        .unwrap();
    guest
        .run("chmod +x /etc/qemu/fsfreeze-hook.d/slow")
        .unwrap();
    bench.budget = Duration::from_secs(2);
    let start = Instant::now();
    let error = bench.snapshot(&["vd1"], &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::FreezeFailed, "{error:?}");
    let status = guest.agent("guest-fsfreeze-status", json!({})).unwrap();
    assert_eq!(
        status,
        "thawed",
        "a freeze that came late was undone, after {:?}",
        start.elapsed()
    );
    bench.assert_only_bitmaps_left();
    bench.quiesce = Quiesce::Try;
    let snapshot = bench.snapshot(&["vd1"], &[]).await.unwrap();
    let report = snapshot.report();
    assert_eq!(report.consistency, Consistency::CrashConsistent);
    assert!(
        report
            .warnings
            .iter()
            .any(|w| w.contains("crash-consistent")),
        "{report:?}"
    );
    snapshot.finish(Ending::Discarded).await.unwrap();
    assert!(bench.bitmaps().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_nbd_server_of_another_program_is_left_alone_and_named() {
    let guest = guest("nbd").await;
    let bench = Bench::new(&guest);
    let path = guest.dir().join("other.nbd");
    let address = json!({ "type": "unix", "data": { "path": path } });
    guest
        .qmp("nbd-server-start", json!({ "addr": address }))
        .unwrap();
    let export = json!({ "type": "nbd", "id": "mine", "node-name": "disk2" });
    guest.qmp("block-export-add", export).unwrap();
    let error = bench.snapshot(&["vd1"], &[]).await.unwrap_err();
    assert!(error.detail().contains("mine"), "{error:?}");
    bench.assert_only_bitmaps_left();
    assert!(bench.bitmaps().is_empty());
    let exports = guest.qmp("query-block-exports", Value::Null).unwrap();
    assert_eq!(exports[0]["id"], "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_style_drives_other_buses_and_io_threads_work_and_odd_disks_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let image = |name: &str| {
        let path = dir.path().join(name);
        testkit::disk::create(&path, testkit::Format::Qcow2, 8 << 20).unwrap();
        path.display().to_string()
    };
    let (a, b, c, d) = (image("a"), image("b"), image("c"), image("d"));
    let arguments = [
        "-object",
        "iothread,id=io0",
        "-drive",
        &format!("if=none,id=da,format=qcow2,file={a}"),
        "-device",
        "virtio-blk-pci,drive=da,id=threaded,iothread=io0",
        "-device",
        "virtio-scsi-pci,id=scsi",
        "-drive",
        &format!("if=none,id=db,format=qcow2,file={b}"),
        "-device",
        "scsi-hd,drive=db,bus=scsi.0",
        "-drive",
        &format!("if=virtio,format=qcow2,file={c},throttling.iops-total=500"),
        "-drive",
        &format!("if=virtio,format=qcow2,file={d},snapshot=on"),
        "-drive",
        &format!("if=virtio,format=qcow2,file={d},readonly=on"),
        "-device",
        "ide-cd",
    ]
    .map(str::to_owned);
    let guest = guest_with("odd", &arguments).await;
    let bench = Bench::new(&guest);
    let machine = bench.host.find("odd").await.unwrap();
    let (mut taken, mut left_out) = (Vec::new(), Vec::new());
    for disk in &machine.disks {
        match &disk.choice {
            DiskChoice::Included => taken.push((disk.name.as_str(), disk.bus.as_str())),
            DiskChoice::Excluded(why) => left_out.push(why.split(' ').next_back().unwrap()),
        }
    }
    taken.sort_unstable();
    left_out.sort_unstable();
    assert_eq!(
        taken,
        [
            ("db", "scsi"),
            ("threaded", "virtio"),
            ("vd0", "virtio"),
            ("virtio0", "virtio")
        ]
    );
    assert_eq!(left_out, ["floppy)", "it", "machine"]);
    let names: Vec<&str> = taken.iter().map(|t| t.0).collect();
    let snapshot = bench.snapshot(&names, &[]).await.unwrap();
    for disk in &snapshot.disks()[..2] {
        assert_eq!(read_all(&*disk.source).await.len(), 8 << 20);
    }
    snapshot.check().await.unwrap();
    snapshot.finish(Ending::Committed).await.unwrap();
    bench.assert_only_bitmaps_left();
    guest.run("echo fine > /fine; sync").unwrap();
}
