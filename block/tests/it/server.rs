//! The server, against every client there is: libnbd's, QEMU's, our own, and a bad one.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base::{Code, Error, Result};
use block::fuzz::nbd_server;
use block::{BlockSource, Extent, NbdAddress, NbdClient, NbdServer, Run, RunState};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::place::{Dice, run, text};

const UNIT: usize = 64 << 10;

/// A disk in memory, in units that are data, zero, or damaged.
#[derive(Debug)]
struct Model {
    bytes: Vec<u8>,
    damaged: Option<Extent>,
    /// Reading what is damaged panics.
    panics: bool,
}

impl Model {
    /// Of 5 MiB and a bit; every third unit is zero.
    fn new(seed: u64) -> Self {
        let mut bytes = Dice(seed).bytes(80 * UNIT + 777);
        for unit in bytes.chunks_mut(UNIT).step_by(3) {
            unit.fill(0);
        }
        Self {
            bytes,
            damaged: None,
            panics: false,
        }
    }
}

#[async_trait]
impl BlockSource for Model {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    async fn read(&self, offset: u64, mut buf: Vec<u8>) -> Result<Vec<u8>> {
        let range = Extent::new(offset, buf.len() as u64);
        if let Some(bad) = self.damaged.and_then(|d| d.intersect(&range)) {
            assert!(!self.panics, "on purpose");
            let detail = format!("bytes {} to {} are hurt", bad.offset, bad.end());
            return Err(Error::new(Code::VaultDamaged, detail));
        }
        let at = offset as usize;
        buf.copy_from_slice(&self.bytes[at..at + range.len as usize]);
        // Some take longer than others, so that replies change places.
        tokio::time::sleep(Duration::from_micros(offset % 700)).await;
        Ok(buf)
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        let mut runs: Vec<Run> = Vec::new();
        for (i, unit) in self.bytes.chunks(UNIT).enumerate() {
            let unit = Extent::new((i * UNIT) as u64, unit.len() as u64);
            let Some(extent) = unit.intersect(&range) else {
                continue;
            };
            let state = match i % 3 {
                0 => RunState::Zero,
                _ => RunState::Data,
            };
            match runs.last_mut() {
                Some(last) if last.state == state => last.extent.len += extent.len,
                _ => runs.push(Run { extent, state }),
            }
        }
        Ok(runs)
    }
}

/// A server of a model.
struct Serving {
    model: Arc<Model>,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<()>>,
}

impl Serving {
    fn start(model: Model) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = Arc::new(model);
        let source: Arc<dyn BlockSource> = model.clone();
        let server = NbdServer::bind(&folder.path().join("nbd"), "vda", source).unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.serve(async { _ = stopped.await }));
        Self {
            model,
            folder,
            stop: Some(stop),
            server,
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("nbd")
    }

    fn uri(&self, export: &str) -> String {
        format!("nbd+unix:///{export}?socket={}", self.socket().display())
    }

    /// The disk as a file.
    fn file(&self) -> PathBuf {
        let path = self.folder.path().join("disk.raw");
        std::fs::write(&path, &self.model.bytes).unwrap();
        path
    }

    async fn client(&self, export: &str) -> Result<NbdClient> {
        NbdClient::connect(&NbdAddress::Unix(self.socket()), export, &[]).await
    }

    async fn end(mut self) -> tempfile::TempDir {
        self.stop.take().unwrap().send(()).unwrap();
        self.server.await.unwrap().unwrap();
        self.folder
    }
}

/// Runs a program beside the server.
async fn beside(program: &'static str, args: &[&str]) -> String {
    let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
    let run = move || {
        run(
            program,
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_clients_read_what_is_there_many_at_a_time() {
    let serving = Serving::start(Model::new(1));
    let mut tasks = tokio::task::JoinSet::new();
    for seed in 0..4 {
        let client = Arc::new(serving.client(["vda", ""][seed % 2]).await.unwrap());
        assert!(client.read_only() && client.has_context("base:allocation"));
        let mut dice = Dice(seed as u64 + 5);
        for _ in 0..60 {
            let (client, model) = (Arc::clone(&client), Arc::clone(&serving.model));
            let from = dice.below(model.size());
            let most = [5000, 3 << 20][dice.below(2) as usize];
            let len = 1 + dice.below((model.size() - from).min(most));
            tasks.spawn(async move {
                let read = client.read(from, vec![0; len as usize]).await.unwrap();
                assert!(read == model.bytes[from as usize..(from + len) as usize]);
                let range = Extent::new(from, len);
                let runs = client.runs(range).await.unwrap();
                assert_eq!(runs, model.runs(range).await.unwrap());
            });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let unknown = serving.client("vdb").await.unwrap_err();
    assert_eq!(unknown.code(), Code::FileNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_of_libnbd_and_qemu_see_the_disk() {
    let serving = Serving::start(Model::new(2));
    let (file, uri) = (serving.file(), serving.uri("vda"));
    let info = beside("nbdinfo", &["--json", "--list", &serving.uri("")]).await;
    let info: serde_json::Value = serde_json::from_str(&info).unwrap();
    let export = &info["exports"][0];
    assert_eq!(export["export-name"], "vda", "{info}");
    assert_eq!(export["is_read_only"], true);
    assert_eq!(export["can_multi_conn"], true);
    assert_eq!(export["contexts"][0], "base:allocation");
    assert_eq!(info["structured"], true);
    let map = beside("nbdinfo", &["--json", "--map", &uri]).await;
    let map: Vec<serde_json::Value> = serde_json::from_str(&map).unwrap();
    assert_eq!((map.len(), &map[0]["type"]), (54, &3.into()), "{map:?}");
    assert_eq!(
        (&map[1]["offset"], &map[1]["length"]),
        (&UNIT.into(), &(2 * UNIT).into())
    );

    let copy = serving.folder.path().join("copy.raw");
    for connections in ["--connections=1", "--connections=4"] {
        beside("nbdcopy", &[connections, &uri, text(&copy)]).await;
        assert!(std::fs::read(&copy).unwrap() == serving.model.bytes);
        std::fs::remove_file(&copy).unwrap();
    }
    // QEMU counts in sectors.
    let compare = ["compare", "-f", "raw", "-F", "raw", text(&file), &uri];
    assert!(beside("qemu-img", &compare).await.contains("identical"));
    let convert = ["convert", "-f", "raw", "-O", "qcow2", &uri, text(&copy)];
    beside("qemu-img", &convert).await;
    let compare = [
        "compare",
        "-f",
        "raw",
        "-F",
        "qcow2",
        text(&file),
        text(&copy),
    ];
    assert!(beside("qemu-img", &compare).await.contains("identical"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_writes_to_an_overlay_and_not_to_the_disk() {
    let serving = Serving::start(Model::new(3));
    let (uri, overlay) = (serving.uri("vda"), serving.folder.path().join("overlay"));
    let create = [
        "create",
        "-f",
        "qcow2",
        "-F",
        "raw",
        "-b",
        &uri,
        text(&overlay),
    ];
    beside("qemu-img", &create).await;
    let write = [
        "-c",
        "write -P 9 70000 100000",
        "-c",
        "read -P 9 70000 100000",
    ];
    let io = [&["-f", "qcow2", text(&overlay)], &write[..]].concat();
    assert!(!beside("qemu-io", &io).await.contains("failed"));
    let client = serving.client("").await.unwrap();
    let read = client.read(60_000, vec![0; 200_000]).await.unwrap();
    assert!(read == serving.model.bytes[60_000..260_000]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_panics_is_answered_and_ends_no_other() {
    let mut model = Model::new(4);
    model.damaged = Some(Extent::new(3 << 20, 10));
    model.panics = true;
    let serving = Serving::start(model);
    let client = serving.client("vda").await.unwrap();
    let reads = tokio::join!(
        client.read(3 << 20, vec![0; 4096]),
        client.read(0, vec![0; 4096])
    );
    let error = reads.0.unwrap_err();
    assert!(error.detail().contains("the server has failed"), "{error}");
    assert_eq!(reads.1.unwrap(), serving.model.bytes[..4096]);
    client.read(1 << 20, vec![0; 4096]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_fails_the_reads_that_touch_it_and_no_others() {
    let mut model = Model::new(4);
    let hurt = Extent::new(3 << 20, UNIT as u64);
    model.damaged = Some(hurt);
    let serving = Serving::start(model);
    let client = serving.client("vda").await.unwrap();
    let around = [
        (hurt.offset - 4096, 4096, true),
        (hurt.offset - 4096, 4097, false),
        (hurt.offset + 5, 10, false),
        (hurt.end() - 1, 4096, false),
        (hurt.end(), 4096, true),
        (0, 4 << 20, false),
    ];
    for (offset, len, well) in around {
        let read = client.read(offset, vec![0; len]).await;
        assert_eq!(read.is_ok(), well, "{len} bytes at {offset}");
        if let Err(e) = read {
            assert_eq!(e.code(), Code::Io);
            assert!(e.detail().contains("are hurt"), "{e}");
        }
    }
    let copy = serving.folder.path().join("copy");
    let io = [
        "-r",
        "-f",
        "raw",
        "-c",
        "read 2M 1M",
        "-c",
        "read 3M 4k",
        &serving.uri(""),
    ];
    let io = std::process::Command::new("qemu-io")
        .args(io)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&io.stdout).into_owned();
    assert!(
        said.contains("read 1048576/1048576 bytes at offset 2097152"),
        "{said}"
    );
    assert!(said.contains("read failed: Input/output error"), "{said}");
    assert!(!copy.exists());
}

#[tokio::test]
async fn the_socket_is_its_owners_and_goes_with_the_server() {
    let serving = Serving::start(Model::new(5));
    let (path, model) = (serving.socket(), Arc::clone(&serving.model));
    let bind = |path: &Path| NbdServer::bind(path, "vda", model.clone());
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Somebody listens there.
    assert_eq!(bind(&path).unwrap_err().code(), Code::TargetExists);
    let client = serving.client("").await.unwrap();
    let folder = serving.end().await;
    assert!(!path.exists());
    let lost = client.read(0, vec![0; 10]).await.unwrap_err();
    assert_eq!(lost.code(), Code::NbdDisconnected);

    std::fs::write(&path, "mine").unwrap();
    assert_eq!(bind(&path).unwrap_err().code(), Code::TargetExists);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    std::fs::remove_file(&path).unwrap();
    // A server that was killed left its socket.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let server = bind(&path).unwrap();
    // Another's file in its place is left alone.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "mine").unwrap();
    drop(server);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    let far = folder.path().join("x".repeat(200));
    assert_eq!(bind(&far).unwrap_err().code(), Code::BadArgument);
    let nowhere = folder.path().join("no/such");
    assert_eq!(bind(&nowhere).unwrap_err().code(), Code::FileNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_stall_lie_or_leave_cost_only_themselves() {
    let serving = Serving::start(Model::new(6));
    let socket = serving.socket();
    let bad = tokio::task::spawn_blocking(move || {
        let connect = || UnixStream::connect(&socket).unwrap();
        // One that says nothing, one that leaves, one that talks nonsense.
        let silent = connect();
        drop(connect());
        let mut nonsense = connect();
        nonsense.write_all(&[0x55; 4000]).unwrap();
        let mut said = Vec::new();
        // Its end is the server's hanging up, whether or not what it sent was read.
        let _ = nonsense.read_to_end(&mut said);
        // One that asks for all it can and takes nothing.
        let mut greedy = connect();
        greedy.write_all(&export_name()).unwrap();
        greedy
            .set_write_timeout(Some(Duration::from_secs(1)))
            .unwrap();
        let wish = request(0, 1, 0, 5 << 20);
        while greedy.write_all(&wish).is_ok() {}
        (silent, greedy)
    });
    let held = bad.await.unwrap();
    let start = Instant::now();
    let client = serving.client("").await.unwrap();
    let read = client.read(0, vec![0; 5 << 20]).await.unwrap();
    assert!(read == serving.model.bytes[..5 << 20]);
    assert!(start.elapsed() < Duration::from_secs(10));
    // More than there are places for.
    let socket = serving.socket();
    let crowd: Vec<_> = (0..200)
        .map_while(|_| UnixStream::connect(&socket).ok())
        .collect();
    assert!(crowd.len() > 100);
    assert_eq!(client.read(9, vec![0; 9]).await.unwrap().len(), 9);
    drop((held, crowd));
    drop(client);
    // The places are free again.
    for _ in 0..100 {
        if serving.client("").await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no place for a client");
}

/// A client's flags and `NBD_OPT_EXPORT_NAME` for the default export.
fn export_name() -> Vec<u8> {
    [&[0, 0, 0, 3][..], &option(1, b"")].concat()
}

fn option(option: u32, data: &[u8]) -> Vec<u8> {
    let len = data.len() as u32;
    [
        b"IHAVEOPT",
        &option.to_be_bytes()[..],
        &len.to_be_bytes(),
        data,
    ]
    .concat()
}

fn request(command: u16, cookie: u64, offset: u64, len: u32) -> Vec<u8> {
    let mut out = 0x2560_9513u32.to_be_bytes().to_vec();
    out.extend([0, 0]);
    out.extend(command.to_be_bytes());
    out.extend(cookie.to_be_bytes());
    out.extend(offset.to_be_bytes());
    out.extend(len.to_be_bytes());
    out
}

/// What good clients send to a server of the disk `disk`.
pub(crate) fn clients() -> Vec<Vec<u8>> {
    let named = |data: &[u8]| [&[0, 0, 0, 4][..], b"disk", data].concat();
    let context = [&[0, 0, 0, 1, 0, 0, 0, 15][..], b"base:allocation"].concat();
    let modern = [
        &[0, 0, 0, 3][..],
        &option(3, b""),
        &option(8, b""),
        &option(9, &named(&[0; 4])),
        &option(10, &named(&context)),
        &option(6, &named(&[0, 1, 0, 3])),
        &option(7, &named(&[0, 1, 0, 3])),
        &request(0, 1, 29_000, 2000),
        &request(7, 2, 0, 100_000),
        &request(0, 3, 89_999, 10),
        &request(1, 4, 0, 5),
        b"write",
        &request(4, 5, 0, 5),
        &request(6, 6, 0, 5),
        &request(3, 7, 0, 0),
        &request(0, 8, 99_999, 2),
        &request(2, 9, 0, 0),
    ];
    let old = [
        &export_name()[..],
        &request(0, 1, 29_000, 2000),
        &request(0, 2, 95_000, 1),
        &request(1, 3, 0, 5),
        b"write",
        &request(7, 4, 0, 512),
        &request(0, 5, 10, 0),
        &request(2, 6, 0, 0),
    ];
    vec![modern.concat(), old.concat()]
}

#[test]
fn a_client_of_the_old_kind_gets_simple_replies() {
    let said = nbd_server(&clients()[1]);
    // The greeting, then size and flags: has flags, read-only, many connections.
    let (head, replies) = said.split_at(18 + 10);
    assert_eq!(head[18..26], 100_000u64.to_be_bytes());
    assert_eq!(head[26..], 0b1_0000_0011u16.to_be_bytes());
    let mut found = std::collections::BTreeMap::new();
    let mut rest = replies;
    while let Some((reply, more)) = rest.split_at_checked(16) {
        assert_eq!(reply[..4], 0x6744_6698u32.to_be_bytes());
        let errno = u32::from_be_bytes(reply[4..8].try_into().unwrap());
        let cookie = u64::from_be_bytes(reply[8..].try_into().unwrap());
        let (data, more) = more.split_at(if cookie == 1 { 2000 } else { 0 });
        assert!(
            data.iter()
                .enumerate()
                .all(|(i, b)| *b == if i < 1000 { 7 } else { 0 })
        );
        assert!(found.insert(cookie, errno).is_none());
        rest = more;
    }
    let expected = [(1, 0), (2, 5), (3, 1), (4, 22), (5, 22)];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    assert!(rest.is_empty());
}

#[test]
fn a_client_gets_every_answer_by_its_kind() {
    let said = nbd_server(&clients()[0]);
    // The last answer of the handshake is the second acknowledgement of INFO and GO.
    let ack = [
        &0x0003_e889_0455_65a9u64.to_be_bytes()[..],
        &[0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0],
    ];
    let ack = ack.concat();
    let at = said
        .windows(20)
        .position(|w| w == ack)
        .expect("GO is acknowledged");
    let mut rest = &said[at + 20..];
    let mut found = std::collections::BTreeMap::new();
    while let Some((head, more)) = rest.split_at_checked(20) {
        assert_eq!(head[..6], [0x66, 0x8e, 0x33, 0xef, 0, 1], "one chunk each");
        let kind = u16::from_be_bytes([head[6], head[7]]);
        let len = u32::from_be_bytes(head[16..].try_into().unwrap());
        let (body, more) = more.split_at(len as usize);
        let errno = u32::from_be_bytes(body[..4].try_into().unwrap());
        found.insert(head[15], (kind, if kind == 0x8001 { errno } else { len }));
        rest = more;
    }
    let expected = [
        (1, (1, 2008)),
        (2, (5, 4 + 3 * 8)),
        (3, (0x8001, 5)),
        (4, (0x8001, 1)),
        (5, (0x8001, 1)),
        (6, (0x8001, 1)),
        (7, (0x8001, 22)),
        (8, (0x8001, 22)),
    ];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
}
