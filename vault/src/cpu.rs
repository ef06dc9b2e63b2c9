//! Work for the processor, off the threads that wait for input and output.

/// Runs `work` on tokio's blocking pool. Callers bound how much they start at a time. If the
/// future is dropped the work still runs to its end, and its result is dropped.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(e) => std::panic::resume_unwind(e.into_panic()),
    }
}
