//! A recovery point of a day.

use base::Result;
use jiff::{SignedDuration, Timestamp};
use state::WriteTx;
use state::machines::{Machine, MachineDisk};
use state::protected_items::ProtectedItem;
use state::recovery_points::{
    self as points, Consistency, Keep, PointBody, PointDisk, RecoveryPoint, Tiers, number_of,
};

use crate::Size;
use crate::names::point_id;

/// For so many days a point has its snapshot.
const SNAPSHOTS: usize = 2;

/// Creates the point of a machine that was taken so many days ago.
pub(super) async fn create(
    tx: &mut WriteTx,
    item: &ProtectedItem,
    machine: &Machine,
    (number, day): (usize, usize),
    taken: Timestamp,
    size: Size,
) -> Result<()> {
    let in_days = |days: usize| tx.now() + SignedDuration::from_hours(24 * days as i64);
    let until = in_days(1 + size.points - day);
    let has_snapshot = day < SNAPSHOTS;
    let id = point_id(number, day);
    let new = RecoveryPoint {
        item: item.data_id,
        number: number_of(id),
        point: id,
        taken_at: taken,
        expires_at: Some(until),
        snapshot_expires_at: has_snapshot.then(|| in_days(SNAPSHOTS)),
        tiers: match has_snapshot {
            true => Tiers::SnapshotAndVault,
            false => Tiers::Vault,
        },
        revision: 1,
        body: PointBody {
            consistency: Consistency::FileSystemConsistent,
            downgrade: None,
            disks: machine.disks.iter().map(disk).collect(),
            excluded: Vec::new(),
            keep: Keep::Until(until),
            os: Some("Linux".to_owned()),
            host: Some(machine.host.clone()),
            collection: None,
            data: Some(10 << 30),
        },
    };
    points::create(tx, new).await?;
    Ok(())
}

fn disk(disk: &MachineDisk) -> PointDisk {
    PointDisk {
        lun: disk.lun,
        name: disk.name.clone(),
        bytes: disk.bytes,
    }
}
