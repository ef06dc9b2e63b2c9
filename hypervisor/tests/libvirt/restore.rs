//! A machine's definition, and what `restore vm` does with it.

use std::collections::BTreeMap;

use base::{Code, SystemRandom};
use hypervisor::libvirt::{DiskPlace, Rewrite, rewrite_domain};
use hypervisor::{Definition, Hypervisor, ImageFormat, MachineState};
use testkit::disk::{Format, convert};
use testkit::machine::Machine;

use super::bench::{Bench, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_rewritten_for_a_copy_is_defined_started_and_undefined() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    let machine = bench.host.find(world.domain.name()).await.unwrap();
    let definition = bench.host.definition(&machine).await.unwrap();
    let Definition::Libvirt { xml, nvram: None } = definition else {
        panic!("{definition:?}");
    };
    world.domain.shutdown().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("root.qcow2");
    convert(&world.domain.disks()[0], &copy, Format::Qcow2).unwrap();
    let place = DiskPlace {
        path: copy,
        format: ImageFormat::Qcow2,
        block_device: false,
    };
    let disks = BTreeMap::from([("vda".to_owned(), place.clone())]);
    let change = Rewrite {
        name: Some("stillpoint-test-copy"),
        uuid: Some("0b7fa4d2-4f0e-4c35-9a37-0d8e6f4b1c11"),
        macs: Some(&SystemRandom),
        network: None,
        disks: &disks,
        nvram: None,
    };
    let same_name = Rewrite {
        name: None,
        ..change
    };
    let taken = rewrite_domain(&xml, &same_name).unwrap();
    let e = bench.host.define(&taken).await.unwrap_err();
    assert_eq!(e.code(), Code::MachineExists, "{e:?}");

    let uuid = bench
        .host
        .define(&rewrite_domain(&xml, &change).unwrap())
        .await
        .unwrap();
    assert_eq!(Some(uuid.as_str()), change.uuid);
    bench.host.start(&uuid).await.unwrap();
    let copy = bench.host.find("stillpoint-test-copy").await.unwrap();
    assert_eq!(copy.state, MachineState::Running);
    assert_eq!(copy.disks.len(), 1);
    assert_eq!(copy.disks[0].path.as_ref(), Some(&place.path));
    for (result, code) in [
        (bench.host.start(&uuid).await, Code::MachineRunning),
        (bench.host.undefine(&uuid).await, Code::MachineRunning),
    ] {
        assert_eq!(result.unwrap_err().code(), code);
    }
    world.libvirtd.virsh(&["destroy", &uuid]).unwrap();
    bench.host.undefine(&uuid).await.unwrap();
    let e = bench.host.find(&uuid).await.unwrap_err();
    assert_eq!(e.code(), Code::MachineNotFound);
    assert_eq!(
        bench.host.find(world.domain.name()).await.unwrap().state,
        MachineState::Stopped
    );
}
