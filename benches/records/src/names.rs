//! How all is called, by its number.

use base::PointId;
use control::ItemName;
use uuid::Uuid;

pub(crate) const GROUP: &str = "default";
pub(crate) const LOCATION: &str = "onprem";
/// The policy that each vault has from its start.
pub(crate) const POLICY: &str = "DefaultPolicy";
/// Items of a vault: as many as one may have.
pub(crate) const PER_VAULT: usize = 1000;

pub(crate) fn machine_name(number: usize) -> String {
    format!("vm{number:05}")
}

pub(crate) fn machine_uuid(number: usize) -> Uuid {
    Uuid::from_u128((number as u128 + 1) << 96)
}

pub(crate) fn host_name(number: usize) -> String {
    format!("host{number:02}")
}

pub(crate) fn connection(host: usize) -> String {
    format!("test:///{host}")
}

pub(crate) fn vault_name(number: usize) -> String {
    format!("vault{number:02}")
}

/// The vault of a machine's item.
pub(crate) fn vault_of(machine: usize) -> String {
    vault_name(machine / PER_VAULT)
}

pub(crate) fn item_name(machine: usize) -> ItemName {
    ItemName {
        group: GROUP.to_owned(),
        machine: machine_name(machine),
    }
}

/// The point of a machine that was taken so many days ago.
pub(crate) fn point_id(machine: usize, day: usize) -> PointId {
    let number = (machine as u64) << 20 | day as u64;
    let mut id = [0; 16];
    // The first half becomes the point's number, which is not zero.
    id[..8].copy_from_slice(&(number << 16 | 0x1234).to_be_bytes());
    PointId::from_bytes(id)
}

/// The job of a machine that began so many days ago.
pub(crate) fn job_id(machine: usize, day: usize) -> Uuid {
    Uuid::from_u128((machine as u128) << 96 | day as u128 | 1 << 64)
}
