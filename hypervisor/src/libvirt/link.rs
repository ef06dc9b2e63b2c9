//! The way to the daemon: calls with a deadline, off the caller's thread, over a connection
//! that is opened anew when the daemon was restarted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Code, Error, Result};
use tokio::sync::oneshot;

use super::ffi::{self, Connection, Domain, LibvirtError};

/// A connection that mends itself. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Link {
    uri: Arc<str>,
    current: Arc<Mutex<Option<Arc<Connection>>>>,
}

/// How long a call may take that asks or changes little.
pub(super) const SHORT: Duration = Duration::from_secs(30);
/// How long a call may take that makes QEMU work.
pub(super) const LONG: Duration = Duration::from_secs(90);

impl Link {
    pub(super) fn new(uri: &str) -> Self {
        Self {
            uri: uri.into(),
            current: Arc::default(),
        }
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// Runs `work` with a live connection, on a thread of its own, and waits at most `limit`.
    /// A daemon that went away is called anew once if `work` failed for that; so `work` must
    /// be fit to run twice. Dropping the future leaves `work` to end by itself.
    ///
    /// # Errors
    /// Those of `work`; `HypervisorUnavailable` if the daemon does not answer in time.
    pub(super) async fn call<T, F>(&self, limit: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static,
    {
        let link = self.clone();
        let (tell, told) = oneshot::channel();
        // Not `spawn_blocking`: a daemon that hangs must not hold the runtime's end.
        std::thread::Builder::new()
            .name("libvirt".into())
            .spawn(move || {
                let _ = tell.send(link.run(&work));
            })
            .map_err(|e| Error::io("start a thread for libvirt", e))?;
        match tokio::time::timeout(limit, told).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::new(Code::Internal, "a call of libvirt panicked")),
            Err(_) => Err(Error::new(
                Code::HypervisorUnavailable,
                format!("libvirt at {} gave no answer within {limit:?}", self.uri),
            )),
        }
    }

    /// As [`Link::call`], with the domain of this UUID.
    pub(super) async fn domain<T, F>(&self, uuid: &str, limit: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Domain) -> Result<T, LibvirtError> + Send + 'static,
    {
        let uuid = uuid.to_owned();
        self.call(limit, move |conn| {
            Ok(conn.domain_by_uuid(&uuid).and_then(|d| work(&d))?)
        })
        .await
    }

    /// As [`Link::domain`], for work that must not be run twice.
    pub(super) async fn domain_once<T, F>(&self, uuid: &str, limit: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Domain) -> Result<T, LibvirtError> + Send + 'static,
    {
        let work = Mutex::new(Some(work));
        self.domain(uuid, limit, move |d| {
            let mut work = work.lock().unwrap_or_else(PoisonError::into_inner);
            match work.take() {
                Some(work) => work(d),
                None => Err(LibvirtError::lost()),
            }
        })
        .await
    }

    fn run<T>(&self, work: &impl Fn(&Connection) -> Result<T>) -> Result<T> {
        let (conn, fresh) = self.connection()?;
        match work(&conn) {
            Err(_) if !fresh && !conn.is_alive() => {
                self.forget(&conn);
                work(&self.connection()?.0)
            }
            other => other,
        }
    }

    /// The connection, and whether it was opened just now.
    fn connection(&self) -> Result<(Arc<Connection>, bool)> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(conn) = current.as_ref().filter(|c| c.is_alive()) {
            return Ok((conn.clone(), false));
        }
        let conn = Arc::new(Connection::open(&self.uri)?);
        *current = Some(conn.clone());
        Ok((conn, true))
    }

    fn forget(&self, dead: &Arc<Connection>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|c| Arc::ptr_eq(c, dead)) {
            *current = None;
        }
    }
}

/// Whether `error` says that the thing asked for is not there, which many callers expect.
pub(super) fn is(error: &LibvirtError, number: i32) -> bool {
    error.number == number
}

/// `None` for errors of this number.
pub(super) fn absent<T>(result: ffi::Result<T>, number: i32) -> ffi::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if is(&e, number) => Ok(None),
        Err(e) => Err(e),
    }
}
