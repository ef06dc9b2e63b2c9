//! What the bare vault is: sealed chunks one after another in a file, and beside it where the
//! last image's chunks are.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, Nonce, UnboundKey};

/// Bytes of a chunk.
pub(crate) const CHUNK: usize = 64 << 10;
/// Chunks that a thread takes at a time.
pub(crate) const SPAN: u64 = 16;

/// Where a sealed chunk is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) len: u32,
    /// Stored as it is, not compressed.
    pub(crate) raw: bool,
}

/// The vault being written.
pub(crate) struct Store {
    out: Mutex<(BufWriter<File>, u64)>,
    known: Vec<Mutex<HashMap<[u8; 32], Place>>>,
}

impl Store {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self {
            out: Mutex::new((BufWriter::with_capacity(4 << 20, file), 0)),
            known: (0..64).map(|_| Mutex::default()).collect(),
        })
    }

    pub(crate) fn find(&self, id: &[u8; 32]) -> Option<Place> {
        lock(&self.known[usize::from(id[0]) % 64]).get(id).copied()
    }

    pub(crate) fn add(&self, id: [u8; 32], sealed: &[u8], raw: bool) -> Result<Place> {
        let mut out = lock(&self.out);
        let place = Place {
            offset: out.1,
            len: u32::try_from(sealed.len())?,
            raw,
        };
        out.0.write_all(sealed)?;
        out.1 += sealed.len() as u64;
        drop(out);
        lock(&self.known[usize::from(id[0]) % 64]).insert(id, place);
        Ok(place)
    }

    /// Bytes stored so far.
    pub(crate) fn len(&self) -> u64 {
        lock(&self.out).1
    }

    pub(crate) fn flush(&self) -> Result<()> {
        Ok(lock(&self.out).0.flush()?)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The one key of this vault, which keeps nothing secret.
pub(crate) fn key() -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, &[7; 32]);
    Ok(LessSafeKey::new(key.ok().context("a key")?))
}

/// A chunk's nonce, from its id.
pub(crate) fn nonce(id: &[u8; 32]) -> Result<Nonce> {
    Nonce::try_assume_unique_for_key(&id[..12])
        .ok()
        .context("a nonce")
}

/// Where the map of the image is kept.
pub(crate) fn map_path(vault: &Path) -> PathBuf {
    vault.with_extension("map")
}

/// Threads to work with.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}
