//! The independent reader restores what the vault wrote, byte for byte: a Python script made
//! from `docs/format.md` alone, so that the page is known to be enough.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use base::{PointId, SeededRandom};
use vault::keys::{KeyFile, Unlock};
use vault::{
    CollectOptions, DiskRoot, DiskWriter, Limits, Phase, PointState, Session, Vault, WriteStats,
    collect, sync_point,
};

use crate::fixtures;
use crate::support::*;

const OTHER: &str = "99999999-2222-4333-8444-555555555555";
/// What opens the vaults that `support` makes.
const PASSPHRASE: &str = "correct horse\n";

/// The script, with what opens the vault.
struct Script {
    python: PathBuf,
    script: PathBuf,
    option: &'static str,
    key: PathBuf,
    folder: tempfile::TempDir,
}

impl Script {
    /// The script with a file that holds `key`, for an option that names such a file.
    fn new(option: &'static str, key: &str) -> Self {
        let (python, script) = testkit::reader::command().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, key).unwrap();
        Self {
            python,
            script,
            option,
            key: path,
            folder,
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.python);
        // No compiled files in the source tree.
        command.arg("-B").arg(&self.script);
        command.arg(self.option).arg(&self.key).args(arguments);
        command.output().unwrap()
    }

    fn list(&self, store: &Path) -> String {
        let output = self.run(&["list", store.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A disk's contents, or why they were refused.
    fn restore(
        &self,
        store: &Path,
        point: PointId,
        disk: &str,
        index: bool,
    ) -> Result<Vec<u8>, String> {
        let out = self.folder.path().join("out");
        let (store, point) = (store.to_str().unwrap(), point.to_string());
        let arguments = ["restore", store, &point, disk, out.to_str().unwrap()];
        let output = if index {
            self.run(&arguments)
        } else {
            self.run(&[&["--no-index"], &arguments[..]].concat())
        };
        let errors = String::from_utf8(output.stderr).unwrap();
        if output.status.success() {
            assert_eq!(errors, "");
            let bytes = std::fs::read(&out).unwrap();
            std::fs::remove_file(&out).unwrap();
            return Ok(bytes);
        }
        assert!(!out.exists(), "what was refused left a file: {errors}");
        Err(errors)
    }

    /// Checks every disk of these points, with and without the index.
    fn check(&self, store: &Path, points: &[Point]) {
        let list = self.list(store);
        for (point, disks) in points {
            for (name, bytes) in disks {
                let line = format!("{} {name}\n", bytes.len());
                let of_point = |l: &str| l.starts_with(&point.to_string()) && l.ends_with(&line);
                assert!(list.split_inclusive('\n').any(of_point), "{list}");
                for index in [true, false] {
                    let found = self.restore(store, *point, name, index);
                    assert_same(&found.unwrap(), bytes);
                }
            }
        }
        let disks: usize = points.iter().map(|p| p.1.len()).sum();
        assert_eq!(list.lines().count(), disks, "{list}");
    }
}

/// A point and its disks, by name.
type Point = (PointId, Vec<(&'static str, Vec<u8>)>);

/// Backs up a machine's disks, sealing their names like a backup. What `base` holds of the
/// same place is not put again.
async fn put(
    vault: &Arc<Vault>,
    uuid: &str,
    state: PointState,
    disks: &[(&'static str, Vec<u8>)],
    base: Option<(&[DiskRoot], &Point)>,
) -> (PointId, Vec<DiskRoot>, WriteStats) {
    let session = Session::open(vault, vault.machine_key(uuid), Phase::Snapshot);
    let session = session.await.unwrap();
    let chunk = vault.chunk_size() as usize;
    let (mut roots, mut stats) = (Vec::new(), WriteStats::default());
    for (i, (name, bytes)) in disks.iter().enumerate() {
        let from = base.map(|(roots, point)| (&roots[i], &point.1[i].1));
        let key = vault.disk_key(uuid, name);
        let mut writer = DiskWriter::new(&session, key, bytes.len() as u64, from.map(|f| f.0));
        for (slot, data) in bytes.chunks(chunk).enumerate() {
            let then = from.and_then(|(_, then)| then.chunks(chunk).nth(slot));
            if then != Some(data) {
                let offset = (slot * chunk) as u64;
                writer.put(offset, data.to_vec()).await.unwrap();
            }
        }
        let (root, written) = writer.finish().await.unwrap();
        roots.push(root);
        stats.add(&written);
    }
    let manifest = manifest(&session, uuid, state, roots.clone());
    let names = disks
        .iter()
        .map(|(name, _)| format!(r#"{{"name":"{name}"}}"#));
    let names = names.collect::<Vec<_>>().join(",");
    let sealed = format!(r#"{{"machine":{{"uuid":"{uuid}"}},"disks":[{names}]}}"#);
    session.commit(&manifest, sealed.as_bytes()).await.unwrap();
    (manifest.point, roots, stats)
}

/// Bytes of every kind: noise, what compresses, and zeros.
fn mixed(seed: u64, chunks: usize) -> Vec<u8> {
    let mut bytes = pattern(seed, chunks);
    bytes[..3 * CHUNK].copy_from_slice(&noise(seed, 3 * CHUNK));
    bytes[5 * CHUNK..9 * CHUNK].fill(0);
    bytes
}

/// Two machines over some days: a disk that is changed a little, so that patches lie upon
/// patches, one that grows and shrinks across a level of its tree, one that is empty, and
/// what the other machine shares.
async fn history(vault: &Arc<Vault>) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let mut roots: Vec<DiskRoot> = Vec::new();
    let mut patches = 0;
    let (mut first, second) = (mixed(1, 20), mixed(2, 300));
    for (day, size) in [290 * CHUNK + 777, 40 * CHUNK, 300 * CHUNK, 15 * CHUNK + 1]
        .into_iter()
        .enumerate()
    {
        // The same chunk every day: of what does not compress, and of what does.
        first[CHUNK + 5000..CHUNK + 5010].fill(day as u8);
        first[12 * CHUNK + day] ^= 255;
        let disks = vec![
            ("vda", first.clone()),
            ("vdb", second[..size].to_vec()),
            ("vdc", Vec::new()),
        ];
        let base = points.last().map(|point| (&roots[..], point));
        let (point, new, stats) = put(vault, MACHINE, PointState::Whole, &disks, base).await;
        assert!(day == 0 || stats.patches > 0, "day {day} made no patches");
        patches += stats.patches;
        roots = new;
        points.push((point, disks));
        if day == 1 {
            // An attempt, which the machine's next point drops.
            let disks = [("vda", noise(5, 4 * CHUNK))];
            put(vault, MACHINE, PointState::Attempt, &disks, None).await;
        }
    }
    assert!(patches >= 6, "{patches} patches");
    let shared = [first[..7 * CHUNK].to_vec(), noise(9, 2 * CHUNK + 4000)].concat();
    let disks = vec![("sda", shared), ("sdb", vec![0; 30 * CHUNK + 3])];
    let (point, ..) = put(vault, OTHER, PointState::Whole, &disks, None).await;
    points.push((point, disks));
    points
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_format_page_is_enough_to_restore_every_point_with_a_passphrase() {
    let script = Script::new("--passphrase-file", PASSPHRASE);
    let (folder, store) = local();
    let vault = make(store, 1).await;
    let points = history(&vault).await;
    script.check(folder.path(), &points);
    // A synced point stands in the other store in other packs and segments.
    let (second_folder, store) = local();
    let second = extend(&vault, store).await;
    let last = &points[3..4];
    sync_point(&vault, &second, last[0].0, &|_| {})
        .await
        .unwrap();
    script.check(second_folder.path(), last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_format_page_is_enough_to_restore_every_point_with_a_key_file() {
    let file = KeyFile::new(&SeededRandom::new(3));
    let (folder, store) = local();
    // Larger chunks: the bitmap of a patch has more than a byte.
    let chunk = 4 * CHUNK as u32;
    let unlock = Unlock::KeyFile(file.clone());
    let made = vault::create(store, chunk, &unlock, around(2)).await;
    let vault = Arc::new(made.unwrap().0.with_limits(Limits {
        pack_bytes: 300_000,
        segment_records: 20,
    }));
    let points = history(&vault).await;
    Script::new("--key-file", &file.to_text()).check(folder.path(), &points);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_format_page_is_enough_after_removal_and_collection() {
    let script = Script::new("--passphrase-file", PASSPHRASE);
    let (folder, store) = local();
    let vault = make(store, 6).await;
    let mut points = history(&vault).await;
    // The parents of later patches go, and so does most of what one disk was.
    let gone: Vec<PointId> = points.drain(..3).map(|p| p.0).collect();
    vault.remove_points(&gone).await.unwrap();
    script.check(folder.path(), &points);
    let options = CollectOptions {
        repack_from_percent: 10,
        ..CollectOptions::default()
    };
    let figures = collect(&vault, &options).await.unwrap().figures;
    assert!(figures.packs_dropped > 0 && figures.packs_copied > 0);
    assert!(figures.segments_rewritten > 0);
    script.check(folder.path(), &points);
    let why = script.restore(folder.path(), gone[0], "vda", true);
    assert!(why.unwrap_err().contains("no such point"));
}

#[test]
fn the_fixture_of_version_1_restores_without_our_code() {
    let script = Script::new("--passphrase-file", PASSPHRASE);
    for (n, _, disks) in fixtures::contents() {
        for (number, (_, bytes)) in disks.iter().enumerate() {
            let (store, point) = (fixtures::folder("v1"), fixtures::point(n));
            for index in [true, false] {
                let found = script.restore(&store, point, &number.to_string(), index);
                assert_same(&found.unwrap(), bytes);
            }
        }
    }
}

/// A vault of one point and one disk, of which every byte of every object is needed.
async fn small() -> (tempfile::TempDir, Vec<String>, PointId, Vec<u8>) {
    let (folder, store) = local();
    let vault = make(store.clone(), 4).await;
    let bytes = mixed(4, 17);
    let disks = [("vda", bytes.clone())];
    let (point, ..) = put(&vault, MACHINE, PointState::Whole, &disks, None).await;
    let names = objects(&store).await.into_iter().map(|o| o.0).collect();
    (folder, names, point, bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_independent_reader_refuses_a_damaged_byte_wherever_it_is() {
    let script = Script::new("--passphrase-file", PASSPHRASE);
    let (folder, names, point, bytes) = small().await;
    assert!(names.len() > 6, "{names:?}");
    for (i, name) in names.iter().enumerate() {
        let path = folder.path().join(name);
        let good = std::fs::read(&path).unwrap();
        let inside = noise(i as u64, 2);
        let inside = usize::from(inside[0]) << 8 | usize::from(inside[1]);
        for at in [9, inside % good.len(), good.len() - 70] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            let index = !name.starts_with("packs") || at % 2 == 0;
            let found = script.restore(folder.path(), point, "vda", index);
            let why = found.expect_err(&format!("byte {at} of {name} changed nothing"));
            assert!(why.contains("refused"), "byte {at} of {name}: {why}");
        }
        std::fs::write(&path, &good).unwrap();
    }
    let found = script.restore(folder.path(), point, "vda", true);
    assert_same(&found.unwrap(), &bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_independent_reader_refuses_what_was_written_without_the_key() {
    let script = Script::new("--passphrase-file", PASSPHRASE);
    let (folder, names, point, bytes) = small().await;
    for name in &names {
        let path = folder.path().join(name);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, forged(name, &good)).unwrap();
        let found = script.restore(folder.path(), point, "vda", true);
        let why = found.expect_err(&format!("a forged {name} was believed"));
        assert!(why.contains("MAC"), "{name}: {why}");
        std::fs::write(&path, &good).unwrap();
    }
    let found = script.restore(folder.path(), point, "vda", true);
    assert_same(&found.unwrap(), &bytes);
    let stranger = Script::new("--passphrase-file", "wrong horse");
    let why = stranger.restore(folder.path(), point, "vda", true);
    assert!(why.unwrap_err().contains("no slot opens"));
}

/// The object with something else in it, and with checksums that are right.
fn forged(name: &str, good: &[u8]) -> Vec<u8> {
    let mut bad = good.to_vec();
    let (end, u32_at) = (bad.len(), |bytes: &[u8], at: usize| {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    });
    if name.starts_with("keys/") {
        // Another time of making.
        let at = good.windows(11).position(|w| w == b"createdAt\":").unwrap();
        bad[at + 15] = b'2';
        assert_ne!(bad, good);
        let sum = blake3::hash(&bad[..end - 65]).to_hex();
        bad[end - 65..end - 1].copy_from_slice(sum.as_bytes());
        return bad;
    }
    let covered = if name.starts_with("packs/") {
        // Another data key.
        let directory = u32_at(good, end - 72);
        bad[directory + 42] ^= 1;
        [&bad[..40], &bad[directory..end - 32]].concat()
    } else if name.starts_with("index/") {
        // Another seed of the filter.
        bad[56] ^= 1;
        let skipped = 52 * u32_at(good, 40) + 32 * u32_at(good, 44);
        [&bad[..72], &bad[72 + skipped..end - 32]].concat()
    } else {
        // A letter of the clear body.
        bad[40] ^= 1;
        bad[..end - 32].to_vec()
    };
    bad[end - 32..].copy_from_slice(blake3::hash(&covered).as_bytes());
    bad
}
