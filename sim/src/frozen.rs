//! What the objects of a store answer, and a store that only answers: as it was at one instant.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::world::Objects;

pub(crate) fn meta(name: &str, size: usize) -> ObjectMeta {
    ObjectMeta {
        location: Path::from(name),
        last_modified: Default::default(),
        size: size as u64,
        e_tag: None,
        version: None,
    }
}

/// A folder's objects, and the folders in it, by a list of all below.
pub(crate) async fn list_folder(
    store: &dyn ObjectStore,
    prefix: Option<&Path>,
) -> Result<ListResult> {
    let all: Vec<ObjectMeta> = store.list(prefix).try_collect().await?;
    let root = prefix.cloned().unwrap_or_default();
    let (mut folders, mut objects) = (BTreeSet::new(), Vec::new());
    for object in all {
        let below: Vec<_> = object
            .location
            .prefix_match(&root)
            .into_iter()
            .flatten()
            .collect();
        match below.as_slice() {
            [_] => objects.push(object),
            [folder, ..] => drop(folders.insert(root.clone().join(folder.as_ref()))),
            [] => {}
        }
    }
    Ok(ListResult {
        common_prefixes: folders.into_iter().collect(),
        objects,
        extensions: Default::default(),
    })
}

/// Each range by a get of its own, as a store does that has no other way.
pub(crate) async fn get_each(
    store: &dyn ObjectStore,
    location: &Path,
    ranges: &[Range<u64>],
) -> Result<Vec<Bytes>> {
    let mut all = Vec::new();
    for range in ranges {
        let options = GetOptions::default().with_range(Some(range.clone()));
        all.push(store.get_opts(location, options).await?.bytes().await?);
    }
    Ok(all)
}

pub(crate) fn get(objects: &Objects, name: &str, options: &GetOptions) -> Result<GetResult> {
    let bytes = objects.get(name).ok_or_else(|| Error::NotFound {
        path: name.to_owned(),
        source: "no such object".into(),
    })?;
    let len = bytes.len() as u64;
    let range = match &options.range {
        None => 0..len,
        Some(range) => range.as_range(len).map_err(|e| Error::Generic {
            store: "simulated",
            source: Box::new(e),
        })?,
    };
    let at = |n: u64| usize::try_from(n).expect("an object in memory");
    let part = bytes.slice(at(range.start)..at(range.end));
    Ok(GetResult {
        payload: GetResultPayload::Stream(futures::stream::iter([Ok(part)]).boxed()),
        meta: meta(name, bytes.len()),
        range,
        attributes: Default::default(),
        extensions: Default::default(),
    })
}

pub(crate) fn below(objects: &Objects, prefix: &str) -> Vec<(String, usize)> {
    let all = objects.iter().filter(|(name, _)| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|r| prefix.is_empty() || r.starts_with('/'))
    });
    all.map(|(name, bytes)| (name.clone(), bytes.len()))
        .collect()
}

pub(crate) fn refused() -> Error {
    Error::NotImplemented {
        operation: "this".into(),
        implementer: "the simulated store".into(),
    }
}

/// A store at one instant, to be read only.
#[derive(Clone, Debug)]
pub(crate) struct Frozen(pub(crate) Arc<Objects>);

impl std::fmt::Display for Frozen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a store at one instant")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Frozen {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(refused())
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(refused())
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        get(&self.0, location.as_ref(), &options)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        get_each(self, location, ranges).await
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        futures::stream::iter([Err(refused())]).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let prefix = prefix.map(ToString::to_string).unwrap_or_default();
        let all = below(&self.0, &prefix);
        let all: Vec<_> = all.into_iter().map(|(n, s)| Ok(meta(&n, s))).collect();
        futures::stream::iter(all).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        list_folder(self, prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(refused())
    }
}
