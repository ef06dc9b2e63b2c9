//! Work for the processor, off the threads that wait for input and output.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

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

type Job = Box<dyn FnOnce() + Send>;

/// One thread for each processor, for as long as the process lives.
static THREADS: LazyLock<Sender<Job>> = LazyLock::new(|| {
    let (jobs, queue) = mpsc::channel();
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
        let queue = Arc::clone(&queue);
        thread::spawn(move || while next(&queue).map(|job| job()).is_some() {});
    }
    jobs
});

fn next(queue: &Mutex<Receiver<Job>>) -> Option<Job> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    queue.recv().ok()
}

/// Runs `work` that takes milliseconds and waits for nothing: compressing, sealing, hashing.
/// There are as many threads for it as processors, however much is asked at once, since each
/// keeps a compressor and what the allocator sets aside for it. If the future is dropped the
/// work still runs to its end, and its result is dropped.
pub(crate) async fn brief<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    if IN_PLACE.get() {
        return work();
    }
    let (tell, done) = oneshot::channel();
    let job = move || {
        // Nobody may be waiting any more.
        let _ = tell.send(catch_unwind(AssertUnwindSafe(work)));
    };
    THREADS.send(Box::new(job)).expect("the threads never end");
    match done.await.expect("every job is done, and tells") {
        Ok(value) => value,
        Err(panic) => resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn brief_work_is_done_by_few_threads_and_all_of_it() {
        let jobs = (0..200u32).map(|n| brief(move || (n, thread::current().id())));
        let done = futures::future::join_all(jobs).await;
        assert!(done.iter().map(|d| d.0).eq(0..200));
        let threads: std::collections::HashSet<_> = done.iter().map(|d| d.1).collect();
        let processors = thread::available_parallelism().unwrap().get();
        assert!(threads.len() <= processors, "{threads:?}");
    }

    #[tokio::test]
    async fn a_panic_comes_to_who_asked_and_leaves_the_threads_alive() {
        for _ in 0..20 {
            let asked = tokio::spawn(brief(|| panic!("on purpose")));
            assert!(asked.await.unwrap_err().is_panic());
        }
        assert_eq!(brief(|| 7).await, 7);
    }
}
