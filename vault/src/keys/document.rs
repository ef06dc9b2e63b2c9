//! The text form that key objects and host keys share.
//!
//! ```text
//! {"kind":"…","version":1,…}⏎      one JSON object, compact, members in the documented order
//! 64 hex digits⏎                   BLAKE3 (no key) of all bytes before this line
//! ```
//!
//! There is exactly one spelling: a reader encodes again what it read and compares.

use base::{Code, Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// No document may be larger.
pub(super) const MAX_LEN: usize = 1 << 20;
const CHECKSUM_LEN: usize = 65;

/// The highest version that this code reads, and the one it writes.
pub(super) const VERSION: u32 = 1;

#[derive(Deserialize)]
struct Head {
    kind: String,
    version: u32,
}

const ENCODES: &str = "strings and numbers always encode, and memory always takes them";

/// Counts what is written to it.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The compact JSON of `document`.
pub(super) fn json<T: Serialize>(document: &T) -> Zeroizing<Vec<u8>> {
    // Counted first: a vector that grows would leave copies of secrets behind.
    let mut length = Length(0);
    serde_json::to_writer(&mut length, document).expect(ENCODES);
    let mut out = Zeroizing::new(Vec::with_capacity(length.0 + 1 + CHECKSUM_LEN));
    serde_json::to_writer(&mut *out, document).expect(ENCODES);
    out
}

/// `document` with its checksum line.
pub(super) fn encode<T: Serialize>(document: &T) -> Zeroizing<Vec<u8>> {
    let mut out = json(document);
    out.push(b'\n');
    let checksum = blake3::hash(&out).to_hex();
    out.extend_from_slice(checksum.as_bytes());
    out.push(b'\n');
    out
}

/// Reads what [`encode`] wrote. `damaged` is the code for bytes that are not such a
/// document of this `kind`; [`Code::VaultTooNew`] for one of a later version.
pub(super) fn decode<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    kind: &str,
    damaged: Code,
) -> Result<T> {
    let fail = |why: &str| Error::new(damaged, why.to_owned());
    if bytes.len() > MAX_LEN {
        return Err(fail("it is larger than 1 MiB"));
    }
    let (document, checksum) = bytes
        .len()
        .checked_sub(CHECKSUM_LEN)
        .map(|at| bytes.split_at(at))
        .filter(|(d, c)| d.ends_with(b"\n") && c.ends_with(b"\n"))
        .ok_or_else(|| fail("it is cut short, or no such file at all"))?;
    if blake3::hash(document).to_hex().as_bytes() != &checksum[..CHECKSUM_LEN - 1] {
        return Err(fail("its bytes changed: the checksum differs"));
    }
    // Serde's messages may repeat parts of the text, which is secret: drop them.
    let head: Head =
        serde_json::from_slice(document).map_err(|_| fail("it names no kind and version"))?;
    if head.kind != kind {
        return Err(fail(&format!("it is not a {kind}")));
    }
    if head.version > VERSION {
        return Err(Error::new(
            Code::VaultTooNew,
            format!(
                "its version is {}; the highest known is {VERSION}",
                head.version
            ),
        ));
    }
    if head.version != VERSION {
        return Err(fail("it has a version that never was"));
    }
    let read: T = serde_json::from_slice(document).map_err(|_| fail("its members are wrong"))?;
    let again = encode(&read);
    if *again != *bytes {
        return Err(fail("it is not in the one spelling that is allowed"));
    }
    Ok(read)
}
