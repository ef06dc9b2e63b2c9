//! Healing what a store begins with: descriptor, key object, log. Checkpoints only help: a
//! damaged one is deleted.

use std::ops::RangeInclusive;
use std::sync::Arc;

use base::{Code, Error, Kind, Result};
use bytes::Bytes;

use super::RepairReport;
use crate::format::descriptor::Descriptor;
use crate::format::entry::{Entry, Event, log_name};
use crate::format::envelope;
use crate::format::id::Id;
use crate::keys::{KeyObject, Keyring};
use crate::store::{Put, Store};
use crate::vault::{DESCRIPTOR, manifest_name, newest_keys};
use crate::verify::heads::read_log;

type Log = Vec<Result<(Entry, Id)>>;

/// Heals descriptor, key object and log of `store` as far as `others` can.
///
/// # Errors
/// `VaultForeign`, `NoSpace`, `Unavailable`.
pub(super) async fn heal(
    store: &Store,
    ring: &Arc<Keyring>,
    others: &[Store],
    report: &mut RepairReport,
) -> Result<()> {
    descriptor(store, ring, others, report).await?;
    keys(store, ring, others, report).await?;
    for (name, _) in store.list("state").await? {
        if let Some(bytes) = store.get(&name).await? {
            let read = envelope::open(&bytes, envelope::Kind::Checkpoint);
            if is_damage(read.and_then(|o| o.authenticate(ring)))? {
                store.delete(&name).await?;
                report.objects.push(name);
            }
        }
    }
    for other in others {
        log(store, ring, other, report).await?;
    }
    for entry in read_log(store, ring).await? {
        if let Err(e) = entry {
            report.unhealed.push(e.to_string());
        }
    }
    Ok(())
}

/// Whether something failed for damage; other errors stay errors.
fn is_damage(read: Result<()>) -> Result<bool> {
    match read {
        Err(e) if e.kind() == Kind::Integrity => Ok(true),
        read => read.map(|()| false),
    }
}

fn read_descriptor(bytes: &[u8], ring: &Keyring) -> Result<Descriptor> {
    let opened = envelope::open(bytes, envelope::Kind::Descriptor)?;
    opened.authenticate(ring)?;
    opened.clear()
}

async fn descriptor(
    store: &Store,
    ring: &Keyring,
    others: &[Store],
    report: &mut RepairReport,
) -> Result<()> {
    if let Some(bytes) = store.get(DESCRIPTOR).await?
        && !is_damage(read_descriptor(&bytes, ring).map(|_| ()))?
    {
        return Ok(());
    }
    for other in others {
        if let Some(bytes) = other.get(DESCRIPTOR).await?
            && !is_damage(read_descriptor(&bytes, ring).map(|_| ()))?
        {
            store.replace(DESCRIPTOR, bytes).await?;
            report.objects.push(DESCRIPTOR.to_owned());
            return Ok(());
        }
    }
    Ok(())
}

/// A key object is taken that is not older than the damaged one, or any if none is left.
async fn keys(
    store: &Store,
    ring: &Keyring,
    others: &[Store],
    report: &mut RepairReport,
) -> Result<()> {
    let vault = ring.vault_id();
    match newest_keys(store, vault).await {
        Err(e) if e.kind() == Kind::Integrity => {}
        read => return read.map(|_| ()),
    }
    let prefix = format!("keys/{vault}-");
    let names = store.list("keys").await?;
    let ours = names
        .iter()
        .map(|n| n.0.clone())
        .rfind(|n| n.starts_with(&prefix));
    let mut best: Option<(String, KeyObject)> = None;
    for other in others {
        let Ok((number, object)) = newest_keys(other, vault).await else {
            continue;
        };
        let name = format!("{prefix}{number:08x}");
        let fits = ours.as_ref().is_none_or(|ours| name >= *ours);
        if fits && best.as_ref().is_none_or(|(b, _)| name > *b) {
            best = Some((name, object));
        }
    }
    if let Some((name, object)) = best {
        store.replace(&name, object.to_bytes().into()).await?;
        report.objects.push(name);
    }
    Ok(())
}

async fn log(
    store: &Store,
    ring: &Keyring,
    other: &Store,
    report: &mut RepairReport,
) -> Result<()> {
    let (ours, theirs) = (read_log(store, ring).await?, read_log(other, ring).await?);
    let mut at = 0;
    while at < ours.len() {
        let bad = ours[at..].iter().take_while(|e| e.is_err()).count();
        if bad > 0 && fits(&ours, &theirs, at..=at + bad - 1) {
            for n in at..at + bad {
                let name = log_name(n as u64 + 1);
                let bytes = other.need(&name).await?;
                store.replace(&name, bytes).await?;
                report.objects.push(name);
            }
        }
        at += bad.max(1);
    }
    lost_end(store, ring, other, report).await
}

/// Whether the other log's entries at these places are those that ours has lost: they follow
/// ours, and ours follows them.
fn fits(ours: &Log, theirs: &Log, places: RangeInclusive<usize>) -> bool {
    let (first, last) = places.into_inner();
    let sum = |entry: Option<&Result<(Entry, Id)>>| Some(entry?.as_ref().ok()?.1);
    let prev = |entry: Option<&Result<(Entry, Id)>>| Some(entry?.as_ref().ok()?.0.prev);
    let readable = |e: &Result<(Entry, Id)>| e.is_ok();
    let there = theirs.get(first..=last);
    let before = match first {
        0 => Some(Id::ZERO),
        n => sum(ours.get(n - 1)),
    };
    there.is_some_and(|t| t.iter().all(readable))
        && before.is_some()
        && prev(theirs.get(first)) == before
        && (last + 1 >= ours.len() || prev(ours.get(last + 1)) == sum(theirs.get(last)))
}

/// Adds entries that ours has lost at its end: those up to the last one whose doing is here.
async fn lost_end(
    store: &Store,
    ring: &Keyring,
    other: &Store,
    report: &mut RepairReport,
) -> Result<()> {
    let (ours, theirs) = (read_log(store, ring).await?, read_log(other, ring).await?);
    if ours.iter().any(Result::is_err) || theirs.len() <= ours.len() {
        return Ok(());
    }
    let mut last = None;
    for (n, entry) in theirs.iter().enumerate().skip(ours.len()) {
        let Ok((entry, _)) = entry else { break };
        if has_done(store, entry).await? {
            last = Some(n);
        }
    }
    let Some(last) = last.filter(|last| fits(&ours, &theirs, ours.len()..=*last)) else {
        return Ok(());
    };
    for n in ours.len()..=last {
        let name = log_name(n as u64 + 1);
        let bytes: Bytes = other.need(&name).await?;
        if store.put_new(&name, bytes).await? == Put::Exists {
            return Err(Error::new(
                Code::Fenced,
                "somebody else wrote to the log meanwhile",
            ));
        }
        report.objects.push(name);
    }
    Ok(())
}

/// Whether objects are here that only come with this entry.
async fn has_done(store: &Store, entry: &Entry) -> Result<bool> {
    let there = async |name: String| Ok::<_, Error>(store.get(&name).await?.is_some());
    match &entry.event {
        Event::Open { .. } => {
            for folder in ["packs", "index", "points"] {
                let folder = format!("{folder}/{:016x}", entry.number);
                if !store.list(&folder).await?.is_empty() {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Event::Commit { session, point, .. } => there(manifest_name(*session, *point)).await,
        Event::Collect { add, .. } => {
            for segment in add {
                if there(segment.to_string()).await? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Event::Close { .. } | Event::Remove { .. } => Ok(false),
    }
}
