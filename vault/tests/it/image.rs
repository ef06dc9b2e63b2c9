//! A point's disk as an image that machines read from.

use std::sync::Arc;
use std::time::Duration;

use base::Kind;
use block::{BlockSource, Extent};
use proptest::prelude::*;
use vault::{CollectOptions, DiskRoot, PointImage, Store, Vault, collect};

use crate::support::*;

async fn image(vault: &Vault, root: &DiskRoot) -> PointImage {
    PointImage::new(vault.reader().await.unwrap(), root, vault.chunk_size())
}

/// A disk with patches, zeros and chunks that occur twice.
async fn disk_with_all(store: Store) -> (Arc<Vault>, DiskRoot, Vec<u8>) {
    let vault = make(store, 1).await;
    let mut before = noise(1, 300 * CHUNK + 5000);
    before[40 * CHUNK..150 * CHUNK].fill(0);
    let again = before[..20 * CHUNK].to_vec();
    before[200 * CHUNK..220 * CHUNK].copy_from_slice(&again);
    let (_, roots, _) = backup(&vault, MACHINE, &[("vda", &before, None)])
        .await
        .unwrap();
    let mut bytes = before.clone();
    for i in (3..280).step_by(23) {
        bytes[i * CHUNK + 5000] ^= 1;
    }
    let base = Base {
        root: &roots[0],
        bytes: &before,
    };
    let (_, roots, stats) = backup(&vault, MACHINE, &[("vda", &bytes, Some(base))])
        .await
        .unwrap();
    assert!(stats.patches > 5, "{stats:?}");
    (vault, roots[0].clone(), bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_of_any_place_and_size_at_the_same_time_agree_with_the_disk() {
    let (_folder, store) = local();
    let (vault, root, bytes) = disk_with_all(store).await;
    let (image, bytes) = (image(&vault, &root).await, Arc::new(bytes));
    assert_eq!(image.size(), bytes.len() as u64);
    let runtime = tokio::runtime::Handle::current();
    let all = bytes.len();
    let reads = prop::collection::vec(
        (
            0..=all,
            prop_oneof![0..100usize, 0..5 * CHUNK, 0..200 * CHUNK],
        ),
        1..12,
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(60));
    let run = move || {
        runner.run(&reads, |reads| {
            let mut tasks = Vec::new();
            for (at, len) in reads {
                let (image, bytes) = (image.clone(), Arc::clone(&bytes));
                let end = (at + len).min(all);
                tasks.push(runtime.spawn(async move {
                    let read = image.read(at as u64, vec![0xAA; end - at]).await.unwrap();
                    assert_same(&read, &bytes[at..end]);
                    let range = Extent::new(at as u64, (end - at) as u64);
                    for run in image.runs(range).await.unwrap() {
                        let (from, to) = (run.extent.offset as usize, run.extent.end() as usize);
                        let zero = run.state == block::RunState::Zero;
                        assert!(!zero || block::is_zero(&bytes[from..to]));
                    }
                }));
            }
            for task in tasks {
                runtime.block_on(task).unwrap();
            }
            Ok(())
        })
    };
    tokio::task::spawn_blocking(run).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_runs_are_those_of_the_disk_and_what_lies_outside_is_refused() {
    let (vault, root, bytes) = disk_with_all(Store::memory()).await;
    let (image, disk) = (image(&vault, &root).await, disk(&vault, &root).await);
    for range in [
        Extent::new(0, root.size),
        Extent::new(CHUNK as u64 * 30 + 5, 1_000_000),
    ] {
        assert_eq!(
            image.runs(range).await.unwrap(),
            disk.runs(range).await.unwrap()
        );
    }
    let end = bytes.len() as u64;
    for (at, len) in [(end, 1), (u64::MAX, 2), (end - 1, 2)] {
        let e = image.read(at, vec![0; len]).await.unwrap_err();
        assert_eq!(e.kind(), Kind::Invalid);
    }
    let zero = backup(&vault, "z", &[("vda", &[0; 5 * CHUNK], None)])
        .await
        .unwrap();
    let image = self::image(&vault, &zero.1[0]).await;
    assert_eq!(
        image.read(7, vec![1; 3 * CHUNK]).await.unwrap(),
        vec![0; 3 * CHUNK]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_fails_exactly_the_chunks_it_hurts() {
    let (folder, store) = local();
    let (vault, root, bytes) = disk_with_all(store.clone()).await;
    let packs = objects(&store).await;
    let (pack, size) = packs.iter().find(|o| o.0.starts_with("packs/")).unwrap();
    let path = folder.path().join(pack);
    let mut pack = std::fs::read(&path).unwrap();
    pack[*size as usize / 2] ^= 1;
    std::fs::write(&path, pack).unwrap();
    let (image, disk) = (image(&vault, &root).await, disk(&vault, &root).await);
    let mut hurt = Vec::new();
    for i in 0..bytes.len().div_ceil(CHUNK) {
        let (at, to) = (i * CHUNK, ((i + 1) * CHUNK).min(bytes.len()));
        let read = image.read(at as u64, vec![0; to - at]).await;
        let well = disk.read(at as u64, vec![0; to - at]).await.is_ok();
        assert_eq!(read.is_ok(), well, "chunk {i}");
        match read {
            Ok(read) => assert_same(&read, &bytes[at..to]),
            Err(e) => {
                assert_eq!(e.kind(), Kind::Integrity);
                let named = format!("bytes {at} to {}", at + CHUNK);
                assert!(e.to_string().contains(&named), "{e}");
                hurt.push(i);
            }
        }
    }
    assert!(!hurt.is_empty() && hurt.len() < 5, "{hurt:?}");
    // The chunks beside it, fetched together with it.
    let (first, last) = (hurt[0], hurt[hurt.len() - 1]);
    for (at, to, well) in [
        ((first - 2) * CHUNK, first * CHUNK, true),
        ((first - 2) * CHUNK, first * CHUNK + 1, false),
        ((last + 1) * CHUNK, (last + 3) * CHUNK, true),
    ] {
        let fresh = self::image(&vault, &root).await;
        let read = fresh.read(at as u64, vec![0; to - at]).await;
        assert_eq!(read.is_ok(), well, "{at} to {to}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collection_that_moves_what_it_reads_is_survived() {
    let (_folder, store) = local();
    let vault = make(store.clone(), 1).await;
    let mut bytes = noise(5, 120 * CHUNK);
    let (doomed, ..) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    // Every fourth chunk stays, so that all packs are worth copying.
    for (i, chunk) in bytes.chunks_mut(CHUNK).enumerate() {
        if i % 4 > 0 {
            chunk.copy_from_slice(&noise(1000 + i as u64, CHUNK));
        }
    }
    let (_, roots, _) = backup(&vault, "other", &[("vda", &bytes, None)])
        .await
        .unwrap();
    let reading = reopen(&store, 9).await;
    let image = image(&reading, &roots[0]).await;
    let half = 60 * CHUNK;
    assert_same(&image.read(0, vec![0; half]).await.unwrap(), &bytes[..half]);
    vault.remove_points(&[doomed]).await.unwrap();
    let swept = collect(&vault, &CollectOptions::default()).await.unwrap();
    assert!(swept.swept.objects > 0, "{swept:?}");
    let rest = image.read(half as u64, vec![0; half]).await.unwrap();
    assert_same(&rest, &bytes[half..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_in_order_finds_the_next_chunks_fetched_and_others_do_not() {
    for in_order in [true, false] {
        let (folder, store) = local();
        let vault = make(store, 1).await;
        let bytes = noise(6, 200 * CHUNK);
        let (_, roots, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
            .await
            .unwrap();
        let image = image(&vault, &roots[0]).await;
        for i in 0..20usize {
            let slot = if in_order { i } else { i * 37 % 200 };
            let read = image
                .read((slot * CHUNK) as u64, vec![0; CHUNK])
                .await
                .unwrap();
            assert_same(&read, &bytes[slot * CHUNK..(slot + 1) * CHUNK]);
        }
        let next = if in_order { 20 } else { 19 * 37 % 200 + 1 };
        let next = (next * CHUNK) as u64;
        // What is read ahead needs a moment; without packs nothing more can be read.
        tokio::time::sleep(Duration::from_millis(500)).await;
        std::fs::remove_dir_all(folder.path().join("packs")).unwrap();
        let read = image.read(next, vec![0; CHUNK]).await;
        assert_eq!(read.is_ok(), in_order);
    }
}
