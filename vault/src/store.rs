//! A store: objects that are made once and never changed.
//!
//! A thin layer over `object_store`. Only put-if-absent is used to write; an answer that
//! never came, or that does not say whether the object was made, is settled by reading the
//! object back. Names are ours (`log/…`, `packs/…`); the prefix is the backend's business.

mod create;
mod durable;
mod local;

use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use base::{Code, Error, Random, Result, ResultExt};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
pub(crate) use local::LocalObject;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};

/// Ranges with at most so many bytes between them are read together.
const NEAR: u64 = 256 << 10;
/// Parts of one object read at the same time.
const SPANS_AT_ONCE: usize = 4;
/// Probes before a store is called unsafe.
const PROBES: usize = 3;

/// A file of a local store that is no object: space kept for collections.
pub(crate) const RESERVE: &str = "reserve";

/// What a put-if-absent did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object is there, with these bytes, and durable.
    Created,
    /// Another object was there before.
    Exists,
}

/// A place for objects.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    local: Option<PathBuf>,
    settled: Arc<durable::Settled>,
}

impl Store {
    /// The folder `path`, made if it is not there. Every put is durable when it returns: file,
    /// name and new folders are fsynced.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `NoSpace`, `Failed`: the folder can't be made or read.
    pub fn local(path: &FsPath) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(|e| Error::io(path.display(), e))?;
        let path = path
            .canonicalize()
            .map_err(|e| Error::io(path.display(), e))?;
        let inner = object_store::local::LocalFileSystem::new_with_prefix(&path)
            .map_err(|e| failed(&path.display().to_string(), e))?
            .with_fsync(true);
        Ok(Self {
            inner: Arc::new(inner),
            local: Some(path),
            settled: Arc::default(),
        })
    }

    /// An empty store in memory, for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(Arc::new(object_store::memory::InMemory::new()))
    }

    /// A store on any backend with conditional puts.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self {
            inner,
            local: None,
            settled: Arc::default(),
        }
    }

    /// The folder, if it is a local one.
    #[must_use]
    pub fn local_path(&self) -> Option<&FsPath> {
        self.local.as_deref()
    }

    /// Makes the object `name` unless one is there. If the call fails, nothing half-written is
    /// visible under the name.
    ///
    /// # Errors
    /// `Unavailable` if it can't be told whether the object was made; `NoSpace`.
    pub async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put> {
        let error = match self.try_put(name, bytes.clone()).await {
            Ok(()) => {
                self.settle(name).await?;
                return Ok(Put::Created);
            }
            Err(e) => e,
        };
        let exists = matches!(error, object_store::Error::AlreadyExists { .. });
        match self.get(name).await {
            // A folder's own error means that the object, though visible, may not be durable.
            Ok(Some(found)) if found == bytes && (exists || self.local.is_none()) => {
                self.make_durable(name).await?;
                self.settle(name).await?;
                Ok(Put::Created)
            }
            Ok(Some(found)) if found != bytes => Ok(Put::Exists),
            _ => Err(failed(name, error)),
        }
    }

    async fn try_put(&self, name: &str, bytes: Bytes) -> object_store::Result<()> {
        if let Some(folder) = &self.local {
            let path = folder.join(name);
            return crate::cpu::run(move || local::put_new(&path, &bytes)).await;
        }
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        let (path, payload) = (Path::from(name), PutPayload::from(bytes));
        self.inner.put_opts(&path, payload, options).await?;
        Ok(())
    }

    /// Makes the object `name` have these bytes, whether or not one is there: only for repair,
    /// which puts back the bytes that were there. Durable when this returns; if it fails, the
    /// object has either these bytes or those before.
    ///
    /// # Errors
    /// `NoSpace`, `Unavailable`.
    pub(crate) async fn replace(&self, name: &str, bytes: Bytes) -> Result<()> {
        let payload = PutPayload::from(bytes);
        let put = self.inner.put(&Path::from(name), payload).await;
        put.map_err(|e| failed(name, e))?;
        self.settle(name).await
    }

    /// The object `name`, or `None` if there is none.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>> {
        if let Some(folder) = self.local.clone() {
            let name = name.to_owned();
            return crate::cpu::run(move || LocalObject::read(&folder, &name)).await;
        }
        let got = match self.inner.get(&Path::from(name)).await {
            Ok(got) => got.bytes().await,
            Err(e) => Err(e),
        };
        match got {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(failed(name, e)),
        }
    }

    /// The object `name`, which must be there.
    ///
    /// # Errors
    /// `Integrity` if it is missing, `Unavailable`.
    pub async fn need(&self, name: &str) -> Result<Bytes> {
        self.get(name).await?.ok_or_else(|| missing(name))
    }

    /// Bytes of the object `name`, which must be there and reach that far.
    ///
    /// # Errors
    /// `Integrity` if it is missing or shorter, `Unavailable`.
    pub async fn need_range(&self, name: &str, range: Range<u64>) -> Result<Bytes> {
        let (want, end) = (range.end - range.start, range.end);
        match self.inner.get_range(&Path::from(name), range).await {
            Ok(bytes) if bytes.len() as u64 == want => Ok(bytes),
            Ok(_) => Err(Error::new(
                Code::VaultDamaged,
                format!("object {name} is cut short"),
            )),
            Err(object_store::Error::NotFound { .. }) => Err(missing(name)),
            Err(e) => {
                // A range past the end is an error of the backend's own kind: ask for the size.
                match self.inner.head(&Path::from(name)).await {
                    Ok(meta) if meta.size < end => Err(Error::new(
                        Code::VaultDamaged,
                        format!("object {name} is cut short"),
                    )),
                    _ => Err(failed(name, e)),
                }
            }
        }
    }

    /// As [`Store::need_range`] for several ranges of one object, in the order asked; near ones
    /// are read together.
    ///
    /// # Errors
    /// As [`Store::need_range`].
    pub async fn need_ranges(&self, name: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        // A local store reads them all in one go; otherwise `get_ranges` is no help, as it
        // panics at a range past the end of an object that was cut short.
        if self.local.is_some()
            && let Ok(all) = self.inner.get_ranges(&Path::from(name), ranges).await
            && all.len() == ranges.len()
            && all
                .iter()
                .zip(ranges)
                .all(|(b, r)| b.len() as u64 == r.end - r.start)
        {
            return Ok(all);
        }
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        order.sort_unstable_by_key(|i| ranges[*i].start);
        let mut spans: Vec<(Range<u64>, Vec<usize>)> = Vec::new();
        for i in order {
            let range = &ranges[i];
            match spans.last_mut() {
                Some((span, which)) if range.start <= span.end + NEAR => {
                    span.end = span.end.max(range.end);
                    which.push(i);
                }
                _ => spans.push((range.clone(), vec![i])),
            }
        }
        let mut all = vec![Bytes::new(); ranges.len()];
        let mut reads = futures::stream::iter(spans)
            .map(|(span, which)| async move {
                let bytes = self.need_range(name, span.clone()).await?;
                Ok::<_, Error>((span.start, which, bytes))
            })
            .buffer_unordered(SPANS_AT_ONCE);
        while let Some(read) = reads.next().await {
            let (start, which, bytes) = read?;
            let at = |n: u64| usize::try_from(n - start).expect("inside the bytes read");
            for i in which {
                all[i] = bytes.slice(at(ranges[i].start)..at(ranges[i].end));
            }
        }
        Ok(all)
    }

    /// The last `len` bytes of the object `name` and its size; fewer if it is shorter.
    ///
    /// # Errors
    /// `Integrity` if it is missing, `Unavailable`.
    pub async fn need_suffix(&self, name: &str, len: u64) -> Result<(Bytes, u64)> {
        let size = self.size(name).await?;
        if size == 0 {
            return Ok((Bytes::new(), 0));
        }
        let start = size.saturating_sub(len);
        let range = Some(GetRange::Bounded(start..size));
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let got = self.inner.get_opts(&Path::from(name), options).await;
        let bytes = match got {
            Ok(got) => got.bytes().await,
            Err(e) => Err(e),
        };
        match bytes {
            Ok(bytes) => Ok((bytes, size)),
            // It was deleted since its size was asked for.
            Err(object_store::Error::NotFound { .. }) => Err(missing(name)),
            Err(e) => Err(failed(name, e)),
        }
    }

    /// The size of the object `name`, which must be there.
    ///
    /// # Errors
    /// `Integrity` if it is missing, `Unavailable`.
    pub async fn size(&self, name: &str) -> Result<u64> {
        match self.inner.head(&Path::from(name)).await {
            Ok(meta) => Ok(meta.size),
            Err(object_store::Error::NotFound { .. }) => Err(missing(name)),
            Err(e) => Err(failed(name, e)),
        }
    }

    /// Names and sizes of all objects below the folder `prefix`, sorted by name.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let all = self
            .inner
            .list(Some(&Path::from(prefix)))
            .map_ok(|m| (m.location.to_string(), m.size));
        let mut all: Vec<_> = all.try_collect().await.map_err(|e| failed(prefix, e))?;
        all.retain(|(name, _)| name != RESERVE);
        all.sort_unstable();
        Ok(all)
    }

    /// The names of the folders in the folder `prefix`.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn folders(&self, prefix: &str) -> Result<Vec<String>> {
        let path = Path::from(prefix);
        let listed = self.inner.list_with_delimiter(Some(&path)).await;
        let listed = listed.map_err(|e| failed(prefix, e))?.common_prefixes;
        let names = listed.iter().filter_map(|p| p.filename());
        Ok(names.map(str::to_owned).collect())
    }

    /// Removes the object `name`; nothing happens if it is not there.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete(&self, name: &str) -> Result<()> {
        match self.inner.delete(&Path::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(failed(name, e)),
        }
    }

    /// Checks that a second put-if-absent of a name fails, which everything rests on. It is
    /// unsafe only if it lets that happen several times: a collection that removes what earlier
    /// probes left behind may come in between once.
    ///
    /// # Errors
    /// `StoreUnsafe` if it does not; those of the store.
    pub async fn probe(&self, random: &dyn Random) -> Result<()> {
        for _ in 0..PROBES {
            if self.probe_once(random).await.during(self)? {
                return Ok(());
            }
        }
        Err(Error::new(
            Code::StoreUnsafe,
            format!("{} let a second writer replace an object", self.inner),
        ))
    }

    async fn probe_once(&self, random: &dyn Random) -> Result<bool> {
        let name = format!("probe/{}", hex::encode(random.bytes::<16>()));
        let first = self.put_new(&name, Bytes::from_static(b"first")).await?;
        let second = self.put_new(&name, Bytes::from_static(b"second")).await;
        let kept = self.get(&name).await;
        self.delete(&name).await?;
        // Swept in between, so that not even the second answer could be settled.
        let Some(kept) = kept? else { return Ok(false) };
        Ok(first == Put::Created && second? == Put::Exists && *kept == *b"first")
    }
}

impl std::fmt::Display for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.local {
            Some(path) => path.display().fmt(f),
            None => self.inner.fmt(f),
        }
    }
}

fn missing(name: &str) -> Error {
    Error::new(Code::VaultDamaged, format!("object {name} is missing"))
}

/// Turns a backend's error into ours: by the system's error number where there is one.
fn failed(name: &str, error: object_store::Error) -> Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(s) = source {
        if let Some(io) = s.downcast_ref::<std::io::Error>()
            && let Some(number) = io.raw_os_error()
        {
            let ours = Error::io(name, std::io::Error::from_raw_os_error(number));
            return match ours.code() {
                Code::Io | Code::FileNotFound => {
                    Error::new(Code::StoreUnavailable, ours.detail().to_owned()).because(error)
                }
                _ => ours,
            };
        }
        source = s.source();
    }
    Error::new(Code::StoreUnavailable, format!("{name}: {error}")).because(error)
}
