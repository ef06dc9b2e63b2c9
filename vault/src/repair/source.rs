//! Another store of the vault, to heal from.

use std::sync::Arc;

use base::{Code, Error, Result};

use crate::format::id::Id;
use crate::keys::Keyring;
use crate::reader::Reader;
use crate::store::Store;
use crate::vault::{Locked, Surroundings, Vault};
use crate::verify::heads::read_log;

/// Another store of the vault.
pub(super) struct Source {
    pub(super) vault: Vault,
    pub(super) reader: Reader,
    /// Whether a session, by its number, is the very same in both stores: its opening is the
    /// same entry, which has a random number in it.
    same: Vec<bool>,
}

impl Source {
    /// Opens `other`; `ours` is the store to heal.
    ///
    /// # Errors
    /// `VaultForeign`, `Integrity`, `NotFound`, `Unavailable`.
    pub(super) async fn open(
        other: &Store,
        ring: &Arc<Keyring>,
        around: &Surroundings,
        ours: &Store,
    ) -> Result<Self> {
        let locked = Locked::open(other.clone()).await?;
        let (found, wanted) = (locked.descriptor().vault_id, ring.vault_id());
        if found != wanted {
            let what = format!("{other} holds vault {found}, not {wanted}");
            return Err(Error::new(Code::VaultForeign, what));
        }
        let vault = locked.open_with(Arc::clone(ring), around.clone())?;
        let reader = vault.reader().await?;
        let (theirs, ours) = (read_log(other, ring).await?, read_log(ours, ring).await?);
        let sum = |entry: &Result<(_, Id)>| entry.as_ref().ok().map(|(_, sum)| *sum);
        let pairs = theirs.iter().zip(&ours);
        let same = pairs.map(|(a, b)| sum(a).is_some() && sum(a) == sum(b));
        Ok(Self {
            vault,
            reader,
            same: same.collect(),
        })
    }

    /// Whether the objects of this session have the same names and bytes in both stores.
    pub(super) fn shares(&self, session: u64) -> bool {
        let at = usize::try_from(session).ok().and_then(|n| n.checked_sub(1));
        at.and_then(|at| self.same.get(at)) == Some(&true)
    }
}
