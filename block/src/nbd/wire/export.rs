//! The server's half: parsing what a client says, and encoding the answers. A client may lie
//! as a server may: no parser here panics or allocates beyond the slice it was given.

use base::Result;

use super::{
    Command, Cursor, GREETING, MAX_NAME, OPTION_MAGIC, OPTION_REPLY_MAGIC, REQUEST_MAGIC,
    SIMPLE_REPLY_MAGIC, STRUCTURED_REPLY_MAGIC, violation,
};

/// The most bytes that a question of the handshake may bring.
const MAX_OPTION: u32 = 16 << 10;

/// The flag of a block status request that wants one run only.
pub(in crate::nbd) const REQ_ONE: u16 = 1 << 3;
/// The flag that asks for a durable write; it means nothing for reads, but is allowed.
const FUA: u16 = 1;

/// What the server says first; `flags` are those of its handshake.
pub(in crate::nbd) fn greeting(flags: u16) -> [u8; 18] {
    let mut out = [0; 18];
    out[..8].copy_from_slice(GREETING);
    out[8..16].copy_from_slice(OPTION_MAGIC);
    out[16..].copy_from_slice(&flags.to_be_bytes());
    out
}

/// Parses the head of a question in the handshake: its kind, and the bytes that follow.
pub(in crate::nbd) fn parse_option(bytes: &[u8; 16]) -> Result<(u32, u32)> {
    let mut c = Cursor(bytes);
    if &c.array()? != OPTION_MAGIC {
        return Err(violation("a question of the handshake has no magic"));
    }
    match (c.u32()?, c.u32()?) {
        (_, MAX_OPTION..) => Err(violation("a question of the handshake is too long")),
        question => Ok(question),
    }
}

/// Parses the data of `NBD_OPT_GO` and `NBD_OPT_INFO`: the export's name. What is asked
/// about it is passed by, since all is told.
pub(in crate::nbd) fn parse_go(data: &[u8]) -> Result<&[u8]> {
    let mut c = Cursor(data);
    let name = name(&mut c)?;
    let asked = c.u16()?;
    c.bytes(usize::from(asked) * 2)?;
    c.end()?;
    Ok(name)
}

/// Parses a choice of metadata contexts: the export's name, and what is asked for.
pub(in crate::nbd) fn parse_contexts(data: &[u8]) -> Result<(&[u8], Vec<&[u8]>)> {
    let mut c = Cursor(data);
    let export = name(&mut c)?;
    let count = c.u32()?;
    let mut asked = Vec::new();
    for _ in 0..count {
        asked.push(name(&mut c)?);
    }
    c.end()?;
    Ok((export, asked))
}

fn name<'a>(c: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let len = c.u32()? as usize;
    if len > MAX_NAME {
        return Err(violation("a name is longer than 4096 bytes"));
    }
    c.bytes(len)
}

/// An answer of the handshake.
pub(in crate::nbd) fn option_reply(option: u32, kind: u32, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(20 + data.len());
    out.extend_from_slice(&OPTION_REPLY_MAGIC.to_be_bytes());
    out.extend_from_slice(&option.to_be_bytes());
    out.extend_from_slice(&kind.to_be_bytes());
    super::put_len(&mut out, data.len());
    out.extend_from_slice(data);
    out
}

/// The data of `NBD_REP_INFO` about the export itself.
pub(in crate::nbd) fn info_export(size: u64, flags: u16) -> Vec<u8> {
    [&[0, 0][..], &size.to_be_bytes(), &flags.to_be_bytes()].concat()
}

/// The data of `NBD_REP_INFO` about block sizes: the smallest, the best, the largest.
pub(in crate::nbd) fn info_sizes(sizes: [u32; 3]) -> Vec<u8> {
    let sizes = sizes.map(u32::to_be_bytes);
    [&[0, 3], sizes.as_flattened()].concat()
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::nbd) struct Request {
    pub(in crate::nbd) flags: u16,
    /// `None` if it is one that is not known here.
    pub(in crate::nbd) command: Option<Command>,
    pub(in crate::nbd) cookie: u64,
    pub(in crate::nbd) offset: u64,
    pub(in crate::nbd) len: u32,
}

impl Request {
    /// Whether it has only flags that are known.
    pub(in crate::nbd) fn is_known(&self) -> bool {
        self.flags & !(REQ_ONE | FUA) == 0
    }
}

/// Parses a request.
pub(in crate::nbd) fn parse_request(bytes: &[u8; 28]) -> Result<Request> {
    let mut c = Cursor(bytes);
    if c.u32()? != REQUEST_MAGIC {
        return Err(violation("a request has no magic"));
    }
    Ok(Request {
        flags: c.u16()?,
        command: command(c.u16()?),
        cookie: c.u64()?,
        offset: c.u64()?,
        len: c.u32()?,
    })
}

fn command(number: u16) -> Option<Command> {
    let all = [
        Command::Read,
        Command::Write,
        Command::Disconnect,
        Command::Flush,
        Command::Trim,
        Command::WriteZeroes,
        Command::BlockStatus,
    ];
    all.into_iter().find(|c| *c as u16 == number)
}

/// A simple reply; what was read follows it.
pub(in crate::nbd) fn simple(errno: u32, cookie: u64) -> Vec<u8> {
    let magic = SIMPLE_REPLY_MAGIC.to_be_bytes();
    [&magic[..], &errno.to_be_bytes(), &cookie.to_be_bytes()].concat()
}

fn chunk(last: bool, kind: u16, cookie: u64, len: usize) -> Vec<u8> {
    let mut out = STRUCTURED_REPLY_MAGIC.to_be_bytes().to_vec();
    out.extend_from_slice(&u16::from(last).to_be_bytes());
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&cookie.to_be_bytes());
    super::put_len(&mut out, len);
    out
}

/// The head of a chunk of data; the data follows it.
pub(in crate::nbd) fn data_head(last: bool, cookie: u64, offset: u64, len: usize) -> Vec<u8> {
    let mut out = chunk(last, 1, cookie, 8 + len);
    out.extend_from_slice(&offset.to_be_bytes());
    out
}

/// A block status reply: the context's number, and lengths and flags of consecutive runs.
pub(in crate::nbd) fn status(cookie: u64, context: u32, runs: &[(u32, u32)]) -> Vec<u8> {
    let mut out = chunk(true, 5, cookie, 4 + 8 * runs.len());
    out.extend_from_slice(&context.to_be_bytes());
    for (len, flags) in runs {
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&flags.to_be_bytes());
    }
    out
}

/// The last chunk of a reply that fails, with words of at most 1024 bytes.
pub(in crate::nbd) fn error(cookie: u64, errno: u32, words: &str) -> Vec<u8> {
    let words = &words.as_bytes()[..words.floor_char_boundary(1024)];
    let mut out = chunk(true, (1 << 15) + 1, cookie, 6 + words.len());
    out.extend_from_slice(&errno.to_be_bytes());
    out.extend_from_slice(&u16::try_from(words.len()).expect("cut").to_be_bytes());
    out.extend_from_slice(words);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::*;
    use super::*;

    #[test]
    fn what_the_client_encodes_the_server_reads() {
        let go = go_data("vda");
        assert_eq!(parse_go(&go).unwrap(), b"vda");
        let contexts = contexts_data("vda", &["base:allocation", "x:y"]);
        let (export, asked) = parse_contexts(&contexts).unwrap();
        assert_eq!(
            (export, asked.len(), asked[1]),
            (&b"vda"[..], 2, &b"x:y"[..])
        );
        let head = super::super::option(OPT_GO, &go);
        let read = parse_option(head.first_chunk().unwrap()).unwrap();
        assert_eq!(read, (OPT_GO, go.len() as u32));
        let bytes = request(Command::BlockStatus, 7, 8, 9);
        let read = parse_request(&bytes).unwrap();
        assert_eq!(
            (read.command, read.cookie, read.offset, read.len),
            (Some(Command::BlockStatus), 7, 8, 9)
        );
    }

    #[test]
    fn what_the_server_encodes_the_client_reads() {
        let reply = option_reply(OPT_GO, REP_INFO, &info_export(1 << 40, 3));
        let head = parse_option_reply(reply.first_chunk().unwrap()).unwrap();
        assert_eq!((head.option, head.kind, head.len), (OPT_GO, REP_INFO, 12));
        let (size, flags) = (1 << 40, 3);
        assert_eq!(
            parse_info(&reply[20..]).unwrap(),
            Info::Export { size, flags }
        );
        let (min, max) = (1, 32 << 20);
        let sizes = info_sizes([min, 4096, max]);
        assert_eq!(parse_info(&sizes).unwrap(), Info::BlockSize { min, max });
        let kind = |bytes: &[u8]| parse_chunk(bytes[4..].first_chunk().unwrap()).unwrap();
        assert_eq!(kind(&data_head(true, 5, 9, 70)).kind, ChunkKind::Data(70));
        let runs = status(5, 1, &[(512, 0), (4096, 3)]);
        assert_eq!(kind(&runs).kind, ChunkKind::Status(20));
        let (context, read) = parse_status(&runs[20..]).unwrap();
        assert_eq!((context, read), (1, vec![(512, 0), (4096, 3)]));
        let failed = error(5, 22, &"ü".repeat(1000));
        assert!(kind(&failed).last);
        let (errno, words) = parse_error(&failed[20..], false).unwrap();
        assert_eq!((errno, words), (22, "ü".repeat(512)));
        assert_eq!(
            parse_simple(simple(5, 6)[4..].first_chunk().unwrap()).unwrap(),
            (5, 6)
        );
    }

    proptest! {
        #[test]
        fn no_bytes_of_a_client_make_a_parser_panic(
            data in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            let _ = parse_go(&data);
            if let Ok((_, asked)) = parse_contexts(&data) {
                prop_assert!(asked.len() * 4 <= data.len());
            }
            let _ = data.first_chunk().map(parse_option);
            let _ = data.first_chunk().map(parse_request);
        }
    }
}
