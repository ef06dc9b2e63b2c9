//! What the disks and the stores should hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use testkit::disk::noise;

use super::dice::Dice;

/// Disks by their names.
pub type Disks = BTreeMap<String, Arc<Vec<u8>>>;

/// A point as it should be.
#[derive(Clone)]
pub struct Point {
    pub disks: Disks,
    pub snapshot: bool,
    pub vault: bool,
}

/// A write of the machine.
pub enum Write {
    Bytes(Vec<u8>),
    Fill(u8, usize),
    Zeroes { len: usize, unmap: bool },
    Discard(usize),
}

impl Write {
    /// Any write, and where. `old` is what some point has of the disk.
    pub fn any(dice: &mut Dice, size: usize, old: Option<&Arc<Vec<u8>>>) -> (usize, Self) {
        let most = match dice.below(6) {
            0 => 1 << 20,
            1 => 64 << 10,
            _ => 8 << 10,
        };
        // Disks are of whole sectors; discards of whole clusters, which then read as zeros.
        let kind = dice.below(8);
        let unit = if kind == 0 { 64 << 10 } else { 512 };
        let units = 1 + dice.below((most / unit).max(1));
        let at = dice.below(size / unit) * unit;
        let len = (units * unit).min((size - at) / unit * unit);
        let write = match (kind, old) {
            (0, _) => Self::Discard(len),
            (1, _) => Self::Zeroes {
                len,
                unmap: dice.one_in(2),
            },
            (2, _) => Self::Fill(dice.next() as u8, len),
            (3, Some(old)) if old.len() >= at + len => Self::Bytes(old[at..at + len].to_vec()),
            _ => Self::Bytes(noise(dice.next(), len)),
        };
        (at, write)
    }

    /// What the disk holds after it.
    pub fn on(&self, disk: &mut [u8], at: usize) {
        match self {
            Self::Bytes(bytes) => disk[at..at + bytes.len()].copy_from_slice(bytes),
            Self::Fill(byte, len) => disk[at..at + len].fill(*byte),
            Self::Zeroes { len, .. } | Self::Discard(len) => disk[at..at + len].fill(0),
        }
    }

    /// The command of qemu-io; bytes are taken from `source`.
    pub fn command(&self, at: usize, source: &str) -> String {
        match self {
            Self::Bytes(bytes) => format!("write -s {source} {at} {}", bytes.len()),
            Self::Fill(byte, len) => format!("write -P {byte} {at} {len}"),
            Self::Zeroes { len, unmap: true } => format!("write -z -u {at} {len}"),
            Self::Zeroes { len, .. } => format!("write -z {at} {len}"),
            Self::Discard(len) => format!("discard {at} {len}"),
        }
    }
}

/// What a history did.
#[derive(Debug, Default)]
pub struct Tally {
    pub did: BTreeMap<&'static str, usize>,
    pub writes: usize,
    /// Of them, while a backup read.
    pub meanwhile: usize,
    /// Disks of which a backup read what a bitmap told.
    pub tracked: usize,
    /// Disks that were read whole.
    pub whole: BTreeMap<String, usize>,
    /// Commands or machines killed before they had ended.
    pub killed: usize,
    /// Kills after which the point turned out to be there.
    pub there: usize,
    /// Kills of libvirtd after which it takes no job until the machine is started again.
    pub stuck: usize,
    /// Disks restored and compared.
    pub compared: usize,
}
