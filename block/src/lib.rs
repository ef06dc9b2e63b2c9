//! Disks as ranges of bytes: what can be read, what can be written, what is known to be zero.
//!
//! A [`BlockSource`] is anything that holds a disk's contents at one instant: an image file,
//! an NBD export of a running machine, a recovery point. A [`BlockSink`] is anything a disk
//! can be restored to. Formats other than raw are read and written through `qemu-nbd`, so
//! that every format of QEMU works and none is parsed here.

mod aligned;
mod child;
mod extent;
mod file;
#[doc(hidden)]
pub mod fuzz;
mod held;
mod image;
pub mod nbd;
mod qemu_nbd;
mod source;
mod tool;
mod zero;

pub use aligned::Aligned;
pub use extent::{Extent, ExtentSet, Run, RunState};
pub use file::{FileDisk, write_new};
pub use held::Held;
pub use image::{BitmapInfo, ImageInfo, create_image, foreign_format, probe_image};
pub use nbd::{NbdAddress, NbdClient, NbdServer};
pub use qemu_nbd::{ImageOptions, QemuNbd};
pub use source::{BlockSink, BlockSource};
pub use zero::is_zero;
