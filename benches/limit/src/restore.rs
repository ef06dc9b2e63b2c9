//! The bare restore.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use aws_lc_rs::aead::Aad;

use crate::store::{self, CHUNK, Place, SPAN, map_path};

/// Restores the vault's last image.
pub(crate) fn run(vault: &Path, image: &Path) -> Result<()> {
    let sealed = std::fs::read(vault)?;
    let (size, chunks) = read_map(vault)?;
    let started = Instant::now();
    let file = File::create(image)?;
    file.set_len(size)?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        let key = store::key()?;
        let mut zstd = zstd::bulk::Decompressor::new()?;
        let (mut buffer, mut plain) = (Vec::new(), vec![0; CHUNK]);
        loop {
            let at = next.fetch_add(SPAN as usize, Ordering::Relaxed);
            let Some(part) = chunks.get(at..) else {
                return Ok(());
            };
            for (slot, id, place) in part.iter().take(SPAN as usize) {
                let start = usize::try_from(place.offset)?;
                buffer.clear();
                buffer.extend_from_slice(&sealed[start..start + place.len as usize]);
                let opened = key
                    .open_in_place(store::nonce(id)?, Aad::empty(), &mut buffer)
                    .map_err(|_| anyhow!("chunk {slot} does not open"))?;
                let contents = if place.raw {
                    &*opened
                } else {
                    let len = zstd.decompress_to_buffer(opened, plain.as_mut_slice())?;
                    &plain[..len]
                };
                ensure!(blake3::hash(contents).as_bytes() == id, "chunk {slot}");
                file.write_all_at(contents, slot * CHUNK as u64)?;
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..store::threads()).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|t| t.join().map_err(|_| anyhow!("a thread died"))?)
    })?;
    println!("{:.4} {}", started.elapsed().as_secs_f64(), sealed.len());
    Ok(())
}

/// Slot, id and place of a chunk.
type Entry = (u64, [u8; 32], Place);

/// The disk's size and its chunks, in order.
fn read_map(vault: &Path) -> Result<(u64, Vec<Entry>)> {
    let bytes = std::fs::read(map_path(vault))?;
    let (size, rest) = bytes.split_at_checked(8).context("a map")?;
    let mut chunks = Vec::new();
    for entry in rest.chunks_exact(53) {
        let place = Place {
            offset: u64::from_le_bytes(entry[40..48].try_into()?),
            len: u32::from_le_bytes(entry[48..52].try_into()?),
            raw: entry[52] == 1,
        };
        let slot = u64::from_le_bytes(entry[..8].try_into()?);
        chunks.push((slot, entry[8..40].try_into()?, place));
    }
    chunks.sort_unstable_by_key(|(slot, ..)| *slot);
    Ok((u64::from_le_bytes(size.try_into()?), chunks))
}
