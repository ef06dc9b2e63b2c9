//! What protection's state means for an item's runs and points.

use serde::{Deserialize, Serialize};

/// How an item stands, as far as time goes by for it (PROT-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protection {
    /// `IRPending`, `Protected` and `ProtectionError`: it runs by its policy, even if runs fail.
    Active,
    /// `ProtectionStopped`: no runs, and all points stay for ever (PROT-11).
    Stopped,
    /// `BackupsSuspended`: no runs; points expire by the policy as it was, the last one stays.
    Suspended,
    /// `ToBeDeleted`: no runs; all points stay until they are purged (SOFT-3).
    SoftDeleted,
}

impl Protection {
    /// Whether runs are due. Runs on demand need it, too (PROT-8).
    #[must_use]
    pub fn runs(self) -> bool {
        self == Self::Active
    }

    /// Whether points expire. At a resume it begins anew, for those long past their time as well
    /// (PROT-13).
    #[must_use]
    pub fn prunes(self) -> bool {
        matches!(self, Self::Active | Self::Suspended)
    }

    /// Whether an edit of the policy counts for the points that exist ([`crate::Marks::under`];
    /// IMMU-3).
    #[must_use]
    pub fn follows_edits(self) -> bool {
        self == Self::Active
    }
}
