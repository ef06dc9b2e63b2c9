//! The manifest of a recovery point, object `points/SESSION/POINT`.
//!
//! The clear body tells what marking, syncing and listing need without a data key: ids,
//! sizes, roots, the time. The sealed body is whatever the writer's caller stores with the
//! point: names and definitions. A manifest names nothing of its store, so that syncing
//! copies it byte for byte.

use base::PointId;
use serde::{Deserialize, Serialize};

use super::id::Id;

/// The clear body of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The point.
    pub point: PointId,
    /// The machine: a keyed hash of its UUID, in hex.
    pub machine: MachineKey,
    /// The instant the point shows, RFC 3339 in UTC.
    pub created_at: String,
    /// A point that can be restored, or the kept part of one that broke.
    pub state: PointState,
    /// Its disks.
    pub disks: Vec<DiskRoot>,
}

/// Whether a point is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PointState {
    /// It is: a recovery point.
    Whole,
    /// Its snapshot broke before all was read. Only the next backup builds on it.
    Attempt,
}

/// A disk of a point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiskRoot {
    /// The disk: a keyed hash of machine and disk name, in hex.
    pub key: MachineKey,
    /// Size in bytes.
    pub size: u64,
    /// Root of its tree; zero if the disk is all zero.
    pub root: Id,
}

/// A keyed hash that stands for a machine or a disk where no data key is at hand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MachineKey(pub [u8; 16]);

impl MachineKey {
    /// No machine: what a collector's session is opened for.
    pub const NONE: Self = Self([0; 16]);
}

impl std::fmt::Debug for MachineKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for MachineKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for MachineKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        let mut key = [0; 16];
        hex::decode_to_slice(text.as_bytes(), &mut key).map_err(serde::de::Error::custom)?;
        Ok(Self(key))
    }
}
