//! The fake hypervisor, watched: which bytes are read, what the disks held at each instant,
//! and a hand in between so that a test can write while a backup reads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base::Result;
use block::{BlockSource, Extent, ExtentSet, Run};
use hypervisor::fake::{self, FakeHypervisor};
use hypervisor::{
    Changed, Definition, Ending, Hypervisor, Machine, Snapshot, SnapshotDisk, SnapshotReport,
    SnapshotRequest,
};

/// The machine of most tests.
pub const VM: &str = "vm1";

/// What a test does when something happens.
pub type Hook = Box<dyn FnMut(&FakeHypervisor) + Send>;

/// The contents of a machine's disks, by name.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// A fake hypervisor that is watched. Clones share it.
#[derive(Clone, Debug)]
pub struct Host {
    pub fake: FakeHypervisor,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    instants: Vec<Contents>,
    requests: Vec<SnapshotRequest>,
    reads: Vec<(String, Extent)>,
    hidden: BTreeMap<String, ExtentSet>,
    on_read: Option<Hook>,
    on_check: Option<Hook>,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen").finish_non_exhaustive()
    }
}

impl Host {
    /// A host with the machine [`VM`] and these disks.
    pub fn new(disks: &[(&str, u64)]) -> Self {
        let fake = FakeHypervisor::new();
        fake.add_machine(VM, disks);
        Self {
            fake,
            seen: Arc::default(),
        }
    }

    pub fn write(&self, disk: &str, offset: u64, data: &[u8]) {
        self.fake.write(VM, disk, offset, data);
    }

    /// What a disk holds now.
    pub fn contents(&self, disk: &str) -> Vec<u8> {
        contents(&self.fake, VM)
            .remove(disk)
            .expect("the disk is there")
    }

    /// What the disks held at the newest instant.
    pub fn instant(&self) -> Contents {
        let seen = self.seen.lock().unwrap();
        seen.instants.last().expect("an instant was taken").clone()
    }

    /// What the newest snapshot was asked for.
    pub fn request(&self) -> SnapshotRequest {
        let seen = self.seen.lock().unwrap();
        seen.requests.last().expect("one was asked for").clone()
    }

    /// Whether any snapshot was asked for.
    pub fn was_asked(&self) -> bool {
        !self.seen.lock().unwrap().requests.is_empty()
    }

    /// The bytes of `disk` that were read since the last call, which forgets them. Fails if
    /// a byte was read twice.
    pub fn take_reads(&self, disk: &str) -> ExtentSet {
        let mut seen = self.seen.lock().unwrap();
        let mine: Vec<Extent> = seen
            .reads
            .iter()
            .filter(|r| r.0 == disk)
            .map(|r| r.1)
            .collect();
        seen.reads.retain(|r| r.0 != disk);
        let set: ExtentSet = mine.iter().copied().collect();
        assert_eq!(
            set.bytes(),
            mine.iter().map(|e| e.len).sum::<u64>(),
            "bytes of {disk} were read twice"
        );
        set
    }

    /// Lets the next snapshot's tracker forget that the pages of these bytes were written to.
    pub fn hide(&self, disk: &str, e: Extent) {
        let pages = ExtentSet::from(vec![e]).align_out(fake::PAGE, u64::MAX);
        let mut seen = self.seen.lock().unwrap();
        let hidden = seen.hidden.entry(disk.to_owned()).or_default();
        *hidden = hidden.union(&pages);
    }

    /// Does this before each read.
    pub fn on_read(&self, hook: impl FnMut(&FakeHypervisor) + Send + 'static) {
        self.seen.lock().unwrap().on_read = Some(Box::new(hook));
    }

    /// Does this before each check that the instant holds.
    pub fn on_check(&self, hook: impl FnMut(&FakeHypervisor) + Send + 'static) {
        self.seen.lock().unwrap().on_check = Some(Box::new(hook));
    }

    /// Does nothing any more.
    pub fn calm(&self) {
        let mut seen = self.seen.lock().unwrap();
        seen.on_read = None;
        seen.on_check = None;
    }
}

fn contents(fake: &FakeHypervisor, name: &str) -> Contents {
    let machines = futures::executor::block_on(fake.list()).unwrap();
    let machine = machines.into_iter().find(|m| m.name == name).unwrap();
    machine
        .disks
        .iter()
        .map(|d| {
            let all = fake.read(name, &d.name, 0, usize::try_from(d.size).unwrap());
            (d.name.clone(), all)
        })
        .collect()
}

#[async_trait]
impl Hypervisor for Host {
    async fn list(&self) -> Result<Vec<Machine>> {
        self.fake.list().await
    }

    async fn find(&self, name_or_uuid: &str) -> Result<Machine> {
        self.fake.find(name_or_uuid).await
    }

    async fn definition(&self, machine: &Machine) -> Result<Definition> {
        self.fake.definition(machine).await
    }

    async fn snapshot(&self, request: SnapshotRequest) -> Result<Box<dyn Snapshot>> {
        self.seen.lock().unwrap().requests.push(request.clone());
        let name = request.machine.name.clone();
        let inner = self.fake.snapshot(request).await?;
        let hidden = {
            let mut seen = self.seen.lock().unwrap();
            seen.instants.push(contents(&self.fake, &name));
            std::mem::take(&mut seen.hidden)
        };
        let disks = inner
            .disks()
            .iter()
            .map(|d| SnapshotDisk {
                disk: d.disk.clone(),
                changed: match (&d.changed, hidden.get(&d.disk.name)) {
                    (Changed::Since { tracker, extents }, Some(hidden)) => Changed::Since {
                        tracker: *tracker,
                        extents: extents.subtract(hidden),
                    },
                    (honest, _) => honest.clone(),
                },
                source: Arc::new(WatchedSource {
                    host: self.clone(),
                    disk: d.disk.name.clone(),
                    inner: Arc::clone(&d.source),
                }),
            })
            .collect();
        Ok(Box::new(WatchedSnapshot {
            host: self.clone(),
            inner,
            disks,
        }))
    }
}

#[derive(Debug)]
struct WatchedSnapshot {
    host: Host,
    inner: Box<dyn Snapshot>,
    disks: Vec<SnapshotDisk>,
}

#[async_trait]
impl Snapshot for WatchedSnapshot {
    fn report(&self) -> &SnapshotReport {
        self.inner.report()
    }

    fn disks(&self) -> &[SnapshotDisk] {
        &self.disks
    }

    async fn check(&self) -> Result<()> {
        if let Some(hook) = &mut self.host.seen.lock().unwrap().on_check {
            hook(&self.host.fake);
        }
        self.inner.check().await
    }

    async fn finish(self: Box<Self>, ending: Ending) -> Result<Vec<String>> {
        self.inner.finish(ending).await
    }
}

#[derive(Debug)]
struct WatchedSource {
    host: Host,
    disk: String,
    inner: Arc<dyn BlockSource>,
}

#[async_trait]
impl BlockSource for WatchedSource {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    async fn read(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        {
            let mut seen = self.host.seen.lock().unwrap();
            if let Some(hook) = &mut seen.on_read {
                hook(&self.host.fake);
            }
        }
        let buf = self.inner.read(offset, buf).await?;
        let extent = Extent::new(offset, buf.len() as u64);
        let mut seen = self.host.seen.lock().unwrap();
        seen.reads.push((self.disk.clone(), extent));
        Ok(buf)
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        self.inner.runs(range).await
    }

    async fn release(&self, range: Extent) -> Result<()> {
        self.inner.release(range).await
    }
}
