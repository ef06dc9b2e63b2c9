//! Phase 1: what is read, what is stored, what is told.

use std::time::{Duration, Instant};

use base::Code;
use block::{Extent, ExtentSet};
use hypervisor::fake::{Fault, PAGE};
use hypervisor::{Consistency, MachineState};
use mover::PointRecord;
use vault::{PointState, Store};

use crate::host::VM;
use crate::support::*;

#[tokio::test]
async fn a_first_backup_reads_what_is_allocated_and_an_incremental_what_changed() {
    for local in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let store = if local {
            Store::local(folder.path()).unwrap()
        } else {
            Store::memory()
        };
        let bench = Bench::with(&[("vda", 8 * MIB)], vault_in(store, CHUNK).await);
        bench.host.write("vda", 0, &noise(1, MIB));
        bench.host.write("vda", 5 * MIB + 100, &noise(2, 3000));
        let first = bench.checked_backup().await;
        assert_eq!(first.consistency, Consistency::FileSystemConsistent);
        assert_eq!(first.frozen_ms, 3);
        let disk = only(&first);
        assert_eq!(disk.tracker, None);
        assert_eq!(disk.reason.as_deref(), Some("no earlier point"));
        assert_eq!((disk.size, disk.read), (8 * MIB, MIB + PAGE));
        assert_eq!((disk.new_chunks, disk.patches), (MIB / CHUNK + 1, 0));
        assert!(first.stored > MIB && first.stored < MIB + MIB / 8);
        assert_eq!(bench.host.take_reads("vda").bytes(), MIB + PAGE);

        bench.host.write("vda", 3 * PAGE + 5, b"changed");
        let second = bench.checked_backup().await;
        let disk = only(&second);
        let tracker = bench.host.request().trackers["vda"][0];
        assert_eq!(tracker.point(), first.point);
        assert_eq!(disk.tracker, Some(tracker.to_string()));
        assert_eq!(disk.reason, None);
        assert_eq!((disk.read, disk.changed), (PAGE, 4096));
        assert_eq!((disk.new_chunks, disk.patches), (1, 1));
        assert!(second.stored < 8192, "{} bytes", second.stored);
        let page: ExtentSet = [Extent::new(3 * PAGE, PAGE)].into_iter().collect();
        assert_eq!(bench.host.take_reads("vda"), page);

        // The earlier point is what it was.
        assert_ne!(
            disk_bytes(&bench.vault, first.point, "vda").await,
            bench.host.contents("vda")
        );
        let points = bench.vault.points().await.unwrap();
        assert_eq!(points.len(), 2);
        // Only the newest point's tracker is left on the machine.
        let left = bench.host.fake.trackers(VM, "vda");
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].point(), second.point);
        assert!(!bench.host.fake.has_open_snapshot(VM));
    }
}

#[tokio::test]
async fn a_lost_tracker_costs_a_reread_not_a_chain() {
    for inconsistent in [false, true] {
        let bench = Bench::new(&[("vda", 4 * MIB)]).await;
        bench.host.write("vda", 0, &noise(1, 2 * MIB));
        let first = bench.checked_backup().await;
        bench.host.write("vda", PAGE, b"x");
        if inconsistent {
            bench.host.fake.break_trackers(VM);
        } else {
            bench.host.fake.lose_trackers(VM);
        }
        let second = bench.checked_backup().await;
        let disk = only(&second);
        assert_eq!(disk.tracker, None);
        let why = disk.reason.as_deref().unwrap();
        let word = if inconsistent {
            "inconsistent"
        } else {
            "not there"
        };
        assert!(why.contains(word), "{why}");
        assert!(
            why.contains(&first.point.to_string().replace('-', "")),
            "{why}"
        );
        assert_eq!((disk.read, disk.changed), (2 * MIB, 4096));
        assert_eq!(disk.new_chunks, 1);
        assert!(second.stored < 8192, "{} bytes", second.stored);
        // And the next one is an ordinary incremental again.
        let third = bench.checked_backup().await;
        assert_eq!(only(&third).read, 0);
        assert!(only(&third).tracker.is_some());
    }
}

#[tokio::test]
async fn without_a_change_nothing_is_read_and_the_point_is_there() {
    let bench = Bench::new(&[("vda", 4 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench.backup().await;
    bench.host.take_reads("vda");
    let second = bench.checked_backup().await;
    let disk = only(&second);
    assert_eq!((disk.read, disk.changed, disk.new_chunks), (0, 0, 0));
    assert!(bench.host.take_reads("vda").is_empty());
    let points = bench.vault.points().await.unwrap();
    assert_eq!(points[0].manifest.disks, points[1].manifest.disks);
}

#[tokio::test]
async fn dirty_and_zero_is_stored_as_zero_without_a_read() {
    let bench = Bench::new(&[("vda", 4 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, 2 * MIB));
    bench.backup().await;
    bench.host.take_reads("vda");
    bench.host.fake.discard(VM, "vda", MIB, 2 * MIB);
    let report = bench.checked_backup().await;
    assert_eq!(only(&report).read, 0);
    assert_eq!((only(&report).changed, only(&report).new_chunks), (MIB, 0));
    assert!(bench.host.take_reads("vda").is_empty());
}

#[tokio::test]
async fn a_stopped_machine_is_read_as_it_is_and_says_so() {
    let bench = Bench::new(&[("vda", 2 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench.backup().await;
    bench.host.write("vda", 0, b"last words");
    bench.host.fake.set_state(VM, MachineState::Stopped);
    let off = bench.checked_backup().await;
    assert_eq!(off.consistency, Consistency::Offline);
    assert_eq!(only(&off).read, PAGE);
    // Nothing counts from that point, so the older tracker still does.
    bench.host.fake.set_state(VM, MachineState::Running);
    bench.host.write("vda", 8 * PAGE, b"again");
    let on = bench.checked_backup().await;
    assert_eq!(only(&on).read, 2 * PAGE);
    // Page 0 is stored already; it counts by the chunk, as nothing of it is compared.
    assert_eq!((only(&on).changed, only(&on).new_chunks), (CHUNK + 4096, 1));
}

#[tokio::test]
async fn an_agent_that_hangs_costs_consistency_and_a_warning() {
    let bench = Bench::new(&[("vda", MIB)]).await;
    bench.host.fake.script(VM, Fault::AgentHangs);
    let heard = Heard::default();
    let report = bench.backup_telling(&heard).await.unwrap();
    assert_eq!(report.consistency, Consistency::CrashConsistent);
    assert_eq!(report.warnings.len(), 1);
    assert_eq!(heard.warnings(), report.warnings);
    let info = bench.vault.point(report.point).await.unwrap();
    let record = PointRecord::of(&bench.vault, &info).await.unwrap();
    assert_eq!(record.consistency, Consistency::CrashConsistent);
    assert_eq!(record.warnings, report.warnings);
    assert_eq!(info.manifest.state, PointState::Whole);
    let mut strict = bench.options.clone();
    strict.quiesce = hypervisor::Quiesce::Require;
    let bench = Bench {
        options: strict,
        ..bench
    };
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!(e.code(), Code::FreezeFailed);
    assert_eq!(bench.vault.points().await.unwrap().len(), 1);
}

#[tokio::test]
async fn progress_rises_and_ends_at_the_total() {
    let bench = Bench::new(&[("vda", 8 * MIB), ("vdb", 4 * MIB)]).await;
    bench.host.write("vda", MIB, &noise(1, 3 * MIB));
    bench.host.write("vdb", 0, &noise(2, 4 * MIB));
    bench
        .host
        .fake
        .script(VM, Fault::SlowReads(Duration::from_millis(150)));
    let heard = Heard::default();
    bench.backup_telling(&heard).await.unwrap();
    let told = heard.progress();
    assert!(told.len() > 2, "{told:?}");
    assert!(told.iter().all(|p| p.total == 12 * MIB));
    assert!(told.windows(2).all(|w| w[0].done <= w[1].done), "{told:?}");
    let last = told.last().unwrap();
    assert_eq!((last.done, last.seconds_left), (12 * MIB, Some(0)));
    assert!(told[1].rate > 0 && told[1].seconds_left.is_some());
    // An incremental counts what it looks at.
    bench.host.fake.clear_faults(VM);
    bench.host.write("vda", 0, b"x");
    let heard = Heard::default();
    bench.backup_telling(&heard).await.unwrap();
    let last = *heard.progress().last().unwrap();
    assert_eq!((last.done, last.total), (PAGE, PAGE));
    // Nothing to do is done at once, and said.
    let heard = Heard::default();
    bench.backup_telling(&heard).await.unwrap();
    let told = heard.progress();
    assert_eq!((told.len(), told[0].done, told[0].total), (1, 0, 0));
    assert_eq!(told[0].seconds_left, Some(0));
}

#[tokio::test]
async fn a_rate_limit_holds_reads_back_and_zeros_pass_free() {
    let mut bench = Bench::new(&[("vda", 64 * MIB)]).await;
    bench.host.write("vda", 0, &noise(1, 2 * MIB));
    bench.options.rate = Some(2 * MIB);
    let start = Instant::now();
    bench.checked_backup().await;
    let took = start.elapsed();
    assert!(took > Duration::from_millis(700), "{took:?}");
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test]
async fn no_snapshot_is_taken_for_a_backup_that_was_cancelled_before() {
    let bench = Bench::new(&[("vda", MIB)]).await;
    bench.options.cancel.cancel();
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!(e.code(), Code::Cancelled);
    assert!(!bench.host.was_asked(), "the guest was touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_point_costs_a_reread_and_the_next_point_is_whole() {
    let store = Store::memory();
    let vault = vault_in(store.clone(), CHUNK).await;
    let bench = Bench::with(&[("vda", 20 * MIB)], vault);
    bench.host.write("vda", 3 * MIB, &noise(5, 6 * MIB));
    bench.checked_backup().await;
    // The pack of the tree's nodes is the session's last.
    let packs = store.list("packs").await.unwrap();
    let (nodes, _) = packs.last().unwrap();
    let mut bytes = store.get(nodes).await.unwrap().unwrap().to_vec();
    for at in (60..bytes.len() - 200).step_by(50) {
        bytes[at] ^= 1;
    }
    store.delete(nodes).await.unwrap();
    store.put_new(nodes, bytes.into()).await.unwrap();
    bench.host.write("vda", 4 * MIB, &noise(6, CHUNK));
    let told = Heard::default();
    let report = bench.backup_telling(&told).await.unwrap();
    let warnings = told.warnings();
    assert!(
        warnings.iter().any(|w| w.contains("damaged")),
        "{warnings:?}"
    );
    let reason = report.disks[0].reason.as_deref();
    assert_eq!(reason, Some("the point before is damaged"));
    check_point(&bench.vault, report.point, &bench.host.instant()).await;
    // And then it goes on by changed blocks.
    bench.host.write("vda", 5 * MIB, &noise(7, CHUNK));
    let next = bench.checked_backup().await;
    assert!(next.disks[0].tracker.is_some(), "{next:?}");
}
