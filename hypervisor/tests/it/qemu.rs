//! The bare-QEMU driver on real guests.

use hypervisor::{Changed, Ending, Hypervisor, MachineState};
use serde_json::Value;
use testkit::Guest;

use crate::bench::{Bench, flushed_image, read_all};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_snapshot_shows_the_instant_while_the_guest_writes_on() {
    let guest = Guest::builder("thin").warm().start().unwrap();
    let bench = Bench::new(&guest);
    let machine = bench.host.find("thin").await.unwrap();
    assert_eq!(machine.state, MachineState::Running);
    assert_eq!(machine.uuid, guest.uuid());
    guest.qmp("stop", Value::Null).unwrap();
    let truth = flushed_image(&guest, 0);
    let snapshot = bench.snapshot(&["vd0"], &[]).await.unwrap();
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
    assert!(guest.sh("test -s /after").unwrap().code == 0);
}
