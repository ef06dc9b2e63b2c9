//! The data mover: what carries disks from machines into stores and back.
//!
//! - [`backup`]: phase 1, Snapshot. A machine or an image into the first store.
//! - [`transfer`]: phase 2, Transfer data to vault. From the snapshot store into the vault.
//! - [`restore_disks`]: disks of a point into files, devices, or over what is there; all or none.
//! - [`NewMachine`]: the machine that restored disks become.
//!
//! Nothing here knows how a store or a hypervisor works inside. Every phase can be killed at
//! any moment: what was committed stays, and the next run goes on with what was stored.

mod backup;
mod estimate;
mod extent_list;
#[doc(hidden)]
pub mod fuzz;
mod image;
mod lock;
mod machine;
mod plan;
mod progress;
mod read;
mod record;
mod restore;
mod sample;
mod scratch;
mod target;
mod throttle;
mod transfer;

pub use backup::{BackupOptions, BackupReport, DEFAULT_SAMPLE, DiskFilter, DiskReport, backup};
pub use estimate::{Space, free_space, need_of_first_backup, space};
pub use extent_list::read_extent_list;
pub use image::ImageHost;
pub use lock::{PhaseLock, Wait};
pub use machine::{MachineFiles, NewMachine, RestoredPlaces, file_part};
pub use progress::{Counted, DiskPlan, Event, Events, Progress};
pub use record::{DiskRecord, Origin, PointRecord};
pub use restore::{DiskRestore, RestoreReport, restore_disks};
pub use scratch::scratch_place;
pub use target::{TargetSpec, unfinished_restore};
pub use transfer::{TransferReport, transfer};
