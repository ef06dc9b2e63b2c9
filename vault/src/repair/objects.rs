//! Replacing damaged objects by the same objects of another store.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{Kind, Result};
use bytes::Bytes;

use super::RepairReport;
use super::source::Source;
use crate::format::damaged;
use crate::format::entry::SegmentName;
use crate::format::pack::{self, PackName, read_record};
use crate::index::Segment;
use crate::keys::Keyring;
use crate::store::Store;
use crate::vault::manifest_name;
use crate::verify::Examined;

/// Heals manifests, segments and packs; true if any was replaced.
///
/// # Errors
/// `NoSpace`, `Unavailable`.
pub(super) async fn heal(
    store: &Store,
    ring: &Arc<Keyring>,
    found: &Examined,
    sources: &[Source],
    report: &mut RepairReport,
) -> Result<bool> {
    let before = report.objects.len();
    let damage = &found.damage;
    for (entry, _) in &damage.manifests {
        for source in sources {
            let points = source.vault.refresh().await?.points;
            let same =
                |p: &&crate::PointEntry| p.point == entry.point && p.manifest == entry.manifest;
            let Some(there) = points.iter().find(same) else {
                continue;
            };
            if let Some(bytes) = sound(source.vault.manifest_bytes(there).await)? {
                let name = manifest_name(entry.session, entry.point);
                store.replace(&name, bytes).await?;
                report.objects.push(name);
                break;
            }
        }
    }
    for name in damage.segments.keys() {
        let (name, ring) = (*name, Arc::clone(ring));
        let check = move |bytes: &Bytes| check_segment(&ring, name, bytes);
        one(
            store,
            sources,
            name.session,
            &name.to_string(),
            check,
            report,
        )
        .await?;
    }
    let bad = damage.records.keys().map(|(pack, _)| pack);
    let packs: BTreeSet<PackName> = bad
        .chain(damage.missing.keys())
        .chain(damage.directories.keys())
        .copied()
        .collect();
    for name in packs {
        let ring = Arc::clone(ring);
        let check = move |bytes: &Bytes| check_pack(&ring, name, bytes);
        one(
            store,
            sources,
            name.session,
            &name.to_string(),
            check,
            report,
        )
        .await?;
    }
    Ok(report.objects.len() > before)
}

fn sound<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Err(e) if e.kind() == Kind::Integrity => Ok(None),
        read => read.map(Some),
    }
}

async fn one(
    store: &Store,
    sources: &[Source],
    session: u64,
    name: &str,
    check: impl Fn(&Bytes) -> Result<()> + Clone + Send + 'static,
    report: &mut RepairReport,
) -> Result<()> {
    for source in sources.iter().filter(|s| s.shares(session)) {
        let there = &source.vault.store;
        let read = async {
            if there.size(name).await? > pack::MAX.max(1 << 30) {
                return Err(damaged(format!("{name} is too long")));
            }
            there.need(name).await
        };
        let Some(bytes) = sound(read.await)? else {
            continue;
        };
        let (copy, check) = (bytes.clone(), check.clone());
        if sound(crate::cpu::run(move || check(&copy)).await)?.is_some() {
            store.replace(name, bytes).await?;
            report.objects.push(name.to_owned());
            return Ok(());
        }
    }
    Ok(())
}

fn check_segment(ring: &Keyring, name: SegmentName, bytes: &Bytes) -> Result<()> {
    Segment::of_bytes(ring, name, bytes.clone())?
        .check()
        .map(|_| ())
}

fn check_pack(ring: &Keyring, name: PackName, bytes: &Bytes) -> Result<()> {
    let short = || damaged(format!("{name} is cut short"));
    let size = bytes.len();
    let trailer = size.checked_sub(pack::TRAILER).ok_or_else(short)?;
    let tail = pack::tail_len(&bytes[trailer..], size as u64)?;
    let tail = usize::try_from(tail).ok().and_then(|t| size.checked_sub(t));
    let tail = tail.ok_or_else(short)?;
    let header = bytes.get(..pack::HEADER).ok_or_else(short)?;
    let (vault, key) = (ring.vault_id(), Some(ring));
    let directory = pack::read_directory(header, &bytes[tail..], name, vault, key)?;
    for (l, sum) in directory.records {
        let at = l.offset as usize;
        let record = read_record(&l, &bytes[at..at + l.len as usize])?;
        if record.checksum != sum {
            return Err(damaged(format!("{name} holds another record at byte {at}")));
        }
    }
    Ok(())
}
