//! Copying what lives in packs of mostly garbage, and making new segments of what stays.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{Kind, Result};

use super::plan::Plan;
use crate::format::pack::PackName;
use crate::reader::Reader;
use crate::session::{Session, read_directory};

/// Entries of a new segment. It bounds the memory for its filter.
const SEGMENT_RECORDS: usize = 1 << 20;

/// Copies what lives in the packs to be copied; gives those of which all could be. A pack in
/// which something can't be read stays.
pub(super) async fn copy(session: &Arc<Session>, plan: &Arc<Plan>) -> Result<BTreeSet<PackName>> {
    let vault = session.vault();
    let ring = Arc::clone(&vault.ring);
    let reader = Reader::new(vault.store.clone(), ring, plan.segments.clone());
    adopt(session, plan).await?;
    // What was taken over is listed, so that it is not copied once more below.
    session.flush().await?;
    let mut copied = BTreeSet::new();
    for pack in &plan.repack {
        let one = async {
            let directory = read_directory(vault, *pack).await?;
            let (plan, own) = (Arc::clone(plan), session.own_segments());
            let records: Vec<_> = directory.records.into_iter().map(|r| r.0).collect();
            let staying = crate::cpu::run(move || plan.staying_of(&records, &own)).await;
            session.take_records(&reader, &staying?).await
        };
        match one.await {
            Err(e) if e.kind() == Kind::Integrity => {
                tracing::warn!(%pack, error = %e, "a pack can't be copied, so it stays");
            }
            done => {
                done?;
                copied.insert(*pack);
            }
        }
    }
    session.flush().await?;
    Ok(copied)
}

/// Takes over what killed collectors copied, as far as it is to be copied now.
async fn adopt(session: &Arc<Session>, plan: &Plan) -> Result<()> {
    let vault = session.vault();
    for dead in session.inherits() {
        let folder = format!("packs/{dead:016x}");
        let there = vault.store.list(&folder).await?;
        // What is visible may not be durable yet.
        vault.store.sync_folders(&[&folder]).await?;
        for (name, _) in there {
            let Some(pack) = PackName::parse(&name) else {
                continue;
            };
            let records = match read_directory(vault, pack).await {
                Err(e) if e.kind() == Kind::Integrity => continue,
                directory => directory?.records,
            };
            let mut wanted = Vec::new();
            for (record, _) in records {
                let stays = plan.stays(&record.id)?;
                if stays.is_some_and(|l| plan.repack.contains(&l.pack) && l.depth == record.depth) {
                    wanted.push(record);
                }
            }
            session.adopt(wanted).await?;
        }
    }
    Ok(())
}

/// Makes new segments of what stays in those that are rewritten.
pub(super) async fn rewrite(
    session: &Arc<Session>,
    plan: &Arc<Plan>,
    copied: &BTreeSet<PackName>,
) -> Result<()> {
    let mut staying = plan.staying(copied)?;
    loop {
        let (records, rest) = crate::cpu::run(move || {
            let records = staying.next(SEGMENT_RECORDS);
            (records, staying)
        })
        .await;
        let records = records?;
        if records.is_empty() {
            return Ok(());
        }
        staying = rest;
        session.list_again(records).await?;
    }
}
