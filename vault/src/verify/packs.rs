//! Checking the records of packs, a whole pack at a time.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Kind, Result};
use bytes::Bytes;

use super::Level;
use super::listed::Sum;
use crate::codec;
use crate::format::id::Id;
use crate::format::pack::{self, Directory, Location, PackName, read_record};
use crate::format::{damaged, record};
use crate::index::{self, Segment};
use crate::keys::Keyring;
use crate::reader::Reader;
use crate::session::directory_in;
use crate::store::Store;

/// Patches whose parents are read in one step.
const STEP: usize = 128;
/// Bytes of records read together where a pack is not read as a whole.
const SPAN: u64 = 8 << 20;

/// A record that is bad, and why.
pub(crate) type Bad = (Location, String);

/// A record that was read.
type Read = (Location, Bytes);

/// What was found in a pack.
#[derive(Debug, Default)]
pub(crate) struct PackFound {
    /// Bytes read.
    pub(crate) bytes: u64,
    /// The pack is not there.
    pub(crate) missing: Option<String>,
    /// Its directory is damaged, or not what the index says: records were not checked.
    pub(crate) directory: Option<String>,
    /// Listed records that are bad.
    pub(crate) bad: Vec<Bad>,
    /// A record that is not listed is bad: it hurts nothing now, but may be listed again.
    pub(crate) bad_unlisted: bool,
}

impl PackFound {
    /// Whether nothing in the pack is bad.
    pub(crate) fn is_well(&self) -> bool {
        let whole = self.missing.is_none() && self.directory.is_none();
        whole && self.bad.is_empty() && !self.bad_unlisted
    }
}

/// What packs are checked with.
#[derive(Clone, Debug)]
pub(crate) struct Checker {
    pub(crate) store: Store,
    pub(crate) ring: Arc<Keyring>,
    pub(crate) reader: Reader,
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    pub(crate) level: Level,
    /// If not all is wanted: the sorted prefixes of what is.
    pub(crate) only: Option<Arc<Vec<u64>>>,
}

impl Checker {
    /// Checks all records of a pack that the index lists; `listed` is their sum.
    ///
    /// # Errors
    /// `Denied` without a data key at [`Level::Full`]; `Unavailable`.
    pub(crate) async fn pack(&self, name: PackName, listed: Sum) -> Result<PackFound> {
        let mut found = PackFound::default();
        let object = name.to_string();
        let size = match self.store.size(&object).await {
            Err(e) if e.kind() == Kind::Integrity => {
                found.missing = Some(e.to_string());
                return Ok(found);
            }
            size => size?,
        };
        if self.level == Level::Structure || self.only.is_some() || size > pack::MAX {
            let directory = match directory_in(&self.store, &self.ring, name).await {
                Err(e) if e.kind() == Kind::Integrity => {
                    found.directory = Some(e.to_string());
                    return Ok(found);
                }
                directory => directory?,
            };
            if self.level > Level::Structure {
                let records = self.wanted(directory);
                self.records(&records, &mut found).await?;
            }
            return Ok(found);
        }
        let bytes = match self.store.need(&object).await {
            Err(e) if e.kind() == Kind::Integrity => {
                found.missing = Some(e.to_string());
                return Ok(found);
            }
            bytes => bytes?,
        };
        found.bytes = bytes.len() as u64;
        let checker = self.clone();
        let checked = crate::cpu::brief(move || checker.whole(name, &bytes, listed)).await;
        match checked {
            Err(e) if e.kind() == Kind::Integrity => found.directory = Some(e.to_string()),
            checked => {
                let (bad, unlisted, patches) = checked?;
                found.bad = bad;
                found.bad_unlisted = unlisted;
                self.patches(patches, &mut found).await?;
            }
        }
        Ok(found)
    }

    fn wanted(&self, directory: Directory) -> Vec<Location> {
        let records = directory.records.into_iter().map(|r| r.0);
        match &self.only {
            None => records.collect(),
            Some(only) => records
                .filter(|l| only.binary_search(&l.id.prefix()).is_ok())
                .collect(),
        }
    }

    /// Checks a pack that was read; gives what is bad, whether anything else is that is not
    /// listed, and the patches that need their parents.
    fn whole(
        &self,
        name: PackName,
        bytes: &Bytes,
        listed: Sum,
    ) -> Result<(Vec<Bad>, bool, Vec<Read>)> {
        let size = bytes.len();
        if size < pack::HEADER + pack::TRAILER {
            return Err(damaged(format!("{name} is cut short")));
        }
        let tail = pack::tail_len(&bytes[size - pack::TRAILER..], size as u64)?;
        let tail = size - usize::try_from(tail).map_err(|_| damaged("a long tail"))?;
        let (vault, ring) = (self.ring.vault_id(), Some(&*self.ring));
        let directory =
            pack::read_directory(&bytes[..pack::HEADER], &bytes[tail..], name, vault, ring)?;
        let mut records: Vec<Location> = directory.records.into_iter().map(|r| r.0).collect();
        let sum = |records: &[Location]| {
            let mut sum = Sum::default();
            records.iter().for_each(|l| sum.add(l));
            sum
        };
        let mut garbage = Vec::new();
        if sum(&records) != listed {
            let mut kept = Vec::with_capacity(records.len());
            for l in records {
                match is_listed(&self.segments, &l)? {
                    true => kept.push(l),
                    false => garbage.push(l),
                }
            }
            records = kept;
            if sum(&records) != listed {
                return Err(damaged(format!(
                    "{name} does not hold what the index lists there"
                )));
            }
        }
        let slice = |l: &Location| {
            let at = l.offset as usize;
            bytes.slice(at..at + l.len as usize)
        };
        let (mut bad, mut patches) = (Vec::new(), Vec::new());
        let mut chunk = Vec::new();
        for l in records {
            self.one(l, slice(&l), &mut chunk, &mut bad, &mut patches)?;
        }
        let unlisted = garbage.iter().any(|l| read_record(l, &slice(l)).is_err());
        Ok((bad, unlisted, patches))
    }

    /// Checks a record as deep as it can be without others. `chunk` is memory for its contents.
    fn one(
        &self,
        l: Location,
        bytes: Bytes,
        chunk: &mut Vec<u8>,
        bad: &mut Vec<Bad>,
        patches: &mut Vec<Read>,
    ) -> Result<()> {
        let checked = read_record(&l, &bytes).and_then(|record| match (self.level, l.kind) {
            (_, record::Kind::Node) => codec::decode_node(&self.ring, &record).map(|_| ()),
            (Level::Full, record::Kind::Whole) => {
                chunk.resize(record.header.plain_len as usize, 0);
                codec::decode_whole(&self.ring, &record, chunk)
            }
            _ => Ok(()),
        });
        match checked {
            Err(e) if e.kind() == Kind::Integrity => bad.push((l, e.to_string())),
            checked => {
                checked?;
                if self.level == Level::Full && l.kind == record::Kind::Patch {
                    patches.push((l, bytes));
                }
            }
        }
        Ok(())
    }

    /// Opens patches. Where a parent can't be read, that is the parent's damage.
    async fn patches(&self, patches: Vec<Read>, found: &mut PackFound) -> Result<()> {
        for step in patches.chunks(STEP) {
            let mut parents: Vec<Id> = step.iter().map(|p| p.0.parent).collect();
            parents.sort_unstable();
            parents.dedup();
            let contents = self.contents(&parents).await?;
            let (ring, step) = (Arc::clone(&self.ring), step.to_vec());
            let bad = crate::cpu::brief(move || {
                let mut bad: Vec<Bad> = Vec::new();
                for (l, bytes) in step {
                    let Some(parent) = contents.get(&l.parent) else {
                        continue;
                    };
                    let opened = read_record(&l, &bytes)
                        .and_then(|record| codec::decode(&ring, &record, Some(parent)));
                    match opened {
                        Err(e) if e.kind() == Kind::Integrity => bad.push((l, e.to_string())),
                        opened => drop(opened?),
                    }
                }
                Ok::<_, base::Error>(bad)
            });
            found.bad.extend(bad.await?);
        }
        Ok(())
    }

    /// The contents of these chunks, of which some may not be readable.
    async fn contents(&self, ids: &[Id]) -> Result<HashMap<Id, Bytes>> {
        match self.reader.chunks(ids).await {
            Err(e) if e.kind() == Kind::Integrity => {}
            chunks => return chunks,
        }
        let mut all = HashMap::new();
        for id in ids {
            match self.reader.chunks(std::slice::from_ref(id)).await {
                Err(e) if e.kind() == Kind::Integrity => {}
                chunks => all.extend(chunks?),
            }
        }
        Ok(all)
    }

    /// Checks these records of one pack, reading them alone.
    ///
    /// # Errors
    /// As [`Checker::pack`].
    pub(crate) async fn records(&self, records: &[Location], found: &mut PackFound) -> Result<()> {
        let mut at = 0;
        while at < records.len() {
            let mut len = 0;
            let count = records[at..].iter().take_while(|l| {
                len += u64::from(l.len);
                len <= SPAN
            });
            let step = &records[at..at + count.count().max(1)];
            at += step.len();
            let mut read: Vec<Read> = Vec::with_capacity(step.len());
            match self.reader.records(step).await {
                Ok(bytes) => read.extend(step.iter().copied().zip(bytes)),
                Err(e) if e.kind() != Kind::Integrity => return Err(e),
                Err(_) => {
                    for l in step {
                        match self.reader.records(std::slice::from_ref(l)).await {
                            Ok(mut bytes) => read.extend(bytes.pop().map(|b| (*l, b))),
                            Err(e) if e.kind() == Kind::Integrity => {
                                found.bad.push((*l, e.to_string()));
                            }
                            Err(e) => return Err(e),
                        }
                    }
                }
            }
            found.bytes += read.iter().map(|r| r.1.len() as u64).sum::<u64>();
            let checker = self.clone();
            let (bad, patches) = crate::cpu::brief(move || {
                let (mut chunk, mut bad, mut patches) = (Vec::new(), Vec::new(), Vec::new());
                for (l, bytes) in read {
                    checker.one(l, bytes, &mut chunk, &mut bad, &mut patches)?;
                }
                Ok::<_, base::Error>((bad, patches))
            })
            .await?;
            found.bad.extend(bad);
            self.patches(patches, found).await?;
        }
        Ok(())
    }
}

/// Whether the index lists this very record.
///
/// # Errors
/// Those of the files.
pub(crate) fn is_listed(segments: &[Arc<Segment>], l: &Location) -> Result<bool> {
    match index::find(segments, &l.id) {
        Err(e) if e.kind() == Kind::Integrity => Ok(false),
        found => Ok(found?
            .iter()
            .any(|f| (f.pack, f.offset, f.len, f.depth) == (l.pack, l.offset, l.len, l.depth))),
    }
}
