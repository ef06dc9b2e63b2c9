//! Wrapping one 32-byte key with another: AES-256 key wrap (RFC 3394), 40 bytes.

use std::fmt;

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::secret::Secret;

/// A 32-byte key, wrapped.
pub(super) type Wrapped = Hex<40>;

/// Wraps `key`. Deterministic, as RFC 3394 is: the same keys give the same bytes.
pub(super) fn wrap(with: &Secret, key: &Secret) -> Wrapped {
    let mut out = [0; 40];
    kek(with)
        .wrap(key.bytes(), &mut out)
        .expect("a 32-byte key wraps into 40 bytes");
    Hex(out)
}

/// `None` if `with` is not the key that wrapped it.
pub(super) fn unwrap(with: &Secret, wrapped: &Wrapped) -> Option<Secret> {
    let mut key = Secret::zero();
    let length = kek(with).unwrap(&wrapped.0, key.bytes_mut()).ok()?.len();
    (length == Secret::LEN).then_some(key)
}

fn kek(with: &Secret) -> AesKek {
    AesKek::new(&AES_256, with.bytes()).expect("the key has 32 bytes")
}

/// `N` bytes that are not secret, written as hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Hex<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut out = [0; N];
        hex::decode_to_slice(&text, &mut out)
            .map_err(|_| serde::de::Error::custom("wrong number of hex digits"))?;
        Ok(Self(out))
    }
}
