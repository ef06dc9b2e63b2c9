//! Requests of one connection: many at the same time, answered as they are done.

use std::io::IoSlice;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};

use base::{Error, Result, ResultExt};
use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use super::super::wire::export::{self, REQ_ONE, Request};
use super::super::wire::{self, Command};
use super::handshake::{Agreed, CONTEXT};
use super::{Export, gone};
use crate::{BlockSource, Extent, Run, RunState};

/// The most bytes of one read, and the most that a connection holds for replies.
pub(super) const MAX_READ: u32 = 32 << 20;
/// A long read is answered in pieces of so many bytes, if the client understands pieces.
const PIECE: u32 = 1 << 20;
/// Bytes of replies that are made at the same time; a longer one is made alone.
const AT_ONCE: u32 = 8 << 20;
/// What a request counts at least, which bounds the number of requests.
const LEAST: u32 = 64 << 10;
/// The most bytes that one block status reply tells of, and where it begins to look.
const STATUS_REACH: u64 = 1 << 30;
const STATUS_STEP: u64 = 16 << 20;

/// Buffers of at most a piece that are kept for the next reads.
const BUFFERS: usize = 8;

const EPERM: u32 = 1;
const EIO: u32 = 5;
const EINVAL: u32 = 22;

/// Answers requests until the client says good-bye or goes away.
///
/// # Errors
/// `ProtocolError`.
pub(super) async fn serve<R, W>(
    mut read: R,
    write: W,
    agreed: Agreed,
    export: &Arc<Export>,
) -> Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let session = Arc::new(Session {
        write: Mutex::new(write),
        agreed,
        export: Arc::clone(export),
        buffers: std::sync::Mutex::default(),
    });
    let room = Arc::new(Semaphore::new(AT_ONCE as usize));
    // Dropped, it ends all that runs in it.
    let mut answers = JoinSet::new();
    loop {
        let request = match next(&mut read).await {
            Ok(head) => export::parse_request(&head)?,
            Err(e) if gone(&e) => return Ok(()),
            Err(e) => return Err(Error::io("a client's connection", e)),
        };
        match request.command {
            Some(Command::Disconnect) => break,
            Some(Command::Write) if request.len > MAX_READ => {
                return Err(wire::violation("a write that is longer than allowed"));
            }
            Some(Command::Write) if skip(&mut read, request.len).await.is_err() => return Ok(()),
            _ => {}
        }
        let held = match request.command {
            Some(Command::Read) if agreed.structured => request.len.min(PIECE),
            Some(Command::Read) => request.len,
            _ => 0,
        };
        let held = Arc::clone(&room).acquire_many_owned(held.clamp(LEAST, AT_ONCE));
        let held = held.await.expect("the semaphore is never closed");
        let session = Arc::clone(&session);
        answers.spawn(async move {
            let answer = AssertUnwindSafe(session.answer(request)).catch_unwind();
            // If the client does not take it, reading its next request fails too.
            let _ = match answer.await {
                Ok(answered) => answered,
                // It must not wait for ever.
                Err(_) => session.refuse(request, EIO, "the server has failed").await,
            };
            drop(held);
        });
        while answers.try_join_next().is_some() {}
    }
    while answers.join_next().await.is_some() {}
    Ok(())
}

async fn next<R: AsyncRead + Unpin>(read: &mut R) -> std::io::Result<[u8; 28]> {
    let mut head = [0; 28];
    read.read_exact(&mut head).await.map(|_| head)
}

async fn skip<R: AsyncRead + Unpin>(read: &mut R, len: u32) -> std::io::Result<()> {
    let mut payload = read.take(len.into());
    let skipped = tokio::io::copy(&mut payload, &mut tokio::io::sink()).await?;
    if skipped < len.into() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

struct Session<W> {
    write: Mutex<W>,
    agreed: Agreed,
    export: Arc<Export>,
    /// Buffers that wait for a read.
    buffers: std::sync::Mutex<Vec<Vec<u8>>>,
}

impl<W: AsyncWrite + Send + Unpin> Session<W> {
    async fn answer(&self, request: Request) -> std::io::Result<()> {
        let size = self.export.source.size();
        let end = request.offset.checked_add(request.len.into());
        let inside = request.len > 0 && end.is_some_and(|end| end <= size);
        match request.command {
            Some(Command::Write | Command::WriteZeroes | Command::Trim) => {
                self.refuse(request, EPERM, "the disk is read-only").await
            }
            _ if !request.is_known() => self.refuse(request, EINVAL, "an unknown flag").await,
            Some(Command::Read | Command::BlockStatus) if !inside => {
                self.refuse(request, EINVAL, "outside of the disk").await
            }
            Some(Command::Read) if request.len > MAX_READ => {
                self.refuse(request, EINVAL, "more than can be read at once")
                    .await
            }
            Some(Command::Read) if self.agreed.structured => self.read_in_pieces(request).await,
            Some(Command::Read) => self.read_whole(request).await,
            Some(Command::BlockStatus) if self.agreed.allocation => self.status(request).await,
            _ => self.refuse(request, EINVAL, "an unknown request").await,
        }
    }

    async fn read_in_pieces(&self, request: Request) -> std::io::Result<()> {
        let end = request.offset + u64::from(request.len);
        let (mut at, mut buf) = (request.offset, self.take_buffer());
        while at < end {
            let len = (end - at).min(PIECE.into());
            buf.resize(len as usize, 0);
            buf = match self.read(at, buf).await {
                Ok(buf) => buf,
                Err(e) => return self.fail(request, &e).await,
            };
            let head = export::data_head(at + len == end, request.cookie, at, buf.len());
            self.send(&head, &buf).await?;
            at += len;
        }
        let mut idle = self.idle();
        if idle.len() < BUFFERS {
            idle.push(buf);
        }
        Ok(())
    }

    /// A buffer that was used before, since new memory costs as much as copying.
    fn take_buffer(&self) -> Vec<u8> {
        self.idle().pop().unwrap_or_default()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read_whole(&self, request: Request) -> std::io::Result<()> {
        match self
            .read(request.offset, vec![0; request.len as usize])
            .await
        {
            Ok(buf) => self.send(&export::simple(0, request.cookie), &buf).await,
            Err(e) => self.fail(request, &e).await,
        }
    }

    async fn read(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        let what = || format!("{} bytes at {offset}", buf.len());
        let what = what();
        self.export.source.read(offset, buf).await.during(what)
    }

    async fn status(&self, request: Request) -> std::io::Result<()> {
        let one = request.flags & REQ_ONE != 0;
        let asked = Extent::new(request.offset, request.len.into());
        let runs = match runs(&*self.export.source, asked, one).await {
            Ok(runs) => runs,
            Err(e) => return self.fail(request, &e).await,
        };
        let runs: Vec<(u32, u32)> = runs
            .into_iter()
            .map(|(len, state)| match state {
                RunState::Data => (len, 0),
                RunState::Zero => (len, wire::STATE_HOLE | wire::STATE_ZERO),
            })
            .collect();
        let head = export::status(request.cookie, CONTEXT, &runs);
        self.send(&head, &[]).await
    }

    async fn fail(&self, request: Request, error: &Error) -> std::io::Result<()> {
        tracing::warn!(disk = self.export.name, %error, "a read fails");
        self.refuse(request, EIO, &error.to_string()).await
    }

    async fn refuse(&self, request: Request, errno: u32, why: &str) -> std::io::Result<()> {
        let reply = match self.agreed.structured {
            true => export::error(request.cookie, errno, why),
            false => export::simple(errno, request.cookie),
        };
        self.send(&reply, &[]).await
    }

    async fn send(&self, head: &[u8], data: &[u8]) -> std::io::Result<()> {
        let mut write = self.write.lock().await;
        let mut slices = [IoSlice::new(head), IoSlice::new(data)];
        let mut rest = &mut slices[..];
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match write.write_vectored(rest).await? {
                0 => return Err(std::io::ErrorKind::WriteZero.into()),
                n => IoSlice::advance_slices(&mut rest, n),
            }
        }
        write.flush().await
    }
}

/// The first runs of `asked`: those of its first GiB, or one. Neighbours differ.
async fn runs(source: &dyn BlockSource, asked: Extent, one: bool) -> Result<Vec<(u32, RunState)>> {
    let mut all: Vec<(u32, RunState)> = Vec::new();
    let end = asked.end().min(asked.offset + STATUS_REACH);
    let (mut at, mut step) = (asked.offset, STATUS_STEP);
    while at < end && !(one && all.len() > 1) {
        let part = Extent::new(at, step.min(end - at));
        for Run { extent, state } in source.runs(part).await? {
            let len = u32::try_from(extent.len).expect("at most 1 GiB");
            match all.last_mut() {
                Some(last) if last.1 == state => last.0 += len,
                _ => all.push((len, state)),
            }
        }
        (at, step) = (part.end(), step * 4);
    }
    if one {
        all.truncate(1);
    }
    Ok(all)
}
