//! Targets for fuzzing: each takes hostile bytes to one of this crate's readers. A target
//! must return, whatever the bytes.

use base::{PointId, SeededRandom, TrackerName, VaultId};
use block::ExtentSet;
use hypervisor::Changed;

use crate::plan::to_look_at;
use crate::{PointRecord, extent_list, need_of_first_backup};

/// A function that takes hostile bytes.
pub type Target = fn(&[u8]);

/// All targets, with their names.
pub const TARGETS: &[(&str, Target)] = &[("extent-list", list), ("point-record", record)];

/// A list of changed extents, and what a backup makes of it.
fn list(data: &[u8]) {
    let Ok(extents) = extent_list::parse(data, "list") else {
        return;
    };
    let random = SeededRandom::new(1);
    let tracker = TrackerName::new(VaultId::new(&random), PointId::new(&random));
    let changed = Changed::Since { tracker, extents };
    let size = 1 << 40;
    assert!(to_look_at(size, 64 << 10, None, &changed).bytes() <= size);
}

/// What is stored with a point, sealed, by any host that holds the vault's keys.
fn record(data: &[u8]) {
    let Ok(record) = serde_json::from_slice::<PointRecord>(data) else {
        return;
    };
    let _ = need_of_first_backup(&record.machine.disks);
    for disk in &record.disks {
        let size = disk.read;
        assert!(disk.unread.intersect(&ExtentSet::full(size)).bytes() <= size);
    }
    let again = serde_json::from_slice::<PointRecord>(&record.to_bytes());
    assert!(again.is_ok(), "what was read can be written");
}
