//! Vaults, disks and checks that the tests share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{ManualClock, PointId, SeededRandom};
use block::{BlockSource, Extent, Run, RunState};
use bytes::Bytes;
use jiff::Timestamp;
use vault::keys::{Keyring, Passphrase, PassphraseCost, Unlock};
use vault::{
    DiskRoot, DiskWriter, Limits, Locked, Manifest, Phase, PointDisk, PointState, SPAN_CHUNKS,
    Session, Store, Surroundings, Vault, WriteStats,
};

/// The chunk size of the tests' vaults.
pub const CHUNK: usize = 16 << 10;
/// The machine that most tests back up.
pub const MACHINE: &str = "11111111-2222-4333-8444-555555555555";

/// A passphrase that costs nothing.
pub fn unlock() -> Unlock {
    let passphrase = Passphrase::new("correct horse").unwrap();
    Unlock::Passphrase(passphrase.with_cost(PassphraseCost::LEAST).unwrap())
}

pub fn around(seed: u64) -> Surroundings {
    Surroundings {
        clock: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
        random: Arc::new(SeededRandom::new(seed)),
    }
}

/// A new vault in `store`.
pub async fn make(store: Store, seed: u64) -> Arc<Vault> {
    let made = vault::create(store, CHUNK as u32, &unlock(), around(seed)).await;
    Arc::new(made.unwrap().0.with_limits(SMALL))
}

/// Small packs and segments, so that little data makes many.
pub const SMALL: Limits = Limits {
    pack_bytes: 100_000,
    segment_records: 20,
};

/// The same vault in another store.
pub async fn extend(vault: &Vault, store: Store) -> Arc<Vault> {
    Arc::new(vault.extend_to(store).await.unwrap().with_limits(SMALL))
}

/// The vault in `store`, opened with the passphrase.
pub async fn reopen(store: &Store, seed: u64) -> Arc<Vault> {
    let locked = Locked::open(store.clone()).await.unwrap();
    let keys = locked.unlock(&unlock()).unwrap();
    let ring = Arc::new(Keyring::from_vault_keys(&keys));
    let vault = locked.open_with(ring, around(seed)).unwrap();
    Arc::new(vault.with_limits(SMALL))
}

/// The vault in `store`, opened with keys that are at hand.
pub async fn try_open(store: &Store, ring: &Arc<Keyring>, seed: u64) -> base::Result<Arc<Vault>> {
    let locked = Locked::open(store.clone()).await?;
    let vault = locked.open_with(Arc::clone(ring), around(seed))?;
    Ok(Arc::new(vault.with_limits(SMALL)))
}

/// A local store in a folder that goes with the test.
pub fn local() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    (folder, store)
}

/// Bytes that don't compress, the same for the same seed.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof()
        .fill(&mut out);
    out
}

/// A disk with every chunk different and none zero, quick to make and to compress.
pub fn pattern(seed: u64, chunks: usize) -> Vec<u8> {
    let mut out = vec![b'.'; chunks * CHUNK];
    for (i, chunk) in out.chunks_mut(CHUNK).enumerate() {
        chunk[..8].copy_from_slice(&(seed << 32 | (i as u64 + 1)).to_le_bytes());
    }
    out
}

/// What a backup knows of the disk it builds on.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    pub root: &'a DiskRoot,
    pub bytes: &'a [u8],
}

/// Writes a disk into a session. With a base, only chunks that differ are put.
pub async fn write_disk(
    session: &Arc<Session>,
    uuid: &str,
    name: &str,
    bytes: &[u8],
    base: Option<Base<'_>>,
) -> base::Result<(DiskRoot, WriteStats)> {
    let key = session.vault().disk_key(uuid, name);
    let mut writer = DiskWriter::new(session, key, bytes.len() as u64, base.map(|b| b.root));
    let span = CHUNK * SPAN_CHUNKS as usize;
    for (i, part) in bytes.chunks(span).enumerate() {
        let start = i * span;
        let changed = |j: usize| -> bool {
            let Some(base) = base else { return true };
            let at = start + j * CHUNK;
            let end = (at + CHUNK).min(bytes.len());
            // The chunks at the edge of a resize are put always.
            base.bytes.len() < at + CHUNK && base.bytes.len() != bytes.len()
                || end - at < CHUNK && base.bytes.len() != bytes.len()
                || base.bytes[at..end] != bytes[at..end]
        };
        let count = part.len().div_ceil(CHUNK);
        let mut j = 0;
        while j < count {
            if !changed(j) {
                j += 1;
                continue;
            }
            let first = j;
            while j < count && changed(j) {
                j += 1;
            }
            let (from, to) = (first * CHUNK, (j * CHUNK).min(part.len()));
            let data = &part[from..to];
            if block::is_zero(data) && i % 2 == 0 {
                let (at, len) = ((start + from) as u64, data.len() as u64);
                writer.put_zero(at, len).await?;
            } else {
                let mut buffer = writer.buffers().take(data.len());
                buffer.copy_from_slice(data);
                writer.put((start + from) as u64, buffer).await?;
            }
        }
    }
    writer.finish().await
}

/// A disk of a machine that is backed up: its name, its contents, its base.
pub type Part<'a> = (&'a str, &'a [u8], Option<Base<'a>>);

/// Backs up these disks as a whole point.
pub async fn backup(
    vault: &Arc<Vault>,
    uuid: &str,
    parts: &[Part<'_>],
) -> base::Result<(PointId, Vec<DiskRoot>, WriteStats)> {
    backup_as(vault, uuid, PointState::Whole, parts).await
}

pub async fn backup_as(
    vault: &Arc<Vault>,
    uuid: &str,
    state: PointState,
    parts: &[Part<'_>],
) -> base::Result<(PointId, Vec<DiskRoot>, WriteStats)> {
    let machine = vault.machine_key(uuid);
    let session = Session::open(vault, machine, Phase::Snapshot).await?;
    let (disks, stats) = write_all(&session, uuid, parts).await?;
    let manifest = manifest(&session, uuid, state, disks.clone());
    session.commit(&manifest, b"definition").await?;
    Ok((manifest.point, disks, stats))
}

pub async fn write_all(
    session: &Arc<Session>,
    uuid: &str,
    parts: &[Part<'_>],
) -> base::Result<(Vec<DiskRoot>, WriteStats)> {
    let (mut disks, mut stats) = (Vec::new(), WriteStats::default());
    for (name, bytes, base) in parts {
        let (root, s) = write_disk(session, uuid, name, bytes, *base).await?;
        disks.push(root);
        stats.add(&s);
    }
    Ok((disks, stats))
}

pub fn manifest(
    session: &Session,
    uuid: &str,
    state: PointState,
    disks: Vec<DiskRoot>,
) -> Manifest {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Manifest {
        point: PointId::from_bytes(id),
        machine: session.vault().machine_key(uuid),
        created_at: "2026-01-02T03:04:05Z".into(),
        state,
        disks,
    }
}

/// The disk of a point.
pub async fn disk(vault: &Vault, root: &DiskRoot) -> PointDisk {
    PointDisk::new(vault.reader().await.unwrap(), root, vault.chunk_size())
}

/// All of a disk, by the way of reads and by that of restores, which must agree.
pub async fn read_disk(vault: &Vault, root: &DiskRoot) -> base::Result<Vec<u8>> {
    let disk = PointDisk::new(vault.reader().await?, root, vault.chunk_size());
    let size = usize::try_from(root.size).unwrap();
    let all = disk.read(0, vec![0xAA; size]).await?;
    let mut parts = vec![0; size];
    let mut walk = disk.walk(Extent::new(0, root.size));
    while let Some(slots) = walk.next().await? {
        for step in slots.chunks(disk.pace().slots) {
            let mut end = 0;
            for part in disk.parts(step.to_vec()).await? {
                assert!(part.offset >= end, "parts rise");
                let from = usize::try_from(part.offset).unwrap();
                parts[from..from + part.bytes.len()].copy_from_slice(&part.bytes);
                end = part.offset + part.bytes.len() as u64;
            }
        }
    }
    assert_same(&parts, &all);
    Ok(all)
}

/// Checks that a disk reads as `bytes`, whole and in odd pieces, and that its runs are exact.
pub async fn check_disk(vault: &Vault, root: &DiskRoot, bytes: &[u8]) {
    assert_eq!(root.size, bytes.len() as u64);
    assert_same(&read_disk(vault, root).await.unwrap(), bytes);
    let disk = disk(vault, root).await;
    for (at, len) in [(1, 1), (CHUNK - 1, 2), (CHUNK + 7, 3 * CHUNK), (5, 0)] {
        if at + len <= bytes.len() {
            let part = disk.read(at as u64, vec![0xAA; len]).await.unwrap();
            assert_same(&part, &bytes[at..at + len]);
        }
    }
    let full = Extent::new(0, bytes.len() as u64);
    assert_eq!(disk.runs(full).await.unwrap(), runs_of(bytes));
}

/// Points at the first chunk that differs, rather than printing megabytes.
pub fn assert_same(found: &[u8], wanted: &[u8]) {
    assert_eq!(found.len(), wanted.len());
    if found != wanted {
        let at = found.iter().zip(wanted).position(|(a, b)| a != b).unwrap();
        panic!(
            "byte {at} (chunk {}) is {} where {} belongs",
            at / CHUNK,
            found[at],
            wanted[at]
        );
    }
}

fn runs_of(bytes: &[u8]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (i, chunk) in bytes.chunks(CHUNK).enumerate() {
        let state = if block::is_zero(chunk) {
            RunState::Zero
        } else {
            RunState::Data
        };
        match runs.last_mut().filter(|r| r.state == state) {
            Some(run) => run.extent.len += chunk.len() as u64,
            None => runs.push(Run {
                extent: Extent::new((i * CHUNK) as u64, chunk.len() as u64),
                state,
            }),
        }
    }
    runs
}

/// All objects of a store.
pub async fn objects(store: &Store) -> Vec<(String, u64)> {
    store.list("").await.unwrap()
}

/// The bytes of all objects below a folder.
pub async fn bytes_in(store: &Store, folder: &str) -> u64 {
    store.list(folder).await.unwrap().iter().map(|o| o.1).sum()
}

/// All objects of a vault's store, with their bytes.
pub async fn objects_of(vault: &Vault) -> BTreeMap<String, Bytes> {
    let mut all = BTreeMap::new();
    for (name, _) in objects(vault.store()).await {
        let bytes = vault.store().need(&name).await.unwrap();
        all.insert(name, bytes);
    }
    all
}

/// Backs up two machines: three points, patches, chunks that are shared, and `more` chunks of
/// the last one alone. Gives what each point's disk is and holds.
pub async fn three_points(vault: &Arc<Vault>, more: usize) -> Vec<(PointId, DiskRoot, Vec<u8>)> {
    let mut a = noise(1, 20 * CHUNK + 5000);
    let mut points = Vec::new();
    let (point, roots, _) = backup(vault, MACHINE, &[("vda", &a, None)]).await.unwrap();
    let before = a.clone();
    points.push((point, roots[0].clone(), a.clone()));
    for i in [2, 3, 19] {
        a[i * CHUNK + 9000] ^= 1;
    }
    let base = Base {
        root: &roots[0],
        bytes: &before,
    };
    let parts = [("vda", &a[..], Some(base))];
    let (point, roots, stats) = backup(vault, MACHINE, &parts).await.unwrap();
    assert_eq!(stats.patches, 3);
    points.push((point, roots[0].clone(), a.clone()));
    let mut c = a;
    c[..CHUNK].fill(0);
    c.extend_from_slice(&pattern(7, more));
    let (point, roots, _) = backup(vault, "other", &[("sda", &c, None)]).await.unwrap();
    points.push((point, roots[0].clone(), c));
    points
}
