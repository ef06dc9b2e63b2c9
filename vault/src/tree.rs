//! The tree of a disk: walking it, and building the next one from it.
//!
//! Slot `s` is the chunk at byte `s × chunk size`. Node `n` of level `l` covers the slots
//! `n·16^(l+1) .. (n+1)·16^(l+1)`; what lies past the disk's end is zero.

mod build;
mod walk;

pub use build::{NewNode, TreeBuilder};
pub use walk::{Leaves, TreeRef, count_data};

use crate::format::node::FAN_OUT;

/// The slots that a node of this level covers, at most.
#[must_use]
pub fn reach(level: u8) -> u64 {
    (FAN_OUT as u64)
        .checked_pow(u32::from(level) + 1)
        .unwrap_or(u64::MAX)
}
