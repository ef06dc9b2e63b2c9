//! Checking the small objects that a store begins with: descriptor, key object, log,
//! checkpoints.

use std::collections::BTreeMap;

use base::{Kind, Result};
use futures::StreamExt;

use crate::format::damaged;
use crate::format::entry::{Entry, log_name};
use crate::format::envelope;
use crate::format::id::Id;
use crate::keys::Keyring;
use crate::store::Store;

/// Entries read at the same time.
const AT_ONCE: usize = 16;

/// Reads an entry of the log; gives its checksum too.
///
/// # Errors
/// `Integrity`.
pub(crate) fn read_entry(bytes: &[u8], number: u64, ring: &Keyring) -> Result<(Entry, Id)> {
    let opened = envelope::open(bytes, envelope::Kind::Entry)?;
    opened.authenticate(ring)?;
    let entry: Entry = opened.clear()?;
    if entry.number != number {
        return Err(damaged("it is another entry than its name says"));
    }
    Ok((entry, Id(opened.checksum())))
}

/// The number of the last entry that is there, by its name.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn last_number(store: &Store) -> Result<u64> {
    let names = store.list("log").await?;
    let number = |name: &str| {
        let number = u64::from_str_radix(name.strip_prefix("log/")?, 16).ok()?;
        (log_name(number) == name).then_some(number)
    };
    let numbers = names.iter().filter_map(|(name, _)| number(name));
    Ok(numbers.max().unwrap_or(0))
}

/// Every entry of the log from the first on: read, or why it can't be. An entry that does not
/// follow the one before is damaged.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn read_log(store: &Store, ring: &Keyring) -> Result<Vec<Result<(Entry, Id)>>> {
    let last = last_number(store).await?;
    let mut reads = futures::stream::iter(1..=last)
        .map(|n| async move { (n, store.need(&log_name(n)).await) })
        .buffered(AT_ONCE);
    let mut all: Vec<Result<(Entry, Id)>> = Vec::new();
    while let Some((number, bytes)) = reads.next().await {
        let entry = match bytes {
            Err(e) if e.kind() != Kind::Integrity => return Err(e),
            bytes => bytes.and_then(|b| read_entry(&b, number, ring)),
        };
        let entry = entry.and_then(|(entry, sum)| match all.last() {
            Some(Ok((_, before))) if *before != entry.prev => {
                Err(damaged("it does not follow the entry before it"))
            }
            None if !entry.prev.is_zero() => Err(damaged("it follows an entry before the first")),
            _ => Ok((entry, sum)),
        });
        all.push(entry.map_err(|e| e.during(log_name(number))));
    }
    Ok(all)
}

/// The names of checkpoints, and why they can't be read.
///
/// # Errors
/// `Unavailable`.
async fn checkpoints(store: &Store, ring: &Keyring) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for (name, _) in store.list("state").await? {
        // It may have been deleted since.
        let Some(bytes) = store.get(&name).await? else {
            continue;
        };
        let read = envelope::open(&bytes, envelope::Kind::Checkpoint)
            .and_then(|opened| opened.authenticate(ring));
        match read {
            Err(e) if e.kind() == Kind::Integrity => drop(found.insert(name, e.to_string())),
            read => read?,
        }
    }
    Ok(found)
}

/// What of log, checkpoints, descriptor and key object is damaged. `descriptor` are the bytes
/// that were read when the vault was opened.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn check(
    store: &Store,
    ring: &Keyring,
    descriptor: &[u8],
) -> Result<BTreeMap<String, String>> {
    let mut found = checkpoints(store, ring).await?;
    for (i, entry) in read_log(store, ring).await?.into_iter().enumerate() {
        if let Err(e) = entry {
            found.insert(log_name(i as u64 + 1), e.to_string());
        }
    }
    let name = crate::vault::DESCRIPTOR;
    let why = match store.get(name).await? {
        None => Some("it is missing"),
        Some(bytes) if *bytes != *descriptor => Some("it was changed"),
        Some(_) => None,
    };
    if let Some(why) = why {
        found.insert(name.to_owned(), why.to_owned());
    }
    match crate::vault::newest_keys(store, ring.vault_id()).await {
        Err(e) if e.kind() == Kind::Integrity => {
            found.insert("keys".to_owned(), e.to_string());
        }
        read => drop(read?),
    }
    Ok(found)
}
