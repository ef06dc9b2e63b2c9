//! Repair: healing a store from other stores of the same vault, and from itself.
//!
//! ```text
//! heads (descriptor, keys, log) ─► check ─► objects ─► index segments ─► records ─► check again
//! ```
//!
//! - **Objects** are replaced by the bytes of the same object in another store: of a session
//!   whose opening is the same log entry in both, or with the checksum that the log has.
//! - **Segments** that can't be healed so are made anew from the packs' directories.
//! - **Records** of which every copy is bad are fetched, sealed, from any store of the vault.
//!   A patch whose parent is not at hand here is opened there and stored whole.
//!
//! The index is changed like a collector changes it, by one `collect` entry. Nothing is dropped
//! but entries of bad records for which a sound one of no more depth is listed, and segments
//! that were made anew completely. Killed anywhere, the next repair goes on.

mod heads;
mod objects;
mod records;
mod segments;
mod source;

use std::sync::Arc;
use std::sync::Mutex;

use base::{Kind, Result};

use self::source::Source;
use crate::format::entry::{DoomedPack, Event, SegmentName};
use crate::format::pack::PackName;
use crate::keys::Keyring;
use crate::log::State;
use crate::log_end;
use crate::session::Session;
use crate::store::Store;
use crate::vault::{Locked, Surroundings, Vault};
use crate::verify::{
    Checked, Examined, Ledger, Level, VerifyEvent, VerifyOptions, VerifyReport, examine,
};

/// Rounds of healing: what one heals shows what is below it.
const ROUNDS: usize = 20;

/// What a repair did.
#[derive(Clone, Debug, Default)]
pub struct RepairReport {
    /// Objects replaced, by name.
    pub objects: Vec<String>,
    /// Damaged index segments that were made anew.
    pub segments: Vec<String>,
    /// Records stored again, in place of bad ones.
    pub records: u64,
    /// Sound records moved out of packs whose directory is damaged.
    pub moved: u64,
    /// What could not be healed, and what that needs.
    pub unhealed: Vec<String>,
    /// What is still hurt; `None` if the store can't even be opened.
    pub after: Option<VerifyReport>,
}

impl RepairReport {
    /// Whether nothing is damaged now.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.after.as_ref().is_some_and(VerifyReport::is_well)
    }
}

/// Repairs the vault in `store`, with what `others`, stores of the same vault, hold. May run
/// beside writers, readers and checks; ends a collector's session. What was healed is durable.
/// If it fails or is dropped, the next one goes on. `tell` hears of the checks.
///
/// # Errors
/// `VaultForeign` if another store holds another vault; `StoreUnsafe`, `NoSpace`, `Fenced` (a
/// collector took over), `Unavailable`. Damage is reported, not an error.
pub async fn repair(
    store: &Store,
    ring: &Arc<Keyring>,
    others: &[Store],
    around: &Surroundings,
    tell: &(dyn Fn(VerifyEvent<'_>) + Send + Sync),
) -> Result<RepairReport> {
    let mut report = RepairReport::default();
    // What a killed repair put back must not come to be damaged again.
    store.sync_all_folders().await?;
    heads::heal(store, ring, others, &mut report).await?;
    let open = async || {
        let locked = Locked::open(store.clone()).await?;
        let vault = locked.open_with(Arc::clone(ring), around.clone())?;
        vault.refresh().await?;
        Ok::<_, base::Error>(Arc::new(vault))
    };
    let mut vault = match open().await {
        Err(e) if matches!(e.kind(), Kind::Integrity | Kind::NotFound) => {
            report.unhealed.push(e.to_string());
            return Ok(report);
        }
        vault => vault?,
    };
    let mut sources = Vec::new();
    for other in others {
        match Source::open(other, ring, around, store).await {
            Ok(source) => sources.push(source),
            Err(e) if matches!(e.kind(), Kind::Integrity | Kind::NotFound) => {
                report.unhealed.push(format!("{other} is no help: {e}"));
            }
            Err(e) => return Err(e),
        }
    }
    // What is well need not be looked at twice.
    let (ledger, now) = (Mutex::new(Ledger::default()), around.clock.now());
    let mut found = look(&vault, &ledger, now, tell).await?;
    if objects::heal(store, ring, &found, &sources, &mut report).await? {
        vault = open().await?;
        found = look(&vault, &ledger, now, tell).await?;
    }
    // Without the log's end nothing may be written but objects as they were.
    let rounds = match log_end::ensure(&vault).await {
        Err(e) if e.kind() == Kind::Integrity => {
            report.unhealed.push(e.to_string());
            0
        }
        ensured => ensured.map(|()| ROUNDS)?,
    };
    for _ in 0..rounds {
        report
            .unhealed
            .retain(|u| !u.starts_with(segments::STOPPED));
        let rebuilt = segments::rebuild(&vault, &found, &mut report).await?;
        if rebuilt {
            vault = open().await?;
            found = look(&vault, &ledger, now, tell).await?;
        }
        let healed = records::heal(&vault, &found, &sources, &mut report).await?;
        if !healed {
            break;
        }
        vault = open().await?;
        found = look(&vault, &ledger, now, tell).await?;
    }
    // What somebody else put back meanwhile looks well, too.
    store.sync_all_folders().await?;
    report.after = Some(found.report(&vault).await?);
    Ok(report)
}

async fn look(
    vault: &Vault,
    ledger: &Mutex<Ledger>,
    now: jiff::Timestamp,
    tell: &(dyn Fn(VerifyEvent<'_>) + Send + Sync),
) -> Result<Examined> {
    let known = locked(ledger).clone();
    let options = VerifyOptions {
        known: Some((&known, now)),
        ..VerifyOptions::all(Level::Sealed)
    };
    let note = |event: VerifyEvent<'_>| {
        if let VerifyEvent::Well(pack) = event {
            let level = Level::Sealed;
            locked(ledger).note(pack, Checked { at: now, level });
        }
        tell(event);
    };
    examine(vault, &options, &note).await
}

fn locked(ledger: &Mutex<Ledger>) -> std::sync::MutexGuard<'_, Ledger> {
    ledger
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The entry that swaps segments: all that the session made for `drop`. `newly_doomed` packs
/// are not listed any more then.
fn swap(
    session: &Session,
    state: &State,
    drop: &[SegmentName],
    newly_doomed: impl Iterator<Item = PackName>,
) -> Event {
    let before = state.doomed.iter().map(|(pack, since)| (*pack, *since));
    let doomed = before.chain(newly_doomed.map(|pack| (pack, 0)));
    let doomed = doomed.map(|(pack, since)| DoomedPack {
        session: pack.session,
        number: pack.number,
        since,
    });
    Event::Collect {
        session: session.number(),
        drop: drop.to_vec(),
        add: session.own_segments().iter().map(|s| s.name()).collect(),
        doomed: doomed.collect(),
        given_up: Vec::new(),
    }
}
