//! Buffers that go round between reading and writing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::SPANS_IN_FLIGHT;

/// Bytes of buffers kept for later.
const BUFFERS_KEPT: usize = (2 * SPANS_IN_FLIGHT) << 20;

/// Buffers that go round between reading and writing, so that a backup touches the same few
/// megabytes of memory again and again. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    /// A buffer of `len` bytes of any contents.
    #[must_use]
    pub fn take(&self, len: usize) -> Vec<u8> {
        let mut buffer = self.lock().pop().unwrap_or_default();
        buffer.resize(len, 0);
        buffer
    }

    pub(super) fn give(&self, buffer: Vec<u8>) {
        let mut buffers = self.lock();
        let kept: usize = buffers.iter().map(Vec::capacity).sum();
        if kept + buffer.capacity() <= BUFFERS_KEPT {
            buffers.push(buffer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
