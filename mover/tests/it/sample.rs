//! Samples of what trackers call unchanged: what a tracker left out is found, and nothing else.

use std::collections::BTreeMap;

use base::Code;
use block::{Extent, ExtentSet};
use hypervisor::fake::{Fault, PAGE};
use mover::{BackupReport, DEFAULT_SAMPLE, DiskRecord, PointRecord};
use proptest::prelude::*;
use vault::Store;

use crate::host::VM;
use crate::support::*;

/// Backups of one disk of which each samples so many bytes.
async fn bench(size: u64, chunk: u64, sample: u64) -> Bench {
    let vault = vault_in(Store::memory(), chunk).await;
    let mut bench = Bench::with(&[("vda", size)], vault);
    bench.options.sample = sample;
    bench
}

/// Writes what the tracker will not tell of.
fn write_unseen(bench: &Bench, disk: &str, at: u64, data: &[u8]) {
    bench.host.write(disk, at, data);
    bench.host.hide(disk, Extent::new(at, data.len() as u64));
}

/// The one warning of a report, which is about the tracker of `disk`.
fn alarm<'a>(report: &'a BackupReport, disk: &str) -> &'a str {
    let [warning] = report.warnings.as_slice() else {
        panic!("{:?}", report.warnings)
    };
    let about = format!("disk {disk}: bytes ");
    assert!(warning.starts_with(&about), "{warning}");
    assert!(warning.contains("called unchanged"), "{warning}");
    warning
}

#[tokio::test]
async fn a_lost_bit_is_found_told_and_costs_a_full_read() {
    let bench = bench(8 * MIB, CHUNK, DEFAULT_SAMPLE).await;
    bench.host.write("vda", 0, &noise(1, 4 * MIB));
    let first = bench.checked_backup().await;
    assert_eq!(only(&first).sampled, 0, "all is read");
    bench.host.take_reads("vda");
    bench.host.write("vda", MIB, b"seen");
    write_unseen(&bench, "vda", 3 * MIB + 2 * CHUNK + 5, b"unseen");
    let told = Heard::default();
    let second = bench.backup_telling(&told).await.unwrap();
    check_point(&bench.vault, second.point, &bench.host.instant()).await;
    let disk = only(&second);
    assert_eq!((disk.read, disk.changed), (4 * MIB, 2 * 4096));
    assert_eq!(disk.sampled, 4 * MIB - PAGE, "all but what is read anyway");
    assert_eq!(disk.tracker, None);
    let reason = disk.reason.as_deref().unwrap();
    assert!(reason.contains("called unchanged"), "{reason}");
    let at = 3 * MIB + 2 * CHUNK;
    let warning = alarm(&second, "vda");
    assert!(
        warning.contains(&format!("bytes {at} to {}", at + CHUNK)),
        "{warning}"
    );
    assert!(warning.contains("No earlier point is wrong"), "{warning}");
    assert_eq!(told.warnings(), second.warnings);
    let info = bench.vault.point(second.point).await.unwrap();
    let record = PointRecord::of(&bench.vault, &info).await.unwrap();
    assert_eq!(record.warnings, second.warnings);
    // Only the new tracker is left, and it is believed.
    let left = bench.host.fake.trackers(VM, "vda");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].point(), second.point);
    let third = bench.checked_backup().await;
    assert_eq!((only(&third).read, only(&third).sampled), (0, 4 * MIB));
    assert!(only(&third).tracker.is_some() && third.warnings.is_empty());
}

#[tokio::test]
async fn without_a_sample_a_tracker_is_believed() {
    let bench = bench(8 * MIB, CHUNK, 0).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench.backup().await;
    bench.host.take_reads("vda");
    write_unseen(&bench, "vda", 5, b"unseen");
    let report = bench.backup().await;
    assert_eq!((only(&report).read, only(&report).sampled), (0, 0));
    assert!(report.warnings.is_empty() && bench.host.take_reads("vda").is_empty());
    assert_ne!(
        disk_bytes(&bench.vault, report.point, "vda").await,
        bench.host.contents("vda")
    );
}

#[tokio::test]
async fn a_lost_discard_is_found_without_a_read_and_so_is_a_lost_write_to_a_hole() {
    let bench = bench(8 * MIB, CHUNK, DEFAULT_SAMPLE).await;
    let end = 8 * MIB - PAGE;
    for at in [0, end] {
        bench.host.write("vda", at, &noise(1, PAGE));
    }
    bench.backup().await;
    bench.host.fake.discard(VM, "vda", 0, PAGE);
    bench.host.hide("vda", Extent::new(0, PAGE));
    let report = bench.checked_backup().await;
    alarm(&report, "vda");
    assert_eq!(
        (only(&report).sampled, only(&report).read),
        (2 * PAGE, PAGE)
    );
    write_unseen(&bench, "vda", 7 * MIB, b"unseen");
    let report = bench.checked_backup().await;
    alarm(&report, "vda");
    // Zeros where zeros were are no change.
    write_unseen(&bench, "vda", 3 * MIB, &[0; 4096]);
    let report = bench.checked_backup().await;
    assert!(report.warnings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn only_the_disk_that_was_lied_about_is_read_again() {
    let vault = memory_vault().await;
    let mut bench = Bench::with(&[("vda", 4 * MIB), ("vdb", 4 * MIB)], vault);
    bench.options.sample = DEFAULT_SAMPLE;
    for disk in ["vda", "vdb"] {
        bench.host.write(disk, 0, &noise(1, 2 * MIB));
    }
    bench.backup().await;
    write_unseen(&bench, "vdb", MIB, b"unseen");
    let heard = Heard::default();
    let report = bench.backup_telling(&heard).await.unwrap();
    check_point(&bench.vault, report.point, &bench.host.instant()).await;
    alarm(&report, "vdb");
    let told: Vec<_> = report.disks.iter().map(|d| (d.read, d.sampled)).collect();
    assert_eq!(told, [(0, 2 * MIB), (2 * MIB, 2 * MIB)]);
    assert!(report.disks[0].tracker.is_some());
    // First the samples' budgets, then what is to be read: both end at their totals.
    let told = heard.progress();
    let (last, total) = (told.last().unwrap(), 4 * MIB);
    assert_eq!(
        (last.done, last.total, last.seconds_left),
        (total, total, Some(0))
    );
    let before: Vec<_> = told
        .iter()
        .filter(|p| p.total == 2 * DEFAULT_SAMPLE)
        .collect();
    assert_eq!(before.last().unwrap().seconds_left, Some(0));
    assert_eq!(
        before.len() + told.iter().filter(|p| p.total == total).count(),
        told.len()
    );
}

#[tokio::test]
async fn the_alarm_names_the_points_since_all_was_read() {
    let mut bench = bench(8 * MIB, CHUNK, 0).await;
    let mut points = Vec::new();
    for n in 0..4 {
        bench.host.write("vda", n * MIB, &noise(n, CHUNK));
        points.push(bench.checked_backup().await.point);
    }
    write_unseen(&bench, "vda", 5, b"unseen");
    bench.options.sample = DEFAULT_SAMPLE;
    let report = bench.checked_backup().await;
    let warning = alarm(&report, "vda");
    let named: Vec<_> = points
        .iter()
        .map(|p| warning.contains(&p.to_string()))
        .collect();
    assert_eq!(named, [false, true, true, true], "{warning}");
    assert!(!warning.contains("before them"), "{warning}");
    // When the last one that was read whole is too long ago, so it says.
    for n in 0..20 {
        bench.host.write("vda", 6 * MIB, &noise(n, 100));
        bench.backup().await;
    }
    write_unseen(&bench, "vda", 5, b"again");
    let report = bench.checked_backup().await;
    assert!(
        alarm(&report, "vda").ends_with(", and those before them"),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_snapshot_that_breaks_in_a_sample_or_after_an_alarm_is_gone_on_with() {
    for read in [2, 5, 9, 40, 70] {
        let bench = bench(16 * MIB, CHUNK, 8 * MIB).await;
        bench.host.write("vda", 0, &noise(1, 8 * MIB));
        bench.checked_backup().await;
        bench.host.take_reads("vda");
        bench.host.write("vda", 9 * MIB, b"seen");
        write_unseen(&bench, "vda", MIB, b"unseen");
        bench
            .host
            .fake
            .script(VM, Fault::BreakAtRead(read, Code::ScratchFull));
        let broken = bench.try_backup().await;
        if let Err(e) = &broken {
            assert_eq!(e.code(), Code::ScratchFull);
        }
        bench.host.fake.clear_faults(VM);
        bench.host.write("vda", 2 * MIB, b"seen");
        let report = bench.checked_backup().await;
        // Either this run found it, or the one before, which kept what it had read.
        assert!(report.warnings.len() <= 1, "{report:?}");
    }
}

#[tokio::test]
async fn a_budget_is_taken_in_whole_chunks() {
    let bench = bench(MIB, 4 * CHUNK, 4 * CHUNK - 1).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench.backup().await;
    assert_eq!(only(&bench.backup().await).sampled, 0);
}

#[test]
fn a_record_of_before_there_were_samples_is_read() {
    let old = r#"{"name":"vda","tracker":"t","reason":null,"read":5,"changed":1}"#;
    let record: DiskRecord = serde_json::from_str(old).unwrap();
    assert_eq!((record.sampled, record.sampled_to, record.read), (0, 0, 5));
}

#[tokio::test]
async fn a_resized_disk_is_sampled_on() {
    let bench = bench(6 * MIB, CHUNK, MIB).await;
    bench.host.write("vda", 0, &noise(1, 6 * MIB));
    bench.backup().await;
    let position = async |report: &BackupReport| {
        let info = bench.vault.point(report.point).await.unwrap();
        let record = PointRecord::of(&bench.vault, &info).await.unwrap();
        record.disks[0].sampled_to
    };
    let before = position(&bench.checked_backup().await).await;
    assert!(before > 0);
    // As long as the order stays the same, it goes on where it was; else from the start.
    bench.host.fake.resize(VM, "vda", 7 * MIB);
    assert!(position(&bench.checked_backup().await).await > before);
    bench.host.fake.resize(VM, "vda", 40 * MIB);
    bench.checked_backup().await;
    bench.host.fake.resize(VM, "vda", 2 * MIB);
    let report = bench.checked_backup().await;
    assert_eq!(only(&report).sampled, MIB);
    let report = bench.checked_backup().await;
    assert_eq!((only(&report).sampled, report.warnings.len()), (MIB, 0));
}

/// How often each chunk that holds data was compared.
type Counts = BTreeMap<u64, u64>;

async fn rounds(pages: u64, data: Vec<u64>, chunk: u64, budget: u64, runs: u64) {
    let bench = bench(pages * PAGE, chunk, budget * chunk + chunk / 2).await;
    for page in &data {
        bench
            .host
            .write("vda", page % pages * PAGE + 77, &noise(*page, 10));
    }
    bench.checked_backup().await;
    bench.host.take_reads("vda");
    let whole = ExtentSet::full(pages * PAGE);
    let pages_of_data = data.iter().map(|p| p % pages * PAGE);
    let chunks = pages_of_data.flat_map(|at| at / chunk..=(at + PAGE - 1) / chunk);
    let mut counts: Counts = chunks.map(|c| (c, 0)).collect();
    for _ in 0..runs {
        let report = bench.backup().await;
        let read = bench.host.take_reads("vda");
        assert_eq!(read.bytes(), only(&report).sampled);
        let mut met = 0;
        for (at, count) in &mut counts {
            let e = Extent::new(at * chunk, chunk);
            let part = ExtentSet::from(vec![e]).intersect(&whole);
            let seen = read.intersect(&part);
            assert!(seen.is_empty() || seen == part, "chunk {at} in part");
            met += u64::from(seen == part);
            *count += u64::from(seen == part);
        }
        assert_eq!(met, budget.min(counts.len() as u64), "of {}", counts.len());
        let (least, most) = (counts.values().min(), counts.values().max());
        let spread = most.unwrap_or(&0) - least.unwrap_or(&0);
        assert!(spread <= 1, "a chunk was met twice in a round: {counts:?}");
        assert!(report.warnings.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_meets_its_budget_and_every_round_each_chunk_once(
        pages in 1..300u64,
        data in prop::collection::vec(0..300u64, 0..60),
        chunk in prop_oneof![Just(CHUNK), Just(4 * CHUNK), Just(16 * CHUNK), Just(64 * CHUNK)],
        budget in 1..50u64,
        runs in 1..9u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(rounds(pages, data, chunk, budget, runs));
    }
}
