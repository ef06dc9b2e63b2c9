//! A machine that is on.

use hypervisor::{
    AgentStatus, Changed, Consistency, DiskChoice, Ending, Hypervisor, ImageFormat, MachineState,
    Quiesce,
};

use super::bench::{Bench, SIZE, checkpoints, read_all, read_over, scribble, truth, world};
use testkit::machine::Machine;

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_found_by_name_and_by_uuid_with_all_that_discovery_tells() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let name = world.domain.name();
    let machine = bench.host.find(name).await.unwrap();
    assert_eq!(machine.uuid, world.domain.uuid().unwrap().trim());
    assert_eq!(machine.state, MachineState::Running);
    assert!(
        matches!(machine.agent, AgentStatus::Responding { .. }),
        "{:?}",
        machine.agent
    );
    let facts: Vec<_> = machine
        .disks
        .iter()
        .map(|d| (d.name.as_str(), d.format, d.size))
        .collect();
    assert_eq!(
        facts[1..],
        [
            ("vdb", ImageFormat::Qcow2, SIZE),
            ("vdc", ImageFormat::Raw, SIZE),
            ("vdd", ImageFormat::Qcow2, SIZE)
        ]
    );
    assert!(
        machine
            .disks
            .iter()
            .all(|d| d.choice == DiskChoice::Included && d.bus == "virtio")
    );
    assert_eq!(bench.host.find(&machine.uuid).await.unwrap(), machine);
    assert_eq!(bench.host.list().await.unwrap(), [machine]);
    let e = bench.host.find("nobody").await.unwrap_err();
    assert_eq!(e.code(), base::Code::MachineNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incremental_over_two_formats_shows_each_instant_while_the_guest_writes_on() {
    let world = world();
    let world = world.as_ref().unwrap();
    let mut bench = Bench::new(world);
    bench.quiesce = Quiesce::Require;
    let disks = ["vdb", "vdc"];
    for disk in disks {
        scribble(world, disk, 64, 3, 40);
    }
    let first = bench.tracker();
    let before = [truth(world, 1), truth(world, 2)];
    let snapshot = bench.snapshot(first, &disks, &[]).await.unwrap();
    let report = snapshot.report();
    assert_eq!(
        report.consistency,
        Consistency::FileSystemConsistent,
        "{report:?}"
    );
    assert!(
        !report.frozen.is_zero() && report.warnings.is_empty(),
        "{report:?}"
    );
    for disk in disks {
        scribble(world, disk, 64, 10, 8);
    }
    for (disk, was) in snapshot.disks().iter().zip(&before) {
        assert!(matches!(disk.changed, Changed::Unknown { .. }));
        assert!(
            read_all(&*disk.source).await.unwrap() == *was,
            "not the instant"
        );
    }
    snapshot.check().await.unwrap();
    assert_eq!(
        snapshot.finish(Ending::Committed).await.unwrap(),
        Vec::<String>::new()
    );
    bench.assert_clean(world);
    assert_eq!(checkpoints(world), [first.to_string()]);

    scribble(world, "vdb", 64, 100, 2);
    let now = truth(world, 1);
    let second = bench.tracker();
    let snapshot = bench.snapshot(second, &disks, &[first]).await.unwrap();
    scribble(world, "vdb", 64, 200, 2);
    let disk = &snapshot.disks()[0];
    let Changed::Since { tracker, extents } = &disk.changed else {
        panic!("{:?}", disk.changed);
    };
    assert_eq!(*tracker, first);
    assert_eq!(extents.bytes(), 10 * (64 << 10), "{extents:?}");
    let mut copy = before[0].clone();
    read_over(&*disk.source, &mut copy, extents).await;
    assert!(copy == now, "the increment does not lead to the instant");
    let raw = &snapshot.disks()[1].changed;
    assert!(
        matches!(raw, Changed::Unknown { reason } if reason.contains("bitmaps")),
        "{raw:?}"
    );
    snapshot.finish(Ending::Committed).await.unwrap();
    assert_eq!(checkpoints(world), [second.to_string()]);
    bench.assert_clean(world);
}
