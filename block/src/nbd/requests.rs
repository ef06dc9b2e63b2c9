//! Requests of any size and alignment, in the sizes that the server takes.

use std::sync::Arc;

use base::{Code, Error, Result, ResultExt};

use super::NbdClient;
use super::reply::{Answer, Failure, Reply};
use super::table::{Hold, Waiter};
use super::wire::Command;
use crate::{BlockSink, Extent};

/// The most one request zeroes or discards, in bytes.
const MAX_ZEROES: u64 = 1 << 30;

impl NbdClient {
    pub(super) async fn submit(
        &self,
        command: Command,
        at: u64,
        len: u64,
        payload: Vec<u8>,
        reply: Reply,
        hold: Option<Hold>,
    ) -> Result<Waiter> {
        let len = u32::try_from(len).map_err(|e| {
            Error::new(Code::Internal, format!("a request of {len} bytes")).because(e)
        })?;
        let sent = self
            .connection
            .submit(command, (at, len), payload, reply, hold);
        sent.await.during(self.name())
    }

    pub(super) async fn wait(
        &self,
        waiter: Waiter,
        command: Command,
        at: u64,
        len: u64,
    ) -> Result<Answer> {
        let answer = self.connection.wait(waiter).await;
        let what = || format!("{}: {command:?} of {len} bytes at {at}", self.name());
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failure)) => Err(server_error(&failure).during(what())),
            Err(e) => Err(e.during(what())),
        }
    }

    /// Sends a request without data for each step of `range`, all at once, and waits.
    pub(super) async fn each_step(
        &self,
        command: Command,
        range: Extent,
        hold: Option<Hold>,
    ) -> Result<()> {
        let mut waiters = Vec::new();
        for part in steps(range, MAX_ZEROES) {
            let (at, len) = (part.offset, part.len);
            let sent = self.submit(command, at, len, Vec::new(), Reply::done(), hold.clone());
            waiters.push((sent.await?, at, len));
        }
        for (waiter, at, len) in waiters {
            self.wait(waiter, command, at, len).await?;
        }
        Ok(())
    }

    /// Reads whole blocks.
    pub(super) async fn read_blocks(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        let range = Extent::new(offset, buf.len() as u64);
        if range.len <= u64::from(self.export.max_block) {
            return self.read_once(offset, buf).await;
        }
        let (mut out, mut waiters) = (buf, Vec::new());
        for part in steps(range, self.export.max_block.into()) {
            waiters.push((self.ask_read(part, vec![0; part.len as usize]).await?, part));
        }
        for (waiter, part) in waiters {
            let data = self.take_read(waiter, part).await?;
            let from = (part.offset - offset) as usize;
            out[from..from + data.len()].copy_from_slice(&data);
        }
        Ok(out)
    }

    async fn read_once(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        let range = Extent::new(offset, buf.len() as u64);
        let waiter = self.ask_read(range, buf).await?;
        self.take_read(waiter, range).await
    }

    async fn ask_read(&self, range: Extent, buf: Vec<u8>) -> Result<Waiter> {
        let reply = Reply::data(range.offset, buf);
        let sent = self.submit(
            Command::Read,
            range.offset,
            range.len,
            Vec::new(),
            reply,
            None,
        );
        sent.await
    }

    async fn take_read(&self, waiter: Waiter, range: Extent) -> Result<Vec<u8>> {
        match self
            .wait(waiter, Command::Read, range.offset, range.len)
            .await?
        {
            Answer::Data(data) => Ok(data),
            other => {
                let detail = format!("{}: a read gave {other:?}", self.name());
                Err(Error::new(Code::Internal, detail))
            }
        }
    }

    /// Writes whole blocks.
    pub(super) async fn write_blocks(
        &self,
        offset: u64,
        data: &[u8],
        hold: Option<Hold>,
    ) -> Result<()> {
        let mut waiters = Vec::new();
        for part in steps(
            Extent::new(offset, data.len() as u64),
            self.export.max_block.into(),
        ) {
            let from = (part.offset - offset) as usize;
            let payload = data[from..from + part.len as usize].to_vec();
            let (command, hold) = (Command::Write, hold.clone());
            let sent = self.submit(command, part.offset, part.len, payload, Reply::done(), hold);
            waiters.push((sent.await?, part));
        }
        for (waiter, part) in waiters {
            self.wait(waiter, Command::Write, part.offset, part.len)
                .await?;
        }
        Ok(())
    }

    /// Writes less than whole blocks: reads the first and the last, and writes them back.
    pub(super) async fn write_patch(&self, whole: Extent, offset: u64, data: &[u8]) -> Result<()> {
        // Kept until the server has answered, even if this future is dropped before: a
        // later patch must not read what this one is about to overwrite.
        let hold = Arc::new(Arc::clone(&self.patching).lock_owned().await);
        let unit = u64::from(self.export.min_block);
        let mut buf = vec![0; whole.len as usize];
        let first = Extent::new(whole.offset, unit.min(whole.len));
        let last_at = (whole.end() - 1) / unit * unit;
        let last = Extent::new(last_at, whole.end() - last_at);
        for block in [first, last] {
            let old = self
                .read_once(block.offset, vec![0; block.len as usize])
                .await?;
            let from = (block.offset - whole.offset) as usize;
            buf[from..from + old.len()].copy_from_slice(&old);
        }
        let from = (offset - whole.offset) as usize;
        buf[from..from + data.len()].copy_from_slice(data);
        self.write_blocks(whole.offset, &buf, Some(hold)).await
    }

    /// Writes zeroes as data.
    pub(super) async fn write_out_zeroes(&self, range: Extent) -> Result<()> {
        for part in steps(range, 1 << 20) {
            self.write(part.offset, &vec![0; part.len as usize]).await?;
        }
        Ok(())
    }
}

/// `range` cut into parts of at most `step` bytes.
fn steps(range: Extent, step: u64) -> impl Iterator<Item = Extent> + Send {
    let count = range.len.div_ceil(step);
    (0..count).map(move |i| Extent::new(range.offset + i * step, step.min(range.len - i * step)))
}

/// The error for what the server said; the numbers are the protocol's own.
fn server_error(failure: &Failure) -> Error {
    let (code, text) = match failure.errno {
        1 => (Code::FileAccessDenied, "operation not permitted"),
        5 => (Code::Io, "input/output error"),
        12 => (Code::Io, "the server is out of memory"),
        22 => (Code::Io, "the server calls the request invalid"),
        28 => (Code::NoSpace, "no space left"),
        75 => (Code::Io, "the request is too large"),
        95 => (Code::Io, "not supported by the server"),
        108 => (Code::NbdDisconnected, "the server is shutting down"),
        _ => (Code::Io, "the server failed the request"),
    };
    let words = match failure.words.as_str() {
        "" => format!("{text} (error {})", failure.errno),
        words => format!("{text} (error {}): {words}", failure.errno),
    };
    Error::new(code, words)
}
