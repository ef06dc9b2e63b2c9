//! Raw files and devices.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use base::Code;
use block::{BlockSink, BlockSource, Extent, FileDisk, Run, RunState};

use crate::place::{Dice, Loop, SmallDisk};

const MIB: u64 = 1 << 20;

fn data(runs: &[Run]) -> Vec<(u64, u64)> {
    let data = runs.iter().filter(|r| r.state == RunState::Data);
    data.map(|r| (r.extent.offset, r.extent.len)).collect()
}

fn assert_covers(runs: &[Run], range: Extent) {
    let mut at = range.offset;
    for run in runs {
        assert_eq!(run.extent.offset, at);
        at = run.extent.end();
    }
    assert_eq!(at, range.end());
}

#[tokio::test]
async fn what_is_written_is_read_and_the_rest_are_holes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    let disk = FileDisk::create(&path, 64 * MIB).await.unwrap();
    let bytes = Dice(1).bytes(MIB as usize);
    disk.write(5 * MIB, &bytes).await.unwrap();
    disk.flush().await.unwrap();

    let again = FileDisk::open(&path).await.unwrap();
    assert_eq!(again.size(), 64 * MIB);
    let read = again
        .read(5 * MIB - 7, vec![9; MIB as usize])
        .await
        .unwrap();
    assert_eq!(read[..7], [0; 7]);
    assert_eq!(read[7..], bytes[..MIB as usize - 7]);

    let whole = Extent::new(0, 64 * MIB);
    let runs = again.runs(whole).await.unwrap();
    assert_covers(&runs, whole);
    assert_eq!(data(&runs), [(5 * MIB, MIB)]);
    let part = Extent::new(5 * MIB + 4096, 10 * MIB);
    let runs = again.runs(part).await.unwrap();
    assert_covers(&runs, part);
    assert_eq!(data(&runs), [(5 * MIB + 4096, MIB - 4096)]);
    assert!(again.runs(Extent::new(7, 0)).await.unwrap().is_empty());
}

#[tokio::test]
async fn zeroes_written_over_data_become_a_hole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    let disk = FileDisk::create(&path, 4 * MIB).await.unwrap();
    disk.write(0, &vec![7; 4 * MIB as usize]).await.unwrap();
    disk.flush().await.unwrap();
    assert!(std::fs::metadata(&path).unwrap().blocks() * 512 >= 4 * MIB);
    disk.write_zeroes(Extent::new(MIB + 100, 2 * MIB))
        .await
        .unwrap();
    disk.flush().await.unwrap();
    assert!(std::fs::metadata(&path).unwrap().blocks() * 512 < 3 * MIB);
    let read = disk.read(0, vec![1; 4 * MIB as usize]).await.unwrap();
    for (at, byte) in (0..).zip(read) {
        let zero = (MIB + 100..3 * MIB + 100).contains(&at);
        assert_eq!(byte, if zero { 0 } else { 7 }, "{at}");
    }
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 4 * MIB);
}

#[tokio::test]
async fn a_file_of_no_whole_sectors_is_read_to_its_last_byte_and_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    std::fs::write(&path, [5; 1000]).unwrap();
    let disk = FileDisk::open_writable(&path).await.unwrap();
    assert_eq!(disk.size(), 1000);
    assert_eq!(disk.read(512, vec![0; 488]).await.unwrap(), [5; 488]);
    disk.write(990, &[6; 10]).await.unwrap();
    disk.write_zeroes(Extent::new(980, 10)).await.unwrap();
    let whole = Extent::new(0, 1000);
    assert_covers(&disk.runs(whole).await.unwrap(), whole);
    for (offset, len) in [(512, 489), (1000, 1), (u64::MAX, 2)] {
        let error = disk.read(offset, vec![0; len as usize]).await.unwrap_err();
        assert_eq!(error.code(), Code::BadArgument);
        let error = disk
            .write(offset, &vec![0; len as usize])
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::BadArgument);
        let range = Extent::new(offset, len);
        assert_eq!(
            disk.write_zeroes(range).await.unwrap_err().code(),
            Code::BadArgument
        );
        assert_eq!(
            disk.runs(range).await.unwrap_err().code(),
            Code::BadArgument
        );
    }
    let mut expected = vec![5; 980];
    expected.extend([0; 10]);
    expected.extend([6; 10]);
    assert_eq!(std::fs::read(&path).unwrap(), expected);
}

#[tokio::test]
async fn a_target_that_exists_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    std::fs::write(&path, b"dear data").unwrap();
    let error = FileDisk::create(&path, 4096).await.unwrap_err();
    assert_eq!(error.code(), Code::TargetExists);
    assert_eq!(std::fs::read(&path).unwrap(), b"dear data");
    assert!(error.detail().contains("disk"), "{error}");
}

#[tokio::test]
async fn what_can_not_be_a_disk_is_refused_by_name() {
    let missing = FileDisk::open(Path::new("/nowhere/disk"))
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Code::FileNotFound);
    let folder = FileDisk::open(Path::new("/")).await.unwrap_err();
    assert_eq!(folder.code(), Code::BadArgument);
    let null = FileDisk::open(Path::new("/dev/null")).await.unwrap_err();
    assert_eq!(null.code(), Code::BadArgument);
}

#[tokio::test]
async fn a_disk_opened_for_reading_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    std::fs::write(&path, [1; 512]).unwrap();
    let disk = FileDisk::open(&path).await.unwrap();
    assert_eq!(
        disk.write(0, &[2]).await.unwrap_err().code(),
        Code::FileAccessDenied
    );
    let zeroed = disk.write_zeroes(Extent::new(0, 1)).await;
    assert_eq!(zeroed.unwrap_err().code(), Code::FileAccessDenied);
    assert_eq!(std::fs::read(&path).unwrap(), [1; 512]);
}

#[tokio::test]
async fn a_full_file_system_is_called_full() {
    let small = SmallDisk::new("1m");
    let disk = FileDisk::create(&small.path().join("disk"), 8 * MIB)
        .await
        .unwrap();
    let error = match disk.write(0, &vec![1; 4 * MIB as usize]).await {
        Ok(()) => disk.flush().await.unwrap_err(),
        Err(e) => e,
    };
    assert_eq!(error.code(), Code::NoSpace, "{error:?}");
}

#[tokio::test]
async fn a_block_device_is_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    let bytes = Dice(2).bytes(MIB as usize);
    std::fs::write(&path, &bytes).unwrap();
    let device = Loop::over(&path);
    let disk = FileDisk::open_writable(device.path()).await.unwrap();
    assert_eq!(disk.size(), MIB);
    let whole = Extent::new(0, MIB);
    assert_eq!(data(&disk.runs(whole).await.unwrap()), [(0, MIB)]);
    disk.write_zeroes(Extent::new(64 << 10, 128 << 10))
        .await
        .unwrap();
    disk.write_zeroes(Extent::new(700, 100)).await.unwrap();
    disk.write(3, b"abc").await.unwrap();
    disk.flush().await.unwrap();
    let mut expected = bytes;
    expected[64 << 10..192 << 10].fill(0);
    expected[700..800].fill(0);
    expected[3..6].copy_from_slice(b"abc");
    assert!(disk.read(0, vec![0; MIB as usize]).await.unwrap() == expected);

    let second = FileDisk::open_writable(device.path()).await.unwrap_err();
    assert_eq!(second.code(), Code::ImageInUse);
    FileDisk::open(device.path()).await.unwrap();
    drop(disk);
    assert!(std::fs::read(&path).unwrap() == expected);
}
