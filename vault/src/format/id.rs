//! Ids of chunks and tree nodes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The keyed BLAKE3 of a chunk's or node's contents. The zero id stands for contents that
/// are all zero and are not stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Id(pub [u8; 32]);

impl Id {
    /// The id of what is all zero.
    pub const ZERO: Self = Self([0; 32]);

    /// Whether it stands for zeros.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// The first eight bytes as a number that sorts as the id does. Ids are keyed hashes, so
    /// it is uniform.
    #[must_use]
    pub fn prefix(&self) -> u64 {
        u64::from_be_bytes(self.0[..8].try_into().expect("eight bytes"))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0[..6]))
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        let mut id = [0; 32];
        hex::decode_to_slice(text.as_bytes(), &mut id).map_err(serde::de::Error::custom)?;
        Ok(Self(id))
    }
}
