//! A store that fails as told.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// A store in memory with room for so many bytes. Clones share it.
#[derive(Clone, Debug)]
pub struct Small {
    inner: Arc<InMemory>,
    room: Arc<AtomicI64>,
    puts: tokio::sync::watch::Sender<u64>,
}

impl Small {
    /// One with room for everything.
    pub fn new() -> Self {
        Self {
            inner: Arc::default(),
            room: Arc::new(AtomicI64::new(i64::MAX)),
            puts: tokio::sync::watch::Sender::new(0),
        }
    }

    /// Leaves room for so many more bytes.
    pub fn leave(&self, bytes: i64) {
        self.room.store(bytes, Ordering::Relaxed);
    }

    /// Waits until so many more packs were put.
    pub async fn packs(&self, more: u64) {
        let mut puts = self.puts.subscribe();
        let wanted = *puts.borrow() + more;
        puts.wait_for(|n| *n >= wanted).await.expect("we hold it");
    }
}

impl std::fmt::Display for Small {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a small store")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Small {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        let len = i64::try_from(payload.content_length()).unwrap();
        if self.room.fetch_sub(len, Ordering::Relaxed) < len {
            self.room.fetch_add(len, Ordering::Relaxed);
            return Err(object_store::Error::Generic {
                store: "Small",
                // ENOSPC
                source: Box::new(std::io::Error::from_raw_os_error(28)),
            });
        }
        let done = self.inner.put_opts(location, payload, opts).await;
        if location.as_ref().starts_with("packs/") {
            self.puts.send_modify(|n| *n += 1);
        }
        done
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        panic!("a put of several parts can't be conditional");
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        panic!("a vault copies no objects");
    }
}
