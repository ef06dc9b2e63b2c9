//! The conformance suite: what every driver promises, as functions that panic where one does
//! not keep it.
//!
//! A driver's tests implement [`SuiteHost`] over a machine of theirs and call [`run`]. The
//! fake and the real drivers pass the same suite, so what was tested against the fake holds
//! for them.

mod endings;
mod instants;
mod troubles;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base::{PointId, Random, Result, SeededRandom, TrackerName, VaultId};
use block::{BlockSource, Extent};

use crate::{Hypervisor, Quiesce, ScratchPlace, Snapshot, SnapshotRequest};

/// A host with one running machine that the suite may use as it likes.
#[async_trait]
pub trait SuiteHost: Send + Sync {
    /// The driver.
    fn hypervisor(&self) -> &dyn Hypervisor;

    /// The machine's name. It runs when the suite starts.
    fn machine(&self) -> &str;

    /// Two of its disks, of 16 MiB or more, which nothing but the suite writes to. The
    /// trackers of the first one survive that the machine is switched off.
    fn disks(&self) -> [&str; 2];

    /// Where scratch goes; `limit` is at least the disks' sizes.
    fn scratch(&self) -> ScratchPlace;

    /// Writes `data` at `offset`, both multiples of 4096, as the guest does. On the disk when
    /// this returns.
    async fn write(&self, disk: &str, offset: u64, data: &[u8]);

    /// Overwrites the first `len` bytes, a multiple of 1 MiB, with anything that is not zero.
    async fn churn(&self, disk: &str, len: u64);

    /// All bytes of a disk now.
    async fn truth(&self, disk: &str) -> Vec<u8>;

    /// The trackers that a disk has, in any order.
    async fn trackers(&self, disk: &str) -> Vec<TrackerName>;

    /// What of ours but trackers is in the hypervisor or the scratch folder now.
    async fn left_behind(&self) -> Vec<String>;

    /// Switches the machine off in good order, as far as the hypervisor is concerned.
    async fn switch_off(&self);

    /// Whether the hypervisor knows, after `switch_off`, that the guest shut down cleanly.
    fn knows_of_clean_shutdowns(&self) -> bool;

    /// Starts the machine and waits until it can be written to.
    async fn switch_on(&self);

    /// Ends the machine as a crash of the host does.
    async fn crash(&self);
}

/// Runs all of the suite.
///
/// # Panics
/// Where the driver does not keep a promise.
pub async fn run(host: &dyn SuiteHost) {
    let suite = Suite::new(host);
    instants::an_instant_stays_while_the_guest_writes_and_the_next_reads_what_changed(&suite).await;
    instants::a_zero_run_reads_as_zero(&suite).await;
    endings::a_kept_tracker_stays_beside_the_older_and_a_discarded_one_goes(&suite).await;
    endings::trackers_of_disks_that_are_left_out_this_time_stay(&suite).await;
    endings::trackers_of_other_vaults_are_left_alone(&suite).await;
    endings::a_dropped_snapshot_is_cleared_away_by_the_next(&suite).await;
    troubles::a_second_backup_of_the_machine_is_refused(&suite).await;
    troubles::what_is_not_there_is_named(&suite).await;
    troubles::a_full_scratch_costs_the_snapshot_and_not_the_guest(&suite).await;
    troubles::a_machine_that_is_off_is_read_and_keeps_its_trackers(&suite).await;
    troubles::after_a_crash_nothing_doubtful_is_called_unchanged(&suite).await;
}

/// What the parts of the suite share.
struct Suite<'a> {
    host: &'a dyn SuiteHost,
    random: Arc<dyn Random>,
    vault: VaultId,
}

impl<'a> Suite<'a> {
    fn new(host: &'a dyn SuiteHost) -> Self {
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(0x5071_7e57));
        let vault = VaultId::new(&*random);
        Self {
            host,
            random,
            vault,
        }
    }

    fn tracker(&self) -> TrackerName {
        TrackerName::new(self.vault, PointId::new(&*self.random))
    }

    fn bytes(&self, len: usize) -> Vec<u8> {
        let mut data = vec![0; len];
        self.random.fill(&mut data);
        data
    }

    async fn request(&self, new: TrackerName, old: &[TrackerName]) -> SnapshotRequest {
        let disks = self.host.disks().map(str::to_owned);
        let machine = self.host.hypervisor().find(self.host.machine()).await;
        SnapshotRequest {
            machine: machine.expect("the machine is found"),
            trackers: disks
                .iter()
                .map(|d| (d.clone(), old.to_vec()))
                .collect::<BTreeMap<_, _>>(),
            disks: disks.to_vec(),
            tracker: new,
            quiesce: Quiesce::Try,
            freeze_budget: Duration::from_secs(20),
            scratch: self.host.scratch(),
        }
    }

    async fn try_take(&self, new: TrackerName, old: &[TrackerName]) -> Result<Box<dyn Snapshot>> {
        self.host
            .hypervisor()
            .snapshot(self.request(new, old).await)
            .await
    }

    async fn take(&self, new: TrackerName, old: &[TrackerName]) -> Box<dyn Snapshot> {
        self.try_take(new, old).await.expect("the instant is taken")
    }

    async fn assert_clean(&self, when: &str) {
        let left = self.host.left_behind().await;
        assert!(left.is_empty(), "{when}: {left:?} is left behind");
    }
}

/// All bytes of a source.
async fn all_of(source: &dyn BlockSource) -> Vec<u8> {
    let mut all = Vec::new();
    over(source, &mut all, &[Extent::new(0, source.size())]).await;
    all
}

/// Reads extents of a source over an older copy.
async fn over(source: &dyn BlockSource, copy: &mut Vec<u8>, extents: &[Extent]) {
    let index = |at: u64| usize::try_from(at).expect("the suite's disks fit in memory");
    copy.resize(index(source.size()), 0);
    for extent in extents {
        let mut at = extent.offset;
        while at < extent.end() {
            let end = extent.end().min(at + (4 << 20));
            let buf = vec![0xaa; index(end - at)];
            let data = source.read(at, buf).await.expect("the instant is readable");
            copy[index(at)..index(end)].copy_from_slice(&data);
            at = end;
        }
    }
}
