//! The conformance suite under libvirt.

use async_trait::async_trait;
use base::TrackerName;
use hypervisor::suite::{SuiteHost, run};
use hypervisor::{Hypervisor, ScratchPlace};
use testkit::machine::Machine;

use super::bench::{Bench, SIZE, World, checkpoints, scribble, truth, world};

struct Host<'a> {
    world: &'a World,
    bench: Bench,
}

#[async_trait]
impl SuiteHost for Host<'_> {
    fn hypervisor(&self) -> &dyn Hypervisor {
        &self.bench.host
    }

    fn machine(&self) -> &str {
        self.world.domain.name()
    }

    fn disks(&self) -> [&str; 2] {
        ["vdb", "vdd"]
    }

    fn scratch(&self) -> ScratchPlace {
        ScratchPlace {
            dir: self.bench.scratch.path().into(),
            limit: 2 * SIZE,
        }
    }

    async fn write(&self, disk: &str, offset: u64, data: &[u8]) {
        self.world.domain.write_file("/tmp/data", data).unwrap();
        let block = offset / 4096;
        let dd = format!("dd if=/tmp/data of=/dev/{disk} bs=4096 seek={block} conv=notrunc,fsync");
        self.world.domain.run(&dd).unwrap();
    }

    async fn churn(&self, disk: &str, len: u64) {
        let count = u32::try_from(len >> 20).unwrap();
        scribble(self.world, disk, 1024, 0, count);
    }

    async fn truth(&self, disk: &str) -> Vec<u8> {
        truth(self.world, if disk == "vdb" { 1 } else { 3 })
    }

    async fn trackers(&self, disk: &str) -> Vec<TrackerName> {
        let here = checkpoints(self.world).into_iter().filter(|name| {
            let domain = &self.world.domain;
            let xml = domain
                .virsh("checkpoint-dumpxml", &[name, "--no-domain"])
                .unwrap();
            xml.contains(&format!("name='{disk}' checkpoint='bitmap'"))
        });
        here.filter_map(|name| TrackerName::parse(&name)).collect()
    }

    async fn left_behind(&self) -> Vec<String> {
        self.bench.left_behind(self.world)
    }

    fn knows_of_clean_shutdowns(&self) -> bool {
        true
    }

    async fn switch_off(&self) {
        self.world.domain.shutdown().unwrap();
    }

    async fn switch_on(&self) {
        self.world.domain.start_again().unwrap();
    }

    async fn crash(&self) {
        self.world.domain.kill().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn libvirt_keeps_what_drivers_promise() {
    let world = world();
    let world = world.as_ref().unwrap();
    let bench = Bench::new(world);
    run(&Host { world, bench }).await;
}
