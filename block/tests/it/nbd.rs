//! The client against nbdkit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Code, Kind};
use block::{BlockSink, BlockSource, Extent, NbdAddress, NbdClient, Run, RunState};

use crate::nbdkit::Nbdkit;
use crate::place::Dice;

const KIB: u64 = 1 << 10;

/// Random reads, writes and zeroes, several at a time, against a plain array.
async fn compare_with_an_array(client: NbdClient, seed: u64) {
    let client = Arc::new(client);
    let mut model = client
        .read(0, vec![0; client.size() as usize])
        .await
        .unwrap();
    let mut dice = Dice(seed);
    for _ in 0..40 {
        // Eight regions that do not share a byte, but share blocks.
        let region = client.size() / 8;
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..8 {
            let len = 1 + dice.below(region);
            let from = i * region + dice.below(region - len + 1);
            let range = from as usize..(from + len) as usize;
            let client = Arc::clone(&client);
            match dice.below(3) {
                0 => {
                    let bytes = dice.bytes(len as usize);
                    model[range].copy_from_slice(&bytes);
                    tasks.spawn(async move { client.write(from, &bytes).await.unwrap() });
                }
                1 => {
                    model[range].fill(0);
                    let range = Extent::new(from, len);
                    tasks.spawn(async move { client.write_zeroes(range).await.unwrap() });
                }
                _ => {
                    let expected = model[range].to_vec();
                    tasks.spawn(async move {
                        let read = client.read(from, vec![0; expected.len()]).await.unwrap();
                        assert!(read == expected);
                    });
                }
            }
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    }
    client.flush().await.unwrap();
    let all = client.read(0, vec![0; model.len()]).await.unwrap();
    assert!(all == model);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_writes_agree_with_an_array() {
    let server = Nbdkit::start(&["memory", "300003"]);
    compare_with_an_array(server.connect().await, 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_only_whole_blocks_gets_whole_blocks() {
    let server = Nbdkit::start(&[
        "--filter=blocksize-policy",
        "memory",
        "256K",
        "blocksize-minimum=512",
        "blocksize-preferred=4096",
        "blocksize-maximum=8K",
        "blocksize-error-policy=error",
    ]);
    compare_with_an_array(server.connect().await, 12).await;
}

#[tokio::test]
async fn writes_into_one_block_do_not_undo_each_other() {
    let server = Nbdkit::start(&[
        "--filter=delay",
        "--filter=blocksize-policy",
        "memory",
        "64K",
        "blocksize-minimum=512",
        "blocksize-error-policy=error",
        "rdelay=5ms",
        "wdelay=5ms",
    ]);
    let client = Arc::new(server.connect().await);
    let mut writes = tokio::task::JoinSet::new();
    for i in 0..8u8 {
        let client = Arc::clone(&client);
        writes.spawn(async move {
            let data = [i + 1; 64];
            client.write(512 + 64 * u64::from(i), &data).await.unwrap();
        });
    }
    while let Some(write) = writes.join_next().await {
        write.unwrap();
    }
    let read = client.read(512, vec![0; 512]).await.unwrap();
    for (at, byte) in read.into_iter().enumerate() {
        assert_eq!(usize::from(byte), at / 64 + 1, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_structured_replies_is_read_whole() {
    let server = Nbdkit::start(&["--no-sr", "memory", "256K"]);
    let client = server.connect().await;
    assert!(!client.has_context("base:allocation"));
    let whole = Extent::new(0, 256 * KIB);
    let state = RunState::Data;
    let run = Run {
        extent: whole,
        state,
    };
    assert_eq!(client.runs(whole).await.unwrap(), [run]);
    compare_with_an_array(client, 13).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_write_zeroes_gets_zeroes() {
    let server = Nbdkit::start(&["--filter=nozero", "memory", "256K"]);
    compare_with_an_array(server.connect().await, 14).await;
}

#[tokio::test]
async fn a_read_that_spans_many_requests_comes_back_in_order() {
    let server = Nbdkit::start(&["pattern", "100M"]);
    let client = server.connect().await;
    // More than two of the largest requests.
    let read = client.read(1 << 20, vec![0; 80 << 20]).await.unwrap();
    for (i, word) in read.chunks_exact(8).enumerate() {
        let at = (1 << 20) + 8 * i as u64;
        assert_eq!(word, at.to_be_bytes(), "{at}");
    }
}

#[tokio::test]
async fn tcp_works_as_a_unix_socket_does() {
    // Below the ports that the system hands out: a client that tries one of those before
    // the server listens can end up connected to itself.
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = (20_000..30_000).find(free).unwrap();
    let mut server = std::process::Command::new("nbdkit")
        .args(["--foreground", "--exit-with-parent", "--ipaddr=127.0.0.1"])
        .arg(format!("--port={port}"))
        .args(["pattern", "1M"])
        .spawn()
        .unwrap();
    let address = NbdAddress::Tcp("127.0.0.1".into(), port);
    let mut client = NbdClient::connect(&address, "", &[]).await;
    for _ in 0..100 {
        if client.is_ok() {
            break;
        }
        assert_eq!(client.unwrap_err().code(), Code::NbdDisconnected);
        tokio::time::sleep(Duration::from_millis(50)).await;
        client = NbdClient::connect(&address, "", &[]).await;
    }
    let client = client.unwrap();
    assert_eq!(
        client.read(8, vec![0; 8]).await.unwrap(),
        8u64.to_be_bytes()
    );
    client.close().await.unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
}

#[tokio::test]
async fn many_requests_wait_at_the_same_time() {
    let server = Nbdkit::start(&["--filter=delay", "pattern", "1M", "rdelay=300ms"]);
    let client = Arc::new(server.connect().await);
    let start = Instant::now();
    let mut reads = tokio::task::JoinSet::new();
    for i in 0..16u64 {
        let client = Arc::clone(&client);
        reads.spawn(async move {
            let read = client.read(i * 4096, vec![0; 8]).await.unwrap();
            assert_eq!(read, (i * 4096).to_be_bytes());
        });
    }
    while let Some(read) = reads.join_next().await {
        read.unwrap();
    }
    // One after the other they would take 4.8 s.
    assert!(
        start.elapsed() < Duration::from_millis(2400),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_dropped_read_leaves_the_connection_in_order() {
    let server = Nbdkit::start(&["--filter=delay", "pattern", "8M", "rdelay=20ms"]);
    let client = server.connect().await;
    let mut dice = Dice(5);
    for round in 0..60 {
        let limit = Duration::from_micros(dice.below(30_000));
        let dropped = client.read(4 << 20, vec![0xee; 1 << 20]);
        // Sometimes before it is sent, sometimes in mid answer.
        let _ = tokio::time::timeout(limit, dropped).await;
        let at = 8 * dice.below(1000);
        let read = client.read(at, vec![0; 8]).await.unwrap();
        assert_eq!(read, at.to_be_bytes(), "round {round}");
    }
    client.close().await.unwrap();
}

#[tokio::test]
async fn reads_that_are_given_up_do_not_use_up_the_connection() {
    let server = Nbdkit::start(&["--filter=delay", "pattern", "1M", "rdelay=10ms"]);
    let client = server.connect().await;
    for _ in 0..300 {
        let read = client.read(0, vec![0; 8]);
        let _ = tokio::time::timeout(Duration::from_micros(500), read).await;
    }
    let read = tokio::time::timeout(Duration::from_secs(20), client.read(16, vec![0; 8]));
    assert_eq!(read.await.unwrap().unwrap(), 16u64.to_be_bytes());
}

#[tokio::test]
async fn a_servers_errors_are_told_apart_and_say_where() {
    for (name, code) in [
        ("EIO", Code::Io),
        ("EINVAL", Code::Io),
        ("ENOSPC", Code::NoSpace),
        ("EPERM", Code::FileAccessDenied),
        ("ESHUTDOWN", Code::NbdDisconnected),
    ] {
        let number = format!("error={name}");
        let args = ["--filter=error", "memory", "1M", &number];
        let server = Nbdkit::start(&[&args[..], &["error-pread-rate=1"]].concat());
        let client = server.connect().await;
        let error = client.read(4096, vec![0; 512]).await.unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
        assert!(error.detail().contains("512 bytes at 4096"), "{error}");
        let socket = server.address().to_string();
        assert!(error.detail().contains(&socket), "{error}");
        // A failed request is not a failed connection.
        client.write(0, &[1; 512]).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_killed_in_mid_read_fails_all_that_wait() {
    let mut server = Nbdkit::start(&["--filter=delay", "memory", "1M", "rdelay=30"]);
    let client = Arc::new(server.connect().await);
    let mut reads = tokio::task::JoinSet::new();
    // More than there are places for requests.
    for i in 0..100 {
        let client = Arc::clone(&client);
        reads.spawn(async move { client.read(i * 512, vec![0; 512]).await });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.kill();
    let start = Instant::now();
    while let Some(read) = reads.join_next().await {
        let error = read.unwrap().unwrap_err();
        assert_eq!(error.code(), Code::NbdDisconnected, "{error:?}");
        assert_eq!(error.kind(), Kind::Unavailable);
    }
    assert!(start.elapsed() < Duration::from_secs(5));
    let after = client.write(0, &[1]).await.unwrap_err();
    assert_eq!(after.code(), Code::NbdDisconnected);
    assert_eq!(
        client.disconnect().await.unwrap_err().code(),
        Code::NbdDisconnected
    );
}

#[tokio::test]
async fn a_read_only_export_is_not_written() {
    let server = Nbdkit::start(&["--readonly", "memory", "1M"]);
    let client = server.connect().await;
    assert!(client.read_only() && !client.can_release());
    let error = client.write(0, &[1; 512]).await.unwrap_err();
    assert_eq!(error.code(), Code::FileAccessDenied);
    let error = client.write_zeroes(Extent::new(0, 512)).await.unwrap_err();
    assert_eq!(error.code(), Code::FileAccessDenied);
    client.release(Extent::new(0, 4096)).await.unwrap();
    client.flush().await.unwrap();
}

#[tokio::test]
async fn only_what_reads_as_zero_is_called_zero() {
    let server = Nbdkit::start(&[
        "eval",
        "get_size=echo 65536",
        "pread=exit 1",
        "can_extents=exit 0",
        "extents=echo 0 4096 hole; echo 4096 4096 zero; echo 8192 4096 hole,zero; echo 12288 53248",
    ]);
    let client = server.connect().await;
    let runs = client.runs(Extent::new(0, 65536)).await.unwrap();
    let seen: Vec<_> = runs
        .iter()
        .map(|r| (r.extent.offset, r.extent.len, r.state))
        .collect();
    let (data, zero) = (RunState::Data, RunState::Zero);
    assert_eq!(
        seen,
        [(0, 4096, data), (4096, 8192, zero), (12288, 53248, data)]
    );
}

#[tokio::test]
async fn what_is_released_is_discarded_by_whole_blocks() {
    let server = Nbdkit::start(&[
        "--filter=blocksize-policy",
        "memory",
        "1M",
        "blocksize-minimum=4096",
        "blocksize-error-policy=error",
    ]);
    let client = server.connect().await;
    client.write(0, &[7; 64 << 10]).await.unwrap();
    client.release(Extent::new(4000, 20_000)).await.unwrap();
    let read = client.read(0, vec![0; 64 << 10]).await.unwrap();
    // A memory disk reads as zero where it was discarded.
    for (at, byte) in read.into_iter().enumerate() {
        let discarded = (4096..20_480).contains(&at);
        assert_eq!(byte, if discarded { 0 } else { 7 }, "{at}");
    }
}

#[tokio::test]
async fn ranges_outside_of_the_disk_are_refused_without_asking() {
    let server = Nbdkit::start(&["memory", "1M"]);
    let client = server.connect().await;
    for (offset, len) in [(1 << 20, 1), ((1 << 20) - 1, 2), (u64::MAX, 4)] {
        let error = client.read(offset, vec![0; len]).await.unwrap_err();
        assert_eq!(error.code(), Code::BadArgument);
        let error = client.write(offset, &vec![0; len]).await.unwrap_err();
        assert_eq!(error.code(), Code::BadArgument);
    }
    let empty = client.read(1 << 20, Vec::new()).await.unwrap();
    assert!(empty.is_empty());
}

#[tokio::test]
async fn nobody_behind_a_socket_is_told_from_no_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nbd");
    let address = NbdAddress::Unix(path.clone());
    let error = NbdClient::connect(&address, "", &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::FileNotFound);
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let error = NbdClient::connect(&address, "", &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::NbdDisconnected);
}

#[tokio::test]
async fn a_closed_connection_stays_closed() {
    let server = Nbdkit::start(&["memory", "1M"]);
    let client = server.connect().await;
    client.disconnect().await.unwrap();
    assert_eq!(
        client.read(0, vec![0]).await.unwrap_err().code(),
        Code::NbdDisconnected
    );
    assert_eq!(
        client.close().await.unwrap_err().code(),
        Code::NbdDisconnected
    );
}
