//! The bytes of the protocol: encoding, and parsing as pure functions over slices.
//!
//! All numbers are big-endian. What is parsed comes from another side that may lie, so a
//! parser neither panics nor allocates beyond the slice it was given.

pub(super) mod export;

use base::{Code, Error, Result};

pub(super) const OPT_EXPORT_NAME: u32 = 1;
pub(super) const OPT_ABORT: u32 = 2;
pub(super) const OPT_LIST: u32 = 3;
pub(super) const OPT_INFO: u32 = 6;
pub(super) const OPT_STRUCTURED_REPLY: u32 = 8;
pub(super) const OPT_LIST_META_CONTEXT: u32 = 9;
pub(super) const OPT_SET_META_CONTEXT: u32 = 10;
pub(super) const OPT_GO: u32 = 7;

pub(super) const REP_ACK: u32 = 1;
pub(super) const REP_SERVER: u32 = 2;
pub(super) const REP_INFO: u32 = 3;
pub(super) const REP_META_CONTEXT: u32 = 4;
pub(super) const REP_ERR: u32 = 1 << 31;
pub(super) const REP_ERR_UNSUP: u32 = REP_ERR + 1;
pub(super) const REP_ERR_POLICY: u32 = REP_ERR + 2;
pub(super) const REP_ERR_INVALID: u32 = REP_ERR + 3;
pub(super) const REP_ERR_TLS_REQUIRED: u32 = REP_ERR + 5;
pub(super) const REP_ERR_UNKNOWN: u32 = REP_ERR + 6;
pub(super) const REP_ERR_SHUTDOWN: u32 = REP_ERR + 7;

/// The handshake's flags, of both sides.
pub(super) const FIXED_NEWSTYLE: u16 = 1;
pub(super) const NO_ZEROES: u16 = 2;

pub(super) const FLAG_HAS_FLAGS: u16 = 1;
pub(super) const FLAG_READ_ONLY: u16 = 1 << 1;
pub(super) const FLAG_SEND_FLUSH: u16 = 1 << 2;
pub(super) const FLAG_SEND_TRIM: u16 = 1 << 5;
pub(super) const FLAG_SEND_WRITE_ZEROES: u16 = 1 << 6;
pub(super) const FLAG_CAN_MULTI_CONN: u16 = 1 << 8;

pub(super) const STATE_HOLE: u32 = 1;
pub(super) const STATE_ZERO: u32 = 1 << 1;
pub(super) const STATE_DIRTY: u32 = 1;

const GREETING: &[u8; 8] = b"NBDMAGIC";
const OPTION_MAGIC: &[u8; 8] = b"IHAVEOPT";
const OPTION_REPLY_MAGIC: u64 = 0x0003_e889_0455_65a9;
const REQUEST_MAGIC: u32 = 0x2560_9513;
const SIMPLE_REPLY_MAGIC: u32 = 0x6744_6698;
const STRUCTURED_REPLY_MAGIC: u32 = 0x668e_33ef;

/// The most that one reply chunk may bring.
pub(super) const MAX_CHUNK: u32 = 64 << 20;
/// The most that one answer of the handshake may bring; names have at most 4096 bytes.
pub(super) const MAX_OPTION_REPLY: u32 = 16 << 10;
/// The longest name of an export or context.
pub(super) const MAX_NAME: usize = 4096;

/// A request's command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Command {
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
    WriteZeroes = 6,
    BlockStatus = 7,
}

/// The error for the other side's breaking the protocol.
pub(super) fn violation(what: impl std::fmt::Display) -> Error {
    Error::new(Code::ProtocolError, what.to_string())
}

/// Takes numbers and strings off the front of a slice.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self
            .0
            .split_first_chunk()
            .ok_or_else(|| violation("a message is shorter than its type says"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        let (head, rest) = self
            .0
            .split_at_checked(len)
            .ok_or_else(|| violation("a string is longer than its message"))?;
        self.0 = rest;
        Ok(head)
    }

    fn end(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(violation("a message is longer than its type says"))
    }
}

/// Parses what the server says first, and gives its handshake flags.
pub(super) fn parse_greeting(bytes: &[u8; 18]) -> Result<u16> {
    let mut c = Cursor(bytes);
    if &c.array()? != GREETING {
        return Err(violation("this is no NBD server"));
    }
    if &c.array()? != OPTION_MAGIC {
        return Err(violation("the server speaks only the old NBD handshake"));
    }
    c.u16()
}

/// A request of the handshake.
pub(super) fn option(option: u32, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + data.len());
    out.extend_from_slice(OPTION_MAGIC);
    out.extend_from_slice(&option.to_be_bytes());
    put_len(&mut out, data.len());
    out.extend_from_slice(data);
    out
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    let len = u32::try_from(len).expect("names are checked to be short before");
    out.extend_from_slice(&len.to_be_bytes());
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    put_len(out, name.len());
    out.extend_from_slice(name.as_bytes());
}

/// The data of `NBD_OPT_GO`: the export, and that block sizes are wanted.
pub(super) fn go_data(export: &str) -> Vec<u8> {
    const INFO_BLOCK_SIZE: u16 = 3;
    let mut out = Vec::new();
    put_name(&mut out, export);
    out.extend_from_slice(&1u16.to_be_bytes());
    out.extend_from_slice(&INFO_BLOCK_SIZE.to_be_bytes());
    out
}

/// The data of `NBD_OPT_SET_META_CONTEXT`.
pub(super) fn contexts_data(export: &str, contexts: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    put_name(&mut out, export);
    put_len(&mut out, contexts.len());
    for context in contexts {
        put_name(&mut out, context);
    }
    out
}

/// The head of an answer in the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OptionReply {
    pub(super) option: u32,
    pub(super) kind: u32,
    pub(super) len: u32,
}

pub(super) fn parse_option_reply(bytes: &[u8; 20]) -> Result<OptionReply> {
    let mut c = Cursor(bytes);
    if c.u64()? != OPTION_REPLY_MAGIC {
        return Err(violation("an answer of the handshake has no magic"));
    }
    let (option, kind, len) = (c.u32()?, c.u32()?, c.u32()?);
    if len > MAX_OPTION_REPLY {
        let what = format!("an answer of the handshake claims {len} bytes");
        return Err(violation(what));
    }
    Ok(OptionReply { option, kind, len })
}

/// What `NBD_REP_INFO` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Info {
    Export { size: u64, flags: u16 },
    BlockSize { min: u32, max: u32 },
    Other,
}

pub(super) fn parse_info(data: &[u8]) -> Result<Info> {
    let mut c = Cursor(data);
    let info = match c.u16()? {
        0 => Info::Export {
            size: c.u64()?,
            flags: c.u16()?,
        },
        3 => {
            let (min, _preferred, max) = (c.u32()?, c.u32()?, c.u32()?);
            Info::BlockSize { min, max }
        }
        _ => return Ok(Info::Other),
    };
    c.end()?;
    Ok(info)
}

/// Parses `NBD_REP_META_CONTEXT`: the context's number and name.
pub(super) fn parse_context(data: &[u8]) -> Result<(u32, String)> {
    let mut c = Cursor(data);
    let id = c.u32()?;
    Ok((id, String::from_utf8_lossy(c.0).into_owned()))
}

/// A request's 28 bytes.
pub(super) fn request(command: Command, cookie: u64, offset: u64, len: u32) -> [u8; 28] {
    let mut out = [0; 28];
    out[..4].copy_from_slice(&REQUEST_MAGIC.to_be_bytes());
    // Bytes 4 and 5 are the request's flags; none is ever set.
    out[6..8].copy_from_slice(&(command as u16).to_be_bytes());
    out[8..16].copy_from_slice(&cookie.to_be_bytes());
    out[16..24].copy_from_slice(&offset.to_be_bytes());
    out[24..].copy_from_slice(&len.to_be_bytes());
    out
}

/// The two forms a reply may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyForm {
    Simple,
    Structured,
}

pub(super) fn parse_reply_magic(bytes: [u8; 4]) -> Result<ReplyForm> {
    match u32::from_be_bytes(bytes) {
        SIMPLE_REPLY_MAGIC => Ok(ReplyForm::Simple),
        STRUCTURED_REPLY_MAGIC => Ok(ReplyForm::Structured),
        other => Err(violation(format!("{other:#010x} is no reply's magic"))),
    }
}

/// Parses a simple reply after its magic: error number and cookie.
pub(super) fn parse_simple(bytes: &[u8; 12]) -> Result<(u32, u64)> {
    let mut c = Cursor(bytes);
    Ok((c.u32()?, c.u64()?))
}

/// What a chunk of a structured reply brings. Lengths are those of what follows the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkKind {
    None,
    /// An offset of 8 bytes, then this many bytes of data.
    Data(u32),
    Hole,
    Status(u32),
    Error {
        len: u32,
        with_offset: bool,
    },
}

/// The head of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) last: bool,
    pub(super) cookie: u64,
    pub(super) kind: ChunkKind,
}

/// Parses a chunk's head after its magic.
pub(super) fn parse_chunk(bytes: &[u8; 16]) -> Result<Chunk> {
    const ERROR_BIT: u16 = 1 << 15;
    const ERROR_OFFSET: u16 = ERROR_BIT + 2;
    let mut c = Cursor(bytes);
    let (flags, kind, cookie, len) = (c.u16()?, c.u16()?, c.u64()?, c.u32()?);
    let last = flags & 1 != 0;
    let kind = match (kind, len) {
        (0, 0) if last => ChunkKind::None,
        (1, 9..) if len - 8 <= MAX_CHUNK => ChunkKind::Data(len - 8),
        (2, 12) => ChunkKind::Hole,
        (5, 12..=MAX_CHUNK) if (len - 4).is_multiple_of(8) => ChunkKind::Status(len),
        (ERROR_BIT.., 6..=8192) => ChunkKind::Error {
            len,
            with_offset: kind == ERROR_OFFSET,
        },
        _ => {
            let what = format!("a chunk of type {kind} with {len} bytes and flags {flags}");
            return Err(violation(what));
        }
    };
    Ok(Chunk { last, cookie, kind })
}

/// Parses a hole chunk's 12 bytes: where, and how long.
pub(super) fn parse_hole(bytes: &[u8; 12]) -> Result<(u64, u32)> {
    let mut c = Cursor(bytes);
    match (c.u64()?, c.u32()?) {
        (_, 0) => Err(violation("a hole of no bytes")),
        hole => Ok(hole),
    }
}

/// Lengths and flags of consecutive runs, as block status gives them.
pub(super) type Descriptors = Vec<(u32, u32)>;

/// Parses a block status chunk: the context's number, then runs of at least one byte.
pub(super) fn parse_status(data: &[u8]) -> Result<(u32, Descriptors)> {
    let mut c = Cursor(data);
    let context = c.u32()?;
    let mut runs = Vec::with_capacity(c.0.len() / 8);
    while !c.0.is_empty() {
        match (c.u32()?, c.u32()?) {
            (0, _) => return Err(violation("a run of no bytes")),
            run => runs.push(run),
        }
    }
    if runs.is_empty() {
        return Err(violation("block status without a run"));
    }
    Ok((context, runs))
}

/// Parses an error chunk: the error number and the server's words.
pub(super) fn parse_error(data: &[u8], with_offset: bool) -> Result<(u32, String)> {
    let mut c = Cursor(data);
    let errno = c.u32()?;
    let len = c.u16()?;
    let words = text(c.bytes(len.into())?);
    if with_offset {
        c.u64()?;
        c.end()?;
    }
    match errno {
        0 => Err(violation("an error chunk without an error")),
        _ => Ok((errno, words)),
    }
}

/// A server's words, made safe to print on one line.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk(flags: u16, kind: u16, len: u32) -> Result<Chunk> {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&flags.to_be_bytes());
        bytes[2..4].copy_from_slice(&kind.to_be_bytes());
        bytes[4..12].copy_from_slice(&7u64.to_be_bytes());
        bytes[12..].copy_from_slice(&len.to_be_bytes());
        parse_chunk(&bytes)
    }

    #[test]
    fn chunks_that_make_no_sense_are_refused_by_their_head() {
        assert_eq!(chunk(1, 1, 4104).unwrap().kind, ChunkKind::Data(4096));
        assert_eq!(chunk(0, 2, 12).unwrap().kind, ChunkKind::Hole);
        for (flags, kind, len) in [
            (0, 0, 0),             // nothing, and more to come: could go on for ever
            (1, 0, 4),             // nothing, with bytes
            (1, 1, 8),             // no data
            (1, 1, MAX_CHUNK + 9), // too much data
            (1, 2, 13),
            (1, 5, 4),             // no run
            (1, 5, 15),            // half a run
            (1, 5, MAX_CHUNK + 4), // too many
            (1, 6, 12),            // an unknown type
            (1, 0x8001, 5),        // an error too short to hold a number
            (1, 0x8001, 9000),
        ] {
            let error = chunk(flags, kind, len).unwrap_err();
            assert_eq!(error.code(), Code::ProtocolError, "{flags} {kind:#x} {len}");
        }
    }

    #[test]
    fn runs_of_no_bytes_are_refused_since_a_reader_would_never_get_past_them() {
        let mut data = vec![0, 0, 0, 9];
        assert!(parse_status(&data).is_err());
        data.extend([0, 0, 2, 0, 0, 0, 0, 3]);
        assert_eq!(parse_status(&data).unwrap(), (9, vec![(512, 3)]));
        data.extend([0, 0, 0, 0, 0, 0, 0, 3]);
        assert!(parse_status(&data).is_err());
        assert!(parse_hole(&[0; 12]).is_err());
    }

    #[test]
    fn a_servers_words_end_up_on_one_line() {
        let mut data = vec![0, 0, 0, 28, 0, 8];
        data.extend(b"no\x1b[1m\n!rest");
        assert_eq!(
            parse_error(&data, false).unwrap(),
            (28, "no [1m !".to_owned())
        );
        data[5] = 200;
        assert!(parse_error(&data, false).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_parser_panic(data in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_info(&data);
            let _ = parse_context(&data);
            let _ = parse_error(&data, data.len() % 2 == 0);
            if let Ok((_, runs)) = parse_status(&data) {
                prop_assert_eq!(runs.len() * 8 + 4, data.len());
                prop_assert!(runs.iter().all(|(len, _)| *len > 0));
            }
            if let Some(head) = data.first_chunk() {
                let _ = parse_chunk(head);
            }
            if let Some(head) = data.first_chunk() {
                let _ = parse_option_reply(head);
            }
        }
    }
}
