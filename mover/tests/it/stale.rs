//! How soon a tracker that loses one bit in a hundred is found out, on a disk of 2 GiB.

use std::os::unix::fs::FileExt;

use block::{BlockSource, Extent, ExtentSet};
use mover::{DEFAULT_SAMPLE, ImageHost};
use vault::Store;

use crate::support::*;

const SIZE: u64 = 2 << 30;
/// Of each 16 MiB of the disk so much holds data: 704 MiB in all.
const DATA: u64 = 5 * MIB + MIB / 2;
/// Pages of a database written a day.
const WRITES: u64 = 1000;
const PAGE: u64 = 8192;

/// Chance, the same for the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        (self.0 >> 33) % n
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_dirty_bit_in_a_hundred_that_is_lost_is_found_within_seven_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    std::fs::File::create(&path).unwrap();
    let mut both = std::fs::File::options();
    let file = both.read(true).write(true).open(&path).unwrap();
    file.set_len(SIZE).unwrap();
    for n in 0..SIZE / (16 * MIB) {
        file.write_all_at(&noise(n, DATA), n * 16 * MIB).unwrap();
    }
    let chunk = 4 * CHUNK;
    let vault = vault_in(Store::local(&folder.path().join("vault")).unwrap(), chunk).await;
    let mut options = options(folder.path());
    options.sample = DEFAULT_SAMPLE;
    let around = around(3);
    let backup = async |changed: Option<ExtentSet>| {
        let host = ImageHost::new(path.clone(), "raw".into(), "db".into(), changed);
        mover::backup(&host, "db", &vault, &around, &options, &())
            .await
            .unwrap()
    };
    backup(None).await;
    let (mut dice, mut found, mut run, mut slowest) = (Dice(1), Vec::new(), 0, 0.0_f64);
    while found.len() < 6 {
        run += 1;
        let mut dirty = Vec::new();
        for n in 0..WRITES {
            // Pages of the data.
            let page = dice.below(SIZE / (16 * MIB) * (DATA / PAGE));
            let at = page / (DATA / PAGE) * 16 * MIB + page % (DATA / PAGE) * PAGE;
            file.write_all_at(&noise(run * WRITES + n, PAGE), at)
                .unwrap();
            dirty.push(at / chunk);
        }
        dirty.sort_unstable();
        dirty.dedup();
        dirty.retain(|_| dice.below(100) > 0);
        let told = dirty
            .iter()
            .map(|c| Extent::new(c * chunk, chunk))
            .collect();
        let report = backup(Some(told)).await;
        let disk = only(&report);
        assert!(disk.sampled <= DEFAULT_SAMPLE);
        if disk.tracker.is_some() {
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
            slowest = slowest.max(report.seconds);
            assert!(run < 7, "not found in {run} runs");
            continue;
        }
        assert!(
            report.warnings[0].contains("called unchanged"),
            "{report:?}"
        );
        let point = point_disk(&vault, report.point, "disk").await;
        let mut wanted = noise(0, 16 * MIB);
        for at in (0..SIZE).step_by(wanted.len()) {
            let bytes = point.read(at, vec![0xAA; wanted.len()]).await.unwrap();
            file.read_exact_at(&mut wanted, at).unwrap();
            assert_same(&bytes, &wanted, &format!("the disk from {at}"));
        }
        found.push(run);
        run = 0;
    }
    println!("found in run {found:?}; the slowest run without alarm took {slowest:.2} s");
}
