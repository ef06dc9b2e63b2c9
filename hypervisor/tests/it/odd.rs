//! Bare machines that are not as most are.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base::Code;
use hypervisor::{Changed, Definition, DiskChoice, Ending, Firmware, Hypervisor};
use serde_json::json;
use testkit::Guest;

use crate::bench::{Bench, read_all};
use crate::guests::{Busy, SIZE, guest};

#[tokio::test(flavor = "multi_thread")]
async fn a_uefi_machine_keeps_its_variables_with_its_definition() {
    let guest = Busy::start(Guest::builder("uefi").uefi()).await;
    let bench = Bench::new(&guest);
    let machine = bench.host.find("uefi").await.unwrap();
    assert_eq!(machine.firmware, Firmware::Uefi);
    let names: Vec<&str> = machine.disks.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["vd0"], "the firmware's flash is no disk");
    let file = || std::fs::read(guest.dir().join("nvram.fd")).unwrap();
    for _ in 0..100 {
        let before = file();
        let definition = bench.host.definition(&machine).await.unwrap();
        let Definition::Qemu {
            nvram: Some(nvram), ..
        } = definition
        else {
            panic!()
        };
        // The guest may write its variables just now.
        if before == file() {
            assert!(nvram == before);
            return;
        }
    }
    panic!("the guest writes its variables all the time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qemu_of_another_user_gets_its_scratch_and_says_what_it_may_not_use() {
    let builder = Guest::builder("denied")
        .argument("-run-with")
        .argument("user=nobody");
    let guest = Busy::start(builder).await;
    let bench = Bench::new(&guest);
    let mode = |dir: &Path, mode| {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(bench.scratch.path(), 0o711);
    let error = bench.snapshot(&["vd0"], &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::HypervisorDenied, "{error:?}");
    assert!(error.detail().contains("stillpoint.nbd"), "{error}");
    bench.assert_only_bitmaps_left();

    mode(guest.dir(), 0o777);
    let snapshot = bench.snapshot(&["vd0"], &[]).await.unwrap();
    snapshot.finish(Ending::Discarded).await.unwrap();

    mode(bench.scratch.path(), 0o700);
    let error = bench.snapshot(&["vd0"], &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::HypervisorDenied, "{error:?}");
    assert!(
        error
            .detail()
            .contains(bench.scratch.path().to_str().unwrap()),
        "{error}"
    );
    bench.assert_only_bitmaps_left();
    assert!(bench.bitmaps().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_grew_is_read_in_its_new_size() {
    let guest = guest("grown").await;
    let bench = Bench::new(&guest);
    guest.write("vdb", 60, 4);
    let first = bench.tracker();
    let snapshot = bench.snapshot_as(first, &["vd1"], &[]).await.unwrap();
    let mut copy = read_all(&*snapshot.disks()[0].source).await;
    snapshot.finish(Ending::Committed).await.unwrap();
    let grown = SIZE + (16 << 20);
    guest
        .qmp(
            "block_resize",
            json!({ "node-name": "disk1", "size": grown }),
        )
        .unwrap();
    guest.write("vdb", 70, 2);
    let snapshot = bench.snapshot(&["vd1"], &[first]).await.unwrap();
    let disk = &snapshot.disks()[0];
    assert_eq!((disk.disk.size, disk.source.size()), (grown, grown));
    let Changed::Since { extents, .. } = &disk.changed else {
        panic!("{disk:?}")
    };
    // The rest of the new end is zero, which is what a reader assumes of it.
    crate::bench::read_over(&*disk.source, &mut copy, extents.extents()).await;
    assert!(copy == read_all(&*disk.source).await);
    snapshot.finish(Ending::Committed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_to_be_left_out_can_not_be_asked_for() {
    let builder = Guest::builder("cd")
        .argument("-device")
        .argument("ide-cd,id=cd");
    let guest = Busy::start(builder).await;
    let bench = Bench::new(&guest);
    let machine = bench.host.find("cd").await.unwrap();
    let cd = machine.disks.iter().find(|d| d.name == "cd").unwrap();
    assert!(matches!(&cd.choice, DiskChoice::Excluded(_)));
    let error = bench.snapshot(&["cd"], &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::DiskUnsupported, "{error:?}");
}
