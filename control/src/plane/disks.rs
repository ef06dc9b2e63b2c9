//! The numbers by which clients name a machine's disks (DISK-1).

use hypervisor::{Disk, DiskChoice};

/// For each disk its number among the data disks, in the machine's order; `None` for the disk of
/// the operating system: the first in the boot order, else the first that is a disk.
#[must_use]
pub fn disk_numbers(disks: &[Disk]) -> Vec<Option<u16>> {
    let places = disks.iter().enumerate();
    let system = places
        .clone()
        .filter(|(_, d)| d.choice == DiskChoice::Included)
        .min_by_key(|(i, d)| (d.boot_order.unwrap_or(u32::MAX), *i))
        .map(|(i, _)| i);
    let mut next = 0;
    places
        .map(|(i, _)| {
            let number = (Some(i) != system).then_some(next);
            next += u16::from(number.is_some());
            number
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypervisor::ImageFormat;

    fn disk(boot_order: Option<u32>, choice: DiskChoice) -> Disk {
        Disk {
            name: String::new(),
            path: None,
            format: ImageFormat::Raw,
            size: 1,
            bus: "virtio".to_owned(),
            boot_order,
            choice,
        }
    }

    #[test]
    fn the_first_to_boot_is_the_systems_and_the_others_count_from_zero() {
        let plain = || disk(None, DiskChoice::Included);
        let cdrom = disk(None, DiskChoice::Excluded("read-only".to_owned()));
        assert_eq!(disk_numbers(&[plain(), plain()]), [None, Some(0)]);
        assert_eq!(disk_numbers(&[cdrom, plain()]), [Some(0), None]);
        let second = disk(Some(1), DiskChoice::Included);
        assert_eq!(
            disk_numbers(&[plain(), second, plain()]),
            [Some(0), None, Some(1)]
        );
        assert!(disk_numbers(&[]).is_empty());
    }
}
