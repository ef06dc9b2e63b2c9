//! Disks as ranges of bytes: what can be read, what can be written, what is known to be zero.
//!
//! A [`BlockSource`] is anything that holds a disk's contents at one instant: an image file,
//! an NBD export of a running machine, a recovery point. A [`BlockSink`] is anything a disk
//! can be restored to. Formats other than raw are read and written through `qemu-nbd`, so
//! that every format of QEMU works and none is parsed here.

mod extent;
mod source;
mod zero;

pub use extent::{Extent, ExtentSet, Run, RunState};
pub use source::{BlockSink, BlockSource};
pub use zero::is_zero;
