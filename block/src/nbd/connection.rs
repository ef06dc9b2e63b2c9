//! The connection after the handshake: many requests in flight, answered in any order.
//!
//! One task writes requests, one reads replies, and each reply finds its request by its
//! cookie. A caller that goes away leaves its request behind in the table, so that the
//! reply is still taken off the stream.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Code, Error, Result};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::negotiate::lost;
use super::replies::read_replies;
use super::reply::{Answer, Failure, Reply};
use super::table::{Hold, Pending, Table, Waiter};
use super::wire::{self, Command};

/// The most requests in flight.
const SLOTS: u32 = 64;
/// How long a server may take to answer. It may be flushing gigabytes to a slow disk; one
/// that takes longer has hung.
const ANSWER: Duration = Duration::from_secs(600);
/// How long a server may take to close its end after a good-bye.
const GOODBYE: Duration = Duration::from_secs(5);

/// One running connection.
#[derive(Debug)]
pub(super) struct Connection {
    table: Arc<Table>,
    slots: Arc<Semaphore>,
    requests: mpsc::UnboundedSender<Message>,
    reader: Mutex<Option<JoinHandle<()>>>,
    tasks: [tokio::task::AbortHandle; 2],
}

#[derive(Debug)]
struct Message {
    head: [u8; 28],
    payload: Vec<u8>,
}

impl Connection {
    /// Starts the tasks on a stream whose handshake is done.
    pub(super) fn start<R, W>(read: R, write: W, structured: bool) -> Self
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let table = Arc::new(Table::default());
        let (requests, queue) = mpsc::unbounded_channel();
        let for_writer = Arc::clone(&table);
        let writer = tokio::spawn(async move {
            if let Err(e) = write_requests(write, queue).await {
                for_writer.close(&lost(e));
            }
        });
        let for_reader = Arc::clone(&table);
        let reader = tokio::spawn(async move {
            let why = read_replies(BufReader::new(read), &for_reader, structured).await;
            for_reader.close(&why);
        });
        Self {
            table,
            slots: Arc::new(Semaphore::new(SLOTS as usize)),
            requests,
            tasks: [writer.abort_handle(), reader.abort_handle()],
            reader: Mutex::new(Some(reader)),
        }
    }

    /// Sends a request; its answer comes by the waiter. `hold` is kept until then.
    /// Cancel-safe: a dropped future has sent all of the request or nothing.
    pub(super) async fn submit(
        &self,
        command: Command,
        (offset, len): (u64, u32),
        payload: Vec<u8>,
        reply: Reply,
        hold: Option<Hold>,
    ) -> Result<Waiter> {
        let slot = self
            .in_time(Arc::clone(&self.slots).acquire_owned())
            .await?;
        let slot = slot.expect("the semaphore is never closed");
        let (sender, waiter) = oneshot::channel();
        let cookie = self.table.add(Pending {
            reply,
            waiter: sender,
            slot: Some(slot),
            hold,
        })?;
        let head = wire::request(command, cookie, offset, len);
        if self.requests.send(Message { head, payload }).is_err() {
            return Err(self.why_lost());
        }
        Ok(waiter)
    }

    /// Waits for an answer; the inner error is the server's.
    pub(super) async fn wait(&self, waiter: Waiter) -> Result<Result<Answer, Failure>> {
        let answer = self.in_time(waiter).await?;
        answer.map_err(|_| self.why_lost())
    }

    /// Waits for what the server must make happen. If it takes too long the connection is
    /// given up: what comes later finds nobody.
    async fn in_time<T>(&self, what: impl Future<Output = T>) -> Result<T> {
        match tokio::time::timeout(ANSWER, what).await {
            Ok(done) => Ok(done),
            Err(e) => {
                let detail = format!("the server gave no answer for {} s", ANSWER.as_secs());
                let why = Error::new(Code::Timeout, detail).because(e);
                self.table.close(&why);
                Err(why)
            }
        }
    }

    fn why_lost(&self) -> Error {
        let closed = self.table.why_closed();
        closed.unwrap_or_else(|| Error::new(Code::NbdDisconnected, "the connection is closed"))
    }

    /// Waits until all requests are answered, says good-bye, and waits for the server to
    /// close its end, for a few seconds.
    pub(super) async fn disconnect(&self) -> Result<()> {
        let all = self.in_time(self.slots.acquire_many(SLOTS)).await?;
        let _all = all.expect("the semaphore is never closed");
        if let Some(why) = self.table.why_closed() {
            return Err(why);
        }
        let head = wire::request(Command::Disconnect, u64::MAX, 0, 0);
        let payload = Vec::new();
        if self.requests.send(Message { head, payload }).is_err() {
            return Err(self.why_lost());
        }
        let reader = self
            .reader
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(reader) = reader {
            // Late or not, the answer to a good-bye changes nothing.
            let _ = tokio::time::timeout(GOODBYE, reader).await;
        }
        let why = Error::new(Code::NbdDisconnected, "the connection was closed before");
        self.table.close(&why);
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn write_requests<W>(
    stream: W,
    mut queue: mpsc::UnboundedReceiver<Message>,
) -> std::io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    let mut stream = BufWriter::new(stream);
    while let Some(first) = queue.recv().await {
        let mut next = Some(first);
        while let Some(message) = next {
            stream.write_all(&message.head).await?;
            stream.write_all(&message.payload).await?;
            next = queue.try_recv().ok();
        }
        stream.flush().await?;
    }
    Ok(())
}
