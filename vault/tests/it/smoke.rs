//! One vault from making to reading back.

use base::{Code, Kind};
use block::BlockSource;
use vault::{Level, Locked, Phase, PointState, Session, Store, sync_point, verify};

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_reads_back_after_a_reopen() {
    let (_folder, store) = local();
    let vault = make(store.clone(), 1).await;
    let mut bytes = noise(1, 40 * CHUNK + 777);
    bytes[3 * CHUNK..20 * CHUNK].fill(0);
    let (point, disks, stats) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    assert_eq!(stats.new_chunks, 24);
    check_disk(&vault, &disks[0], &bytes).await;
    drop(vault);
    let vault = reopen(&store, 2).await;
    let info = vault.point(point).await.unwrap();
    assert_eq!(info.manifest.disks, disks);
    assert_eq!(vault.sealed(&info).await.unwrap(), b"definition");
    check_disk(&vault, &disks[0], &bytes).await;
    for level in [Level::Structure, Level::Sealed, Level::Full] {
        let report = verify(&vault, level, None, &|_, _| {}).await.unwrap();
        assert_eq!(report.findings, vec![]);
        assert_eq!((report.points, report.chunks), (1, 24));
    }
}

#[tokio::test]
async fn a_wrong_passphrase_an_empty_store_and_a_second_create_are_refused() {
    let (_folder, store) = local();
    let none = Locked::open(store.clone()).await.unwrap_err();
    assert_eq!(none.code(), Code::NotAVault);
    make(store.clone(), 1).await;
    let again = vault::create(store.clone(), CHUNK as u32, &unlock(), around(2)).await;
    assert_eq!(again.unwrap_err().code(), Code::VaultExists);
    let locked = Locked::open(store).await.unwrap();
    let wrong = vault::keys::Unlock::Passphrase(vault::keys::Passphrase::new("no").unwrap());
    assert_eq!(
        locked.unlock(&wrong).unwrap_err().code(),
        Code::PassphraseWrong
    );
    let odd = vault::create(Store::memory(), 20_000, &unlock(), around(3)).await;
    assert_eq!(odd.unwrap_err().kind(), Kind::Invalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_changed_blocks_are_stored_as_patches_up_to_the_depth_cap() {
    let vault = make(Store::memory(), 1).await;
    let mut bytes = noise(1, 8 * CHUNK);
    let (_, mut disks, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let mut points = vec![(disks[0].clone(), bytes.clone())];
    for round in 0..12u8 {
        let before = bytes.clone();
        bytes[2 * CHUNK + 4096..2 * CHUNK + 4196].fill(round + 1);
        let packs = bytes_in(vault.store(), "packs").await;
        let base = Base {
            root: &disks[0],
            bytes: &before,
        };
        let (_, new, stats) = backup(&vault, MACHINE, &[("vda", &bytes, Some(base))])
            .await
            .unwrap();
        let grown = bytes_in(vault.store(), "packs").await - packs;
        // Depth 0, then eight patches, then a whole record, then patches again.
        let whole = round == 8;
        assert_eq!(
            (stats.new_chunks, stats.patches),
            (1, u64::from(!whole)),
            "{round}"
        );
        // At the cap the parent is not read, so the whole chunk counts.
        let changed = if whole { CHUNK as u64 } else { 4096 };
        assert_eq!(stats.changed, changed, "{round}");
        assert_eq!(grown > 10_000, whole, "{round}: {grown} bytes");
        disks = new;
        points.push((disks[0].clone(), bytes.clone()));
    }
    for (root, bytes) in &points {
        check_disk(&vault, root, bytes).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_chunks_are_stored_once_whatever_disk_or_machine_they_are_of() {
    let vault = make(Store::memory(), 1).await;
    let bytes = noise(7, 32 * CHUNK);
    let twice = [bytes.clone(), bytes.clone()].concat();
    backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let packs = bytes_in(vault.store(), "packs").await;
    let other = "99999999-2222-4333-8444-555555555555";
    let (_, disks, stats) = backup(
        &vault,
        other,
        &[("sda", &bytes, None), ("sdb", &twice, None)],
    )
    .await
    .unwrap();
    assert_eq!((stats.new_chunks, stats.known_chunks), (0, 96));
    assert_eq!(disks[0].root, {
        let points = vault.points().await.unwrap();
        points[0].manifest.disks[0].root
    });
    let grown = bytes_in(vault.store(), "packs").await - packs;
    assert!(grown < CHUNK as u64, "{grown} bytes for nothing new");
    check_disk(&vault, &disks[1], &twice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_of_zeros_costs_no_pack_and_an_empty_disk_is_one() {
    let vault = make(Store::memory(), 1).await;
    let zeros = vec![0; 40 * CHUNK + 5];
    let (point, disks, stats) = backup(
        &vault,
        MACHINE,
        &[("vda", &zeros, None), ("vdb", &[], None)],
    )
    .await
    .unwrap();
    assert_eq!(stats, vault::WriteStats::default());
    assert!(disks.iter().all(|d| d.root.is_zero()));
    assert_eq!(bytes_in(vault.store(), "packs").await, 0);
    assert_eq!(bytes_in(vault.store(), "index").await, 0);
    check_disk(&vault, &disks[0], &zeros).await;
    check_disk(&vault, &disks[1], &[]).await;
    let second = extend(&vault, Store::memory()).await;
    sync_point(&vault, &second, point, &|_| {}).await.unwrap();
    check_disk(&second, &disks[0], &zeros).await;
}

/// Sizes at which trees gain and lose levels.
const SIZES: [usize; 9] = [0, 1, 15, 16, 17, 256, 257, 4097, 300];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disks_grow_and_shrink_across_tree_levels() {
    let vault = make(Store::memory(), 1).await;
    let mut before: Option<(vault::DiskRoot, Vec<u8>)> = None;
    for tail in [0usize, 1000] {
        let mut back = SIZES;
        back.reverse();
        for (i, chunks) in SIZES.into_iter().chain(back).enumerate() {
            let mut bytes = pattern(1, chunks);
            bytes.extend_from_slice(&noise(chunks as u64, tail));
            if i % 3 == 0 {
                bytes.truncate(bytes.len().saturating_sub(1));
            }
            let base = before.as_ref().map(|(root, bytes)| Base { root, bytes });
            let (_, disks, _) = backup(&vault, MACHINE, &[("vda", &bytes, base)])
                .await
                .unwrap();
            check_disk(&vault, &disks[0], &bytes).await;
            // The same contents have the same root, however they were reached.
            let session = Session::open(&vault, vault.machine_key("x"), Phase::Snapshot)
                .await
                .unwrap();
            let (fresh, _) = write_disk(&session, "x", "vda", &bytes, None)
                .await
                .unwrap();
            assert_eq!(
                fresh.root, disks[0].root,
                "{chunks} chunks and {tail} bytes"
            );
            before = Some((disks[0].clone(), bytes));
        }
    }
    let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
    assert_eq!(report.findings, vec![]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_serves_the_next_backup_and_is_no_point() {
    let vault = make(Store::memory(), 1).await;
    let bytes = noise(1, 20 * CHUNK);
    let machine = vault.machine_key(MACHINE);
    let parts = [("vda", &bytes[..], None)];
    let (attempt, disks, _) = backup_as(&vault, MACHINE, PointState::Attempt, &parts)
        .await
        .unwrap();
    assert!(vault.points().await.unwrap().is_empty());
    assert_eq!(
        vault.point(attempt).await.unwrap_err().code(),
        Code::PointNotFound
    );
    let newest = vault.history(machine, 1).await.unwrap().remove(0);
    assert_eq!(newest.manifest.disks, disks);
    let base = Base {
        root: &disks[0],
        bytes: &bytes,
    };
    let (point, disks, stats) = backup(&vault, MACHINE, &[("vda", &bytes, Some(base))])
        .await
        .unwrap();
    assert_eq!(stats.new_chunks, 0);
    assert_eq!(vault.points().await.unwrap().len(), 1);
    assert_eq!(
        vault
            .history(machine, 1)
            .await
            .unwrap()
            .remove(0)
            .entry
            .point,
        point
    );
    check_disk(&vault, &disks[0], &bytes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synced_point_is_the_same_and_syncing_again_sends_nothing() {
    let vault = make(Store::memory(), 1).await;
    let (_folder, store) = local();
    let second = extend(&vault, store.clone()).await;
    let bytes = noise(1, 300 * CHUNK);
    let (point, disks, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let stats = sync_point(&vault, &second, point, &|_| {}).await.unwrap();
    assert_eq!((stats.copied, stats.encoded_anew), (300, 0));
    let again = sync_point(&vault, &second, point, &|_| {}).await.unwrap();
    assert!(again.already_there);
    let second = reopen(&store, 5).await;
    check_disk(&second, &disks[0], &bytes).await;
    let info = second.point(point).await.unwrap();
    assert_eq!(second.sealed(&info).await.unwrap(), b"definition");
}

#[tokio::test]
async fn a_read_outside_the_disk_is_refused() {
    let vault = make(Store::memory(), 1).await;
    let bytes = noise(1, CHUNK + 10);
    let (_, disks, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let disk = disk(&vault, &disks[0]).await;
    for (at, len) in [(CHUNK as u64 + 10, 1), (0, CHUNK + 11), (u64::MAX, 2)] {
        let e = disk.read(at, vec![0; len]).await.unwrap_err();
        assert_eq!(e.kind(), Kind::Invalid);
    }
}
