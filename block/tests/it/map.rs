//! Block status, with `nbdinfo --map` as the oracle.

use block::{
    BlockSource, Extent, ExtentSet, ImageOptions, NbdAddress, NbdClient, QemuNbd, RunState,
};
use serde_json::Value;

use crate::place::{Dice, run, text};

/// A plain qemu-nbd that several clients may use, without any code of ours.
struct Server {
    child: std::process::Child,
    socket: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("nbd");
        let child = std::process::Command::new("qemu-nbd")
            .args(["--persistent", "--shared=4", "--socket", text(&socket)])
            .args(args)
            .spawn()
            .expect("qemu-nbd is needed: package qemu-utils");
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self {
            child,
            socket,
            _folder: folder,
        }
    }

    fn map(&self, context: &str) -> Vec<(Extent, u64)> {
        let url = format!("nbd+unix:///?socket={}", text(&self.socket));
        let map = format!("--map={context}");
        let json = run("nbdinfo", &["--json", &map, &url]);
        let entries: Vec<Value> = serde_json::from_str(&json).unwrap();
        let number = |v: &Value, name| v[name].as_u64().unwrap();
        let entries = entries.iter().map(|e| {
            let extent = Extent::new(number(e, "offset"), number(e, "length"));
            (extent, number(e, "type"))
        });
        entries.collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn with(map: &[(Extent, u64)], flag: u64) -> ExtentSet {
    let chosen = map.iter().filter(|(_, flags)| flags & flag != 0);
    chosen.map(|(extent, _)| *extent).collect()
}

/// An image of 3 GiB (so that several requests are needed) with scattered writes.
fn scattered(path: &std::path::Path, bitmap: bool) {
    run(
        "qemu-img",
        &["create", "-q", "-f", "qcow2", text(path), "3G"],
    );
    let mut dice = Dice(77);
    let mut write = |count: u64| {
        let mut args: Vec<String> = ["-f", "qcow2"].map(str::to_owned).into();
        for _ in 0..count {
            let what = ["write -P 5", "write -z", "write -z -u", "discard"];
            let what = what[dice.below(4) as usize];
            let (at, len) = (dice.below(6 << 20) * 512, (1 + dice.below(400)) * 512);
            let len = len.min((3 << 30) - at);
            args.extend(["-c".into(), format!("{what} {at} {len}")]);
        }
        args.push(text(path).to_owned());
        run(
            "qemu-io",
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    };
    write(60);
    if bitmap {
        run("qemu-img", &["bitmap", "--add", text(path), "b0"]);
        write(60);
    }
}

#[tokio::test]
async fn dirty_extents_are_those_that_nbdinfo_shows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.qcow2");
    scattered(&path, true);
    let server = Server::start(&["--read-only", "-f", "qcow2", "-B", "b0", text(&path)]);
    let context = "qemu:dirty-bitmap:b0";
    let expected = with(&server.map(context), 1);
    let all = Server::map(&server, "base:allocation");
    drop(server);
    assert!(
        expected.extents().len() > 30,
        "{}",
        expected.extents().len()
    );

    let options = ImageOptions {
        bitmap: Some("b0".into()),
        ..ImageOptions::read(&path, "qcow2")
    };
    let image = QemuNbd::open(options).await.unwrap();
    let client = image.client();
    assert!(client.has_context(context));
    assert_eq!(client.dirty(context).await.unwrap(), expected);
    let error = client.dirty("qemu:dirty-bitmap:b1").await.unwrap_err();
    assert_eq!(error.code(), base::Code::BadArgument);
    // Both contexts come with each reply, and are not mixed up.
    let runs = client.runs(Extent::new(0, 3 << 30)).await.unwrap();
    let zeroes = runs.iter().filter(|r| r.state == RunState::Zero);
    let zeroes: ExtentSet = zeroes.map(|r| r.extent).collect();
    assert_eq!(zeroes, with(&all, 2));
    image.close().await.unwrap();
}

#[tokio::test]
async fn runs_are_those_that_nbdinfo_shows_for_any_range() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.qcow2");
    scattered(&path, false);
    let server = Server::start(&["--read-only", "-f", "qcow2", text(&path)]);
    let zeroes = with(&server.map("base:allocation"), 2);
    let address = NbdAddress::Unix(server.socket.clone());
    let client = NbdClient::connect(&address, "", &[]).await.unwrap();
    let mut dice = Dice(3);
    for _ in 0..50 {
        let at = dice.below(3 << 30);
        let range = Extent::new(at, dice.below((3 << 30) - at));
        let runs = client.runs(range).await.unwrap();
        let mut next = range.offset;
        for run in &runs {
            assert_eq!(run.extent.offset, next);
            assert!(run.extent.len > 0);
            next = run.extent.end();
        }
        assert_eq!(next, range.end());
        let found = runs.iter().filter(|r| r.state == RunState::Zero);
        let found: ExtentSet = found.map(|r| r.extent).collect();
        let asked: ExtentSet = [range].into_iter().collect();
        assert_eq!(found, zeroes.intersect(&asked));
    }
}

#[tokio::test]
async fn an_export_of_another_name_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    std::fs::write(&path, [1; 4096]).unwrap();
    let server = Server::start(&["-f", "raw", "--export-name=here", text(&path)]);
    let address = NbdAddress::Unix(server.socket.clone());
    let error = NbdClient::connect(&address, "there", &[])
        .await
        .unwrap_err();
    assert_eq!(error.code(), base::Code::FileNotFound, "{error:?}");
    assert!(error.detail().contains("there"), "{error}");
    let client = NbdClient::connect(&address, "here", &[]).await.unwrap();
    assert_eq!(client.read(0, vec![0; 2]).await.unwrap(), [1, 1]);
}
