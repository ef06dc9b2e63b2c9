//! Real guests: what other crates' tests build on.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{DiskSpec, Format, Guest, HostDir, disk, process};

#[test]
fn a_guest_keeps_its_files_over_a_shutdown_and_its_copies_boot_by_themselves() {
    let guest = Guest::builder("vm1")
        .disk(DiskSpec::qcow2(64 << 20))
        .disk(DiskSpec::raw(64 << 20))
        .disk(DiskSpec::raw(8 << 20).blank())
        .start()
        .unwrap();
    guest.wait_agent().unwrap();
    let data = disk::noise(1, 100_000);
    guest.write_file("/data1/a", &data).unwrap();
    guest.write_file("/data2/b", b"raw").unwrap();
    let sum = guest.sha256("/data1/a").unwrap();
    assert_eq!(guest.read_file("/data1/a").unwrap(), data);
    assert_eq!(guest.sh("exit 7").unwrap().code, 7);
    assert_eq!(
        guest.run("blockdev --getsize64 /dev/vdd").unwrap(),
        (8 << 20).to_string()
    );
    let frozen = guest.agent("guest-fsfreeze-freeze", json!({})).unwrap();
    assert_eq!(
        guest.agent("guest-fsfreeze-thaw", json!({})).unwrap(),
        frozen
    );
    assert_eq!(frozen, 3, "root and two data disks");
    let uuid = guest.qmp("query-uuid", Value::Null).unwrap();
    assert_eq!(uuid["UUID"], guest.uuid());
    guest.shutdown().unwrap();
    assert!(!guest.is_running());

    let copies: Vec<_> = (0..3)
        .map(|n| guest.dir().join(format!("copy{n}")))
        .collect();
    for (n, copy) in copies.iter().enumerate() {
        disk::convert(guest.disk_path(n), copy, Format::Qcow2).unwrap();
        disk::assert_same(guest.disk_path(n), copy).unwrap();
    }
    guest.start_again().unwrap();
    let copy = Guest::builder("copy")
        .host(guest.host())
        .firmware_boot()
        .boot_from(&copies)
        .start()
        .unwrap();
    copy.wait_agent().unwrap();
    assert_eq!(copy.sha256("/data1/a").unwrap(), sum);
    assert_eq!(guest.sha256("/data1/a").unwrap(), sum);
    assert_eq!(copy.read_file("/data2/b").unwrap(), b"raw");
}

#[test]
fn a_warm_guest_answers_at_once_and_its_disks_are_its_own() {
    let start = || {
        Guest::builder("w")
            .disk(DiskSpec::raw(32 << 20))
            .warm()
            .start()
            .unwrap()
    };
    let (one, two) = (start(), start());
    one.write_file("/data1/x", b"one").unwrap();
    two.write_file("/data1/x", b"two").unwrap();
    assert_eq!(one.read_file("/data1/x").unwrap(), b"one");
    assert_eq!(two.read_file("/data1/x").unwrap(), b"two");
    let age: u64 = one.run("date +%s").unwrap().parse().unwrap();
    assert!(age > 1_700_000_000, "the clock was set");
    two.quit().unwrap();
    two.start_again().unwrap();
    assert_eq!(two.read_file("/data1/x").unwrap(), b"two");
}

#[test]
fn killing_takes_effect_at_once_and_dropping_leaves_nothing() {
    let guest = Guest::builder("k").start().unwrap();
    let (pid, dir) = (guest.pid().unwrap(), guest.hostdir().to_owned());
    guest.kill().unwrap();
    assert!(guest.pid().is_err());
    guest.start_again().unwrap();
    let again = guest.pid().unwrap();
    assert_ne!(pid, again);
    drop(guest);
    assert!(process::gone_within(again, Duration::from_secs(1)));
    assert!(!dir.exists());
}

#[test]
fn a_qemu_that_refuses_says_why() {
    let refused = Guest::builder("bad").argument("-no-such-option").start();
    let text = format!("{:#}", refused.err().unwrap());
    assert!(text.contains("no-such-option"), "{text}");
}

#[test]
fn uefi_firmware_starts_the_guest_with_variables_of_its_own() {
    let guest = Guest::builder("uefi").uefi().start().unwrap();
    guest.wait_agent().unwrap();
    assert_eq!(
        guest.run("[ -d /sys/firmware/efi ] && echo yes").unwrap(),
        "yes"
    );
    assert!(guest.dir().join("nvram.fd").exists());
    guest.shutdown().unwrap();
    guest.start_again().unwrap();
}

/// Not a test: what the next one kills.
#[test]
#[ignore = "runs for ever, in a process that is to be killed"]
fn a_test_that_is_killed() {
    let guest = Guest::builder("victim").start().unwrap();
    println!(
        "\npid {} dir {}",
        guest.pid().unwrap(),
        guest.hostdir().display()
    );
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
fn a_killed_test_takes_its_guest_with_it_and_the_next_one_cleans_up() {
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "a_test_that_is_killed",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(test.stdout.take().unwrap())
        .lines()
        .map(|l| l.unwrap());
    let line = lines.find(|l| l.starts_with("pid ")).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    let (pid, dir) = (words[1].parse().unwrap(), Path::new(words[3]));
    assert!(process::alive(pid));
    test.kill().unwrap();
    test.wait().unwrap();
    assert!(process::gone_within(pid, Duration::from_secs(5)));
    assert!(dir.exists());
    drop(HostDir::new().unwrap());
    assert!(!dir.exists());
}

#[test]
fn booting_changes_no_file_on_the_disk() {
    let guest = Guest::builder("twice").network().start().unwrap();
    guest.wait_agent().unwrap();
    let hashes = || {
        guest
            .run("find / -xdev -type f | sort | xargs sha256sum")
            .unwrap()
    };
    let first = hashes();
    guest.shutdown().unwrap();
    guest.start_again().unwrap();
    assert_eq!(first, hashes());
}
