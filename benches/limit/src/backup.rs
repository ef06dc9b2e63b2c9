//! The bare backup.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::aead::Aad;

use crate::store::{self, CHUNK, Place, SPAN, Store, lock};

type Chunk = (u64, [u8; 32], Place);

/// Backs up the images one after another.
pub(crate) fn run(vault: &Path, images: &[&str]) -> Result<()> {
    let store = Store::create(vault)?;
    let mut last = (Vec::new(), 0);
    for image in images {
        let started = Instant::now();
        let before = store.len();
        last = one(&store, image).with_context(|| (*image).to_owned())?;
        store.flush()?;
        let seconds = started.elapsed().as_secs_f64();
        println!("{seconds:.4} {}", store.len() - before);
    }
    write_map(vault, &last.0, last.1)
}

fn one(store: &Store, image: &str) -> Result<(Vec<Chunk>, u64)> {
    let (path, list) = match image.split_once(':') {
        Some((path, list)) => (path, Some(list)),
        None => (image, None),
    };
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let spans = spans(size, list)?;
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Vec::new());
    let work = || -> Result<()> {
        let mut worker = Worker::new(store)?;
        while let Some((offset, len)) = spans.get(next.fetch_add(1, Ordering::Relaxed)) {
            worker.span(&file, *offset, *len)?;
        }
        lock(&all).append(&mut worker.chunks);
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..store::threads()).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|t| t.join().map_err(|_| anyhow!("a thread died"))?)
    })?;
    Ok((all.into_inner().unwrap_or_default(), size))
}

/// What to look at, in whole chunks, cut into spans.
fn spans(size: u64, list: Option<&str>) -> Result<Vec<(u64, usize)>> {
    let chunk = CHUNK as u64;
    let mut extents = vec![(0, size)];
    if let Some(list) = list {
        extents.clear();
        for line in std::fs::read_to_string(list)?.lines() {
            let (offset, len) = line.split_once(' ').context("a list of `offset length`")?;
            let (offset, len): (u64, u64) = (offset.parse()?, len.parse()?);
            let start = offset / chunk * chunk;
            extents.push((start, (offset + len).next_multiple_of(chunk).min(size)));
        }
    }
    let mut out = Vec::new();
    for (mut at, end) in extents {
        while at < end {
            let len = (end - at).min(SPAN * chunk);
            out.push((at, usize::try_from(len)?));
            at += len;
        }
    }
    Ok(out)
}

struct Worker<'a> {
    store: &'a Store,
    key: aws_lc_rs::aead::LessSafeKey,
    zstd: zstd::bulk::Compressor<'static>,
    buffer: Vec<u8>,
    sealed: Vec<u8>,
    chunks: Vec<Chunk>,
}

impl<'a> Worker<'a> {
    fn new(store: &'a Store) -> Result<Self> {
        Ok(Self {
            store,
            key: store::key()?,
            zstd: zstd::bulk::Compressor::new(3)?,
            buffer: vec![0; CHUNK * SPAN as usize],
            sealed: Vec::with_capacity(zstd::zstd_safe::compress_bound(CHUNK) + 16),
            chunks: Vec::new(),
        })
    }

    fn span(&mut self, file: &File, offset: u64, len: usize) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        file.read_exact_at(&mut buffer[..len], offset)?;
        for (i, chunk) in buffer[..len].chunks(CHUNK).enumerate() {
            if !is_zero(chunk) {
                let slot = offset / CHUNK as u64 + i as u64;
                let (id, place) = self.chunk(chunk)?;
                self.chunks.push((slot, id, place));
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    fn chunk(&mut self, chunk: &[u8]) -> Result<([u8; 32], Place)> {
        let id = *blake3::hash(chunk).as_bytes();
        if let Some(place) = self.store.find(&id) {
            return Ok((id, place));
        }
        self.zstd.compress_to_buffer(chunk, &mut self.sealed)?;
        let raw = self.sealed.len() >= chunk.len();
        if raw {
            self.sealed.clear();
            self.sealed.extend_from_slice(chunk);
        }
        self.key
            .seal_in_place_append_tag(store::nonce(&id)?, Aad::empty(), &mut self.sealed)
            .map_err(|_| anyhow!("sealing"))?;
        Ok((id, self.store.add(id, &self.sealed, raw)?))
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0) && bytes[..bytes.len() - 1] == bytes[1..]
}

/// Where each chunk of the image is: size, then slot, id, offset, length, raw.
fn write_map(vault: &Path, chunks: &[Chunk], size: u64) -> Result<()> {
    let mut out = BufWriter::new(File::create(store::map_path(vault))?);
    out.write_all(&size.to_le_bytes())?;
    for (slot, id, place) in chunks {
        out.write_all(&slot.to_le_bytes())?;
        out.write_all(id)?;
        out.write_all(&place.offset.to_le_bytes())?;
        out.write_all(&place.len.to_le_bytes())?;
        out.write_all(&[u8::from(place.raw)])?;
    }
    Ok(out.flush()?)
}
