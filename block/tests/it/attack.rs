//! All targets of the crate under attack.

use block::fuzz::{TARGETS, nbd_session};
use testkit::hostile::attack;

use crate::hostile::{chunk, data_chunk, handshake, status_chunk};
use crate::server::clients;

/// Inputs that get far into a target.
fn valid(target: &str) -> Vec<Vec<u8>> {
    match target {
        "nbd-handshake" => vec![handshake()],
        "nbd-replies" => {
            let mut hole = 4100u64.to_be_bytes().to_vec();
            hole.extend(60u32.to_be_bytes());
            let mut status = status_chunk(1, &[(512, 0), (4096, 3)]);
            status[15] = 1;
            let error = chunk(1, 0x8002, 2, b"\0\0\0\x05\0\x03bad\0\0\0\0\0\0\0\0");
            let simple = [&0x6744_6698_u32.to_be_bytes()[..], &[0; 12]].concat();
            let parts = [data_chunk(false, 4096, &[1; 4]), chunk(1, 2, 0, &hole)].concat();
            vec![
                [vec![1], status, parts, error].concat(),
                [vec![1], data_chunk(true, 4096, &[1; 64])].concat(),
                [vec![0], simple, vec![7; 64]].concat(),
            ]
        }
        "nbd-session" => sessions(),
        "nbd-server" => clients(),
        "image-info" => vec![
            br#"{"virtual-size": 1048576, "filename": "a", "format": "qcow2",
                "encrypted": true, "backing-filename": "base.qcow2",
                "format-specific": {"type": "qcow2", "data": {"compat": "1.1", "bitmaps": [
                {"flags": ["in-use", "auto"], "name": "b0", "granularity": 65536}]}}}"#
                .to_vec(),
        ],
        "image-header" => {
            let mut bytes = b"QFI\xfb\0\0\0\x03".to_vec();
            bytes.resize(112, 0);
            vec![bytes]
        }
        "extents" => vec![br#"[{"offset":0,"len":65536},{"offset":131072,"len":1}]"#.to_vec()],
        "tool-words" => {
            vec![b"qemu-img: Could not open 'x': Failed to get \"write\" lock".to_vec()]
        }
        _ => panic!("no valid input for {target}"),
    }
}

/// Scripts of a server: size, shift, flags, block size; then one answer after another.
fn sessions() -> Vec<Vec<u8>> {
    let head = |size: u64, block: u8| {
        let mut out = size.to_be_bytes().to_vec();
        out.extend([0, 0x64, block]);
        out
    };
    // One run that goes on to the end, and right answers to everything.
    let status = [0x75, 0, 0xff, 0xff, 0xff, 0xff, 0, 0];
    let mut dirty = status;
    dirty[1] = 1;
    let good = [&status[..], &dirty, &status, &[0x7f; 60]].concat();
    let near = [
        &status[..],
        &dirty,
        &status,
        &[0x73, 128, 128, 0x74, 140],
        &[9; 200],
    ]
    .concat();
    vec![
        [head(1 << 20, 0), good.clone()].concat(),
        [head(100_000, 9), good.clone()].concat(),
        [head(i64::MAX as u64, 16), good].concat(),
        [head(70_000, 12), near].concat(),
    ]
}

#[test]
fn a_server_that_answers_well_is_understood() {
    assert_eq!(nbd_session(&sessions()[0]), 16);
}

#[test]
fn no_bytes_break_a_reader_of_this_crate() {
    for (name, target) in TARGETS {
        let count = attack(name, *target, &valid(name), |run| {
            allocation_counter::measure(run).bytes_max
        });
        assert!(count > 500, "{name}: only {count} inputs");
        println!("{name}: {count} inputs");
    }
}
