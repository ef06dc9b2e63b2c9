//! Names of the things that cross crate lines.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Code, Error, Random, Result};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            #[doc = concat!("A new ", $what, " id (random, RFC 9562 version 4).")]
            pub fn new(random: &dyn Random) -> Self {
                Self(uuid::Builder::from_random_bytes(random.bytes()).into_uuid())
            }

            /// The 16 bytes of the id.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id with these 16 bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Uuid::parse_str(text).map(Self).map_err(|_| {
                    Error::new(Code::BadArgument, format!("`{text}` is not a {} id (a UUID)", $what))
                })
            }
        }
    };
}

id! {
    /// One vault, whatever stores hold it. Fixed at creation.
    VaultId, "vault"
}
id! {
    /// One recovery point. It is the same in every tier that holds the point.
    PointId, "recovery point"
}

/// The name of the dirty bitmap (under libvirt: the checkpoint) that records what
/// changed since one recovery point.
///
/// `stillpoint-<first 8 hex digits of the vault id>-<point id, 32 hex digits>`. By the
/// vault's part a run knows which left-over bitmaps are its own to remove.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrackerName {
    vault: [u8; 4],
    point: PointId,
}

impl TrackerName {
    const PREFIX: &'static str = "stillpoint-";

    /// The tracker that counts from `point` of `vault`.
    #[must_use]
    pub fn new(vault: VaultId, point: PointId) -> Self {
        let b = vault.as_bytes();
        Self {
            vault: [b[0], b[1], b[2], b[3]],
            point,
        }
    }

    /// The point it counts from.
    #[must_use]
    pub fn point(&self) -> PointId {
        self.point
    }

    /// Whether both belong to the same vault.
    #[must_use]
    pub fn same_vault(&self, other: &Self) -> bool {
        self.vault == other.vault
    }

    /// Reads a bitmap's or checkpoint's name; `None` if Stillpoint did not make it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (vault, point) = name.strip_prefix(Self::PREFIX)?.split_once('-')?;
        let mut v = [0; 4];
        hex::decode_to_slice(vault, &mut v).ok()?;
        (point.len() == 32).then_some(())?;
        Some(Self {
            vault: v,
            point: PointId(Uuid::parse_str(point).ok()?),
        })
    }
}

impl fmt::Display for TrackerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}-{}",
            Self::PREFIX,
            hex::encode(self.vault),
            self.point.0.simple()
        )
    }
}

impl fmt::Debug for TrackerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRandom;

    #[test]
    fn a_tracker_name_reads_back_and_foreign_names_do_not() {
        let random = SeededRandom::new(1);
        let name = TrackerName::new(VaultId::new(&random), PointId::new(&random));
        assert_eq!(TrackerName::parse(&name.to_string()), Some(name));
        for foreign in [
            "cp1",
            "stillpoint-",
            "stillpoint-0011-22",
            "virtnbdbackup.0",
        ] {
            assert_eq!(TrackerName::parse(foreign), None, "{foreign}");
        }
    }
}
