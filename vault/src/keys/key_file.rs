//! A key file: 32 random bytes that open a vault instead of a passphrase.

use std::fmt;
use std::path::Path;

use base::{Code, Error, Random, Result};
use zeroize::Zeroizing;

use super::secret::Secret;
use base::private_file;

const PREFIX: &str = "STILLPOINT-KEY-FILE-1 ";
const FILE_LEN: usize = PREFIX.len() + 2 * Secret::LEN + 1;

/// A key file: 32 random bytes that open a vault instead of a passphrase.
///
/// The file (mode 0600) is one line: `STILLPOINT-KEY-FILE-1 `, 64 lower-case hex digits,
/// a line feed. One key file may open several vaults.
#[derive(Clone)]
pub struct KeyFile(Secret);

impl KeyFile {
    /// A new key file, in memory only.
    pub fn new(random: &dyn Random) -> Self {
        Self(Secret::random(random))
    }

    /// The line that the file holds. It is secret.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(FILE_LEN));
        text.push_str(PREFIX);
        text.push_str(&self.0.to_hex());
        text.push('\n');
        text
    }

    /// Reads such a line; the line feed may be missing.
    ///
    /// # Errors
    /// [`Code::KeyFileDamaged`] if it is anything else.
    pub fn from_text(text: &str) -> Result<Self> {
        text.strip_prefix(PREFIX)
            .map(|rest| rest.strip_suffix('\n').unwrap_or(rest))
            .and_then(Secret::from_hex)
            .map(Self)
            .ok_or_else(|| {
                Error::new(
                    Code::KeyFileDamaged,
                    "key file: it is not one line of STILLPOINT-KEY-FILE-1 and 64 hex digits",
                )
            })
    }

    /// Makes the file `path`, mode 0600. Durable when this returns.
    ///
    /// # Errors
    /// [`Code::TargetExists`] if something has that name; those of the file system.
    pub fn write(&self, path: &Path) -> Result<()> {
        private_file::create(path, self.to_text().as_bytes())
    }

    /// Reads the file `path`.
    ///
    /// # Errors
    /// [`Code::FileAccessDenied`] if others than the owner may use the file;
    /// [`Code::KeyFileDamaged`] if it is no key file; those of the file system.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = private_file::read(path, FILE_LEN)?;
        // Not text: then not a key file either, and the empty text says so.
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        Self::from_text(text).map_err(|e| e.during(path.display()))
    }

    /// The key that wraps the vault key in this file's slot.
    pub(super) fn slot_key(&self) -> Secret {
        self.0.derive("stillpoint v1 key file: slot key")
    }

    /// Tells this file's slot from others; reveals nothing of the key.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 8] {
        let hash = self.0.derive("stillpoint v1 key file: fingerprint");
        let mut out = [0; 8];
        out.copy_from_slice(&hash.bytes()[..8]);
        out
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile(..)")
    }
}
