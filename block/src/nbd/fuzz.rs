//! Targets for fuzzing: a server that sends anything, and a client that does.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use base::{Code, Error, Result};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;

use super::NbdClient;
use super::negotiate::{ALLOCATION, Export, check_sizes, negotiate};
use super::replies::read_replies;
use super::reply::Reply;
use super::server::{Export as Offer, serve_client};
use super::table::{Pending, Table};
use crate::{BlockSink, BlockSource, Extent, Run, RunState};

/// The context of dirty bytes that is asked for.
const DIRTY: &str = "qemu:dirty-bitmap:b";

/// The bytes as a server's side of the handshake. Gives whether it succeeded.
pub fn handshake(data: &[u8]) -> bool {
    let mut stream = tokio::io::join(data, tokio::io::sink());
    let run = negotiate(&mut stream, "disk", &[DIRTY]);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // Memory never makes a reader wait, so that one poll runs to its end.
    match std::pin::pin!(run).poll(&mut context) {
        std::task::Poll::Ready(result) => result.is_ok(),
        std::task::Poll::Pending => panic!("reading from memory waits"),
    }
}

/// The bytes as a server's replies to a read, a block status request and a flush (of
/// cookies 0 to 2). The first byte's lowest bit chooses structured replies. Gives how many
/// were answered.
pub fn replies(data: &[u8]) -> usize {
    let Some((choice, data)) = data.split_first() else {
        return 0;
    };
    let table = Table::default();
    let replies = [
        Reply::data(4096, vec![0xaa; 64]),
        Reply::status(1),
        Reply::done(),
    ];
    let mut waiters = Vec::new();
    for reply in replies {
        let (waiter, receiver) = oneshot::channel();
        let (slot, hold) = (None, None);
        let added = table.add(Pending {
            reply,
            waiter,
            slot,
            hold,
        });
        waiters.extend(added.map(|_| receiver));
    }
    let mut run = std::pin::pin!(read_replies(data, &table, choice & 1 == 1));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let ended = run.as_mut().poll(&mut context).is_ready();
    assert!(ended, "reading from memory does not wait");
    waiters
        .into_iter()
        .filter_map(|mut w| w.try_recv().ok())
        .count()
}

/// A whole client at work with a server that takes every choice from the bytes: first what
/// it offers, then, for each request, an answer that is mostly near a right one. Gives how
/// many of the client's calls succeeded.
pub fn session(data: &[u8]) -> usize {
    let mut script = Script(data);
    let Some(export) = export(&mut script) else {
        return 0;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime of one thread needs nothing");
    runtime.block_on(async {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let (read, write) = tokio::io::split(ours);
        let client = NbdClient::start(read, write, export, "fuzz".to_owned());
        let mut work = std::pin::pin!(work(&client));
        tokio::select! {
            biased;
            done = &mut work => return done,
            // It has nothing more to say and hangs up.
            () = serve(theirs, script) => {}
        }
        work.await
    })
}

/// What the server offers: sizes within what the handshake lets through.
fn export(script: &mut Script<'_>) -> Option<Export> {
    let size = script.number::<8>() >> (script.number::<1>() % 64);
    let flags = script.number::<1>() as u16;
    let sizes = (1 << (script.number::<1>() % 17), u32::MAX);
    let (min_block, max_block) = check_sizes(size, sizes).ok()?;
    let contexts = [ALLOCATION, DIRTY].map(str::to_owned);
    Some(Export {
        size,
        flags,
        min_block,
        max_block,
        structured: true,
        contexts: contexts.into_iter().zip(0..).collect(),
    })
}

/// Every kind of call, small ones and at the disk's ends.
async fn work(client: &NbdClient) -> usize {
    let size = client.size();
    let end = Extent::new(size - size.min(5), size.min(5));
    let mut done = 0;
    let mut count = |ok: bool| done += usize::from(ok);
    count(client.runs(Extent::new(0, size)).await.is_ok());
    count(client.dirty(DIRTY).await.is_ok());
    count(client.runs(end).await.is_ok());
    for range in [Extent::new(0, 4096), Extent::new(7, 600), end] {
        let buf = vec![0; range.len as usize];
        count(client.read(range.offset, buf).await.is_ok());
        count(client.write(range.offset, &[7; 5]).await.is_ok());
        count(client.write_zeroes(range).await.is_ok());
        count(client.release(range).await.is_ok());
    }
    count(client.flush().await.is_ok());
    done
}

/// Answers requests until the script ends.
async fn serve(mut stream: DuplexStream, mut script: Script<'_>) {
    while !script.0.is_empty() {
        let mut request = [0; 28];
        tokio::select! {
            biased;
            read = stream.read_exact(&mut request) => if read.is_err() { return },
            // The client is still waiting for the rest of an answer.
            () = idle() => {}
        }
        let command = u16::from_be_bytes([request[6], request[7]]);
        let len = u32::from_be_bytes([request[24], request[25], request[26], request[27]]);
        if command == 1 {
            let mut payload = vec![0; len as usize];
            if stream.read_exact(&mut payload).await.is_err() {
                return;
            }
        }
        let answer = answer(&request, command, len, &mut script);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

async fn idle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn answer(request: &[u8; 28], command: u16, len: u32, script: &mut Script<'_>) -> Vec<u8> {
    let choice = script.number::<1>();
    let near = |script: &mut Script<'_>| script.number::<1>().wrapping_sub(128);
    let offset = u64::from_be_bytes(request[16..24].try_into().expect("eight bytes"));
    let (kind, body) = match (choice % 16, command) {
        (0, _) => {
            let n = script.number::<1>() as usize;
            return script.take(n).to_vec();
        }
        (1, _) => (script.number::<2>() as u16, script.take(12).to_vec()),
        (2, _) => (0x8001, [&[0, 0, 0, 5, 0, 3][..], b"bad"].concat()),
        (3, 0) => {
            let at = offset.wrapping_add(near(script));
            let len = u64::from(len).wrapping_add(near(script)) as u32;
            (2, [&at.to_be_bytes()[..], &len.to_be_bytes()].concat())
        }
        (4, 0) => {
            let at = offset.wrapping_add(near(script));
            (1, [&at.to_be_bytes()[..], script.take(40)].concat())
        }
        (_, 0) => {
            let data = vec![7; len.min(64 << 10) as usize];
            (1, [&offset.to_be_bytes()[..], &data].concat())
        }
        (few, 7) => {
            let mut body = (script.number::<1>() as u32 % 2).to_be_bytes().to_vec();
            for _ in 4..few {
                let len = script.number::<4>() as u32 >> (script.number::<1>() % 32);
                body.extend(len.to_be_bytes());
                body.extend((script.number::<1>() as u32).to_be_bytes());
            }
            (5, body)
        }
        _ => (0, Vec::new()),
    };
    let mut out = 0x668e_33ef_u32.to_be_bytes().to_vec();
    // Most chunks are the last of their reply.
    out.extend(u16::from(choice & 0x70 != 0).to_be_bytes());
    out.extend(kind.to_be_bytes());
    out.extend(&request[8..16]);
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(body);
    out
}

/// The bytes that choices are taken from; zeroes once they are used up.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        head
    }

    fn number<const N: usize>(&mut self) -> u64 {
        let bytes = self.take(N);
        bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))
    }
}

/// The bytes as a client's side of a whole connection to the server. Gives the server's.
pub fn client(data: &[u8]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime of one thread needs nothing");
    let said = Said::default();
    runtime.block_on(async {
        let offer = Arc::new(Offer {
            name: "disk".to_owned(),
            source: Arc::new(Small),
        });
        let _ = serve_client(data, said.clone(), &offer).await;
    });
    let mut said = said.0.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut said)
}

/// A disk of 100,000 bytes: data, then zeros, then what can't be read.
#[derive(Debug)]
struct Small;

#[async_trait]
impl BlockSource for Small {
    fn size(&self) -> u64 {
        100_000
    }

    async fn read(&self, offset: u64, mut buf: Vec<u8>) -> Result<Vec<u8>> {
        let end = offset + buf.len() as u64;
        assert!(
            end <= self.size() && offset < end,
            "a read outside of the disk"
        );
        if end > 90_000 {
            return Err(Error::new(Code::VaultDamaged, "it can't be read"));
        }
        buf.fill(0);
        let data = 30_000u64.saturating_sub(offset).min(buf.len() as u64);
        buf[..data as usize].fill(7);
        Ok(buf)
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        assert!(
            range.end() <= self.size() && range.len > 0,
            "runs outside of the disk"
        );
        let states = [RunState::Data, RunState::Zero, RunState::Data];
        let ends = [0, 30_000, 60_000, self.size()];
        let runs = states.into_iter().zip(ends.windows(2));
        let runs = runs.filter_map(|(state, ends)| {
            let extent = Extent::new(ends[0], ends[1] - ends[0]).intersect(&range)?;
            Some(Run { extent, state })
        });
        Ok(runs.collect())
    }
}

/// What was written, of which only the first bytes are kept: a client can ask for much.
#[derive(Clone, Debug, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl AsyncWrite for Said {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        b: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = (64 << 10) - said.len();
        said.extend_from_slice(&b[..b.len().min(room)]);
        Poll::Ready(Ok(b.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
