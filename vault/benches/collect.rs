//! What a collection costs in vaults of different sizes with the same garbage.
//!
//! `cargo bench -p vault --bench collect -- [CHUNKS…]`: makes a vault of so many chunks a size
//! (all different, 100,000 a machine), removes one machine's point of 100,000 chunks of which
//! every fourth is shared with another's, and collects. Prints time, processor time, peak
//! memory of the collection, and the bytes copied.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::sync::Arc;
use std::time::Instant;

use base::{PointId, SystemRandom};
use vault::keys::{Passphrase, PassphraseCost, Unlock};
use vault::{
    CollectOptions, DiskWriter, Manifest, Phase, PointState, SPAN_CHUNKS, Session, Store,
    Surroundings, Vault, collect,
};

const CHUNK: usize = 16 << 10;
const OF_ONE: u64 = 100_000;

fn main() {
    let sizes: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![1_000_000]
    } else {
        sizes
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!("   chunks  garbage   wall s    cpu s  peak MiB  copied B  dropped packs  nodes");
    for chunks in sizes {
        runtime.block_on(one(chunks));
    }
}

async fn one(chunks: u64) {
    let folder = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or("/var/tmp".into()));
    let folder = folder.unwrap();
    let passphrase = Passphrase::new("bench").unwrap();
    let unlock = Unlock::Passphrase(passphrase.with_cost(PassphraseCost::LEAST).unwrap());
    let store = Store::local(folder.path()).unwrap();
    let made = vault::create(store, CHUNK as u32, &unlock, Surroundings::system()).await;
    let vault = Arc::new(made.unwrap().0);
    let gone = back_up(&vault, "gone", |i| i).await;
    back_up(
        &vault,
        "shares",
        |i| if i % 4 == 0 { i } else { OF_ONE + i },
    )
    .await;
    for machine in 2..chunks / OF_ONE {
        back_up(&vault, &machine.to_string(), |i| (machine + 1) * OF_ONE + i).await;
    }
    vault.remove_points(&[gone]).await.unwrap();
    // With fresh eyes, as another process has them.
    let locked = vault::Locked::open(vault.store().clone()).await.unwrap();
    let ring = Arc::clone(vault.ring());
    drop(vault);
    let vault = Arc::new(locked.open_with(ring, Surroundings::system()).unwrap());
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let base = status("VmRSS");
    let (start, cpu) = (Instant::now(), cpu());
    let done = collect(&vault, &CollectOptions::default()).await.unwrap();
    let f = done.figures;
    println!(
        "{chunks:9} {:8} {:8.2} {:8.2} {:9} {:9} {:14} {:6}",
        f.garbage_records,
        start.elapsed().as_secs_f64(),
        self::cpu() - cpu,
        (status("VmHWM") - base.min(64 << 10)) >> 10,
        f.copied,
        f.packs_dropped + f.packs_copied,
        f.nodes,
    );
}

async fn back_up(vault: &Arc<Vault>, machine: &str, number: impl Fn(u64) -> u64) -> PointId {
    let key = vault.machine_key(machine);
    let session = Session::open(vault, key, Phase::Snapshot).await.unwrap();
    let size = OF_ONE * CHUNK as u64;
    let mut writer = DiskWriter::new(&session, vault.disk_key(machine, "vda"), size, None);
    let mut at = 0;
    while at < OF_ONE {
        let count = SPAN_CHUNKS.min(OF_ONE - at);
        let mut data = writer
            .buffers()
            .take(usize::try_from(count).unwrap() * CHUNK);
        data.fill(b'.');
        for (chunk, i) in data.chunks_mut(CHUNK).zip(at..) {
            chunk[..8].copy_from_slice(&(number(i) + 1).to_le_bytes());
        }
        writer.put(at * CHUNK as u64, data).await.unwrap();
        at += count;
    }
    let (root, _) = writer.finish().await.unwrap();
    let manifest = Manifest {
        point: PointId::new(&SystemRandom),
        machine: key,
        created_at: "2026-01-02T03:04:05Z".into(),
        state: PointState::Whole,
        disks: vec![root],
    };
    session.commit(&manifest, b"x").await.unwrap();
    manifest.point
}

/// Processor seconds of this process so far.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11..13]
        .iter()
        .map(|t| t.parse::<f64>().unwrap())
        .sum();
    ticks / 100.0
}

/// KiB of memory.
fn status(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
