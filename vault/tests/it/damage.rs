//! Damage to every object of a vault: reads fail with `Integrity` and never give wrong bytes,
//! and verify names exactly what is hurt.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Code, Kind, PointId};
use block::{BlockSource, Extent, ExtentSet};
use bytes::Bytes;
use vault::keys::Keyring;
use vault::{
    DiskRoot, Level, MachineKey, Phase, PointDisk, PointState, Session, Store, Vault, VerifyReport,
    verify,
};

use crate::support::*;

/// The disks of a point and what they hold.
type Disks = Vec<(DiskRoot, Vec<u8>)>;

struct Sound {
    ring: Arc<Keyring>,
    objects: Vec<(String, Bytes)>,
    points: Vec<(PointId, Disks)>,
}

/// A small vault: two machines, three points, patches, chunks that both share.
async fn sound() -> Sound {
    let vault = make(Store::memory(), 1).await;
    let mut a = noise(1, 20 * CHUNK + 5000);
    let b = pattern(2, 40);
    let mut points = Vec::new();
    let (point, roots, _) = backup(&vault, MACHINE, &[("vda", &a, None), ("vdb", &b, None)])
        .await
        .unwrap();
    let before = a.clone();
    points.push((
        point,
        roots
            .clone()
            .into_iter()
            .zip([a.clone(), b.clone()])
            .collect(),
    ));
    for i in [2, 3, 19] {
        a[i * CHUNK + 9000] ^= 1;
    }
    let base = Base {
        root: &roots[0],
        bytes: &before,
    };
    let (point, roots, stats) = backup(&vault, MACHINE, &[("vda", &a, Some(base))])
        .await
        .unwrap();
    assert_eq!(stats.patches, 3);
    points.push((point, vec![(roots[0].clone(), a.clone())]));
    let mut c = a.clone();
    c[..CHUNK].fill(0);
    c.extend_from_slice(&noise(7, 3 * CHUNK));
    let (point, roots, _) = backup(&vault, "other", &[("sda", &c, None)]).await.unwrap();
    points.push((point, vec![(roots[0].clone(), c)]));
    let mut all = Vec::new();
    for (name, _) in objects(vault.store()).await {
        let bytes = vault.store().need(&name).await.unwrap();
        all.push((name, bytes));
    }
    let ring = Arc::clone(vault.ring());
    Sound {
        ring,
        objects: all,
        points,
    }
}

type Hurt = BTreeMap<(PointId, MachineKey), ExtentSet>;

impl Sound {
    /// The vault with one object changed, or gone.
    async fn with(&self, changed: &str, to: Option<Vec<u8>>) -> Store {
        let store = Store::memory();
        for (name, bytes) in &self.objects {
            let bytes = match (name == changed, &to) {
                (true, Some(to)) => Bytes::from(to.clone()),
                (true, None) => continue,
                (false, _) => bytes.clone(),
            };
            store.put_new(name, bytes).await.unwrap();
        }
        store
    }

    fn all(&self) -> Hurt {
        let disks = self
            .points
            .iter()
            .flat_map(|(p, d)| d.iter().map(move |d| (p, d)));
        disks
            .map(|(p, (root, _))| ((*p, root.key), ExtentSet::full(root.size)))
            .collect()
    }

    /// What can't be read, chunk by chunk. Panics at wrong bytes.
    async fn hurt(&self, vault: &Vault) -> Hurt {
        let mut hurt = Hurt::new();
        for (point, disks) in &self.points {
            let info = vault.point(*point).await;
            for (root, bytes) in disks {
                let bad: ExtentSet = match &info {
                    Err(e) => {
                        assert_eq!(e.kind(), Kind::Integrity, "{e:?}");
                        ExtentSet::full(root.size)
                    }
                    Ok(_) => unreadable(vault, root, bytes).await,
                };
                if !bad.is_empty() {
                    hurt.insert((*point, root.key), bad);
                }
            }
        }
        hurt
    }

    /// Looks at a damaged vault; true if verify says that something is wrong.
    async fn look(&self, what: &str, store: &Store) -> bool {
        let vault = match try_open(store, &self.ring, 5).await {
            Ok(vault) => vault,
            Err(e) => {
                let codes = [Kind::Integrity, Kind::NotFound];
                assert!(codes.contains(&e.kind()), "{what}: {e:?}");
                return true;
            }
        };
        if let Err(e) = vault.refresh().await {
            assert!(what.starts_with("log/"), "{what}: {e:?}");
            assert_eq!(e.kind(), Kind::Integrity, "{what}: {e:?}");
            return true;
        }
        let hurt = self.hurt(&vault).await;
        let mut noticed = false;
        for level in [Level::Sealed, Level::Full] {
            let report = verify(&vault, level, None, &|_, _| {}).await;
            let report = report.unwrap_or_else(|e| panic!("{what}: {e:?}"));
            assert_eq!(self.found(&report), hurt, "{what}, {level:?}: {report:?}");
            noticed = !report.is_well();
        }
        let structure = verify(&vault, Level::Structure, None, &|_, _| {}).await;
        for (key, found) in self.found(&structure.unwrap()) {
            let all = hurt.get(&key).cloned().unwrap_or_default();
            assert!(found.subtract(&all).is_empty(), "{what}: {key:?}");
        }
        noticed
    }

    /// What a report names.
    fn found(&self, report: &VerifyReport) -> Hurt {
        let mut found = Hurt::new();
        for finding in &report.findings {
            for (key, extents) in self.all() {
                if key.0 == finding.point && finding.disk.is_none_or(|d| d == key.1) {
                    let more = finding.disk.map_or(extents, |_| finding.extents.clone());
                    let old = found.entry(key).or_default();
                    *old = old.union(&more);
                }
            }
        }
        found
    }
}

async fn unreadable(vault: &Vault, root: &DiskRoot, bytes: &[u8]) -> ExtentSet {
    let disk = PointDisk::new(vault.reader().await.unwrap(), root, vault.chunk_size());
    let mut bad = Vec::new();
    for (i, wanted) in bytes.chunks(CHUNK).enumerate() {
        let at = (i * CHUNK) as u64;
        match disk.read(at, vec![0; wanted.len()]).await {
            Ok(found) => assert_same(&found, wanted),
            Err(e) => {
                assert_eq!(e.kind(), Kind::Integrity, "{e:?}");
                bad.push(Extent::new(at, wanted.len() as u64));
            }
        }
    }
    bad.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_names_exactly_what_damage_to_any_object_hurts() {
    let sound = sound().await;
    let store = sound.with("", None).await;
    assert!(!sound.look("nothing", &store).await);
    let last_entry = sound.objects.iter().rfind(|o| o.0.starts_with("log/"));
    let last_entry = last_entry.unwrap().0.clone();
    for (name, bytes) in &sound.objects {
        // Without its last entry a log is a shorter log: that can't be told from the store.
        if *name != last_entry {
            let gone = sound.with(name, None).await;
            assert!(sound.look(name, &gone).await, "{name} deleted");
        }
        let n = bytes.len();
        for len in [0, 1, 40, n / 2, n - 1] {
            let cut = sound.with(name, Some(bytes[..len].to_vec())).await;
            let what = format!("{name} cut to {len}");
            assert!(sound.look(&what, &cut).await, "{what}");
        }
        let longer = sound.with(name, Some([bytes, &b"x"[..]].concat())).await;
        let noticed = sound.look(name, &longer).await;
        assert!(noticed || name.starts_with("keys/"), "{name} made longer");
        for i in 0..22 {
            // Head and tail, and places between.
            let bit = match i {
                0..6 => i * 71 % (8 * 80),
                6..12 => n * 8 - 1 - (i * 97 % (8 * 90)),
                _ => (i * 7919 * 31) % (n * 8),
            };
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let what = format!("{name} with bit {bit} of {} flipped", n * 8);
            let store = sound.with(name, Some(flipped)).await;
            assert!(sound.look(&what, &store).await, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_to_a_pack_hurts_only_the_points_that_use_it() {
    let sound = sound().await;
    let mut hurts = Vec::new();
    for (name, _) in sound.objects.iter().filter(|o| o.0.starts_with("packs/")) {
        let store = sound.with(name, None).await;
        let vault = try_open(&store, &sound.ring, 5).await.unwrap();
        let hurt = sound.hurt(&vault).await;
        hurts.push(hurt.len());
        let whole: u64 = sound.all().values().map(ExtentSet::bytes).sum();
        let lost: u64 = hurt.values().map(ExtentSet::bytes).sum();
        assert!(lost > 0 && lost < whole, "{name}: {lost} of {whole}");
    }
    assert!(
        hurts.contains(&1) && hurts.iter().any(|n| *n > 1),
        "{hurts:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_backup_stores_anew_what_a_lost_index_segment_listed() {
    let sound = sound().await;
    for (name, _) in sound.objects.iter().filter(|o| o.0.starts_with("index/")) {
        let store = sound.with(name, None).await;
        let vault = try_open(&store, &sound.ring, 5).await.unwrap();
        assert!(!sound.hurt(&vault).await.is_empty(), "{name}");
        // All contents once more, from scratch, to any machine.
        for (_, disks) in &sound.points {
            let (point, roots, _) = {
                let parts: Vec<_> = disks.iter().map(|d| ("vda", &d.1[..], None)).collect();
                backup(&vault, "healer", &parts).await.unwrap()
            };
            let again = vault.point(point).await.unwrap();
            assert_eq!(again.manifest.disks, roots);
        }
        assert!(sound.hurt(&vault).await.is_empty(), "{name}");
        let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
        assert_eq!(report.findings, vec![], "{name}");
        assert_eq!(report.damaged_objects.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_into_a_store_that_lost_a_segment_brings_what_is_missing() {
    let healthy = sound().await;
    let source = try_open(&healthy.with("", None).await, &healthy.ring, 5)
        .await
        .unwrap();
    let bytes = healthy.points[1].1[0].1.clone();
    let base = Base {
        root: &healthy.points[1].1[0].0,
        bytes: &bytes,
    };
    let mut next = bytes.clone();
    next[5] ^= 1;
    let (point, roots, _) = backup(&source, MACHINE, &[("vda", &next, Some(base))])
        .await
        .unwrap();
    for (name, _) in healthy.objects.iter().filter(|o| o.0.starts_with("index/")) {
        let store = healthy.with(name, None).await;
        let target = try_open(&store, &healthy.ring, 6).await.unwrap();
        vault::sync_point(&source, &target, point, &|_| {})
            .await
            .unwrap();
        check_disk(&target, &roots[0], &next).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_run_left_damaged_does_not_stop_the_next() {
    let sound = sound().await;
    let store = sound.with("", None).await;
    let vault = try_open(&store, &sound.ring, 5).await.unwrap();
    let key = vault.machine_key(MACHINE);
    let bytes = noise(70, 60 * CHUNK);
    let dead = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
    write_all(&dead, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let left = format!("{:016x}", dead.number());
    drop(dead);
    for (name, _) in objects(&store).await {
        if name.contains(&left) && !name.starts_with("log") {
            let bytes = store.need(&name).await.unwrap();
            let mut hurt = bytes.to_vec();
            let n = hurt.len();
            hurt[n - 40] ^= 1;
            store.delete(&name).await.unwrap();
            store.put_new(&name, hurt.into()).await.unwrap();
            let (_, disks, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
                .await
                .unwrap();
            check_disk(&vault, &disks[0], &bytes).await;
            return;
        }
    }
    panic!("the session left nothing");
}

#[tokio::test]
async fn a_log_that_lost_an_entry_in_the_middle_takes_no_more() {
    let sound = sound().await;
    let store = sound.with("log/0000000000000003", None).await;
    let vault = try_open(&store, &sound.ring, 5).await.unwrap();
    let key = vault.machine_key(MACHINE);
    let e = Session::open(&vault, key, Phase::Snapshot)
        .await
        .unwrap_err();
    assert_eq!(e.code(), Code::VaultDamaged);
    assert!(e.detail().contains("log/0000000000000003"), "{e}");
    let log = store.list("log").await.unwrap();
    assert_eq!(
        log.len(),
        sound
            .objects
            .iter()
            .filter(|o| o.0.starts_with("log"))
            .count()
            - 1
    );
}

#[tokio::test]
async fn an_attempt_that_is_damaged_hurts_no_point() {
    let vault = make(Store::memory(), 1).await;
    let bytes = noise(1, 20 * CHUNK);
    let parts = [("vda", &bytes[..], None)];
    backup_as(&vault, MACHINE, PointState::Attempt, &parts)
        .await
        .unwrap();
    let manifest = vault.store().list("points").await.unwrap().remove(0).0;
    vault.store().delete(&manifest).await.unwrap();
    let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
    assert!(report.is_well());
    assert!(vault.points().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flip_in_a_large_segment_hurts_only_what_its_block_lists() {
    let (folder, store) = local();
    let made = vault::create(store.clone(), CHUNK as u32, &unlock(), around(1)).await;
    let vault = Arc::new(made.unwrap().0);
    let old = noise(3, 20 * CHUNK);
    let bytes = [pattern(1, 1500), old.clone()].concat();
    let (_, roots, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let mut next = bytes.clone();
    for i in 1500..1520 {
        next[i * CHUNK] ^= 1;
    }
    next[..1500 * CHUNK].copy_from_slice(&pattern(2, 1500));
    let base = Base {
        root: &roots[0],
        bytes: &bytes,
    };
    let (point, roots, stats) = backup(&vault, MACHINE, &[("vda", &next, Some(base))])
        .await
        .unwrap();
    assert!(stats.patches >= 20);
    let name = store.list("index").await.unwrap().pop().unwrap().0;
    let path = folder.path().join(&name);
    let sound = std::fs::read(&path).unwrap();
    let entries = u32::from_le_bytes(sound[40..44].try_into().unwrap()) as usize;
    assert!(entries > 1500);
    for at in [72 + 52 * 700, 72 + 52 * 5 + 33, 72 + 52 * entries + 40] {
        let mut hurt = sound.clone();
        hurt[at] ^= 4;
        std::fs::write(&path, hurt).unwrap();
        let vault = try_open(&store, vault.ring(), 2).await.unwrap();
        let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
        let bad = unreadable(&vault, &roots[0], &next).await;
        let found = report.findings.iter().filter(|f| f.point == point);
        let found: ExtentSet = found.flat_map(|f| f.extents.extents().to_vec()).collect();
        assert_eq!(found, bad, "byte {at}");
        assert!(bad.bytes() < 400 * CHUNK as u64 * 16, "byte {at}: {bad:?}");
        assert_eq!(report.damaged_objects.len(), 1, "byte {at}");
    }
}
