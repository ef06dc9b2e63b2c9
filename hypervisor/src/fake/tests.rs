use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Code, PointId, Random, SeededRandom, TrackerName, VaultId};
use block::Extent;

use super::*;
use crate::suite::SuiteHost;
use crate::{Changed, Ending, Quiesce, ScratchPlace};

const SIZE: u64 = 4 << 20;

fn request(fake: &FakeHypervisor, tracker: TrackerName, old: &[TrackerName]) -> SnapshotRequest {
    SnapshotRequest {
        machine: fake.lock().machine("m").machine.clone(),
        disks: vec!["a".into()],
        tracker,
        trackers: BTreeMap::from([("a".to_owned(), old.to_vec())]),
        quiesce: Quiesce::Try,
        freeze_budget: Duration::from_secs(5),
        scratch: ScratchPlace {
            dir: "/fake".into(),
            limit: 2 * PAGE,
        },
    }
}

fn trackers() -> [TrackerName; 2] {
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(3));
    let vault = VaultId::new(&*random);
    [0, 1].map(|_| TrackerName::new(vault, PointId::new(&*random)))
}

#[tokio::test]
async fn a_snapshot_shows_the_instant_and_the_next_one_what_changed() {
    let fake = FakeHypervisor::new();
    fake.add_machine("m", &[("a", SIZE)]);
    let [one, two] = trackers();
    fake.write("m", "a", 10, b"old");
    let snapshot = fake.snapshot(request(&fake, one, &[])).await.unwrap();
    assert!(matches!(
        snapshot.disks()[0].changed,
        Changed::Unknown { .. }
    ));
    fake.write("m", "a", 10, b"new");
    fake.write("m", "a", 3 * PAGE - 1, b"xy");
    let error = snapshot.disks()[0]
        .source
        .read(SIZE, vec![0])
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::BadArgument);
    assert_eq!(
        snapshot.check().await.unwrap_err().code(),
        Code::ScratchFull
    );
    snapshot.finish(Ending::Kept).await.unwrap();

    let snapshot = fake.snapshot(request(&fake, two, &[one])).await.unwrap();
    fake.write("m", "a", 11, b"E");
    let disk = &snapshot.disks()[0];
    assert_eq!(disk.source.read(10, vec![0; 3]).await.unwrap(), b"new");
    let Changed::Since { tracker, extents } = &disk.changed else {
        panic!("{disk:?}")
    };
    assert_eq!(*tracker, one);
    assert_eq!(
        extents.extents(),
        [Extent::new(0, PAGE), Extent::new(2 * PAGE, 2 * PAGE)]
    );
    snapshot.check().await.unwrap();
    snapshot.finish(Ending::Committed).await.unwrap();
    assert_eq!(fake.trackers("m", "a"), [two]);
}

#[tokio::test]
async fn what_was_released_takes_no_scratch() {
    let fake = FakeHypervisor::new();
    fake.add_machine("m", &[("a", SIZE)]);
    let snapshot = fake
        .snapshot(request(&fake, trackers()[0], &[]))
        .await
        .unwrap();
    snapshot.disks()[0]
        .source
        .release(Extent::new(0, SIZE - PAGE))
        .await
        .unwrap();
    fake.write("m", "a", 0, &vec![7; (SIZE - PAGE) as usize]);
    assert_eq!(fake.scratch_used("m"), 0);
    snapshot.check().await.unwrap();
    let error = snapshot.disks()[0]
        .source
        .read(0, vec![0; 9])
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        Code::Internal,
        "a released page must not be read"
    );
}

#[tokio::test]
async fn a_second_backup_is_refused_while_the_first_lives_and_not_after_it_was_dropped() {
    let fake = FakeHypervisor::new();
    fake.add_machine("m", &[("a", SIZE)]);
    let [one, two] = trackers();
    let first = fake.snapshot(request(&fake, one, &[])).await.unwrap();
    let error = fake.snapshot(request(&fake, two, &[])).await.unwrap_err();
    assert_eq!(error.code(), Code::BackupInProgress);
    drop(first);
    let second = fake.snapshot(request(&fake, two, &[])).await.unwrap();
    assert_eq!(
        fake.trackers("m", "a"),
        [two],
        "the dropped run's tracker is a left-over"
    );
    second.finish(Ending::Discarded).await.unwrap();
    assert!(fake.trackers("m", "a").is_empty());
}

#[tokio::test]
async fn scripted_faults_act() {
    let fake = FakeHypervisor::new();
    fake.add_machine("m", &[("a", SIZE)]);
    let [one, two] = trackers();
    fake.script("m", Fault::BreakAtRead(2, Code::SnapshotBroken));
    fake.script("m", Fault::AgentHangs);
    let snapshot = fake.snapshot(request(&fake, one, &[])).await.unwrap();
    assert_eq!(snapshot.report().warnings.len(), 1);
    let source = &snapshot.disks()[0].source;
    source.read(0, vec![0; 5]).await.unwrap();
    assert_eq!(
        source.read(0, vec![0; 5]).await.unwrap_err().code(),
        Code::SnapshotBroken
    );
    snapshot.finish(Ending::Kept).await.unwrap();

    fake.break_trackers("m");
    fake.script("m", Fault::VanishAtRead(1));
    let snapshot = fake.snapshot(request(&fake, two, &[one])).await.unwrap();
    let disk = &snapshot.disks()[0];
    assert!(
        matches!(&disk.changed, Changed::Unknown { reason } if reason.contains("inconsistent"))
    );
    assert_eq!(
        disk.source.read(0, vec![0]).await.unwrap_err().code(),
        Code::MachineVanished
    );
    let error = snapshot.finish(Ending::Kept).await.unwrap_err();
    assert_eq!(error.code(), Code::MachineVanished);
}

/// The fake as the suite wants it.
struct Host(FakeHypervisor);

#[async_trait]
impl SuiteHost for Host {
    fn hypervisor(&self) -> &dyn Hypervisor {
        &self.0
    }

    fn machine(&self) -> &str {
        "m"
    }

    fn disks(&self) -> [&str; 2] {
        ["a", "b"]
    }

    fn scratch(&self) -> ScratchPlace {
        ScratchPlace {
            dir: "/fake".into(),
            limit: 64 << 20,
        }
    }

    async fn write(&self, disk: &str, offset: u64, data: &[u8]) {
        self.0.write("m", disk, offset, data);
    }

    async fn churn(&self, disk: &str, len: u64) {
        self.0
            .write("m", disk, 0, &vec![0x5a; usize::try_from(len).unwrap()]);
    }

    async fn truth(&self, disk: &str) -> Vec<u8> {
        self.0.read("m", disk, 0, 16 << 20)
    }

    async fn trackers(&self, disk: &str) -> Vec<TrackerName> {
        self.0.trackers("m", disk)
    }

    async fn left_behind(&self) -> Vec<String> {
        let open = self.0.has_open_snapshot("m");
        open.then(|| "a snapshot".to_owned()).into_iter().collect()
    }

    fn knows_of_clean_shutdowns(&self) -> bool {
        true
    }

    async fn switch_off(&self) {
        self.0.set_state("m", MachineState::Stopped);
    }

    async fn switch_on(&self) {
        self.0.set_state("m", MachineState::Running);
    }

    async fn crash(&self) {
        self.0.set_state("m", MachineState::Stopped);
        self.0.break_trackers("m");
    }
}

#[tokio::test]
async fn the_fake_keeps_what_drivers_promise() {
    let fake = FakeHypervisor::new();
    fake.add_machine("m", &[("a", 16 << 20), ("b", 16 << 20)]);
    crate::suite::run(&Host(fake)).await;
}
