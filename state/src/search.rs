//! Finding records by a part of their name. Ids are folded, and their last part is the name: so
//! names match in any case, and it is an index that is looked through.

use base::Result;

use crate::Resource;
use crate::db::{Row, Select, Tx, begins_like, named_like};
use crate::hosts::Host;
use crate::jobs::{self, Job};
use crate::machines::Machine;
use crate::policies::Policy;
use crate::protected_items::BEFORE_NAME;
use crate::resources::{FROM, Record, record};
use crate::vaults::Vault;

/// A kind of resource that is searched.
pub trait Named: Resource {
    /// What stands before the name in a folded id.
    const BEFORE: &'static str;
}

impl Named for Vault {
    const BEFORE: &'static str = "/vaults/";
}

impl Named for Machine {
    const BEFORE: &'static str = crate::machines::BEFORE_NAME;
}

impl Named for Policy {
    const BEFORE: &'static str = "/backuppolicies/";
}

impl Named for Host {
    const BEFORE: &'static str = "/hosts/";
}

/// At most `limit` resources with `text` in their name, in any case, that have one of these ids or
/// are below one: those first whose name begins with it, then by id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn named<T: Named>(
    tx: &mut Tx,
    text: &str,
    within: Option<&[String]>,
    limit: u32,
) -> Result<Vec<Record<T>>> {
    let mut found = Vec::new();
    // A page of what begins with it, and one of the rest: neither is sorted.
    let begins = begins_like(T::BEFORE, text);
    for (condition, first) in [
        ("id LIKE ? ESCAPE '!'", true),
        ("id LIKE ? ESCAPE '!' AND id NOT LIKE ? ESCAPE '!'", false),
    ] {
        let select = Select::new(FROM)
            .with("kind = ?", [T::KIND.into()])
            .within("id", within);
        let select = match first {
            true => select.with(condition, [begins.as_str().into()]),
            false => {
                let part = named_like(T::BEFORE, text);
                select.with(condition, [part.into(), begins.as_str().into()])
            }
        };
        let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
        if left > 0 {
            let (sql, values) = select.page("id", left);
            found.extend(tx.query(sql, values).await?);
        }
    }
    found.iter().map(record).collect()
}

/// At most `limit` jobs of items with `text` in their machine's name, of at most `limit` of these,
/// newest first; of these vaults, or of all. The cost does not grow with the number of jobs.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn jobs_of(
    tx: &mut Tx,
    text: &str,
    vaults: Option<&[String]>,
    limit: u32,
) -> Result<Vec<Job>> {
    let select = Select::new("SELECT id FROM protected_items")
        .with(
            "id LIKE ? ESCAPE '!'",
            [named_like(BEFORE_NAME, text).into()],
        )
        .among("vault", vaults);
    let (sql, values) = select.page("id", limit);
    let items = tx.query(sql, values).await?;
    let items: Result<Vec<String>> = items.iter().map(|row: &Row| row.string(0)).collect();
    let mut found = Vec::new();
    for item in items? {
        let filter = jobs::Filter {
            item: Some(item),
            ..jobs::Filter::default()
        };
        found.extend(jobs::page(tx, &filter, None, limit).await?);
    }
    found.sort_by_key(|job| std::cmp::Reverse((job.started_at, job.id)));
    found.truncate(limit as usize);
    Ok(found)
}
