//! Work that blocks, in a thread of its own.

use base::{Code, Error, Result};

/// Does what blocks.
///
/// # Errors
/// `Internal` if it panics.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| Error::new(Code::Internal, "a thread died").because(e))
}
