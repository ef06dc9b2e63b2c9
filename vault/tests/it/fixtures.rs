//! Vaults of every released format version, checked in: they open and restore for ever.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::PointId;
use vault::keys::Keyring;
use vault::{
    CollectOptions, DiskRoot, Level, Locked, Phase, PointState, Session, Store, Vault, collect,
    verify,
};

use crate::support::*;

pub fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(version)
}

/// Disks by name.
pub type Disks = Vec<(&'static str, Vec<u8>)>;

/// The machines, points and disks of a fixture, in the order of their making.
pub fn contents() -> Vec<(u8, &'static str, Disks)> {
    let mut first = pattern(1, 20);
    first[5 * CHUNK..6 * CHUNK].copy_from_slice(&noise(1, CHUNK));
    first[8 * CHUNK..16 * CHUNK].fill(0);
    first.truncate(20 * CHUNK - 1000);
    let mut second = first.clone();
    second[5 * CHUNK + 100] ^= 255;
    second.resize(30 * CHUNK, 0);
    let third = [first[..7 * CHUNK].to_vec(), pattern(3, 2)].concat();
    vec![
        (
            1,
            MACHINE,
            vec![("vda", first), ("vdb", vec![0; 3 * CHUNK])],
        ),
        (2, MACHINE, vec![("vda", second)]),
        (3, "other", vec![("sda", third)]),
    ]
}

/// What the contents hash to, so that a change of the helpers above is noticed.
const CONTENTS: &str = "3c48d2ac1e2a6ceb2db6cc521dc1554931105c100d59ad495fc4854204348a82";

pub fn point(n: u8) -> PointId {
    PointId::from_bytes([n; 16])
}

async fn write(vault: &Arc<Vault>) {
    let mut base: Option<(DiskRoot, Vec<u8>)> = None;
    for (n, machine, disks) in contents() {
        let key = vault.machine_key(machine);
        let session = Session::open(vault, key, Phase::Snapshot).await.unwrap();
        let mut roots = Vec::new();
        for (name, bytes) in &disks {
            let from = base.as_ref().filter(|_| n == 2);
            let from = from.map(|(root, bytes)| Base { root, bytes });
            let (root, _) = write_disk(&session, machine, name, bytes, from)
                .await
                .unwrap();
            roots.push(root);
        }
        base = Some((roots[0].clone(), disks[0].1.clone()));
        let mut manifest = manifest(&session, machine, PointState::Whole, roots);
        manifest.point = point(n);
        session.commit(&manifest, &[n; 3]).await.unwrap();
    }
    // A point that is gone again, and the collection of what it held.
    let bytes = [pattern(1, 20), noise(7, 10 * CHUNK)].concat();
    let (gone, ..) = backup(vault, "gone", &[("sda", &bytes, None)])
        .await
        .unwrap();
    assert_eq!(vault.remove_points(&[gone]).await.unwrap(), [gone]);
    let done = collect(vault, &CollectOptions::default()).await.unwrap();
    assert!(
        done.figures.packs_dropped > 0 && done.swept.objects > 2,
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_of_format_version_1_opens_and_restores() {
    // On a copy: opening writes nothing, but nothing shall be able to.
    let copy = tempfile::tempdir().unwrap();
    copy_all(&folder("v1"), copy.path());
    let store = Store::local(copy.path()).unwrap();
    let before = objects(&store).await;
    assert!(before.len() > 12, "the fixture is not there");
    let locked = Locked::open(store.clone()).await.unwrap();
    let keys = locked.unlock(&unlock()).unwrap();
    let ring = Arc::new(Keyring::from_vault_keys(&keys));
    let vault = locked.open_with(ring, around(1)).unwrap();
    assert_eq!(vault.chunk_size() as usize, CHUNK);
    let points = vault.points().await.unwrap();
    let mut hasher = blake3::Hasher::new();
    assert_eq!(points.len(), 3);
    for (info, (n, machine, disks)) in points.iter().zip(contents()) {
        assert_eq!(info.manifest.point, point(n));
        assert_eq!(info.manifest.machine, vault.machine_key(machine));
        assert_eq!(vault.sealed(info).await.unwrap(), [n; 3]);
        for (root, (name, bytes)) in info.manifest.disks.iter().zip(&disks) {
            assert_eq!(root.key, vault.disk_key(machine, name));
            check_disk(&vault, root, bytes).await;
            hasher.update(bytes);
        }
    }
    assert_eq!(hasher.finalize().to_hex().as_str(), CONTENTS);
    let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
    assert!(report.is_well(), "{report:?}");
    assert_eq!(objects(&store).await, before);
    // And it goes on being written to.
    let bytes = noise(9, 3 * CHUNK);
    let vault = Arc::new(vault);
    let (_, disks, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    check_disk(&vault, &disks[0], &bytes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_contents_have_the_ids_they_had_in_version_1() {
    // Ids are for a vault's life: were they computed otherwise, nothing would be known again.
    let fixture = reopen(&Store::local(&folder("v1")).unwrap(), 1).await;
    let fresh = make(Store::memory(), 42).await;
    assert_eq!(fresh.descriptor(), fixture.descriptor());
    write(&fresh).await;
    let (old, new) = (
        fixture.points().await.unwrap(),
        fresh.points().await.unwrap(),
    );
    for (old, new) in old.iter().zip(&new) {
        assert_eq!(old.manifest, new.manifest);
    }
}

/// Writes the fixture of the current version anew, once, before a release.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes into the source tree"]
async fn write_the_fixture_of_the_current_version() {
    let store = Store::local(&folder("v1")).unwrap();
    write(&make(store, 42).await).await;
}

fn copy_all(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_all(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
