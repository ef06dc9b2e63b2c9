//! Real virtual machines and stores for tests: blocking, small, no product code.
//!
//! [`Guest`] runs a Linux guest under plain QEMU, laid out as bare-QEMU
//! discovery expects it; [`libvirt::Libvirtd`] runs a private libvirt with
//! [`libvirt::Domain`]s of the same guest. Both are ended and cleaned up when
//! dropped, and when the test process dies in any other way.
//!
//! Built images are kept in the folder [`place::testbed`] names.

pub mod accel;
pub mod agent;
pub mod azure;
mod base64;
pub mod disk;
mod fetch;
pub mod fragile;
pub mod guest;
pub mod host;
pub mod hostile;
pub mod image;
pub mod libvirt;
pub mod machine;
pub mod node;
pub mod place;
pub mod postgres;
pub mod process;
pub mod python;
pub mod qmp;
pub mod reader;
pub mod scripted;
pub mod stores;
mod wire;

pub use accel::accel;
pub use disk::{DiskSpec, Format};
pub use guest::{Guest, GuestBuilder};
pub use host::HostDir;
pub use machine::Machine;
