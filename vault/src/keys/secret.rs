//! 32 secret bytes.

use std::fmt;

use base::Random;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, Zeroizing};

/// 32 secret bytes: wiped when dropped, absent from `Debug` output.
///
/// They are on the heap, so that moving the value leaves no copy behind. Serialised as
/// 64 lower-case hex digits: only into files and envelopes that are secret themselves.
#[derive(Clone)]
pub(super) struct Secret(Box<[u8; 32]>);

impl Secret {
    pub(super) const LEN: usize = 32;

    /// All zero, to be filled by the caller.
    pub(super) fn zero() -> Self {
        Self(Box::new([0; 32]))
    }

    pub(super) fn random(random: &dyn Random) -> Self {
        let mut secret = Self::zero();
        random.fill(secret.bytes_mut());
        secret
    }

    /// The key that BLAKE3's key derivation gives for this one under `context`.
    pub(super) fn derive(&self, context: &'static str) -> Self {
        let mut derived = Self::zero();
        blake3::Hasher::new_derive_key(context)
            .update(self.bytes())
            .finalize_xof()
            .fill(derived.bytes_mut());
        derived
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }

    /// Reads 64 hex digits.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut secret = Self::zero();
        hex::decode_to_slice(text, secret.bytes_mut()).ok()?;
        Some(secret)
    }

    pub(super) fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.bytes()))
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl Visitor<'_> for Hex {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 hex digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret, E> {
                // The text is secret: the message must not repeat it.
                Secret::from_hex(text).ok_or_else(|| E::custom("a key is not 64 hex digits"))
            }
        }
        deserializer.deserialize_str(Hex)
    }
}
