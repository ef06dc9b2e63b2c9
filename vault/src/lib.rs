//! The vault: recovery points in a store of objects that are made once and never changed.
//!
//! A recovery point is a complete Merkle tree a disk over fixed, aligned chunks; there are no
//! chains between points. `docs/format.md` has the bytes, `docs/architecture.md` the paths.
//!
//! ```text
//! write   session ─► writer (chunk ─► id ─► known? ─► codec ─► pack) ─► tree ─► commit
//!         durable order: packs ─► index segment ─► manifest ─► log entry = the point exists
//! read    log ─► manifest ─► tree ─► index ─► reader (pack ─► codec) ─► disk
//! ```
//!
//! Invariants:
//! - An object is made by put-if-absent and never changed.
//! - A log entry names only durable objects; a manifest only stored trees; a stored node only
//!   stored children; a patch only a parent of less depth.
//! - Ids are keyed hashes of contents; what is read is checked against its id.
//! - A session commits only while no later session of its machine and phase is open.

pub mod format;
#[doc(hidden)]
pub mod fuzz;
pub mod keys;

mod checkpoint;
mod closure;
mod codec;
mod collect;
mod cpu;
mod disk;
mod image;
mod index;
mod large;
mod litter;
mod log;
mod log_end;
mod owner;
mod parts;
mod reader;
mod repair;
pub mod rescue;
mod session;
mod store;
mod sync;
mod tree;
mod usage;
mod vault;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use cpu::work_in_place;

pub use collect::{CollectOptions, CollectReport, Figures, Swept, collect, plan_collection};
pub use disk::{PointDisk, SlotWalk, Slots};
pub use format::descriptor::DEFAULT_CHUNK_SIZE;
pub use format::entry::Phase;
pub use format::id::Id;
pub use format::manifest::{DiskRoot, MachineKey, Manifest, PointState};
pub use image::PointImage;
pub use log::{PointEntry, State};
pub use owner::Owner;
pub use parts::{Pace, Part};
pub use reader::{Chunks, Reader};
pub use repair::{RepairReport, repair};
pub use session::{Limits, Session};
pub use store::{Put, Store};
pub use sync::{SyncProgress, SyncStats, sync_point};
pub use tree::{TreeRef, count_data};
pub use usage::{OwnerUsage, StoreUsage, count_usage};
pub use vault::{Locked, PointInfo, Surroundings, Vault, create};
pub use verify::{
    Checked, Finding, Ledger, Level, VerifyEvent, VerifyOptions, VerifyReport, verify, verify_with,
};
pub use writer::{Buffers, DiskWriter, SPAN_CHUNKS, WriteStats};
