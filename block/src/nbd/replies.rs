//! Reading replies off the stream and handing each to its request.

use base::{Error, Result};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::negotiate::lost;
use super::reply::Reply;
use super::table::{Pending, Table};
use super::wire::{self, ChunkKind, ReplyForm, violation};

/// Reads replies until the stream ends or breaks the protocol, and gives the reason.
pub(super) async fn read_replies<R>(mut stream: R, table: &Table, structured: bool) -> Error
where
    R: AsyncRead + Unpin,
{
    loop {
        if let Err(e) = read_reply(&mut stream, table, structured).await {
            return e;
        }
    }
}

async fn read_reply<R>(stream: &mut R, table: &Table, structured: bool) -> Result<()>
where
    R: AsyncRead + Unpin,
{
    match wire::parse_reply_magic(array(stream).await?)? {
        ReplyForm::Simple => {
            let (errno, cookie) = wire::parse_simple(&array(stream).await?)?;
            let mut pending = table.take(cookie)?;
            let result = read_simple(stream, &mut pending.reply, errno, structured).await;
            settle(table, cookie, pending, result.map(|()| true))
        }
        ReplyForm::Structured if structured => {
            let chunk = wire::parse_chunk(&array(stream).await?)?;
            let mut pending = table.take(chunk.cookie)?;
            let result = read_chunk(stream, &mut pending.reply, chunk.kind).await;
            settle(table, chunk.cookie, pending, result.map(|()| chunk.last))
        }
        ReplyForm::Structured => Err(violation("a structured reply, which was not agreed on")),
    }
}

/// Answers the request if its reply is complete; else it stays in the table.
fn settle(table: &Table, cookie: u64, mut pending: Pending, last: Result<bool>) -> Result<()> {
    let answer = match last {
        Ok(true) => pending.reply.finish(),
        Ok(false) => {
            table.put_back(cookie, pending);
            return Ok(());
        }
        Err(e) => Err(e),
    };
    match answer {
        Ok(answer) => {
            // A caller that went away does not want it.
            let _ = pending.waiter.send(answer);
            Ok(())
        }
        Err(e) => {
            // It is told why together with all others.
            table.put_back(cookie, pending);
            Err(e)
        }
    }
}

async fn read_simple<R>(
    stream: &mut R,
    reply: &mut Reply,
    errno: u32,
    structured: bool,
) -> Result<()>
where
    R: AsyncRead + Unpin,
{
    if errno != 0 {
        return reply.fail(errno, String::new());
    }
    let place = reply.place_all()?;
    if structured && !place.is_empty() {
        return Err(violation("a simple reply to a read"));
    }
    fill(stream, place).await
}

async fn read_chunk<R>(stream: &mut R, reply: &mut Reply, kind: ChunkKind) -> Result<()>
where
    R: AsyncRead + Unpin,
{
    match kind {
        ChunkKind::None => Ok(()),
        ChunkKind::Data(len) => {
            let at = u64::from_be_bytes(array(stream).await?);
            fill(stream, reply.place(at, len)?).await
        }
        ChunkKind::Hole => {
            let (at, len) = wire::parse_hole(&array(stream).await?)?;
            reply.place(at, len)?.fill(0);
            Ok(())
        }
        ChunkKind::Status(len) => {
            let data = payload(stream, len).await?;
            let (context, runs) = wire::parse_status(&data)?;
            reply.add_status(context, runs)
        }
        ChunkKind::Error { len, with_offset } => {
            let data = payload(stream, len).await?;
            let (errno, words) = wire::parse_error(&data, with_offset)?;
            reply.fail(errno, words)
        }
    }
}

async fn fill<R: AsyncRead + Unpin>(stream: &mut R, place: &mut [u8]) -> Result<()> {
    stream.read_exact(place).await.map(|_| ()).map_err(lost)
}

async fn array<const N: usize, R: AsyncRead + Unpin>(stream: &mut R) -> Result<[u8; N]> {
    let mut out = [0; N];
    fill(stream, &mut out).await?;
    Ok(out)
}

/// Reads `len` bytes into memory that grows as they come, not as they are promised.
async fn payload<R: AsyncRead + Unpin>(stream: &mut R, len: u32) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let n = stream.take(len.into()).read_to_end(&mut out).await;
    if n.map_err(lost)? < len as usize {
        return Err(lost(std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(out)
}
