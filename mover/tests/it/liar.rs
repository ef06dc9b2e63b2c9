//! A real QEMU whose dirty bitmaps lie: a go-between drops dirty bits from its NBD server's
//! replies.
//!
//! The driver finds the monitor at a socket of ours. What it says is passed on, but QEMU's NBD
//! server is started at another path, and at the one that the driver knows we listen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use block::BlockSource;
use hypervisor::watchdog::WatchdogProgram;
use hypervisor::{QemuHost, QemuHostOptions, Quiesce};
use mover::{BackupReport, DEFAULT_SAMPLE};
use serde_json::{Value, json};
use testkit::{DiskSpec, Guest};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use vault::Store;

use crate::stale::Dice;
use crate::support::*;

const SIZE: u64 = 2 << 30;
/// What a bit of the bitmap stands for.
const CLUSTER: u32 = 64 << 10;

/// What is between the driver and QEMU.
#[derive(Clone)]
struct Between {
    qemu: PathBuf,
    nbd: Arc<Mutex<Option<JoinHandle<()>>>>,
    dice: Arc<Mutex<Dice>>,
    dropped: Arc<AtomicU64>,
}

impl Between {
    /// Listens as the machine NAME of `dir`.
    fn start(dir: &Path, name: &str, qemu: PathBuf) -> Self {
        let between = Self {
            qemu,
            nbd: Arc::default(),
            dice: Arc::new(Mutex::new(Dice(5))),
            dropped: Arc::default(),
        };
        let listener = UnixListener::bind(dir.join(format!("{name}.qmp"))).unwrap();
        let shared = between.clone();
        tokio::spawn(async move {
            // A monitor serves one client at a time.
            while let Ok((client, _)) = listener.accept().await {
                shared.monitor(client).await;
            }
        });
        between
    }

    async fn monitor(&self, client: UnixStream) {
        let Ok(qemu) = UnixStream::connect(&self.qemu).await else {
            return;
        };
        let (from_client, mut to_client) = client.into_split();
        let (mut from_qemu, mut to_qemu) = qemu.into_split();
        let up = async {
            let mut lines = BufReader::new(from_client).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let line = self.redirected(line) + "\n";
                if to_qemu.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = up => {}
            _ = tokio::io::copy(&mut from_qemu, &mut to_client) => {}
        }
    }

    /// Puts ourselves in the place of an NBD server that is to be started.
    fn redirected(&self, line: String) -> String {
        let mut message: Value = serde_json::from_str(&line).unwrap();
        match message["execute"].as_str() {
            Some("nbd-server-start") => {
                let place = &mut message["arguments"]["addr"]["data"]["path"];
                let wanted = PathBuf::from(place.as_str().unwrap());
                let real = wanted.with_extension("real");
                *place = json!(real);
                let listener = UnixListener::bind(wanted).unwrap();
                let shared = self.clone();
                let serve = tokio::spawn(async move {
                    while let Ok((client, _)) = listener.accept().await {
                        let (shared, real) = (shared.clone(), real.clone());
                        tokio::spawn(async move { shared.export(client, &real).await });
                    }
                });
                *self.nbd.lock().unwrap() = Some(serve);
                message.to_string()
            }
            Some("nbd-server-stop") => {
                if let Some(serve) = self.nbd.lock().unwrap().take() {
                    serve.abort();
                }
                line
            }
            _ => line,
        }
    }

    async fn export(&self, client: UnixStream, real: &Path) {
        let Ok(qemu) = UnixStream::connect(real).await else {
            return;
        };
        let (mut from_client, to_client) = client.into_split();
        let (from_qemu, mut to_qemu) = qemu.into_split();
        tokio::select! {
            _ = tokio::io::copy(&mut from_client, &mut to_qemu) => {}
            _ = self.replies(BufReader::new(from_qemu), to_client) => {}
        }
    }

    /// Passes replies on, those on dirty bitmaps with a bit in a hundred left out.
    async fn replies(
        &self,
        mut from: impl AsyncReadExt + Unpin,
        mut to: impl AsyncWriteExt + Unpin,
    ) -> std::io::Result<()> {
        let mut greeting = [0; 18];
        from.read_exact(&mut greeting).await?;
        to.write_all(&greeting).await?;
        let mut bitmap = None;
        loop {
            let mut head = [0; 20];
            from.read_exact(&mut head).await?;
            let [option, kind, len] = [8, 12, 16].map(|at| number(&head[at..]));
            let mut data = vec![0; len as usize];
            from.read_exact(&mut data).await?;
            if (option, kind) == (10, 4) && data[4..].starts_with(b"qemu:dirty-bitmap:") {
                bitmap = Some(number(&data));
            }
            to.write_all(&[&head[..], &data].concat()).await?;
            if (option, kind) == (7, 1) {
                break;
            }
        }
        loop {
            let mut head = vec![0; 16];
            from.read_exact(&mut head).await?;
            if number(&head) != 0x668e_33ef {
                to.write_all(&head).await?;
                continue;
            }
            let mut len = [0; 4];
            from.read_exact(&mut len).await?;
            let mut data = vec![0; number(&len) as usize];
            from.read_exact(&mut data).await?;
            let of_bitmap = head[6..8] == [0, 5] && bitmap == Some(number(&data));
            if of_bitmap {
                data = self.forgetful(&data);
            }
            let len = u32::try_from(data.len()).unwrap().to_be_bytes();
            to.write_all(&[&head[..], &len, &data].concat()).await?;
        }
    }

    fn forgetful(&self, data: &[u8]) -> Vec<u8> {
        let mut dice = self.dice.lock().unwrap();
        let mut out = data[..4].to_vec();
        for run in data[4..].chunks(8) {
            let (len, flags) = (number(run), number(&run[4..]));
            for at in (0..len).step_by(CLUSTER as usize) {
                let lost = flags & 1 == 1 && dice.below(100) == 0;
                self.dropped.fetch_add(u64::from(lost), Ordering::Relaxed);
                out.extend(CLUSTER.min(len - at).to_be_bytes());
                out.extend((if lost { 0 } else { flags }).to_be_bytes());
            }
        }
        out
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

/// The disk as it should be: each 64 KiB is one byte over and over, but for 8 KiB that were
/// written later.
#[derive(Default)]
struct Model {
    whole: BTreeMap<u64, u8>,
    later: BTreeMap<u64, u8>,
}

const PAGE: u64 = 8192;

impl Model {
    /// The machine's own writes, without the guest's processor in between.
    fn write(&mut self, guest: &Guest, at: u64, len: u64, byte: u8) {
        let line = format!(
            "qemu-io -d /machine/peripheral/vd1/virtio-backend \"write -P {byte} {at} {len}\""
        );
        let arguments = json!({ "command-line": line });
        let said = guest.qmp("human-monitor-command", arguments).unwrap();
        assert_eq!(said, "", "{line}");
        let cluster = u64::from(CLUSTER);
        if len == PAGE {
            self.later.insert(at, byte);
        } else {
            self.whole.extend(
                (at..at + len)
                    .step_by(CLUSTER as usize)
                    .map(|c| (c / cluster, byte)),
            );
        }
    }

    fn bytes(&self, at: u64, len: u64) -> Vec<u8> {
        let mut out = vec![0; usize::try_from(len).unwrap()];
        let cluster = u64::from(CLUSTER);
        let place = |n: u64| usize::try_from(n - at).unwrap();
        for (c, byte) in self.whole.range(at / cluster..(at + len) / cluster) {
            out[place(c * cluster)..][..CLUSTER as usize].fill(*byte);
        }
        for (page, byte) in self.later.range(at..at + len) {
            out[place(*page)..][..PAGE as usize].fill(*byte);
        }
        out
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn qemu_that_loses_one_dirty_bit_in_a_hundred_is_found_out_within_seven_runs() {
    let disk = DiskSpec::qcow2(SIZE).blank();
    let guest = Guest::builder("liar").disk(disk).warm().start().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let between = Between::start(dir.path(), "liar", guest.qmp_socket());
    // The running program is a test and no watchdog. Nothing is frozen here, so nobody has to thaw.
    let watchdog = WatchdogProgram {
        program: Some("sh".into()),
        arguments: vec!["-c".into(), "cat > /dev/null".into()],
    };
    let host = QemuHost::new(dir.path(), QemuHostOptions { watchdog });
    let store = Store::local(&dir.path().join("vault")).unwrap();
    let vault = vault_in(store, u64::from(CLUSTER)).await;
    let mut options = options(dir.path());
    std::fs::create_dir(&options.scratch.dir).unwrap();
    options.quiesce = Quiesce::Skip;
    options.disks.include = vec!["vd1".into()];
    options.sample = DEFAULT_SAMPLE;
    let around = around(3);
    let backup = async || -> BackupReport {
        mover::backup(&host, "liar", &vault, &around, &options, &())
            .await
            .unwrap()
    };
    let mut model = Model::default();
    // 704 MiB: the first 5.5 MiB of each 16.
    for n in 0..SIZE >> 24 {
        let byte = u8::try_from(n % 200 + 1).unwrap();
        model.write(&guest, n << 24, 11 << 19, byte);
    }
    backup().await;
    let mut dice = Dice(9);
    for run in 1.. {
        for _ in 0..400 {
            let (n, page) = (dice.below(SIZE >> 24), dice.below((11 << 19) / PAGE));
            let byte = u8::try_from(dice.below(255) + 1).unwrap();
            model.write(&guest, (n << 24) + page * PAGE, PAGE, byte);
        }
        let report = backup().await;
        let disk = only(&report);
        assert!(
            disk.sampled > 0 && disk.sampled <= DEFAULT_SAMPLE,
            "{report:?}"
        );
        if disk.tracker.is_some() {
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
            assert!(run < 7, "not found in {run} runs");
            continue;
        }
        assert!(
            report.warnings[0].contains("called unchanged"),
            "{report:?}"
        );
        let point = point_disk(&vault, report.point, "vd1").await;
        for at in (0..SIZE).step_by(16 << 20) {
            let bytes = point.read(at, vec![0xAA; 16 << 20]).await.unwrap();
            assert_same(
                &bytes,
                &model.bytes(at, 16 << 20),
                &format!("the disk from {at}"),
            );
        }
        let dropped = between.dropped.load(Ordering::Relaxed);
        assert!(dropped > 0);
        println!("{dropped} dirty bits dropped in {run} runs; found in the last");
        break;
    }
}
