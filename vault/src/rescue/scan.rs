//! Finding records in a pack without its directory: each is complete in itself and ends in a
//! checksum, so a reader can find the next sound one after any damage.

use std::ops::Range;

use crate::format::node::FAN_OUT;
use crate::format::pack::{Location, PackName};
use crate::format::record::{self, Record};
use crate::store::Store;

/// Bytes of a pack looked at together; more than the longest record.
const WINDOW: usize = 16 << 20;
/// Where a window can't be read, it is read in pieces of this size.
const PIECE: u64 = 64 << 10;

/// The sound records of a pack, in order. What can't be read is passed over. Memory: a window
/// of 16 MiB.
pub(crate) async fn scan(store: &Store, pack: PackName, size: u64) -> Vec<Location> {
    let (mut found, mut at) = (Vec::new(), 0u64);
    while at < size {
        let end = size.min(at + WINDOW as u64);
        let bytes = read(store, &pack.to_string(), at..end).await;
        let last = end == size;
        let (records, done) = crate::cpu::run(move || sound_records(&bytes, last)).await;
        for (start, header, len) in records {
            // Offsets in the index have 32 bits.
            if let (Ok(offset), Ok(len)) = (u32::try_from(at + start as u64), u32::try_from(len)) {
                found.push(Location {
                    id: header.id,
                    pack,
                    offset,
                    len,
                    kind: header.kind,
                    depth: header.depth,
                    key: header.key,
                    parent: header.parent,
                });
            }
        }
        at += done as u64;
    }
    found
}

/// These bytes; zeros in place of what can't be read.
async fn read(store: &Store, name: &str, range: Range<u64>) -> Vec<u8> {
    if let Ok(bytes) = store.need_range(name, range.clone()).await {
        return bytes.to_vec();
    }
    let mut out = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let end = range.end.min(at + PIECE);
        match store.need_range(name, at..end).await {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(_) => out.resize(out.len() + usize::try_from(end - at).expect("a piece"), 0),
        }
        at = end;
    }
    out
}

/// The sound records in `bytes`, each with its place and length, and how many bytes are dealt
/// with. If more bytes follow (`last` is not set), a record that may reach past the end is left
/// for the next window.
fn sound_records(bytes: &[u8], last: bool) -> (Vec<(usize, record::Header, usize)>, usize) {
    let (mut found, mut at) = (Vec::new(), 0);
    // The smallest record is longer than this.
    const HEAD: usize = 48;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.len() < HEAD {
            return match last {
                true => (found, bytes.len()),
                false => (found, at),
            };
        }
        let Some(len) = likely_len(rest) else {
            at += 1;
            continue;
        };
        match rest.get(..len) {
            None if !last => return (found, at),
            None => at += 1,
            Some(record) => match Record::read(record) {
                Ok(sound) => {
                    found.push((at, sound.header, len));
                    at += len;
                }
                Err(_) => at += 1,
            },
        }
    }
    (found, bytes.len())
}

/// The length of the record that may begin here. Few places look like one, so that hashing
/// those costs little.
fn likely_len(bytes: &[u8]) -> Option<usize> {
    let (kind, encoding, depth) = (bytes[1], bytes[2], bytes[3]);
    let number = |at: usize| {
        let bytes = bytes[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes) as usize
    };
    let (plain, payload) = (number(8), number(12));
    if bytes[0] != crate::format::VERSION || encoding > 1 {
        return None;
    }
    let frame = match kind {
        3 if depth == 0 && plain <= 4 + 32 * FAN_OUT && payload <= plain => 0,
        1 if depth == 0 && is_chunk(plain) => 12,
        2 if (1..=record::MAX_DEPTH).contains(&depth) && is_chunk(plain) => 32 + 12,
        _ => return None,
    };
    let len = 48 + frame + payload + 16;
    (len <= record::MAX_LEN).then_some(len)
}

fn is_chunk(len: usize) -> bool {
    let len = u32::try_from(len).unwrap_or(0);
    crate::format::descriptor::check_chunk_size(len).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::id::Id;
    use crate::format::record::{Encoding, Header, Kind};

    fn record(n: u8, payload: usize) -> Vec<u8> {
        let header = Header {
            kind: Kind::Whole,
            encoding: Encoding::Raw,
            depth: 0,
            key: 1,
            plain_len: 64 << 10,
            id: Id([n; 32]),
            parent: Id::ZERO,
        };
        let mut out = Vec::new();
        let payload = vec![n; payload];
        record::assemble(
            &header.to_bytes(payload.len()),
            Some(&[n; 12]),
            &payload,
            &mut out,
        );
        out
    }

    fn ids(bytes: &[u8]) -> Vec<u8> {
        let (found, done) = sound_records(bytes, true);
        assert_eq!(done, bytes.len());
        found.iter().map(|f| f.1.id.0[0]).collect()
    }

    #[test]
    fn all_but_the_damaged_record_are_found_whatever_byte_is_lost() {
        let records: Vec<Vec<u8>> = (1..=3).map(|n| record(n, 300)).collect();
        let all = records.concat();
        assert_eq!(ids(&all), [1, 2, 3]);
        let len = records[0].len();
        for at in 0..all.len() {
            let hurt = u8::try_from(at / len + 1).unwrap();
            let mut left: Vec<u8> = vec![1, 2, 3];
            left.retain(|n| *n != hurt);
            let mut flipped = all.clone();
            flipped[at] ^= 0x10;
            assert_eq!(ids(&flipped), left, "byte {at} flipped");
            let mut cut = all.clone();
            cut.remove(at);
            assert_eq!(ids(&cut), left, "byte {at} removed");
        }
        let with_garbage = [b"\x01\x01".as_slice(), &all, &[1; 60]].concat();
        assert_eq!(ids(&with_garbage), [1, 2, 3]);
    }

    #[test]
    fn a_record_that_crosses_the_window_is_left_for_the_next() {
        let all = [record(1, 500), record(2, 500)].concat();
        let first = all.len() / 2;
        for cut in first + 1..all.len() {
            let (found, done) = sound_records(&all[..cut], false);
            assert_eq!((found.len(), done), (1, first), "cut at {cut}");
        }
    }
}
