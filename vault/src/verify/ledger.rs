//! What was checked when: kept by the caller, so that a check can be spread over days.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Level;
use crate::vault::Vault;

/// When a pack was found well, and how deep that check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// How deep.
    pub level: Level,
}

/// The packs of one store that were found well. A help only: without it all is checked again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger {
    packs: BTreeMap<String, Checked>,
}

impl Ledger {
    /// Notes that a pack is well.
    pub fn note(&mut self, pack: &str, checked: Checked) {
        self.packs.insert(pack.to_owned(), checked);
    }

    /// When this pack was last found well at this level, or a deeper one.
    #[must_use]
    pub fn last(&self, pack: &str, level: Level) -> Option<Timestamp> {
        let known = self.packs.get(pack).filter(|c| c.level >= level);
        known.map(|c| c.at)
    }

    /// Forgets packs that the vault's index does not list any more.
    pub fn forget_gone(&mut self, vault: &Vault) {
        let segments = vault.index.snapshot();
        let listed = segments.iter().flat_map(|s| s.packs());
        let listed: std::collections::BTreeSet<String> = listed.map(ToString::to_string).collect();
        self.packs.retain(|pack, _| listed.contains(pack));
    }
}
