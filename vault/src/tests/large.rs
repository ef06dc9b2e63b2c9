//! A vault of many tebibytes, of which only the index is made: what it takes on disk and in
//! memory. Ten tebibytes take 9 GB of disk and some minutes:
//!
//! ```console
//! STILLPOINT_TIB=10 cargo test --release -p vault --lib large:: -- --ignored --nocapture
//! ```

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use base::PointId;

use super::id;
use crate::format::pack::{Location, PackName};
use crate::format::record;
use crate::keys::{KeyFile, Keyring, Unlock};
use crate::{
    DiskWriter, Id, Limits, Locked, MachineKey, Manifest, Phase, PointState, Session, Store,
    Surroundings, Vault, create,
};

/// Chunks of 64 KiB in a tebibyte.
const OF_TIB: u64 = 1 << 24;
/// Where the second process, which measures, finds the vault.
const FOLDER: &str = "STILLPOINT_LARGE";
/// Bytes of the backup.
const BACKUP: u64 = 1 << 30;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes an index of gigabytes"]
async fn a_large_index_takes_little_memory_and_a_backup_beside_it_too() {
    if let Ok(folder) = std::env::var(FOLDER) {
        return measure(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let key = KeyFile::new(&base::SystemRandom);
    key.write(&folder.path().join("key")).unwrap();
    let begun = Instant::now();
    fill(folder.path()).await;
    println!("made in {:.0} s", begun.elapsed().as_secs_f64());
    let name = "tests::large::a_large_index_takes_little_memory_and_a_backup_beside_it_too";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", name])
        .env(FOLDER, folder.path())
        .status();
    assert!(status.unwrap().success());
}

fn tebibytes() -> u64 {
    let set = std::env::var("STILLPOINT_TIB").ok();
    set.map_or(1, |n| n.parse().expect("a number"))
}

fn unlock(folder: &Path) -> Unlock {
    Unlock::KeyFile(KeyFile::read(&folder.join("key")).unwrap())
}

/// Makes a vault that lists records of so many chunks, in segments as sessions make them.
async fn fill(folder: &Path) {
    let store = Store::local(&folder.join("vault")).unwrap();
    let made = create(store, 64 << 10, &unlock(folder), Surroundings::system()).await;
    let vault = Arc::new(made.unwrap().0);
    let machine = vault.machine_key("made up");
    let session = Session::open(&vault, machine, Phase::Snapshot)
        .await
        .unwrap();
    let of_segment = Limits::default().segment_records as u64;
    for first in (0..tebibytes() * OF_TIB).step_by(of_segment as usize) {
        let pack = PackName {
            session: session.number(),
            number: u32::try_from(first / of_segment).unwrap() + 1,
        };
        let locations = (first..first + of_segment).map(|n| Location {
            id: id(n),
            pack,
            offset: u32::try_from(n % of_segment).unwrap() * 100 + 40,
            len: 100,
            kind: record::Kind::Whole,
            depth: 0,
            key: 1,
            parent: Id::ZERO,
        });
        session.list_made_up(locations.collect()).await;
    }
    commit(&session, machine, Vec::new()).await;
}

async fn commit(session: &Session, machine: MachineKey, disks: Vec<crate::DiskRoot>) {
    let manifest = Manifest {
        point: PointId::new(&base::SystemRandom),
        machine,
        created_at: "2026-01-02T03:04:05Z".into(),
        state: PointState::Whole,
        disks,
    };
    session.commit(&manifest, b"x").await.unwrap();
}

/// Opens the vault and backs a gibibyte up: half of it is listed, as far as a look-up can tell.
async fn measure(folder: &Path) {
    let begun = Instant::now();
    let store = Store::local(&folder.join("vault")).unwrap();
    let locked = Locked::open(store).await.unwrap();
    let keys = locked.unlock(&unlock(folder)).unwrap();
    let ring = Arc::new(Keyring::from_vault_keys(&keys));
    let vault = Arc::new(locked.open_with(ring, Surroundings::system()).unwrap());
    // What keys and runtime take is not the index's.
    let before = status("RssAnon");
    vault.refresh().await.unwrap();
    let opened = begun.elapsed().as_secs_f64();
    let index = status("RssAnon") - before;
    let disk: u64 = vault
        .store
        .list("index")
        .await
        .unwrap()
        .iter()
        .map(|f| f.1)
        .sum();

    let begun = Instant::now();
    let look_ups = 100_000;
    let segments = vault.index.snapshot();
    for n in 0..look_ups {
        // Half of them are listed.
        let n = n * 2_654_435_761 % (2 * tebibytes() * OF_TIB);
        let found = crate::index::find(&segments, &id(n)).unwrap();
        assert_eq!(found.len(), usize::from(n < tebibytes() * OF_TIB));
    }
    let look_up = begun.elapsed().as_secs_f64() * 1e6 / look_ups as f64;

    let machine = vault.machine_key("another");
    let begun = Instant::now();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    back_up(&vault, machine).await;
    let (took, peak) = (begun.elapsed().as_secs_f64(), status("VmHWM"));
    let tib = tebibytes();
    println!(
        "{tib} TiB: {} segments, {} MiB of index on disk, opened in {opened:.2} s, {} MiB of \
         memory; a look-up takes {look_up:.1} µs; a backup of 1 GiB took {took:.1} s and at its \
         peak the process {} MiB",
        segments.len(),
        disk >> 20,
        index >> 10,
        peak >> 10,
    );
    assert!(disk <= tib << 30, "a GiB on disk a TiB");
    assert!(index >> 10 <= 40 * tib, "40 MiB of memory a TiB");
    assert!(peak >> 10 <= 112 + 40 * tib, "512 MiB at 10 TiB");
}

async fn back_up(vault: &Arc<Vault>, machine: MachineKey) {
    let session = Session::open(vault, machine, Phase::Snapshot)
        .await
        .unwrap();
    let mut writer = DiskWriter::new(&session, vault.disk_key("another", "vda"), BACKUP, None);
    for offset in (0..BACKUP).step_by(1 << 20) {
        let mut data = writer.buffers().take(1 << 20);
        blake3::Hasher::new()
            .update(&offset.to_le_bytes())
            .finalize_xof()
            .fill(&mut data);
        writer.put(offset, data).await.unwrap();
    }
    let (root, _) = writer.finish().await.unwrap();
    commit(&session, machine, vec![root]).await;
}

/// KiB of memory.
fn status(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
