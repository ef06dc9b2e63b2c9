//! A store that fails, loses answers or breaks its word when told to.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The operation is not done and fails.
    Fail,
    /// The operation is done, but its answer is lost.
    LoseAnswer,
    /// This operation and all after it fail: the store is gone.
    Die,
    /// The store goes away after doing this operation and before answering.
    DieAfter,
}

/// What others do between two operations.
pub type Aside = BoxFuture<'static, ()>;

#[derive(Default)]
struct Plan {
    operations: usize,
    fault: Option<(usize, How)>,
    puts_only: bool,
    overwrite: bool,
    delay: bool,
    /// Done before the n-th operation.
    aside: Option<(usize, Aside)>,
}

/// A store that does what `inner` does until told otherwise.
#[derive(Clone)]
pub struct Faulty {
    inner: Arc<dyn ObjectStore>,
    plan: Arc<Mutex<Plan>>,
}

impl Faulty {
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self {
            inner,
            plan: Arc::default(),
        }
    }

    pub fn memory() -> Self {
        Self::new(Arc::new(object_store::memory::InMemory::new()))
    }

    pub fn store(&self) -> vault::Store {
        vault::Store::new(Arc::new(self.clone()))
    }

    /// The store below, which does not fail.
    pub fn sound(&self) -> vault::Store {
        vault::Store::new(Arc::clone(&self.inner))
    }

    /// Goes wrong at the `at`-th operation from now, counted from 0.
    pub fn plan(&self, at: usize, how: How) {
        *self.plan.lock().unwrap() = Plan {
            fault: Some((at, how)),
            ..Plan::default()
        };
    }

    /// Goes wrong at the `at`-th put from now.
    pub fn plan_put(&self, at: usize, how: How) {
        *self.plan.lock().unwrap() = Plan {
            fault: Some((at, how)),
            puts_only: true,
            ..Plan::default()
        };
    }

    /// Lets others do something before the `at`-th operation from now.
    pub fn plan_aside(&self, at: usize, aside: Aside) {
        *self.plan.lock().unwrap() = Plan {
            aside: Some((at, aside)),
            ..Plan::default()
        };
    }

    /// Works well from now on; gives the number of operations counted since the last plan.
    pub fn heal(&self) -> usize {
        std::mem::take(&mut *self.plan.lock().unwrap()).operations
    }

    /// Lets puts-if-absent replace what is there.
    pub fn overwrite(&self) {
        self.plan.lock().unwrap().overwrite = true;
    }

    /// Answers late, so that operations overlap.
    pub fn delay(&self) {
        self.plan.lock().unwrap().delay = true;
    }

    async fn next(&self, is_put: bool) -> Option<How> {
        let (how, delay, aside) = {
            let mut plan = self.plan.lock().unwrap();
            let now = plan.operations;
            let aside = plan.aside.take_if(|(at, _)| *at == now);
            let mut how = None;
            if is_put || !plan.puts_only {
                let n = plan.operations;
                plan.operations += 1;
                how = plan.fault.and_then(|(at, how)| match how {
                    How::Die if n >= at => Some(how),
                    How::DieAfter if n > at => Some(How::Die),
                    _ => (n == at).then_some(how),
                });
            }
            (how, plan.delay.then_some(plan.operations), aside)
        };
        if let Some((_, aside)) = aside {
            aside.await;
        }
        if let Some(n) = delay {
            tokio::time::sleep(Duration::from_micros(n as u64 * 7919 % 1500)).await;
        }
        how
    }

    async fn around<T>(
        &self,
        is_put: bool,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        match self.next(is_put).await {
            None => work.await,
            Some(How::LoseAnswer | How::DieAfter) => {
                let _ = work.await;
                Err(broken())
            }
            Some(_) => Err(broken()),
        }
    }
}

fn broken() -> object_store::Error {
    object_store::Error::Generic {
        store: "Faulty",
        source: "the store is broken".into(),
    }
}

impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Faulty")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        mut opts: PutOptions,
    ) -> Result<PutResult> {
        if self.plan.lock().unwrap().overwrite {
            opts.mode = PutMode::Overwrite;
        }
        self.around(true, self.inner.put_opts(location, payload, opts))
            .await
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        panic!("a put of several parts can't be conditional");
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.around(false, self.inner.get_opts(location, options))
            .await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.around(false, self.inner.get_ranges(location, ranges))
            .await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        locations
            .then(move |location| {
                let this = this.clone();
                async move {
                    let location = location?;
                    this.around(false, this.inner.delete(&location)).await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (this, prefix) = (self.clone(), prefix.cloned());
        futures::stream::once(async move {
            let all: Result<Vec<_>> = this
                .around(false, this.inner.list(prefix.as_ref()).try_collect())
                .await;
            futures::stream::iter(match all {
                Ok(all) => all.into_iter().map(Ok).collect(),
                Err(e) => vec![Err(e)],
            })
        })
        .flatten()
        .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        panic!("a vault copies no objects");
    }
}
