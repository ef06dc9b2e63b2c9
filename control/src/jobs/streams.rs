//! How many follow jobs at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The most streams of progress that are open at once.
const ALL: usize = 256;
/// The most of one principal: nobody keeps the others from following.
const OF_ONE: usize = 32;

/// The streams that are open.
#[derive(Debug)]
pub(crate) struct Streams {
    all: Arc<Semaphore>,
    of: Mutex<HashMap<Uuid, Arc<Semaphore>>>,
    ending: CancellationToken,
}

/// A stream's place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_one: OwnedSemaphorePermit,
}

impl Streams {
    pub(crate) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(ALL)),
            of: Mutex::default(),
            ending: CancellationToken::new(),
        }
    }

    /// A place for one more stream of a principal, if there is one.
    pub(crate) fn place(&self, who: Uuid) -> Option<Place> {
        let of_one = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            of.retain(|_, places| places.available_permits() < OF_ONE);
            let places = of.entry(who);
            Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(OF_ONE))))
        };
        Some(Place {
            _of_one: of_one.try_acquire_owned().ok()?,
            _of_all: Arc::clone(&self.all).try_acquire_owned().ok()?,
        })
    }

    /// Ends them all: the server ends.
    pub(crate) fn end(&self) {
        self.ending.cancel();
    }

    /// Done when they are to end.
    pub(crate) async fn ended(&self) {
        self.ending.cancelled().await;
    }
}
