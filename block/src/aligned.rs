//! Memory at an address that the kernel reads and writes past the page cache.

use std::ops::Deref;

use bytes::Bytes;

/// What offsets, lengths and memory are aligned to: enough for any disk with blocks of 4 KiB.
pub(crate) const BLOCK: usize = 4096;

/// Bytes that begin at a multiple of 4 KiB in memory.
#[derive(Debug)]
pub struct Aligned {
    bytes: Vec<u8>,
    from: usize,
}

impl Aligned {
    /// None yet, with room for so many bytes.
    #[must_use]
    pub fn with_capacity(len: usize) -> Self {
        let mut bytes: Vec<u8> = Vec::with_capacity(len + BLOCK);
        let from = bytes.as_ptr().align_offset(BLOCK).min(BLOCK);
        bytes.resize(from, 0);
        Self { bytes, from }
    }

    /// These bytes.
    #[must_use]
    pub fn copy(data: &[u8]) -> Self {
        let mut all = Self::with_capacity(data.len());
        all.fill(data);
        all
    }

    /// Has these bytes in place of those before.
    ///
    /// # Panics
    /// If there is no room for them: the bytes would move.
    pub fn fill(&mut self, data: &[u8]) {
        self.truncate(0);
        self.check_room(data.len());
        self.bytes.extend_from_slice(data);
    }

    /// Adds so many zeros and gives them, to be written over.
    ///
    /// # Panics
    /// If there is no room for them: the bytes would move.
    pub fn grow(&mut self, len: usize) -> &mut [u8] {
        self.check_room(len);
        let at = self.bytes.len();
        self.bytes.resize(at + len, 0);
        &mut self.bytes[at..]
    }

    fn check_room(&self, len: usize) {
        let room = self.bytes.capacity() - self.bytes.len();
        assert!(len <= room, "no room is left");
    }

    /// Keeps the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(self.from + len);
    }
}

impl Deref for Aligned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.from..]
    }
}

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Aligned> for Bytes {
    fn from(aligned: Aligned) -> Self {
        Self::from_owner(aligned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_aligned_while_it_grows() {
        let mut some = Aligned::with_capacity(3 * BLOCK);
        for n in 1..=3 {
            some.grow(BLOCK).fill(n);
            assert_eq!(some.as_ptr().align_offset(BLOCK), 0);
        }
        some.truncate(2 * BLOCK + 1);
        let bytes = Bytes::from(some);
        assert_eq!(bytes.as_ptr().align_offset(BLOCK), 0);
        assert_eq!((bytes[0], bytes[BLOCK], bytes[2 * BLOCK]), (1, 2, 3));
        assert_eq!(bytes.len(), 2 * BLOCK + 1);
    }

    #[test]
    #[should_panic = "no room"]
    fn it_never_moves() {
        Aligned::with_capacity(1).grow(2 * BLOCK);
    }
}
