//! The requests in flight on a connection, and why it ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base::{Code, Error, Result};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, oneshot};

use super::reply::{Answer, Failure, Reply};
use super::wire::violation;

/// A promise that lasts until a request is answered, also when its caller has gone.
pub(super) type Hold = Arc<OwnedMutexGuard<()>>;
/// Where an answer arrives.
pub(super) type Waiter = oneshot::Receiver<Result<Answer, Failure>>;

/// The requests in flight.
#[derive(Debug, Default)]
pub(super) struct Table(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    pending: HashMap<u64, Pending>,
    next: u64,
    /// Why there is no connection any more.
    closed: Option<(Code, String)>,
}

/// A request in flight.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) reply: Reply,
    pub(super) waiter: oneshot::Sender<Result<Answer, Failure>>,
    /// A place among the requests in flight, given back with the answer.
    #[expect(dead_code, reason = "held, not used")]
    pub(super) slot: Option<OwnedSemaphorePermit>,
    #[expect(dead_code, reason = "held, not used")]
    pub(super) hold: Option<Hold>,
}

impl Table {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // No code panics while it holds the lock with the state half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out the request that a reply names.
    pub(super) fn take(&self, cookie: u64) -> Result<Pending> {
        let pending = self.lock().pending.remove(&cookie);
        pending.ok_or_else(|| violation("a reply to a request that was not made"))
    }

    /// Puts a request back whose reply is not complete; unless all has ended meanwhile,
    /// when nobody would answer it.
    pub(super) fn put_back(&self, cookie: u64, pending: Pending) {
        let mut state = self.lock();
        if state.closed.is_none() {
            state.pending.insert(cookie, pending);
        }
    }

    /// Ends everything; the first reason given stays.
    pub(super) fn close(&self, why: &Error) {
        let mut state = self.lock();
        let reason = (why.code(), why.detail().to_owned());
        state.closed.get_or_insert(reason);
        // Waiters learn it by their channel's end.
        let pending = std::mem::take(&mut state.pending);
        drop(state);
        drop(pending);
    }

    /// Why there is no connection any more, if so.
    pub(super) fn why_closed(&self) -> Option<Error> {
        let state = self.lock();
        let (code, detail) = state.closed.as_ref()?;
        Some(Error::new(*code, detail.clone()))
    }

    /// Adds a request and gives its cookie.
    pub(super) fn add(&self, pending: Pending) -> Result<u64> {
        let mut state = self.lock();
        if let Some((code, detail)) = &state.closed {
            return Err(Error::new(*code, detail.clone()));
        }
        let cookie = state.next;
        state.next += 1;
        state.pending.insert(cookie, pending);
        Ok(cookie)
    }
}
