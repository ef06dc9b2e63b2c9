//! A node of a disk's tree: the ids of 16 chunks or of 16 nodes below.
//!
//! | offset | length | field |
//! |---|---|---|
//! | 0 | 1 | level: 0 above chunks |
//! | 1 | 1 | zero |
//! | 2 | 2 | bitmap of the children that are not zero, child 0 in the lowest bit |
//! | 4 | 32 each | their ids, in order |
//!
//! Its id is the keyed BLAKE3 of these bytes. A node without children is not stored: its id
//! is zero. Child i of node n at level l is slot 16n+i of the level below. The fan-out is
//! explained in ADR 0004.

use base::Result;

use super::id::Id;
use super::{Cursor, damaged};

/// Children of a node.
pub const FAN_OUT: usize = 16;
/// The highest level: 16^16 chunks of any size are more than a disk can have.
pub const MAX_LEVEL: u8 = 15;

/// A node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its level.
    pub level: u8,
    /// Its children; zero ids are all-zero contents.
    pub children: [Id; FAN_OUT],
}

impl Node {
    /// A node of zeros.
    #[must_use]
    pub fn empty(level: u8) -> Self {
        Self {
            level,
            children: [Id::ZERO; FAN_OUT],
        }
    }

    /// Whether all it stands for is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.children.iter().all(Id::is_zero)
    }

    /// The stored contents.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![self.level, 0, 0, 0];
        let mut map = 0u16;
        for (i, child) in self.children.iter().enumerate() {
            if !child.is_zero() {
                map |= 1 << i;
                out.extend_from_slice(&child.0);
            }
        }
        out[2..4].copy_from_slice(&map.to_le_bytes());
        out
    }

    /// Reads the stored contents of a node that should be at `level`, if one is given.
    ///
    /// # Errors
    /// `Integrity`.
    pub fn read(bytes: &[u8], level: impl Into<Option<u8>>) -> Result<Self> {
        let mut c = Cursor::new(bytes, "a tree node");
        let (found, zero, map) = (c.u8()?, c.u8()?, c.u16()?);
        let level = level.into().unwrap_or(found);
        if found != level || found > MAX_LEVEL || zero != 0 {
            return Err(damaged(format!(
                "a tree node of level {found} where {level} belongs"
            )));
        }
        let mut node = Self::empty(level);
        for (i, child) in node.children.iter_mut().enumerate() {
            if map & (1 << i) != 0 {
                *child = Id(c.array()?);
                if child.is_zero() {
                    return Err(damaged("a tree node stores a zero id"));
                }
            }
        }
        c.end()?;
        Ok(node)
    }
}

/// The level of the root of a tree over `chunks` chunks.
#[must_use]
pub fn root_level(chunks: u64) -> u8 {
    let mut level = 0;
    let mut reach = FAN_OUT as u64;
    while reach < chunks {
        level += 1;
        reach = reach.saturating_mul(FAN_OUT as u64);
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_reads_back_and_its_root_level_covers_the_disk() {
        let mut node = Node::empty(3);
        node.children[0] = Id([7; 32]);
        node.children[15] = Id([9; 32]);
        assert_eq!(Node::read(&node.to_bytes(), 3).unwrap(), node);
        assert!(Node::read(&node.to_bytes(), 2).is_err());
        for (chunks, level) in [(0, 0), (1, 0), (16, 0), (17, 1), (256, 1), (257, 2)] {
            assert_eq!(root_level(chunks), level, "{chunks}");
        }
        assert!(root_level(u64::MAX) <= MAX_LEVEL);
    }
}
