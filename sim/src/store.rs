//! A host's way to a store: everything that can go wrong on it does, as the dice say.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::frozen::{below, get, get_each, list_folder, meta, refused};
use crate::host::Life;
use crate::world::{World, lock};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Well,
    Fails,
    AnswerLost,
    Late,
    Twice,
    /// The process is killed; whether the operation is done.
    Dies(bool),
}

/// A store as one process sees it.
#[derive(Clone)]
pub(crate) struct Remote {
    world: Arc<World>,
    life: Arc<Life>,
    store: usize,
}

impl Remote {
    pub(crate) fn store(world: &Arc<World>, life: &Arc<Life>, store: usize) -> vault::Store {
        vault::Store::new(Arc::new(Self {
            world: Arc::clone(world),
            life: Arc::clone(life),
            store,
        }))
    }

    fn fate(&self, changes: bool) -> Fate {
        let w = *lock(&self.world.weather);
        let dice = &self.world.dice;
        let at = dice.below(10_000);
        let mut until = 0;
        let mut is = |chance: u64| {
            let from = until;
            until += chance;
            (from..until).contains(&at)
        };
        if is(w.fail) {
            return Fate::Fails;
        }
        if is(w.die) {
            return Fate::Dies(dice.chance(5000));
        }
        if is(w.stall) {
            self.life.stall(dice.time(60 * DAY));
            return Fate::Well;
        }
        if is(w.outage) {
            let until = tokio::time::Instant::now() + dice.time(2 * DAY);
            self.world.place(self.store).down_until = Some(until);
            return Fate::Well;
        }
        if is(w.lost) {
            return Fate::AnswerLost;
        }
        if changes && is(w.late) {
            return Fate::Late;
        }
        if changes && is(w.twice) {
            return Fate::Twice;
        }
        Fate::Well
    }

    /// Does one operation: it waits its turn, reaches the store or does not, and is answered or
    /// not. What changes the store is on its own once it was sent: it is done even if nobody
    /// waits for the answer any more.
    async fn call<T: Send + 'static>(
        &self,
        what: &str,
        changes: bool,
        act: impl Fn(&World, usize) -> T + Send + Sync + 'static,
    ) -> Result<T> {
        let (world, store) = (&self.world, self.store);
        let fate = self.fate(changes);
        world.note(&format_args!("{} store {store} {what} {fate:?}", self.life));
        world.count(|s| s.operations += 1);
        sleep(self.world.dice.time(Duration::from_millis(40))).await;
        self.life.wait_out_stall().await;
        if self.life.is_over() {
            // Nobody is there to hear of it.
            std::future::pending::<()>().await;
        }
        if world.stopped() {
            return Err(broken("the run is over"));
        }
        let down = world.place(store).down_until;
        if down.is_some_and(|until| until > tokio::time::Instant::now()) {
            return Err(broken("the store is away"));
        }
        match fate {
            Fate::Fails => Err(broken("it failed")),
            Fate::Dies(done) => {
                if done {
                    act(world, store);
                }
                self.life.end();
                world.count(|s| s.kills += 1);
                std::future::pending().await
            }
            Fate::Late => {
                let (world, after) = (Arc::clone(world), world.dice.time(20 * DAY));
                tokio::spawn(async move {
                    sleep(after).await;
                    act(&world, store);
                });
                Err(broken("no answer came"))
            }
            Fate::Well | Fate::Twice | Fate::AnswerLost if changes => {
                let (answer, answered) = oneshot::channel();
                let there = Arc::clone(world);
                let way = world.dice.time(Duration::from_millis(60));
                let again = (fate == Fate::Twice).then(|| world.dice.time(20 * DAY));
                tokio::spawn(async move {
                    sleep(way).await;
                    let _ = answer.send(act(&there, store));
                    if let Some(after) = again {
                        sleep(after).await;
                        act(&there, store);
                    }
                });
                let done = answered.await;
                self.answered(done.map_err(|_| broken("the run is over")), fate)
                    .await
            }
            _ => {
                let done = act(world, store);
                self.answered(Ok(done), fate).await
            }
        }
    }

    async fn answered<T>(&self, done: Result<T>, fate: Fate) -> Result<T> {
        sleep(self.world.dice.time(Duration::from_millis(20))).await;
        self.life.wait_out_stall().await;
        if self.life.is_over() {
            std::future::pending::<()>().await;
        }
        match fate {
            Fate::AnswerLost => Err(broken("the answer was lost")),
            _ => done,
        }
    }
}

fn broken(what: &'static str) -> Error {
    Error::Generic {
        store: "simulated",
        source: what.into(),
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote({})", self.store)
    }
}

impl std::fmt::Display for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "simulated store {}", self.store)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Remote {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        if opts.mode != PutMode::Create {
            self.world.violated("a put that may replace an object");
            return Err(refused());
        }
        let (name, bytes) = (location.to_string(), Bytes::from(payload));
        let sum = blake3::hash(&bytes).to_hex();
        let what = format!("put {name} {} {}", bytes.len(), &sum[..8]);
        let path = name.clone();
        let put = move |world: &World, store: usize| world.put(store, &name, &bytes);
        let forget = lock(&self.world.weather).forget;
        let forgotten = forget > 0 && self.world.dice.chance(forget);
        if forgotten || self.call(&what, true, put).await? {
            return Ok(PutResult {
                e_tag: None,
                version: None,
                extensions: Default::default(),
            });
        }
        Err(Error::AlreadyExists {
            path,
            source: "there is one".into(),
        })
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(refused())
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let name = location.to_string();
        let what = format!("get {name} {:?} {}", options.range, options.head);
        let get =
            move |world: &World, store: usize| get(&world.place(store).objects, &name, &options);
        self.call(&what, false, get).await?
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        get_each(self, location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        let delete = move |location: Result<Path>| {
            let this = this.clone();
            async move {
                let location = location?;
                let name = location.to_string();
                let what = format!("delete {name}");
                let delete = move |world: &World, store: usize| world.delete(store, &name);
                this.call(&what, true, delete).await?;
                Ok(location)
            }
        };
        locations.then(delete).boxed()
    }

    /// In two pages: what is put in between may be in the second one.
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let this = self.clone();
        let prefix = prefix.map(ToString::to_string).unwrap_or_default();
        let list = async move {
            let page = |n: usize| {
                let prefix = prefix.clone();
                let what = format!("list {prefix} page {n}");
                let list =
                    move |world: &World, store: usize| below(&world.place(store).objects, &prefix);
                let this = this.clone();
                async move { this.call(&what, false, list).await }
            };
            let mut all = page(1).await?;
            if all.len() > 2 && this.world.dice.chance(3000) {
                all.truncate(1 + this.world.dice.place(all.len() - 1));
                let last = all.last().map(|a| a.0.clone()).unwrap_or_default();
                let second = page(2).await?;
                all.extend(second.into_iter().filter(|a| a.0 > last));
            }
            Ok::<_, Error>(all)
        };
        futures::stream::once(list)
            .flat_map(|all| {
                futures::stream::iter(match all {
                    Ok(all) => all.into_iter().map(|(n, s)| Ok(meta(&n, s))).collect(),
                    Err(e) => vec![Err(e)],
                })
            })
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        list_folder(self, prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(refused())
    }
}
