//! The read path over NBD: a point's disk served by `point export`, read by a client that does
//! as little as a client can. Beside it the image itself, served by nbdkit: what the protocol
//! and the kernel cost without a vault.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::measure::{Sample, busy};
use super::ours::Ours;
use super::random::Random;
use super::results::Results;
use super::run::LIMIT;
use super::tool::Tool;

/// A chunk of a vault.
const CHUNK: u64 = 64 << 10;
/// Reads at random; each is of another chunk.
const READS: usize = 4000;
/// Bytes of a read in order.
const IN_ORDER: u64 = 1 << 20;

/// Measures reads of the newest point, which is of the disk `image`.
pub(crate) fn run(work: &Path, ours: &Ours, image: &Path, results: &mut Results) -> Result<()> {
    let chunks = data(image)?;
    ours.home.warm()?;
    let socket = work.join("nbd");
    // A process of its own for each, so that nothing is kept from the one before.
    let export = || Server::ours(ours, &socket);
    let plain = || Server::nbdkit(image, &socket);
    for (name, start) in [
        (ours.name(), &export as &dyn Fn() -> Result<Server>),
        (LIMIT, &plain),
    ] {
        let server = start()?;
        results.add(name, "nbd, ready", server.ready);
        let latencies = at_random(&socket, image, &chunks)?;
        for (row, part) in [("nbd, p50", 0.5), ("nbd, p99", 0.99)] {
            let mut sample = latencies.1;
            sample.wall = latencies.0[(latencies.0.len() as f64 * part) as usize];
            results.add(name, row, sample);
        }
        drop(server);
        let server = start()?;
        results.add(name, "nbd, in order", in_order(&socket, image, &chunks)?);
        drop(server);
        let _server = start()?;
        let bytes = chunks.len() as u64 * CHUNK;
        let uri = format!("nbd+unix:///?socket={}", socket.display());
        let mut copy = Command::new("nbdcopy");
        copy.args([&uri, "null:"]);
        let copy = || {
            ensure!(copy.status()?.success(), "nbdcopy failed");
            Ok(())
        };
        results.add(name, "nbd, copied", timed(bytes, copy)?);
    }
    Ok(())
}

/// How long it takes until a client is served, of the newest point.
pub(crate) fn ready(work: &Path, ours: &Ours) -> Result<Sample> {
    Ok(Server::ours(ours, &work.join("nbd"))?.ready)
}

/// The chunks of an image that are not zero, by number.
fn data(image: &Path) -> Result<Vec<u64>> {
    let (file, mut chunk) = (File::open(image)?, vec![0; CHUNK as usize]);
    let mut found = Vec::new();
    for number in 0..file.metadata()?.len() / CHUNK {
        file.read_exact_at(&mut chunk, number * CHUNK)?;
        if chunk.iter().any(|b| *b != 0) {
            found.push(number);
        }
    }
    Ok(found)
}

/// One read at a time of 4 KiB, each in another chunk. Gives their seconds in order of size.
fn at_random(socket: &Path, image: &Path, chunks: &[u64]) -> Result<(Vec<f64>, Sample)> {
    let (mut random, mut left) = (Random::new("nbd"), chunks.to_vec());
    let (mut client, file) = (Client::connect(socket)?, File::open(image)?);
    let (mut read, mut wanted) = (vec![0; 4096], vec![0; 4096]);
    let mut seconds = Vec::new();
    let sample = timed(0, || {
        while !left.is_empty() && seconds.len() < READS {
            let chunk = left.swap_remove(random.below(left.len() as u64) as usize);
            let offset = chunk * CHUNK + random.below(CHUNK / 4096) * 4096;
            let start = Instant::now();
            client.read(offset, &mut read)?;
            seconds.push(start.elapsed().as_secs_f64());
            file.read_exact_at(&mut wanted, offset)?;
            ensure!(read == wanted, "wrong bytes at {offset}");
        }
        Ok(())
    })?;
    seconds.sort_by(f64::total_cmp);
    Ok((seconds, sample))
}

/// One read at a time of 1 MiB, over all that is not zero.
fn in_order(socket: &Path, image: &Path, chunks: &[u64]) -> Result<Sample> {
    let (mut client, file) = (Client::connect(socket)?, File::open(image)?);
    let mut read = vec![0; IN_ORDER as usize];
    let mut bytes = 0;
    let runs = chunks.chunk_by(|a, b| a + 1 == *b);
    let sample = timed(0, || {
        for run in runs {
            let (mut at, end) = (run[0] * CHUNK, (run[run.len() - 1] + 1) * CHUNK);
            while at < end {
                let len = IN_ORDER.min(end - at);
                client.read(at, &mut read[..len as usize])?;
                (at, bytes) = (at + len, bytes + len);
            }
        }
        Ok(())
    })?;
    // What came last, at least, is what belongs there.
    let last = chunks.last().context("a disk of zeros")? * CHUNK;
    let mut wanted = vec![0; CHUNK as usize];
    file.read_exact_at(&mut wanted, last)?;
    let mut tail = vec![0; CHUNK as usize];
    client.read(last, &mut tail)?;
    ensure!(tail == wanted, "wrong bytes at {last}");
    Ok(Sample {
        added: bytes,
        ..sample
    })
}

/// Measures work of this process and of a server; others are taken to be idle.
fn timed(bytes: u64, work: impl FnOnce() -> Result<()>) -> Result<Sample> {
    let (before, start) = (busy()?, Instant::now());
    work()?;
    let wall = start.elapsed().as_secs_f64();
    Ok(Sample {
        wall,
        cpu: busy()? - before,
        added: bytes,
        ..Sample::default()
    })
}

/// A running server; ended when dropped.
struct Server {
    child: Child,
    socket: PathBuf,
    ready: Sample,
}

impl Server {
    /// Of the newest point; ready when it says so and answers.
    fn ours(ours: &Ours, socket: &Path) -> Result<Self> {
        let mut command = ours.command(&["point", "export", "latest", "--socket"]);
        command.arg(socket).stdout(Stdio::piped());
        Self::start(command, socket, |child| {
            let said = child.stdout.take().context("no output")?;
            for line in BufReader::new(said).lines() {
                if line? == "}" {
                    return Ok(());
                }
            }
            Ok(())
        })
    }

    /// Of an image as it is.
    fn nbdkit(image: &Path, socket: &Path) -> Result<Self> {
        let mut command = Command::new("nbdkit");
        command.args(["--foreground", "--exit-with-parent", "--readonly", "--unix"]);
        command.arg(socket).arg("file").arg(image);
        Self::start(command, socket, |child| {
            while !socket.exists() {
                ensure!(child.try_wait()?.is_none(), "nbdkit ended");
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        })
    }

    fn start(
        mut command: Command,
        socket: &Path,
        wait: impl FnOnce(&mut Child) -> Result<()>,
    ) -> Result<Self> {
        let start = Instant::now();
        let mut server = Self {
            child: command.stdin(Stdio::null()).spawn()?,
            socket: socket.to_owned(),
            ready: Sample::default(),
        };
        wait(&mut server.child)?;
        Client::connect(socket)?.read(0, &mut [0; 512])?;
        server.ready.wall = start.elapsed().as_secs_f64();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// The least of a client: the old handshake, one request at a time.
struct Client(UnixStream);

impl Client {
    fn connect(socket: &Path) -> Result<Self> {
        let mut stream = UnixStream::connect(socket).context("nobody serves")?;
        stream.read_exact(&mut [0; 18])?;
        // Flags of the client; the default export by NBD_OPT_EXPORT_NAME; its size and flags.
        stream.write_all(b"\0\0\0\x03IHAVEOPT\0\0\0\x01\0\0\0\0")?;
        stream.read_exact(&mut [0; 10])?;
        Ok(Self(stream))
    }

    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let mut request = [0; 28];
        request[..4].copy_from_slice(&0x2560_9513_u32.to_be_bytes());
        request[16..24].copy_from_slice(&offset.to_be_bytes());
        request[24..].copy_from_slice(&u32::try_from(buf.len())?.to_be_bytes());
        self.0.write_all(&request)?;
        let mut reply = [0; 16];
        self.0.read_exact(&mut reply)?;
        ensure!(reply[4..8] == [0; 4], "a read at {offset} fails");
        Ok(self.0.read_exact(buf)?)
    }
}
