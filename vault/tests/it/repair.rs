//! Repair: what one store lost, another gives back; what can be made anew is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base::{Code, PointId};
use bytes::Bytes;
use vault::keys::Keyring;
use vault::{
    Checked, CollectOptions, DiskRoot, Ledger, Level, RepairReport, Store, Surroundings,
    VerifyEvent, VerifyOptions, collect, repair, sync_point, verify, verify_with,
};

use crate::support::*;

type Objects = BTreeMap<String, Bytes>;

/// A vault's objects, those of another tier of it, and what its points hold.
struct Sound {
    ring: Arc<Keyring>,
    objects: Objects,
    tier: Objects,
    points: Vec<(PointId, DiskRoot, Vec<u8>)>,
}

async fn sound() -> Sound {
    let vault = make(Store::memory(), 1).await;
    let tier = extend(&vault, Store::memory()).await;
    let points = three_points(&vault, 40).await;
    // The tier got them in another order, so that its packs and log differ.
    for (point, ..) in points.iter().rev() {
        sync_point(&vault, &tier, *point, &|_| {}).await.unwrap();
    }
    Sound {
        ring: Arc::clone(vault.ring()),
        objects: objects_of(&vault).await,
        tier: objects_of(&tier).await,
        points,
    }
}

async fn store_of(objects: &Objects) -> Store {
    let store = Store::memory();
    for (name, bytes) in objects {
        store.put_new(name, bytes.clone()).await.unwrap();
    }
    store
}

fn around_now() -> Surroundings {
    around(77)
}

impl Sound {
    async fn with(&self, changed: &str, to: Option<&[u8]>) -> Store {
        let mut objects = self.objects.clone();
        match to {
            Some(to) => objects.insert(changed.to_owned(), Bytes::copy_from_slice(to)),
            None => objects.remove(changed),
        };
        store_of(&objects).await
    }

    async fn repair(&self, store: &Store, others: &[Store]) -> RepairReport {
        let around = around_now();
        repair(store, &self.ring, others, &around, &|_| {})
            .await
            .unwrap()
    }

    /// The changes that are tried with an object.
    fn changes(&self, name: &str) -> Vec<(String, Option<Vec<u8>>)> {
        let bytes = &self.objects[name];
        let n = bytes.len();
        let mut changes = vec![("removed".to_owned(), None)];
        for len in [0, 40, n / 2, n - 1] {
            changes.push((format!("cut to {len}"), Some(bytes[..len].to_vec())));
        }
        for i in 0..6 {
            let bit = match i {
                0 => 71,
                1 => n * 8 - 300,
                2 => n * 8 - 700,
                _ => (i * 7919 * 31) % (n * 8),
            };
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            changes.push((format!("bit {bit} flipped"), Some(flipped)));
        }
        // Another object of its kind in its place.
        let folder = name.split('/').next().unwrap();
        let like = |other: &&String| other.starts_with(folder) && *other != name;
        if let Some(other) = self.objects.keys().find(like) {
            changes.push((format!("as {other}"), Some(self.objects[other].to_vec())));
        }
        changes
    }

    /// Checks that all is well and every point reads as it was.
    async fn assert_whole(&self, store: &Store, what: &str) {
        let vault = try_open(store, &self.ring, 5).await;
        let vault = vault.unwrap_or_else(|e| panic!("{what}: {e:?}"));
        let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
        assert!(report.is_well(), "{what}: {report:?}");
        assert_eq!(report.points, 3, "{what}");
        for (point, root, bytes) in &self.points {
            let info = vault.point(*point).await.unwrap();
            assert_eq!(info.manifest.disks[0], *root, "{what}");
            assert_eq!(vault.sealed(&info).await.unwrap(), b"definition");
            let read = read_disk(&vault, root).await;
            assert_same(&read.unwrap_or_else(|e| panic!("{what}: {e:?}")), bytes);
        }
        // And it goes on.
        let parts = [("vda", &self.points[1].2[..], None)];
        backup(&vault, "third", &parts).await.unwrap();
        vault::collect(&vault, &vault::CollectOptions::default())
            .await
            .unwrap_or_else(|e| panic!("{what}: {e:?}"));
        for (_, root, bytes) in &self.points {
            assert_same(&read_disk(&vault, root).await.unwrap(), bytes);
        }
        let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
        assert!(report.is_well(), "{what}, collected: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identical_copy_heals_damage_to_any_object() {
    let sound = sound().await;
    let copy = store_of(&sound.objects).await;
    for name in sound.objects.keys() {
        for (change, to) in sound.changes(name) {
            let what = format!("{name} {change}");
            let store = sound.with(name, to.as_deref()).await;
            let report = sound.repair(&store, std::slice::from_ref(&copy)).await;
            assert!(report.is_well(), "{what}: {report:?}");
            assert_eq!(report.unhealed, Vec::<String>::new(), "{what}");
            let changed = to.as_deref() != Some(&sound.objects[name][..]);
            assert_eq!(
                report.objects.len(),
                usize::from(changed),
                "{what}: {report:?}"
            );
            sound.assert_whole(&store, &what).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_lost_its_end_takes_no_more_nothing_is_collected_and_a_copy_brings_it_back() {
    let sound = sound().await;
    let copy = store_of(&sound.objects).await;
    // Three backups, each opened and committed: the newest session is that of entry 5.
    assert_eq!(copy.list("log").await.unwrap().len(), 6);
    for left in 0..5 {
        let mut objects = sound.objects.clone();
        objects.retain(|name, _| {
            let number = name
                .strip_prefix("log/")
                .map(|n| u64::from_str_radix(n, 16));
            number.is_none_or(|n| n.unwrap() <= left)
        });
        let store = store_of(&objects).await;
        let vault = try_open(&store, &sound.ring, 5).await.unwrap();
        let report = verify(&vault, Level::Structure, None, &|_, _| {})
            .await
            .unwrap();
        let told = report.damaged_objects.join(", ");
        assert!(told.contains("its end is lost"), "{left}: {told}");
        let late = backup(&vault, MACHINE, &[("vda", &noise(9, CHUNK), None)]).await;
        assert_eq!(late.unwrap_err().code(), Code::VaultDamaged, "{left}");
        let known: Vec<PointId> = sound.points.iter().map(|p| p.0).collect();
        let removed = vault.remove_points(&known).await;
        assert_eq!(removed.unwrap_err().code(), Code::VaultDamaged, "{left}");
        // Alone a repair can't help, and says why; it makes nothing worse.
        let report = sound.repair(&store, &[]).await;
        let told = report.unhealed.join(", ");
        assert!(told.contains("its end is lost"), "{left}: {report:?}");
        let collected = collect(&vault, &CollectOptions::default()).await;
        assert_eq!(collected.unwrap_err().code(), Code::VaultDamaged, "{left}");
        assert_eq!(objects_of(&vault).await.len(), objects.len(), "{left}");
        let report = sound.repair(&store, std::slice::from_ref(&copy)).await;
        assert!(report.is_well(), "{left}: {report:?}");
        sound.assert_whole(&store, "with its end again").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tier_heals_damage_to_any_object_but_the_log() {
    let sound = sound().await;
    let tier = store_of(&sound.tier).await;
    for name in sound.objects.keys().filter(|n| !n.starts_with("log/")) {
        for (change, to) in sound.changes(name) {
            let what = format!("{name} {change}");
            let store = sound.with(name, to.as_deref()).await;
            let report = sound.repair(&store, std::slice::from_ref(&tier)).await;
            assert!(report.is_well(), "{what}: {report:?}");
            sound.assert_whole(&store, &what).await;
        }
    }
    // The tier is as it was.
    let mut after = Objects::new();
    for (name, _) in objects(&tier).await {
        let bytes = tier.need(&name).await.unwrap();
        after.insert(name, bytes);
    }
    assert!(
        after == sound.tier,
        "repair writes only to the damaged store"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alone_segments_are_made_anew_and_the_rest_is_named() {
    let sound = sound().await;
    for name in sound.objects.keys() {
        for (change, to) in sound.changes(name) {
            let what = format!("{name} {change}");
            let store = sound.with(name, to.as_deref()).await;
            let before = match try_open(&store, &sound.ring, 5).await {
                Ok(vault) => verify(&vault, Level::Full, None, &|_, _| {}).await.ok(),
                Err(_) => None,
            };
            let report = sound.repair(&store, &[]).await;
            if name.starts_with("index/") {
                assert!(report.is_well(), "{what}: {report:?}");
                assert_eq!(report.segments.len(), 1, "{what}: {report:?}");
                sound.assert_whole(&store, &what).await;
                continue;
            }
            let (Some(before), Some(after)) = (before, &report.after) else {
                assert!(!report.is_well(), "{what}: {report:?}");
                assert!(!report.unhealed.is_empty(), "{what}: {report:?}");
                continue;
            };
            // What was hurt stays hurt, and nothing else.
            let hurt = |r: &vault::VerifyReport| -> BTreeSet<_> {
                let all = r.findings.iter();
                all.map(|f| (f.point, f.disk, format!("{:?}", f.extents)))
                    .collect()
            };
            let merged = |r: &vault::VerifyReport| -> u64 {
                r.findings.iter().map(|f| f.extents.bytes()).sum()
            };
            assert_eq!(
                merged(&before),
                merged(after),
                "{what}: {before:?} {after:?}"
            );
            if before.findings.is_empty() {
                assert!(
                    report.is_well() || name.starts_with("log/"),
                    "{what}: {report:?}"
                );
            } else {
                assert_eq!(hurt(&before).is_empty(), hurt(after).is_empty(), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_lost_most_of_its_objects_comes_back_from_a_tier() {
    let sound = sound().await;
    let tier = store_of(&sound.tier).await;
    for lost in [
        &["packs/", "index/"][..],
        &["packs/"],
        &["index/", "points/"],
    ] {
        let mut left = sound.objects.clone();
        left.retain(|name, _| !lost.iter().any(|l| name.starts_with(l)));
        let store = store_of(&left).await;
        let report = sound.repair(&store, std::slice::from_ref(&tier)).await;
        assert!(report.is_well(), "{lost:?}: {report:?}");
        assert_eq!(report.unhealed, Vec::<String>::new(), "{lost:?}");
        sound.assert_whole(&store, &format!("{lost:?}")).await;
    }
    // A byte of every pack, and the index.
    let mut spoiled = sound.objects.clone();
    spoiled.retain(|name, _| !name.starts_with("index/"));
    for (_, bytes) in spoiled.iter_mut().filter(|o| o.0.starts_with("packs/")) {
        let mut bad = bytes.to_vec();
        let n = bad.len();
        bad[n / 2] ^= 1;
        *bytes = bad.into();
    }
    let store = store_of(&spoiled).await;
    let report = sound.repair(&store, std::slice::from_ref(&tier)).await;
    assert!(report.is_well(), "{report:?}");
    sound.assert_whole(&store, "a byte of every pack").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_killed_at_any_put_is_completed_by_the_next() {
    use crate::faulty::{Faulty, How};
    let sound = sound().await;
    let tier = store_of(&sound.tier).await;
    let pack = sound
        .objects
        .keys()
        .rfind(|n| n.starts_with("packs/"))
        .unwrap();
    let segment = sound
        .objects
        .keys()
        .find(|n| n.starts_with("index/"))
        .unwrap();
    let mut done = false;
    for n in 0.. {
        let faulty = Faulty::memory();
        for (name, bytes) in &sound.objects {
            if name != pack && name != segment {
                faulty.store().put_new(name, bytes.clone()).await.unwrap();
            }
        }
        faulty.plan_put(n, How::Die);
        let (store, around) = (faulty.store(), around_now());
        let others = std::slice::from_ref(&tier);
        let first = repair(&store, &sound.ring, others, &around, &|_| {}).await;
        faulty.heal();
        if first.is_ok() {
            done = n > 3;
            break;
        }
        let report = sound
            .repair(&faulty.store(), std::slice::from_ref(&tier))
            .await;
        assert!(report.is_well(), "killed at put {n}: {report:?}");
        sound
            .assert_whole(&faulty.store(), &format!("killed at put {n}"))
            .await;
    }
    assert!(done);
}

#[tokio::test]
async fn another_vaults_store_is_no_help() {
    let sound = sound().await;
    let other = make(Store::memory(), 9).await;
    let store = sound.with("", None).await;
    let others = [other.store().clone()];
    let e = repair(&store, &sound.ring, &others, &around_now(), &|_| {}).await;
    assert_eq!(e.unwrap_err().code(), Code::VaultForeign);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_spread_over_days_looks_at_each_pack_once_and_finds_what_went_bad() {
    let sound = sound().await;
    let store = sound.with("", None).await;
    let vault = try_open(&store, &sound.ring, 5).await.unwrap();
    let packs = store.list("packs").await.unwrap();
    let ledger = Mutex::new(Ledger::default());
    let now = around_now().clock.now();
    let run = async |budget: u64| {
        let known = ledger.lock().unwrap().clone();
        let options = VerifyOptions {
            known: Some((&known, now)),
            budget: Some(budget),
            ..VerifyOptions::all(Level::Full)
        };
        let tell = |event: VerifyEvent<'_>| {
            if let VerifyEvent::Well(pack) = event {
                let level = Level::Full;
                ledger
                    .lock()
                    .unwrap()
                    .note(pack, Checked { at: now, level });
            }
        };
        verify_with(&vault, &options, &tell).await.unwrap()
    };
    let mut looked_at = 0;
    for round in 0.. {
        let report = run(1).await;
        assert!(report.is_well(), "{report:?}");
        looked_at += report.packs;
        if report.packs_left == packs.len() as u64 {
            break;
        }
        assert_eq!(report.packs, 1, "round {round}");
    }
    assert_eq!(looked_at, packs.len() as u64);
    let deeper = ledger.lock().unwrap().last(&packs[0].0, Level::Sealed);
    assert_eq!(deeper, Some(now));
    // One that is bad is looked at, and named, until it is well.
    let (name, bytes) = sound
        .objects
        .iter()
        .find(|o| o.0.starts_with("packs/"))
        .unwrap();
    let mut bad = bytes.to_vec();
    bad[100] ^= 1;
    store.delete(name).await.unwrap();
    store.put_new(name, bad.into()).await.unwrap();
    *ledger.lock().unwrap() = Ledger::default();
    for _ in 0..2 {
        let report = run(u64::MAX).await;
        assert!(!report.is_well());
    }
    assert_eq!(ledger.lock().unwrap().last(name, Level::Sealed), None);
}
