//! ^C: once to end in good order, twice to end at once.

use base::{Code, Error, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The wish to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(CancellationToken);

impl Interrupt {
    /// Listens for ^C and for the signal to end from now on.
    ///
    /// # Errors
    /// `Internal` if the system refuses.
    pub fn listen(&self) -> Result<()> {
        let refused = |e| Error::new(Code::Internal, "listening for signals").because(e);
        let mut interrupts = signal(SignalKind::interrupt()).map_err(refused)?;
        let mut ends = signal(SignalKind::terminate()).map_err(refused)?;
        let token = self.0.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupts.recv() => {}
                _ = ends.recv() => {}
            }
            token.cancel();
            interrupts.recv().await;
            std::process::exit(130);
        });
        Ok(())
    }

    /// For work that ends itself in good order.
    pub fn token(&self) -> &CancellationToken {
        &self.0
    }

    /// Runs work that may be dropped at any moment.
    ///
    /// # Errors
    /// `Cancelled`; those of the work.
    pub async fn over<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.0.cancelled() => Err(Error::new(Code::Cancelled, "interrupted")),
            done = work => done,
        }
    }
}
