//! Rescue: what is left of a store comes back, and no wrong byte with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::PointId;
use block::{BlockSource, ExtentSet, FileDisk};
use bytes::Bytes;
use vault::keys::Keyring;
use vault::rescue::{self, Missing, Rescue, Standing};
use vault::{DiskRoot, PointState, Store};

use crate::support::*;

/// A vault's objects and what its points hold.
struct Sound {
    ring: Arc<Keyring>,
    objects: BTreeMap<String, Bytes>,
    points: Vec<(PointId, DiskRoot, Vec<u8>)>,
}

/// Two machines, three points, patches; chunks that are shared.
async fn sound() -> Sound {
    let vault = make(Store::memory(), 1).await;
    let points = three_points(&vault, 60).await;
    Sound {
        ring: Arc::clone(vault.ring()),
        objects: objects_of(&vault).await,
        points,
    }
}

impl Sound {
    /// The vault without the objects that `change` takes away, and with what it changes.
    async fn with(&self, change: impl Fn(&str, &mut Vec<u8>) -> bool) -> Store {
        let store = Store::memory();
        for (name, bytes) in &self.objects {
            let mut bytes = bytes.to_vec();
            if change(name, &mut bytes) {
                store.put_new(name, bytes.into()).await.unwrap();
            }
        }
        store
    }

    async fn rescue(&self, store: &Store) -> Rescue {
        Rescue::open(store, &self.ring).await.unwrap()
    }

    /// Rescues every disk that can be found. Panics at a wrong byte; gives what is missing of
    /// each point, all if its manifest is.
    async fn missing(&self, rescue: &Rescue) -> Vec<ExtentSet> {
        let mut all = Vec::new();
        for (point, root, bytes) in &self.points {
            let found = rescue.points().iter().find(|p| p.manifest.point == *point);
            all.push(match found {
                None => ExtentSet::full(root.size),
                Some(p) => {
                    assert_eq!(p.sealed.as_ref().unwrap(), b"definition");
                    let (image, missing) = write(rescue, &p.manifest.disks[0]).await;
                    let holes = missing.extents();
                    let mut wanted = bytes.clone();
                    for e in holes.extents() {
                        wanted[e.offset as usize..e.end() as usize].fill(0);
                    }
                    assert_same(&image, &wanted);
                    assert_eq!(missing.is_empty(), missing.reasons().next().is_none());
                    holes
                }
            });
        }
        all
    }
}

async fn write(rescue: &Rescue, root: &DiskRoot) -> (Vec<u8>, Missing) {
    let folder = tempfile::tempdir().unwrap();
    let file = FileDisk::create(&folder.path().join("disk"), root.size)
        .await
        .unwrap();
    let missing = rescue.write_disk(root, &file, &|_| {}).await.unwrap();
    let size = usize::try_from(root.size).unwrap();
    (file.read(0, vec![9; size]).await.unwrap(), missing)
}

fn total(missing: &[ExtentSet]) -> u64 {
    missing.iter().map(ExtentSet::bytes).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packs_and_manifests_alone_give_every_point_back() {
    let sound = sound().await;
    let only =
        |name: &str, _: &mut Vec<u8>| name.starts_with("packs/") || name.starts_with("points/");
    let store = sound.with(only).await;
    let rescue = sound.rescue(&store).await;
    assert_eq!(total(&sound.missing(&rescue).await), 0);
    let standings: Vec<_> = rescue.points().iter().map(|p| p.standing).collect();
    assert_eq!(standings, [Standing::Unknown; 3]);
    let store = sound.with(|_, _| true).await;
    let rescue = sound.rescue(&store).await;
    assert_eq!(rescue.found().damaged, Vec::<String>::new());
    let standings: Vec<_> = rescue.points().iter().map(|p| p.standing).collect();
    assert_eq!(standings, [Standing::Committed; 3]);
    assert_eq!(rescue::key_objects(&store).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_to_any_object_costs_only_what_stood_there() {
    let sound = sound().await;
    for (name, bytes) in &sound.objects {
        let n = bytes.len();
        let mut changes: Vec<(String, Option<Vec<u8>>)> = vec![("removed".into(), None)];
        for len in [0, 1, 40, n / 2, n - 1] {
            changes.push((format!("cut to {len}"), Some(bytes[..len].to_vec())));
        }
        for i in 0..12 {
            let bit = (i * 7919 * 31 + i) % (n * 8);
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            changes.push((format!("bit {bit} flipped"), Some(flipped)));
        }
        let shifted = [&bytes[..n / 3], b"!", &bytes[n / 3..]].concat();
        changes.push(("a byte put in".into(), Some(shifted)));
        for (what, to) in changes {
            let change = |at: &str, bytes: &mut Vec<u8>| match (at == name, &to) {
                (true, Some(to)) => {
                    bytes.clone_from(to);
                    true
                }
                (true, None) => false,
                _ => true,
            };
            let store = sound.with(change).await;
            let rescue = sound.rescue(&store).await;
            let missing = total(&sound.missing(&rescue).await);
            let what = format!("{name} {what}: {missing} missing");
            if name.starts_with("packs/") {
                // A flip in a chunk costs it, and a patch that rests on it, in three points.
                let any = bytes[9] == 2 || !what.contains("flipped");
                assert!(any || missing <= 6 * CHUNK as u64, "{what}");
            } else if name.starts_with("points/") {
                assert!(missing == 0 || rescue.points().len() == 2, "{what}");
            } else {
                assert_eq!(missing, 0, "{what}");
                assert_eq!(rescue.points().len(), 3, "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_directories_every_record_is_still_found() {
    let sound = sound().await;
    let no_directory = |name: &str, bytes: &mut Vec<u8>| {
        if name.starts_with("packs/") {
            let n = bytes.len();
            bytes[n - 40] ^= 1;
        }
        !name.starts_with("index/") && !name.starts_with("log/") && name != "vault"
    };
    let store = sound.with(no_directory).await;
    let rescue = sound.rescue(&store).await;
    assert_eq!(total(&sound.missing(&rescue).await), 0);
    let packs = sound.objects.keys().filter(|n| n.starts_with("packs/"));
    let scanned = rescue
        .found()
        .damaged
        .iter()
        .filter(|d| d.contains("scanned"));
    assert_eq!(scanned.count(), packs.count());
    // A bad byte in each pack costs a record of each.
    let bad_byte = |name: &str, bytes: &mut Vec<u8>| {
        if name.starts_with("packs/") {
            let n = bytes.len();
            bytes[n - 40] ^= 1;
            bytes[n / 2] ^= 1;
        }
        true
    };
    let store = sound.with(bad_byte).await;
    let missing = sound.missing(&sound.rescue(&store).await).await;
    let whole: u64 = sound.points.iter().map(|p| p.1.size).sum();
    assert!(
        total(&missing) > 0 && total(&missing) < whole,
        "{missing:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removed_points_and_attempts_are_found_and_marked() {
    let vault = make(Store::memory(), 1).await;
    let (a, b, c) = (
        noise(1, 9 * CHUNK),
        noise(2, 9 * CHUNK),
        noise(3, 9 * CHUNK),
    );
    let (gone, ..) = backup(&vault, MACHINE, &[("vda", &a, None)]).await.unwrap();
    let (kept, ..) = backup(&vault, MACHINE, &[("vda", &b, None)]).await.unwrap();
    let attempt = PointState::Attempt;
    let (broken, ..) = backup_as(&vault, "other", attempt, &[("vda", &c, None)])
        .await
        .unwrap();
    vault.remove_points(&[gone]).await.unwrap();
    let rescue = Rescue::open(vault.store(), vault.ring()).await.unwrap();
    let standing = |point| {
        let found = rescue.points().iter().find(|p| p.manifest.point == point);
        let found = found.unwrap();
        (found.standing, found.manifest.state)
    };
    assert_eq!(standing(gone), (Standing::Removed, PointState::Whole));
    assert_eq!(standing(kept), (Standing::Committed, PointState::Whole));
    assert_eq!(standing(broken), (Standing::Committed, PointState::Attempt));
    let found = rescue.points().iter().find(|p| p.manifest.point == gone);
    let (image, missing) = write(&rescue, &found.unwrap().manifest.disks[0]).await;
    assert!(missing.is_empty());
    assert_same(&image, &a);
}
