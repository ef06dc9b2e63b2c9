//! The handshake: fixed newstyle, structured replies, metadata contexts, `NBD_OPT_GO`.

use base::{Code, Error, Result};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::wire::{self, Info, violation};

/// The context that says what is allocated and what reads as zero.
pub(super) const ALLOCATION: &str = "base:allocation";

/// The most answers to one question of the handshake.
const MAX_ANSWERS: usize = 1000;
/// The largest request, whatever the server would take.
const MAX_REQUEST: u32 = 32 << 20;

/// What the server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Export {
    pub(super) size: u64,
    pub(super) flags: u16,
    /// Requests start and end at multiples of it; a power of two.
    pub(super) min_block: u32,
    /// The most bytes a read or write may carry; a multiple of `min_block`.
    pub(super) max_block: u32,
    pub(super) structured: bool,
    /// Granted contexts and their numbers.
    pub(super) contexts: Vec<(String, u32)>,
}

/// Does the whole handshake; after it the stream carries requests and replies.
pub(super) async fn negotiate<S>(stream: &mut S, export: &str, contexts: &[&str]) -> Result<Export>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut greeting = [0; 18];
    receive(stream, &mut greeting).await?;
    let flags = wire::parse_greeting(&greeting)?;
    if flags & wire::FIXED_NEWSTYLE == 0 {
        return Err(violation("the server lacks the fixed newstyle handshake"));
    }
    let flags = u32::from(flags & (wire::FIXED_NEWSTYLE | wire::NO_ZEROES));
    send(stream, &flags.to_be_bytes()).await?;

    let structured = ask(stream, wire::OPT_STRUCTURED_REPLY, &[], |_, _| Ok(())).await?;
    let structured = structured.is_ok();
    let granted = if structured {
        ask_contexts(stream, export, contexts).await?
    } else {
        Vec::new()
    };

    let (mut disk, mut sizes) = (None, (1, u32::MAX));
    let go = wire::go_data(export);
    let answer = ask(stream, wire::OPT_GO, &go, |kind, data| {
        if kind != wire::REP_INFO {
            return Err(violation(format!("answer {kind} to NBD_OPT_GO")));
        }
        match wire::parse_info(data)? {
            Info::Export { size, flags } => disk = Some((size, flags)),
            Info::BlockSize { min, max } => sizes = (min, max),
            Info::Other => {}
        }
        Ok(())
    });
    answer.await?.map_err(Refusal::into_error)?;
    let Some((size, flags)) = disk else {
        return Err(violation("the server does not say how large the export is"));
    };
    let (min_block, max_block) = check_sizes(size, sizes)?;
    Ok(Export {
        size,
        flags,
        min_block,
        max_block,
        structured,
        contexts: granted,
    })
}

pub(super) fn check_sizes(size: u64, (min, max): (u32, u32)) -> Result<(u32, u32)> {
    if i64::try_from(size).is_err() {
        return Err(violation(format!("an export of {size} bytes")));
    }
    if !min.is_power_of_two() || min > 64 << 10 || max < min {
        return Err(violation(format!("block sizes from {min} to {max}")));
    }
    Ok((min, max.min(MAX_REQUEST) / min * min))
}

async fn ask_contexts<S>(
    stream: &mut S,
    export: &str,
    contexts: &[&str],
) -> Result<Vec<(String, u32)>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut wanted = vec![ALLOCATION];
    wanted.extend(contexts.iter().filter(|c| **c != ALLOCATION));
    let mut granted: Vec<(String, u32)> = Vec::new();
    let data = wire::contexts_data(export, &wanted);
    let answer = ask(stream, wire::OPT_SET_META_CONTEXT, &data, |kind, data| {
        if kind != wire::REP_META_CONTEXT {
            return Err(violation(format!("answer {kind} to a choice of contexts")));
        }
        let (id, name) = wire::parse_context(data)?;
        if granted.iter().any(|(n, i)| *n == name || *i == id) {
            return Err(violation("a context is granted twice"));
        }
        if wanted.contains(&name.as_str()) {
            granted.push((name, id));
        }
        Ok(())
    });
    // A refusal means none; if it is the export that is unknown, NBD_OPT_GO says so.
    if answer.await?.is_err() {
        granted.clear();
    }
    Ok(granted)
}

/// The server's "no" to a question.
#[derive(Debug)]
struct Refusal {
    kind: u32,
    words: String,
}

impl Refusal {
    fn into_error(self) -> Error {
        let (code, what) = match self.kind {
            wire::REP_ERR_UNKNOWN => (Code::FileNotFound, "the server has no such export"),
            wire::REP_ERR_TLS_REQUIRED => (
                Code::FileAccessDenied,
                "the server wants TLS, which is not supported",
            ),
            wire::REP_ERR_POLICY => (Code::FileAccessDenied, "the server's policy forbids it"),
            wire::REP_ERR_SHUTDOWN => (Code::NbdDisconnected, "the server is shutting down"),
            _ => (Code::ProtocolError, "the server refuses the export"),
        };
        let words = match self.words.as_str() {
            "" => format!("{what} (answer {:#x})", self.kind),
            words => format!("{what}: {words}"),
        };
        Error::new(code, words)
    }
}

/// Puts one question and hands every answer but the last to `each`.
async fn ask<S>(
    stream: &mut S,
    option: u32,
    data: &[u8],
    mut each: impl FnMut(u32, &[u8]) -> Result<()>,
) -> Result<Result<(), Refusal>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    send(stream, &wire::option(option, data)).await?;
    for _ in 0..MAX_ANSWERS {
        let mut head = [0; 20];
        receive(stream, &mut head).await?;
        let head = wire::parse_option_reply(&head)?;
        if head.option != option {
            return Err(violation("an answer to a question that was not asked"));
        }
        let mut data = vec![0; head.len as usize];
        receive(stream, &mut data).await?;
        match head.kind {
            wire::REP_ACK => return Ok(Ok(())),
            kind if kind & wire::REP_ERR != 0 => {
                let words = wire::text(&data);
                return Ok(Err(Refusal { kind, words }));
            }
            kind => each(kind, &data)?,
        }
    }
    Err(violation("the server goes on answering one question"))
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, data: &[u8]) -> Result<()> {
    stream.write_all(data).await.map_err(lost)?;
    stream.flush().await.map_err(lost)
}

async fn receive<S: AsyncRead + Unpin>(stream: &mut S, data: &mut [u8]) -> Result<()> {
    stream.read_exact(data).await.map(|_| ()).map_err(lost)
}

/// The error for a stream that ended or failed.
pub(super) fn lost(e: std::io::Error) -> Error {
    let detail = match e.kind() {
        std::io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
        _ => format!("the connection was lost: {e}"),
    };
    Error::new(Code::NbdDisconnected, detail).because(e)
}
