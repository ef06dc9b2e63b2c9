//! Targets for fuzzing: each takes hostile bytes to one of this crate's readers. A target
//! must return, whatever the bytes.

use crate::nbd::fuzz::{client, handshake, replies, session};
use crate::{ExtentSet, image, tool};

/// A function that takes hostile bytes.
pub type Target = fn(&[u8]);

/// All targets, with their names.
pub const TARGETS: &[(&str, Target)] = &[
    ("nbd-handshake", |data| _ = handshake(data)),
    ("nbd-replies", |data| _ = replies(data)),
    ("nbd-session", |data| _ = session(data)),
    ("nbd-server", |data| _ = client(data)),
    ("image-info", image_info),
    ("image-header", image_header),
    ("extents", extents),
    ("tool-words", tool_words),
];

/// Whether the bytes are a server's side of a handshake that succeeds.
#[must_use]
pub fn nbd_handshake(data: &[u8]) -> bool {
    handshake(data)
}

/// How many of three waiting requests the bytes answer, as a server's replies; the first
/// byte's lowest bit chooses structured ones.
#[must_use]
pub fn nbd_replies(data: &[u8]) -> usize {
    replies(data)
}

/// How many calls of a client succeed with a server that takes its choices from the bytes.
#[must_use]
pub fn nbd_session(data: &[u8]) -> usize {
    session(data)
}

/// What a server says to a client that sends the bytes, the first 64 KiB of it. Its disk
/// `disk` has 100,000 bytes: 30,000 of sevens, zeros, and from 90,000 on what can't be read.
#[must_use]
pub fn nbd_server(data: &[u8]) -> Vec<u8> {
    client(data)
}

/// What `qemu-img info` printed.
fn image_info(data: &[u8]) {
    let _ = image::parse_info(data);
}

/// An image's first bytes.
fn image_header(data: &[u8]) {
    let _ = image::Header::parse(data);
}

/// A stored set of extents, and what is done with one.
fn extents(data: &[u8]) {
    let Ok(set) = serde_json::from_slice::<ExtentSet>(data) else {
        return;
    };
    let size = set.extents().first().map_or(1 << 20, |e| e.offset);
    let aligned = set.align_out(1 << 16, size);
    assert!(aligned.bytes() <= size, "cut at the size");
    let rest = set.subtract(&aligned).union(&set.intersect(&aligned));
    assert_eq!(rest, set, "the two parts of a set make it up");
}

/// What a tool printed when it failed.
fn tool_words(data: &[u8]) {
    let _ = tool::complaint("qemu-img", &String::from_utf8_lossy(data));
}
