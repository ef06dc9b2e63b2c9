//! Work for the processor, off the threads that wait for input and output.

use std::cell::Cell;

thread_local! {
    static IN_PLACE: Cell<bool> = const { Cell::new(false) };
}

/// For a simulation on one thread: from now on, work that this thread starts is done at once
/// and in place, so that its order does not depend on other threads.
pub fn work_in_place() {
    IN_PLACE.set(true);
}

/// Runs `work` on tokio's blocking pool. Callers bound how much they start at a time. If the
/// future is dropped the work still runs to its end, and its result is dropped.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    if IN_PLACE.get() {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(e) => std::panic::resume_unwind(e.into_panic()),
    }
}
