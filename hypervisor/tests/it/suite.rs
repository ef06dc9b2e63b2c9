//! The conformance suite on bare QEMU.

use async_trait::async_trait;
use base::TrackerName;
use hypervisor::suite::{SuiteHost, run};
use hypervisor::{Hypervisor, ScratchPlace};

use crate::bench::{Bench, flushed_image};
use crate::guests::{Busy, SIZE, guest};

struct Host<'a> {
    guest: &'a Busy,
    bench: Bench<'a>,
}

impl Host<'_> {
    fn device(disk: &str) -> &'static str {
        if disk == "vd1" { "vdb" } else { "vdc" }
    }
}

#[async_trait]
impl SuiteHost for Host<'_> {
    fn hypervisor(&self) -> &dyn Hypervisor {
        &self.bench.host
    }

    fn machine(&self) -> &str {
        self.guest.name()
    }

    fn disks(&self) -> [&str; 2] {
        ["vd1", "vd2"]
    }

    fn scratch(&self) -> ScratchPlace {
        ScratchPlace {
            dir: self.bench.scratch.path().into(),
            limit: 2 * SIZE,
        }
    }

    async fn write(&self, disk: &str, offset: u64, data: &[u8]) {
        self.guest.write_file("/tmp/data", data).unwrap();
        let (device, block) = (Self::device(disk), offset / 4096);
        let dd =
            format!("dd if=/tmp/data of=/dev/{device} bs=4096 seek={block} conv=notrunc,fsync");
        self.guest.run(&dd).unwrap();
    }

    async fn churn(&self, disk: &str, len: u64) {
        self.guest.write(Self::device(disk), 0, len >> 20);
    }

    async fn truth(&self, disk: &str) -> Vec<u8> {
        flushed_image(self.guest, if disk == "vd1" { 1 } else { 2 })
    }

    async fn trackers(&self, disk: &str) -> Vec<TrackerName> {
        let node = if disk == "vd1" { "disk1" } else { "disk2" };
        let names = self.bench.bitmaps().remove(node).unwrap_or_default();
        names.iter().filter_map(|n| TrackerName::parse(n)).collect()
    }

    async fn left_behind(&self) -> Vec<String> {
        self.bench.left_behind()
    }

    fn knows_of_clean_shutdowns(&self) -> bool {
        false
    }

    async fn switch_off(&self) {
        self.guest.quit().unwrap();
    }

    async fn switch_on(&self) {
        self.guest.start_again().unwrap();
    }

    async fn crash(&self) {
        self.guest.kill().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bare_qemu_keeps_what_drivers_promise() {
    let guest = guest("suite").await;
    run(&Host {
        guest: &guest,
        bench: Bench::new(&guest),
    })
    .await;
}
