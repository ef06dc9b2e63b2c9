//! Servers that lie, and bytes that nobody would send.

use std::time::Duration;

use base::{Code, Error, Result};
use block::fuzz::{nbd_handshake, nbd_replies};
use block::{BlockSource, Extent, NbdAddress, NbdClient};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const CONTEXT: u32 = 4;

fn option_reply(option: u32, kind: u32, data: &[u8]) -> Vec<u8> {
    let mut out = 0x0003_e889_0455_65a9u64.to_be_bytes().to_vec();
    out.extend(option.to_be_bytes());
    out.extend(kind.to_be_bytes());
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(data);
    out
}

/// All that a server says in a good handshake, for an export of 1 MiB.
pub fn handshake() -> Vec<u8> {
    let mut out = b"NBDMAGICIHAVEOPT\x00\x03".to_vec();
    out.extend(option_reply(8, 1, &[]));
    let mut context = CONTEXT.to_be_bytes().to_vec();
    context.extend(b"base:allocation");
    out.extend(option_reply(10, 4, &context));
    out.extend(option_reply(10, 1, &[]));
    let mut info = vec![0, 0];
    info.extend((1u64 << 20).to_be_bytes());
    info.extend([0, 1]);
    out.extend(option_reply(7, 3, &info));
    out.extend(option_reply(7, 1, &[]));
    out
}

pub fn chunk(flags: u16, kind: u16, cookie: u64, data: &[u8]) -> Vec<u8> {
    let mut out = 0x668e_33efu32.to_be_bytes().to_vec();
    out.extend(flags.to_be_bytes());
    out.extend(kind.to_be_bytes());
    out.extend(cookie.to_be_bytes());
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(data);
    out
}

pub fn data_chunk(last: bool, at: u64, data: &[u8]) -> Vec<u8> {
    let mut body = at.to_be_bytes().to_vec();
    body.extend(data);
    chunk(last.into(), 1, 0, &body)
}

pub fn status_chunk(context: u32, runs: &[(u32, u32)]) -> Vec<u8> {
    let mut body = context.to_be_bytes().to_vec();
    for (len, flags) in runs {
        body.extend(len.to_be_bytes());
        body.extend(flags.to_be_bytes());
    }
    chunk(1, 5, 0, &body)
}

/// Sends `greeting`, and after the client's first request (or, if there is no reply to
/// send, at once) `reply`; then stays silent with the connection open.
async fn serve(mut stream: UnixStream, greeting: Vec<u8>, reply: Vec<u8>) {
    let _ = stream.write_all(&greeting).await;
    // Flags (4), structured replies (16), contexts and NBD_OPT_GO; then 28 of a request.
    let mut all = Vec::new();
    let request = 0x2560_9513u32.to_be_bytes();
    while !all.windows(4).any(|w| w == request) {
        if stream.read_buf(&mut all).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let _ = stream.write_all(&reply).await;
    std::future::pending::<()>().await;
}

/// Does `ask` with a client of a server that answers the first request with `reply`.
async fn with_server<T, F>(greeting: Vec<u8>, reply: Vec<u8>, ask: F) -> Result<T>
where
    F: AsyncFnOnce(NbdClient) -> Result<T>,
{
    let result = tokio::time::timeout(Duration::from_secs(10), patiently(greeting, reply, ask));
    result.await.expect("no server may make the client hang")
}

/// As [`with_server`], without a limit of the test's own.
async fn patiently<T, F>(greeting: Vec<u8>, reply: Vec<u8>, ask: F) -> Result<T>
where
    F: AsyncFnOnce(NbdClient) -> Result<T>,
{
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nbd");
    let listener = UnixListener::bind(&path).unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, greeting, reply).await;
    });
    let result = match NbdClient::connect(&NbdAddress::Unix(path), "disk", &[]).await {
        Ok(client) => ask(client).await,
        Err(e) => Err(e),
    };
    server.abort();
    result
}

async fn read_from(reply: Vec<u8>) -> Result<Vec<u8>> {
    with_server(handshake(), reply, async |c| {
        c.read(0, vec![0xee; 1024]).await
    })
    .await
}

fn assert_violation(result: Result<impl std::fmt::Debug>, what: &str) -> Error {
    let error = result.expect_err(what);
    assert_eq!(error.code(), Code::ProtocolError, "{what}: {error:?}");
    error
}

#[tokio::test]
async fn data_in_parts_and_out_of_order_is_put_together() {
    let mut reply = data_chunk(false, 512, &[2; 512]);
    let mut hole = 256u64.to_be_bytes().to_vec();
    hole.extend(256u32.to_be_bytes());
    reply.extend(chunk(0, 2, 0, &hole));
    reply.extend(data_chunk(true, 0, &[1; 256]));
    let read = read_from(reply).await.unwrap();
    assert!(read[..256] == [1; 256] && read[256..512] == [0; 256] && read[512..] == [2; 512]);
}

#[tokio::test]
async fn a_reply_that_breaks_the_protocol_is_an_error_and_not_data() {
    let mut twice = data_chunk(false, 0, &[1; 1024]);
    twice.extend(data_chunk(true, 1000, &[1; 24]));
    let mut huge = data_chunk(true, 0, &[1; 8]);
    huge[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
    let simple = [&0x6744_6698u32.to_be_bytes()[..], &[0; 12]].concat();
    for (what, reply) in [
        ("garbage", vec![0x55; 100]),
        ("half", data_chunk(true, 0, &[1; 512])),
        ("nothing", chunk(1, 0, 0, &[])),
        ("outside", data_chunk(true, 1, &[1; 1024])),
        ("far outside", data_chunk(true, u64::MAX - 4, &[1; 1024])),
        ("twice", twice),
        ("huge", huge),
        ("another's", chunk(1, 0, 77, &[])),
        ("status", status_chunk(CONTEXT, &[(1024, 0)])),
        ("simple", simple),
    ] {
        assert_violation(read_from(reply).await, what);
    }
}

#[tokio::test]
async fn a_status_that_makes_no_progress_is_an_error() {
    for (what, reply) in [
        ("empty run", status_chunk(CONTEXT, &[(512, 0), (0, 2)])),
        ("no run", status_chunk(CONTEXT, &[])),
        ("another context", status_chunk(9, &[(4096, 0)])),
        ("data", data_chunk(true, 0, &[0; 8])),
    ] {
        let whole = Extent::new(0, 1 << 20);
        let runs = with_server(handshake(), reply, async |c| c.runs(whole).await);
        assert_violation(runs.await, what);
    }
}

#[tokio::test]
async fn runs_that_go_beyond_what_was_asked_are_cut() {
    let reply = status_chunk(CONTEXT, &[(4096, 3), (u32::MAX, 0)]);
    let range = Extent::new(1024, 8192);
    let runs = with_server(handshake(), reply, async |c| c.runs(range).await);
    let runs = runs.await.unwrap();
    let ends: Vec<_> = runs.iter().map(|r| r.extent.end()).collect();
    assert_eq!(ends, [5120, 9216]);
}

#[tokio::test]
async fn a_bad_handshake_is_an_error_by_its_name() {
    let connect = |bytes: Vec<u8>| with_server(bytes, Vec::new(), async |_| Ok(()));
    assert_violation(connect(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()).await, "ssh");
    let old = b"NBDMAGIC\x00\x00\x42\x02\x81\x86\x12\x53\x00\x00".to_vec();
    assert_violation(connect(old).await, "old style");
    let mut sizes = handshake();
    let min_max = [&[0, 3][..], &3u32.to_be_bytes(), &[0; 8]].concat();
    sizes.truncate(sizes.len() - 20);
    sizes.extend(option_reply(7, 3, &min_max));
    sizes.extend(option_reply(7, 1, &[]));
    assert_violation(connect(sizes).await, "block sizes");
    let mut no_size = b"NBDMAGICIHAVEOPT\x00\x03".to_vec();
    no_size.extend(option_reply(8, (1 << 31) + 1, &[]));
    no_size.extend(option_reply(7, 1, &[]));
    assert_violation(connect(no_size).await, "no size");
    let mut tls = b"NBDMAGICIHAVEOPT\x00\x03".to_vec();
    tls.extend(option_reply(8, (1 << 31) + 5, &[]));
    tls.extend(option_reply(7, (1 << 31) + 5, b"use TLS"));
    let error = connect(tls).await.unwrap_err();
    assert_eq!(error.code(), Code::FileAccessDenied);
    assert!(error.detail().contains("TLS"), "{error}");
}

#[test]
fn the_bytes_of_these_tests_are_good_ones() {
    assert!(nbd_handshake(&handshake()));
    let replies = [
        vec![1],
        data_chunk(true, 4096, &[1; 64]),
        {
            let mut status = status_chunk(1, &[(512, 0)]);
            status[15] = 1;
            status
        },
        chunk(1, 0, 2, &[]),
    ];
    assert_eq!(nbd_replies(&replies.concat()), 3);
}

#[tokio::test]
async fn a_server_that_answers_without_end_is_left() {
    let mut endless = b"NBDMAGICIHAVEOPT\x00\x03".to_vec();
    endless.extend(option_reply(8, 1, &[]));
    for id in 0..1001u32 {
        let name = [&id.to_be_bytes()[..], b"x", &id.to_be_bytes()].concat();
        endless.extend(option_reply(10, 4, &name));
    }
    assert_violation(
        with_server(endless, Vec::new(), async |_| Ok(())).await,
        "answers",
    );
    let error = chunk(0, 0x8001, 0, b"\0\0\0\x05\0\x03bad");
    assert_violation(read_from(error.repeat(4097)).await, "errors");
    let parts = (0..512).flat_map(|n| data_chunk(false, n * 2, &[1]));
    assert_violation(read_from(parts.chain([0; 4]).collect()).await, "pieces");
}

/// A server that does not go on: the client gives up by its time limit, all calls at once,
/// and those that come later fail at once.
#[tokio::test(start_paused = true)]
async fn a_server_that_stops_in_the_middle_is_given_up() {
    let half = data_chunk(true, 0, &[1; 1024])[..500].to_vec();
    for reply in [Vec::new(), half] {
        let result = patiently(handshake(), reply, async |c| {
            let buf = || vec![0; 1024];
            let (a, b) = tokio::join!(c.read(0, buf()), c.read(4096, buf()));
            let codes = [a, b].map(|r| r.unwrap_err().code());
            assert_eq!(codes, [Code::Timeout; 2]);
            let start = tokio::time::Instant::now();
            let later = c.read(0, buf()).await.unwrap_err();
            assert_eq!(later.code(), Code::Timeout);
            assert!(start.elapsed() < Duration::from_secs(1));
            c.close().await
        });
        assert_eq!(result.await.unwrap_err().code(), Code::Timeout);
    }
    let result = patiently(handshake()[..40].to_vec(), Vec::new(), async |_| Ok(())).await;
    assert_eq!(result.unwrap_err().code(), Code::Timeout);
}

/// Callers that went away hold their places while the server is silent; nobody waits for one
/// without end.
#[tokio::test(start_paused = true)]
async fn a_silent_server_with_all_places_taken_is_given_up() {
    let result = patiently(handshake(), Vec::new(), async |c| {
        for _ in 0..64 {
            let read = c.read(0, vec![0; 512]);
            let _ = tokio::time::timeout(Duration::from_millis(1), read).await;
        }
        c.read(0, vec![0; 512]).await
    });
    assert_eq!(result.await.unwrap_err().code(), Code::Timeout);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_change_to_a_good_handshake_makes_the_client_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = handshake();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = nbd_handshake(&bytes);
        let _ = nbd_handshake(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn no_chunks_make_the_client_panic(
        chunks in prop::collection::vec(
            (0u16..3, prop_oneof![0u16..7, 0x7fffu16..0x8004], 0u64..4, 0u64..80,
             prop::collection::vec(any::<u8>(), 0..90)),
            0..12,
        ),
        structured in any::<bool>(),
        tail in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut bytes = vec![u8::from(structured)];
        for (flags, kind, cookie, at, mut data) in chunks {
            // Mostly near the request's place, so that some are taken.
            if let Some(head) = data.first_chunk_mut() {
                *head = (4090 + at).to_be_bytes();
            }
            bytes.extend(chunk(flags, kind, cookie, &data));
        }
        bytes.extend(tail);
        prop_assert!(nbd_replies(&bytes) <= 3);
    }

    #[test]
    fn no_bytes_at_all_make_the_client_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300)
    ) {
        let _ = nbd_handshake(&bytes);
        prop_assert_eq!(nbd_replies(&bytes), 0);
    }
}
