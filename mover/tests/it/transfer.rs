//! Phase 2: from the snapshot store into the vault.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, PointId, Result};
use hypervisor::fake::PAGE;
use mover::{Events, PhaseLock, TransferReport, Wait, transfer};
use vault::{Phase, Store, Vault};

use crate::faulty::Small;
use crate::host::Contents;
use crate::support::*;

const UUID: &str = "11111111-2222-4333-8444-555555555555";

/// A machine, its snapshot store and the vault behind it.
struct Tiers {
    bench: Bench,
    far: Arc<Vault>,
    far_store: Small,
    points: Vec<(PointId, Contents)>,
}

impl Tiers {
    async fn new(disks: &[(&str, u64)]) -> Self {
        let bench = Bench::new(disks).await;
        let far_store = Small::new();
        let store = Store::new(Arc::new(far_store.clone()));
        let far = Arc::new(bench.vault.extend_to(store).await.unwrap());
        Self {
            bench,
            far,
            far_store,
            points: Vec::new(),
        }
    }

    /// Phase 1.
    async fn snapshot(&mut self) -> PointId {
        let report = self.bench.checked_backup().await;
        let held = self.bench.host.instant();
        self.points.push((report.point, held));
        report.point
    }

    async fn send(&self, point: PointId) -> Result<TransferReport> {
        self.send_telling(point, &()).await
    }

    async fn send_telling(&self, point: PointId, events: &dyn Events) -> Result<TransferReport> {
        let locks = self.bench.folder.path().join("locks");
        transfer(&self.bench.vault, &self.far, UUID, point, &locks, events).await
    }

    /// Holds every point that the vault has against the disks, through the vault alone.
    async fn check_far(&self, wanted: &[PointId]) {
        let store = self.far.store().clone();
        let locked = vault::Locked::open(store).await.unwrap();
        let ring = Arc::clone(self.far.ring());
        let far = locked.open_with(ring, around(9)).unwrap();
        let there = far.points().await.unwrap();
        let there: Vec<PointId> = there.iter().map(|p| p.entry.point).collect();
        assert_eq!(there, wanted);
        for (point, held) in self.points.iter().filter(|p| wanted.contains(&p.0)) {
            check_point(&far, *point, held).await;
        }
        let found = vault::verify(&far, vault::Level::Full, None, &|_, _| {})
            .await
            .unwrap();
        assert_eq!(found.findings, vec![]);
    }
}

#[tokio::test]
async fn a_transfer_sends_what_the_vault_lacks_and_tells_how_far_it_is() {
    let mut t = Tiers::new(&[("vda", 8 * MIB), ("vdb", MIB)]).await;
    t.bench.host.write("vda", 0, &noise(1, 2 * MIB));
    t.bench.host.write("vdb", 0, &noise(2, MIB));
    let first = t.snapshot().await;
    let heard = Heard::default();
    let report = t.send_telling(first, &heard).await.unwrap();
    assert!(!report.skipped && !report.already_there);
    assert_eq!((report.copied, report.encoded_anew), (3 * MIB / CHUNK, 0));
    let told = heard.progress();
    assert!(told.windows(2).all(|w| w[0].done <= w[1].done));
    let last = told.last().unwrap();
    assert_eq!((last.done, last.total), (9 * MIB, 9 * MIB));

    t.bench.host.write("vda", PAGE, b"changed");
    let second = t.snapshot().await;
    let report = t.send(second).await.unwrap();
    assert_eq!((report.copied, report.encoded_anew), (1, 0));
    assert!(report.stored < 16_384, "{} bytes", report.stored);
    t.check_far(&[first, second]).await;
    // A second time there is nothing to do.
    let again = t.send(second).await.unwrap();
    assert!(again.already_there && again.stored == 0);
    t.check_far(&[first, second]).await;
}

#[tokio::test]
async fn after_skipped_transfers_the_next_one_holds_all_churn() {
    let mut t = Tiers::new(&[("vda", 4 * MIB)]).await;
    t.bench.host.write("vda", 0, &noise(1, 4 * MIB));
    let first = t.snapshot().await;
    t.send(first).await.unwrap();
    // The same chunk again and again, so that patches rest on points that are never sent.
    for round in 0..4u64 {
        t.bench.host.write("vda", 4096, &noise(round + 2, 64));
        t.bench
            .host
            .write("vda", (8 + round) * PAGE, b"each another");
        t.snapshot().await;
    }
    let last = t.points[4].0;
    let report = t.send(last).await.unwrap();
    assert_eq!(report.copied + report.encoded_anew, 5, "{report:?}");
    assert!(report.encoded_anew <= 1, "{report:?}");
    // Five blocks of 4 KiB, and what a point costs.
    assert!(report.stored < 5 * 4096 + 8192, "{} bytes", report.stored);
    t.check_far(&[first, last]).await;
    // An older one may follow; it is listed by its commit.
    let middle = t.points[2].0;
    t.send(middle).await.unwrap();
    t.check_far(&[first, last, middle]).await;
}

#[tokio::test]
async fn a_tracker_counts_for_its_own_point_whatever_the_order_in_the_store() {
    let mut t = Tiers::new(&[("vda", 2 * MIB)]).await;
    let far = Arc::clone(&t.far);
    let near = std::mem::replace(&mut t.bench.vault, Arc::clone(&far));
    t.bench.host.write("vda", 0, &noise(1, 2 * MIB));
    t.snapshot().await;
    t.bench.vault = Arc::clone(&near);
    t.bench.host.write("vda", PAGE, b"before the second");
    let second = t.snapshot().await;
    t.bench.vault = Arc::clone(&far);
    t.bench.host.write("vda", 3 * PAGE, b"before the third");
    let third = t.snapshot().await;
    // The second point comes to the vault after the third.
    t.bench.vault = near;
    t.send(second).await.unwrap();
    t.bench.vault = far;
    t.bench.host.write("vda", 5 * PAGE, b"before the fourth");
    let fourth = t.bench.checked_backup().await;
    let since = fourth.disks[0].tracker.as_deref().unwrap();
    assert!(since.ends_with(&third.to_string().replace('-', "")));
    assert_eq!(fourth.disks[0].read, PAGE);
}

#[tokio::test]
async fn a_transfer_is_skipped_while_another_of_the_machine_runs() {
    let mut t = Tiers::new(&[("vda", MIB)]).await;
    t.bench.host.write("vda", 0, &noise(1, MIB));
    let point = t.snapshot().await;
    let locks = t.bench.folder.path().join("locks");
    let held = PhaseLock::take(&locks, UUID, Phase::Transfer, Wait::No)
        .await
        .unwrap();
    let heard = Heard::default();
    let report = t.send_telling(point, &heard).await.unwrap();
    assert!(report.skipped && report.stored == 0);
    assert!(
        heard.warnings()[0].contains("skipped"),
        "{:?}",
        heard.warnings()
    );
    t.check_far(&[]).await;
    // Neither a snapshot of this machine nor a transfer of another is in the way.
    PhaseLock::take(&locks, UUID, Phase::Snapshot, Wait::No)
        .await
        .unwrap();
    PhaseLock::take(&locks, "another", Phase::Transfer, Wait::No)
        .await
        .unwrap();
    let e = PhaseLock::take(&locks, UUID, Phase::Transfer, Wait::No).await;
    assert_eq!(e.unwrap_err().code(), Code::BackupInProgress);
    let waits = PhaseLock::take(&locks, UUID, Phase::Transfer, Wait::Yes);
    let (waited, ()) = tokio::join!(waits, async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(held);
    });
    drop(waited.unwrap());
    t.send(point).await.unwrap();
    t.check_far(&[point]).await;
}

#[tokio::test]
async fn a_transfer_killed_at_any_moment_resumes_and_hurts_no_earlier_point() {
    // Packs are sent when they have 16 MiB.
    let mut t = Tiers::new(&[("vda", 56 * MIB)]).await;
    t.bench.host.write("vda", 0, &noise(1, MIB));
    let first = t.snapshot().await;
    t.send(first).await.unwrap();
    t.bench.host.write("vda", MIB, &noise(2, 55 * MIB));
    let second = t.snapshot().await;
    for packs in [1, 1, 1] {
        // The process is gone once so many more packs are in the vault.
        let killed = tokio::select! {
            biased;
            () = t.far_store.packs(packs) => true,
            done = t.send(second) => { done.unwrap(); false }
        };
        assert!(killed, "the transfer was done before");
        t.check_far(&[first]).await;
    }
    let report = t.send(second).await.unwrap();
    assert!(
        report.stored < 40 * MIB,
        "{} bytes sent again",
        report.stored
    );
    t.check_far(&[first, second]).await;
}

#[tokio::test]
async fn a_full_vault_hurts_no_earlier_point_and_the_transfer_is_gone_on_with() {
    let mut t = Tiers::new(&[("vda", 56 * MIB)]).await;
    t.bench.host.write("vda", 0, &noise(1, MIB));
    let first = t.snapshot().await;
    t.send(first).await.unwrap();
    t.bench.host.write("vda", MIB, &noise(2, 55 * MIB));
    let second = t.snapshot().await;
    t.far_store.leave(i64::try_from(36 * MIB).unwrap());
    let e = t.send(second).await.unwrap_err();
    assert_eq!(e.code(), Code::NoSpace);
    t.check_far(&[first]).await;
    t.far_store.leave(i64::MAX);
    let report = t.send(second).await.unwrap();
    assert!(
        report.stored < 30 * MIB,
        "{} bytes sent again",
        report.stored
    );
    t.check_far(&[first, second]).await;
}

#[tokio::test]
async fn without_a_snapshot_store_the_backup_goes_straight_to_the_vault() {
    let mut t = Tiers::new(&[("vda", 4 * MIB)]).await;
    t.bench.vault = Arc::clone(&t.far);
    t.bench.host.write("vda", 0, &noise(1, 2 * MIB));
    let first = t.snapshot().await;
    t.bench.host.write("vda", 0, b"x");
    let second = t.snapshot().await;
    t.check_far(&[first, second]).await;
    // With the vault as its own snapshot store, a transfer finds the point there.
    let locks = t.bench.folder.path().join("locks");
    let sent = transfer(&t.far, &t.far, UUID, second, &locks, &()).await;
    let sent = sent.unwrap();
    assert!(sent.already_there && sent.stored == 0);
    t.check_far(&[first, second]).await;
}

#[tokio::test]
async fn a_store_of_another_vault_is_refused() {
    let mut t = Tiers::new(&[("vda", MIB)]).await;
    let point = t.snapshot().await;
    let passphrase = unlock();
    let made = vault::create(Store::memory(), 16 << 10, &passphrase, around(77)).await;
    let foreign = Arc::new(made.unwrap().0);
    let locks = t.bench.folder.path().join("locks");
    let sent = transfer(&t.bench.vault, &foreign, UUID, point, &locks, &()).await;
    assert_eq!(sent.unwrap_err().code(), Code::VaultForeign);
    assert!(foreign.points().await.unwrap().is_empty());
}
