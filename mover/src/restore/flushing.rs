//! Making durable while writing, so that little is left to wait for at the end.

use std::sync::Arc;

use base::{Code, Error, Result};
use block::BlockSink;
use tokio_util::task::AbortOnDropHandle;

/// A flush begins after so many bytes were written.
const EVERY: u64 = 128 << 20;

/// Flushes a sink in the background, one flush at a time.
pub(super) struct Flushing {
    sink: Arc<dyn BlockSink>,
    begun_at: u64,
    running: Option<AbortOnDropHandle<Result<()>>>,
}

impl Flushing {
    /// For a sink to which `written` bytes have been written.
    pub(super) fn new(sink: &Arc<dyn BlockSink>, written: u64) -> Self {
        Self {
            sink: Arc::clone(sink),
            begun_at: written,
            running: None,
        }
    }

    /// Says how much was written by now; begins a flush if it is time.
    ///
    /// # Errors
    /// Those of an earlier flush. None may be lost: a file tells of a failed write once, and
    /// a later flush would find all well.
    pub(super) async fn written(&mut self, written: u64) -> Result<()> {
        if written - self.begun_at < EVERY
            || self.running.as_ref().is_some_and(|r| !r.is_finished())
        {
            return Ok(());
        }
        self.settle().await?;
        self.begun_at = written;
        let sink = Arc::clone(&self.sink);
        let flush = tokio::spawn(async move { sink.flush().await });
        self.running = Some(AbortOnDropHandle::new(flush));
        Ok(())
    }

    /// Waits for the flush that runs.
    ///
    /// # Errors
    /// Its own.
    pub(super) async fn settle(&mut self) -> Result<()> {
        let Some(running) = self.running.take() else {
            return Ok(());
        };
        let died = |e| Error::new(Code::Internal, "flushing died").because(e);
        running.await.map_err(died)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use async_trait::async_trait;
    use block::{BlockSource, Extent, Run};

    use super::*;

    /// Its first flush fails, the others succeed, as after a write that the kernel lost.
    #[derive(Debug, Default)]
    struct Once(AtomicU64);

    #[async_trait]
    impl BlockSource for Once {
        fn size(&self) -> u64 {
            0
        }
        async fn read(&self, _: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
            Ok(buf)
        }
        async fn runs(&self, _: Extent) -> Result<Vec<Run>> {
            Ok(Vec::new())
        }
    }

    #[async_trait]
    impl BlockSink for Once {
        async fn write(&self, _: u64, _: &[u8]) -> Result<()> {
            Ok(())
        }
        async fn write_zeroes(&self, _: Extent) -> Result<()> {
            Ok(())
        }
        async fn flush(&self) -> Result<()> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Error::new(Code::Io, "lost")),
                _ => Ok(()),
            }
        }
    }

    #[tokio::test]
    async fn a_flush_that_failed_on_the_way_is_told_at_the_next_or_at_the_end() {
        for more in [None, Some(2 * EVERY)] {
            let once = Arc::new(Once::default());
            let sink: Arc<dyn BlockSink> = once.clone();
            let mut flushing = Flushing::new(&sink, 0);
            flushing.written(EVERY - 1).await.unwrap();
            assert_eq!(once.0.load(Ordering::Relaxed), 0);
            flushing.written(EVERY).await.unwrap();
            let mut told = Ok(());
            if let Some(more) = more {
                while once.0.load(Ordering::Relaxed) == 0 {
                    tokio::task::yield_now().await;
                }
                tokio::task::yield_now().await;
                told = flushing.written(more).await;
            }
            let told = told.and(flushing.settle().await);
            assert_eq!(told.unwrap_err().code(), Code::Io);
        }
    }
}
