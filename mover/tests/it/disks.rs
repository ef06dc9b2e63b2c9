//! Which disks are taken, and disks that come, go and change their size.

use base::Code;
use block::{Extent, ExtentSet};
use hypervisor::DiskChoice;
use hypervisor::fake::PAGE;
use mover::DiskFilter;
use vault::Store;

use crate::host::VM;
use crate::support::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn taken(report: &mover::BackupReport) -> Vec<&str> {
    report.disks.iter().map(|d| d.name.as_str()).collect()
}

#[tokio::test]
async fn all_disks_are_taken_at_one_instant() {
    let bench = Bench::new(&[("vda", 2 * MIB), ("vdb", 3 * MIB + 512), ("vdc", PAGE)]).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench.host.write("vdb", 3 * MIB, &noise(2, 512));
    // The guest goes on writing to all of them; `checked_backup` compares with the instant.
    let mut n = 0;
    bench.host.on_read(move |fake| {
        n += 1;
        for disk in ["vda", "vdb", "vdc"] {
            fake.write(VM, disk, n % 8 * 4096, &noise(n, 4096));
        }
    });
    let first = bench.checked_backup().await;
    assert_eq!(taken(&first), ["vda", "vdb", "vdc"]);
    assert_eq!(first.disks[1].read, 512);
    bench.checked_backup().await;
    bench.host.calm();
    let last = bench.checked_backup().await;
    assert!(last.disks.iter().all(|d| d.tracker.is_some()));
}

#[tokio::test]
async fn a_new_disk_is_read_in_full_and_the_others_by_their_trackers() {
    let mut bench = Bench::new(&[("vda", MIB), ("vdb", MIB)]).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench.host.write("vdb", 0, &noise(2, MIB));
    bench.options.disks.include = names(&["vda"]);
    let first = bench.checked_backup().await;
    assert_eq!(taken(&first), ["vda"]);
    bench.options.disks = DiskFilter::default();
    let second = bench.checked_backup().await;
    assert_eq!(taken(&second), ["vda", "vdb"]);
    assert_eq!(
        (second.disks[0].read, second.disks[1].read),
        (0, MIB),
        "{second:?}"
    );
    assert!(second.disks[0].tracker.is_some() && second.disks[1].tracker.is_none());
}

#[tokio::test]
async fn a_disk_left_out_once_is_read_by_its_tracker_when_it_is_back() {
    let mut bench = Bench::new(&[("vda", MIB), ("vdb", MIB)]).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench.host.write("vdb", 0, &noise(2, MIB));
    let first = bench.checked_backup().await;
    bench.host.write("vdb", 0, b"one");
    bench.options.disks.exclude = names(&["vdb"]);
    assert_eq!(taken(&bench.checked_backup().await), ["vda"]);
    bench.host.write("vdb", 5 * PAGE, b"two");
    bench.options.disks.exclude.clear();
    let third = bench.checked_backup().await;
    let vdb = &third.disks[1];
    assert_eq!((vdb.read, vdb.changed), (2 * PAGE, 2 * 4096), "{vdb:?}");
    let since = vdb.tracker.as_deref().unwrap();
    assert!(since.ends_with(&first.point.to_string().replace('-', "")));
    assert_eq!(third.disks[0].read, 0);
}

#[tokio::test]
async fn a_disk_that_is_another_image_now_is_read_in_full() {
    let bench = Bench::new(&[("vda", MIB)]).await;
    bench.host.write("vda", 0, &noise(1, MIB));
    bench.backup().await;
    // Its bitmap has the same name on every image of the machine.
    let other = |m: &mut hypervisor::Machine| m.disks[0].path = Some("/fake/other".into());
    bench.host.fake.describe(VM, other);
    let second = bench.checked_backup().await;
    assert_eq!((second.disks[0].read, second.disks[0].changed), (MIB, 0));
    let reason = second.disks[0].reason.as_deref().unwrap();
    assert!(reason.contains("another image"), "{reason}");
}

#[tokio::test]
async fn a_disk_that_went_is_not_in_the_next_point_and_stays_in_the_older_one() {
    let bench = Bench::new(&[("vda", MIB), ("vdb", MIB)]).await;
    bench.host.write("vdb", 0, &noise(2, MIB));
    let first = bench.checked_backup().await;
    let held = bench.host.instant();
    bench.host.fake.describe(VM, |m| m.disks.truncate(1));
    let second = bench.checked_backup().await;
    assert_eq!(taken(&second), ["vda"]);
    check_point(&bench.vault, first.point, &held).await;
}

#[tokio::test]
async fn a_disk_that_grows_or_shrinks_keeps_its_tracker() {
    for sizes in [
        [4 * MIB, 6 * MIB + 512, MIB + 4608],
        [MIB + 512, 40 * MIB, 3 * PAGE],
        [PAGE, 5 * MIB, 2 * PAGE + 1024],
    ] {
        let bench = Bench::new(&[("vda", sizes[0])]).await;
        bench.host.write("vda", 0, &noise(1, sizes[0]));
        bench.checked_backup().await;
        bench.host.take_reads("vda");

        bench.host.fake.resize(VM, "vda", sizes[1]);
        let tail = noise(2, 4096);
        bench.host.write("vda", sizes[1] - 4096, &tail);
        let grown = bench.checked_backup().await;
        assert_eq!(only(&grown).size, sizes[1]);
        assert!(only(&grown).tracker.is_some());
        // What was there is not read again, but for the chunk at the old end.
        let old: ExtentSet = [Extent::new(0, sizes[0] / CHUNK * CHUNK)]
            .into_iter()
            .collect();
        let reads = bench.host.take_reads("vda");
        let page = (sizes[1] - 4096) / PAGE * PAGE;
        let written: ExtentSet = [Extent::new(page, sizes[1] - page)].into_iter().collect();
        assert!(reads.intersect(&old).subtract(&written).is_empty());

        bench.host.fake.resize(VM, "vda", sizes[2]);
        let cut = bench.checked_backup().await;
        assert!(only(&cut).tracker.is_some());
        assert!(only(&cut).read <= CHUNK, "{}", only(&cut).read);

        // What was cut off does not come back.
        bench.host.fake.resize(VM, "vda", sizes[1]);
        let again = bench.checked_backup().await;
        assert!(only(&again).tracker.is_some());
    }
}

#[tokio::test]
async fn a_disk_name_that_the_machine_lacks_is_refused_and_the_names_it_has_are_told() {
    let mut bench = Bench::new(&[("vda", MIB), ("vdb", MIB)]).await;
    for filter in [
        DiskFilter {
            include: names(&["sda"]),
            exclude: vec![],
        },
        DiskFilter {
            include: vec![],
            exclude: names(&["sda"]),
        },
    ] {
        bench.options.disks = filter;
        let e = bench.try_backup().await.unwrap_err();
        assert_eq!(e.code(), Code::DiskNotFound);
        assert!(e.detail().contains("sda") && e.detail().contains("vda, vdb"));
    }
    bench.options.disks = DiskFilter {
        include: vec![],
        exclude: names(&["vda", "vdb"]),
    };
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!(e.code(), Code::NoDisks);
    assert!(bench.vault.points().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_disk_that_cant_be_backed_up_is_left_out_unless_it_is_named() {
    let mut bench = Bench::new(&[("vda", MIB), ("vdb", MIB)]).await;
    bench.host.fake.describe(VM, |m| {
        m.disks[1].choice = DiskChoice::Excluded("it is shared with other machines".into());
    });
    assert_eq!(taken(&bench.checked_backup().await), ["vda"]);
    bench.options.disks.include = names(&["vda", "vdb"]);
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!(e.code(), Code::DiskUnsupported);
    assert!(e.detail().contains("shared with other machines"));
}

#[tokio::test]
async fn an_unknown_machine_is_refused() {
    let bench = Bench::new(&[("vda", MIB)]).await;
    bench.host.fake.remove_machine(VM);
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!(e.code(), Code::MachineNotFound);
}

#[tokio::test]
async fn a_snapshot_store_that_is_too_small_is_refused_before_the_guest_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    // Half an exbibyte, which no test machine has free.
    let bench = Bench::with(&[("vda", 1 << 60)], vault_in(store, CHUNK).await);
    let e = bench.try_backup().await.unwrap_err();
    assert_eq!(e.code(), Code::SnapshotStoreTooSmall);
    assert!(e.detail().contains("free"), "{e}");
    assert!(!bench.host.was_asked());
}
