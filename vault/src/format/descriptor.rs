//! The descriptor, object `vault`: what never changes in a vault.

use base::{Code, Error, Result, VaultId};
use serde::{Deserialize, Serialize};

/// The clear body of the descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The vault.
    pub vault_id: VaultId,
    /// Bytes of a chunk: a power of two.
    pub chunk_size: u32,
    /// When it was made (RFC 3339, UTC).
    pub created_at: String,
}

/// The default chunk size (ADR 0001).
pub const DEFAULT_CHUNK_SIZE: u32 = 64 << 10;

/// Checks a chunk size: a power of two from 16 KiB to 4 MiB.
///
/// # Errors
/// `Invalid`.
pub fn check_chunk_size(size: u32) -> Result<()> {
    if size.is_power_of_two() && (16 << 10..=4 << 20).contains(&size) {
        Ok(())
    } else {
        Err(Error::new(
            Code::BadArgument,
            format!("a chunk of {size} bytes: it must be a power of two from 16K to 4M"),
        ))
    }
}
