//! Memory for whole objects, used again.
//!
//! The system clears each page that it hands out and takes back. For packs, which come and go
//! by the second, that was a sixth of a check's processor time.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// Smaller ones are the allocator's business.
pub(crate) const LEAST: usize = 1 << 20;
/// Longer ones are not kept: only packs of other programs or a broken store have them.
const MOST: usize = 32 << 20;
/// So many are kept: as many as are on their way at the same time.
const KEPT: usize = 3;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn spare() -> MutexGuard<'static, Vec<Vec<u8>>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of which the memory is used again when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Large(Vec<u8>);

impl Large {
    /// An empty one, with memory that was used before if there is any.
    pub(crate) fn new() -> Self {
        Self(spare().pop().unwrap_or_default())
    }
}

impl From<Large> for Bytes {
    fn from(large: Large) -> Self {
        Self::from_owner(large)
    }
}

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Large {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Large {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0);
        if !(LEAST..=MOST).contains(&bytes.capacity()) {
            return;
        }
        bytes.clear();
        let mut spare = spare();
        if spare.len() < KEPT {
            spare.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again() {
        // Another test may take it in between, but not each time.
        let again = (0..100).any(|_| {
            let mut first = Large::new();
            first.reserve(LEAST);
            drop(first);
            Large::new().capacity() >= LEAST
        });
        assert!(again);
    }

    #[test]
    fn memory_comes_back_empty_when_the_last_part_of_it_is_dropped() {
        let mut first = Large::new();
        first.resize(LEAST, 7);
        let all: Bytes = first.into();
        let part = all.slice(5..9);
        drop(all);
        assert_eq!(*part, [7; 4]);
        drop(part);
        // Others may take it at the same time: what comes is empty in any case.
        let held: Vec<Large> = (0..2 * KEPT).map(|_| Large::new()).collect();
        assert!(held.iter().all(|l| l.is_empty()));
        drop(held);
        assert!(spare().len() <= KEPT);
    }
}
