//! The machines of a run, and how their disks change.

use std::sync::Arc;

use vault::{DiskRoot, DiskWriter, SPAN_CHUNKS, Session, Vault};

use crate::dice::Dice;

/// The chunk size of a run's vault.
pub(crate) const CHUNK: usize = 16 << 10;

/// Machines and the sizes of their disks at the beginning, in chunks.
pub(crate) const MACHINES: [(&str, &[usize]); 3] =
    [("alpha", &[9, 3]), ("beta", &[262]), ("gamma", &[9])];

/// The contents of all disks, by machine.
pub(crate) type Disks = Vec<Vec<Arc<Vec<u8>>>>;

/// The disks as they are at the beginning.
pub(crate) fn new_disks(dice: &Dice) -> Disks {
    let seed = dice.next();
    let disk = |machine: usize, chunks: usize| {
        let mut disk = vec![0; chunks * CHUNK];
        for (i, chunk) in disk.chunks_mut(CHUNK).enumerate() {
            // The big one is nearly empty; two machines hold much the same.
            if chunks < 100 || i % 97 == 3 {
                let like = if machine == 2 { 0 } else { machine };
                chunk.fill(b'.');
                let mark = seed ^ ((like as u64) << 32 | i as u64);
                chunk[..8].copy_from_slice(&mark.to_le_bytes());
            }
        }
        Arc::new(disk)
    };
    let machine =
        |(m, (_, sizes)): (usize, &(&str, &[usize]))| sizes.iter().map(|s| disk(m, *s)).collect();
    MACHINES.iter().enumerate().map(machine).collect()
}

fn noise(seed: u64, out: &mut [u8]) {
    let mut hash = blake3::Hasher::new();
    hash.update(&seed.to_le_bytes()).finalize_xof().fill(out);
}

/// Lets a machine work on one of its disks; `other` is what it may copy from.
pub(crate) fn change(dice: &Dice, disk: &mut Arc<Vec<u8>>, other: &Arc<Vec<u8>>) {
    let what = dice.below(16);
    if what == 0 {
        *disk = Arc::clone(other);
        return;
    }
    let disk = Arc::make_mut(disk);
    let len = disk.len();
    let range = |most: usize| {
        let at = dice.place(len + 1);
        at..(at + dice.place(most)).min(len)
    };
    match what {
        1 => {
            let sizes = [1, 5000, 3 * CHUNK, 9 * CHUNK + 100, 17 * CHUNK, 257 * CHUNK];
            let size = *dice.pick(&sizes);
            // A long one stays mostly empty.
            disk.resize(size, 0);
        }
        2 | 3 => disk[range(5 * CHUNK)].fill(0),
        4..=6 => noise(dice.next(), &mut disk[range(2 * CHUNK)]),
        7 => {
            let fill = if dice.chance(5000) { 1 } else { 2 };
            disk[range(3 * CHUNK)].fill(fill);
        }
        _ => {
            for _ in 0..=dice.below(3) {
                let at = dice.place(len / 4096 + 1) * 4096;
                let end = (at + 20).min(len);
                if at < end {
                    noise(dice.next(), &mut disk[at..end]);
                }
            }
        }
    }
}

/// Writes a disk into a session, with pauses by `pause`. With a base, its root and its bytes,
/// only chunks that differ are put; `all` puts every one nevertheless.
pub(crate) async fn write_disk<F: Future<Output = ()>>(
    session: &Arc<Session>,
    key: vault::MachineKey,
    bytes: &[u8],
    base: Option<(&DiskRoot, &[u8])>,
    all: bool,
    pause: impl Fn() -> F,
) -> base::Result<DiskRoot> {
    let mut writer = DiskWriter::new(session, key, bytes.len() as u64, base.map(|b| b.0));
    let span = CHUNK * SPAN_CHUNKS as usize;
    let changed = |at: usize| -> bool {
        let end = (at + CHUNK).min(bytes.len());
        // What lies at the end of either is put after a resize.
        base.is_none_or(|(_, old)| all || old.get(at..at + CHUNK) != Some(&bytes[at..end]))
            && base.is_none_or(|(_, old)| {
                all || old.len() != bytes.len() || old[at..end] != bytes[at..end]
            })
    };
    for start in (0..bytes.len()).step_by(span) {
        let stop = (start + span).min(bytes.len());
        let mut at = start;
        while at < stop {
            if !changed(at) {
                at += CHUNK;
                continue;
            }
            let first = at;
            while at < stop && changed(at) {
                at += CHUNK;
            }
            let data = &bytes[first..at.min(stop)];
            if block::is_zero(data) && (first / CHUNK).is_multiple_of(2) {
                writer.put_zero(first as u64, data.len() as u64).await?;
            } else {
                let mut buffer = writer.buffers().take(data.len());
                buffer.copy_from_slice(data);
                writer.put(first as u64, buffer).await?;
            }
        }
        pause().await;
    }
    Ok(writer.finish().await?.0)
}

/// The key of a machine's disk.
pub(crate) fn disk_key(vault: &Vault, machine: usize, disk: usize) -> vault::MachineKey {
    vault.disk_key(MACHINES[machine].0, &format!("disk{disk}"))
}
