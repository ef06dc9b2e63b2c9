//! Months of a real guest, by a clock that is moved on: the control plane over real stores.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{ManualClock, SystemRandom};
use control::{Control, HostPlane, ItemChange, ItemName, Protect, Start, VaultInput};
use hypervisor::watchdog::WatchdogProgram;
use jiff::{SignedDuration, Timestamp};
use state::jobs::{Filter, Job, JobStatus};
use state::recovery_points::{Range, RecoveryPoint, Tiers};
use testkit::{DiskSpec, Guest, disk};

struct World {
    control: Arc<Control>,
    clock: Arc<ManualClock>,
    name: ItemName,
}

impl World {
    async fn new(data: &Path, guest: &Guest) -> Self {
        let start: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        let random = Arc::new(SystemRandom);
        let plane = HostPlane::new(data.to_owned(), clock.clone(), random.clone());
        // This program is a test, and no watchdog.
        let plane = plane.with_watchdog(WatchdogProgram {
            program: Some(env!("CARGO_BIN_EXE_stillpoint").into()),
            ..WatchdogProgram::default()
        });
        let start = Start {
            data: data.to_owned(),
            state: None,
            pool: None,
            names: vec!["localhost".to_owned()],
            host: "here".to_owned(),
            connection: format!("qmp://{}", guest.hostdir().display()),
            clock: clock.clone(),
            random,
            plane: Arc::new(plane),
            options: control::Options::default(),
        };
        let (control, ..) = Control::open(start, async |_, _| Ok(())).await.unwrap();
        control.discover().await.unwrap();
        Self {
            control: Arc::new(control),
            clock,
            name: ItemName {
                group: "default".to_owned(),
                machine: guest.name().to_owned(),
            },
        }
    }

    /// Moves the clock on, and does what is due until every job has ended.
    async fn pass(&self, hours: i64) {
        self.clock.advance(SignedDuration::from_hours(hours));
        let began = Instant::now();
        loop {
            self.control.tick().await;
            if self.jobs().await.iter().all(|job| job.ended_at.is_some()) {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(120));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.control.maintain().await;
    }

    async fn jobs(&self) -> Vec<Job> {
        let all = Filter::default();
        let jobs = self.control.jobs("default", "v1", all, None, 100).await;
        jobs.unwrap()
    }

    async fn points(&self) -> Vec<RecoveryPoint> {
        let item = self.control.item("default", "v1", &self.name).await;
        let all = Range::default();
        let points = self
            .control
            .recovery_points(&item.unwrap(), all, None, 100)
            .await;
        points.unwrap()
    }
}

/// Bytes of packs in the stores below a folder.
pub fn stored(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            bytes += stored(&entry.path());
        } else if folder.to_string_lossy().contains("/packs") {
            bytes += entry.metadata().unwrap().len();
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_runs_by_itself_and_expired_points_go_with_their_space() {
    let guest = Guest::builder("months")
        .disk(DiskSpec::qcow2(64 << 20))
        .start()
        .unwrap();
    guest.wait_agent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path(), &guest).await;
    let input = VaultInput {
        location: Some("onprem".to_owned()),
        ..VaultInput::default()
    };
    world
        .control
        .put_vault("default", "v1", input)
        .await
        .unwrap();
    let protect = ItemChange::Protect(Protect {
        policy: world.control.policy_id("default", "v1", "DefaultPolicy"),
        source: None,
        disks: None,
    });
    world
        .control
        .change_item("default", "v1", &world.name, protect)
        .await
        .unwrap();

    // POLICY-2, 24: due at 19:30, started by 21:30.
    world.pass(2).await;
    assert_eq!(world.points().await.len(), 0, "nothing is due at 14:00");
    let noise = disk::noise(1, 20_000_000);
    guest
        .write_file("/data1/only-in-the-first", &noise)
        .unwrap();
    world.pass(8).await;
    let points = world.points().await;
    assert_eq!(points.len(), 1, "{:?}", world.jobs().await);
    let first = &points[0];
    assert_eq!(first.tiers, Tiers::SnapshotAndVault);
    let days = first.expires_at.unwrap().duration_since(first.taken_at);
    assert_eq!(days, SignedDuration::from_hours(30 * 24));
    guest
        .run("rm /data1/only-in-the-first; sync; fstrim /data1 || true")
        .unwrap();
    let noise = disk::noise(2, 20_000_000);
    guest.write_file("/data1/later", &noise).unwrap();
    world.pass(24).await;
    assert_eq!(world.points().await.len(), 2);
    let pool = folder.path().join("pool");
    let before = stored(&pool);
    assert!(before > 40_000_000, "{before}");

    // SNAP-2, 9: the older snapshot goes after two days, the latest one stays.
    world.pass(3 * 24).await;
    let points = world.points().await;
    assert_eq!(points.len(), 3, "three missed runs are caught up by one");
    let tiers: Vec<Tiers> = points.iter().map(|p| p.tiers).collect();
    assert_eq!(tiers, [Tiers::SnapshotAndVault, Tiers::Vault, Tiers::Vault]);

    // POLICY-2: thirty days later the first is over.
    world.pass(26 * 24).await;
    world.pass(1).await;
    let points = world.points().await;
    assert!(points.iter().all(|p| p.point != first.point), "{points:?}");
    let after = stored(&pool);
    assert!(after + 15_000_000 < before, "{before} bytes became {after}");
    let jobs = world.jobs().await;
    let backups = jobs
        .iter()
        .filter(|j| j.status == JobStatus::Completed)
        .count();
    assert_eq!(backups, jobs.len(), "{jobs:?}");
    world.control.stop().await;
}
