//! Ending a target that does not return.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

type Running = Arc<Mutex<(Option<Instant>, Vec<u8>)>>;

/// A thread that ends the process when an input takes too long.
pub(super) struct Watch {
    running: Running,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Watch {
    pub(super) fn start(name: &str, patience: Duration) -> Self {
        let running = Running::default();
        let (stop, stopped) = channel::<()>();
        let (watched, name) = (Arc::clone(&running), name.to_owned());
        let thread = std::thread::spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(patience / 8) {
                let now = watched.lock().unwrap_or_else(PoisonError::into_inner);
                if now.0.is_some_and(|since| since.elapsed() > patience) {
                    let what = format!("did not return within {} s", patience.as_secs());
                    // The test's own output may be captured and lost; this is not.
                    eprintln!("{}", super::complaint(&name, &what, &now.1));
                    std::process::exit(101);
                }
            }
        });
        Self {
            running,
            thread: Some((stop, thread)),
        }
    }

    /// An input is about to be tried.
    pub(super) fn begin(&self, input: &[u8]) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.1.clear();
        running.1.extend_from_slice(input);
        running.0 = Some(Instant::now());
    }

    /// The target has returned.
    pub(super) fn end(&self) {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0 = None;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
