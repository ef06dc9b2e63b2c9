//! Images of any QEMU format through a `qemu-nbd` of our own.

use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base::{Code, Error, Result, ResultExt};
use rustix::process::Signal;
use tokio::net::UnixStream;

use crate::child::{Child, Ended};
use crate::image::check_alone;
use crate::{BlockSink, NbdClient, tool};

/// How long a server that lost its connection may take to end: it may be writing out
/// metadata to a slow disk.
const ENDING: Duration = Duration::from_secs(120);
/// How long to wait for the reason why a server could not be reached.
const REASON: Duration = Duration::from_secs(5);

/// Run by `sh`: gives up if the parent died before it was watched; then hands the
/// listening socket, which comes as standard input, to `qemu-nbd` the way systemd does.
const LAUNCH: &str = r#"[ "$PPID" = "$1" ] || exit 1
shift
export LISTEN_PID=$$ LISTEN_FDS=1
exec qemu-nbd "$@" 3<&0 </dev/null"#;

/// How to open an image.
#[derive(Clone, Debug)]
pub struct ImageOptions {
    /// The image file or block device.
    pub path: PathBuf,
    /// QEMU's name of its format; never guessed, since a guest can write a header of its
    /// choice into a raw disk.
    pub format: String,
    /// Whether to write.
    pub writable: bool,
    /// Open although a machine has it open for writing. Only for reading; what is read may
    /// be torn.
    pub force_share: bool,
    /// A persistent dirty bitmap to serve as the context `qemu:dirty-bitmap:NAME`.
    pub bitmap: Option<String>,
    /// Whether zeroes written become holes (`discard=unmap`, `detect-zeroes=unmap`).
    pub unmap_zeroes: bool,
    /// Refuse an image that keeps contents in other files (a backing file, an external data
    /// file): whoever made the image chose which files those are. For images that are not
    /// known to be a machine's own.
    pub alone: bool,
}

impl ImageOptions {
    /// Options to read the image.
    #[must_use]
    pub fn read(path: impl Into<PathBuf>, format: &str) -> Self {
        Self {
            path: path.into(),
            format: format.to_owned(),
            writable: false,
            force_share: false,
            bitmap: None,
            unmap_zeroes: false,
            alone: false,
        }
    }

    /// Options to write the image; zeroes become holes.
    #[must_use]
    pub fn write(path: impl Into<PathBuf>, format: &str) -> Self {
        Self {
            writable: true,
            unmap_zeroes: true,
            ..Self::read(path, format)
        }
    }

    /// The image as a `json:` file name, in which no character of a path is special.
    fn file_name(&self) -> Result<String> {
        let path = tool::absolute(&self.path)?;
        let kind = std::fs::metadata(&path).map_err(|e| Error::io(path.display(), e))?;
        let driver = match kind.file_type() {
            kind if kind.is_block_device() => "host_device",
            kind if kind.is_file() => "file",
            _ => {
                let detail = format!("{}: neither a file nor a block device", path.display());
                return Err(Error::new(Code::BadArgument, detail));
            }
        };
        let Some(path) = path.to_str() else {
            let detail = format!("{}: the path is not UTF-8", path.display());
            return Err(Error::new(Code::BadArgument, detail));
        };
        let mut file = serde_json::json!({"driver": driver, "filename": path});
        let mut image = serde_json::json!({"driver": self.format});
        if self.force_share {
            image["force-share"] = true.into();
        }
        if self.alone && self.format != "raw" {
            // Also if the image is replaced after it was looked at.
            image["backing"] = serde_json::Value::Null;
        }
        if self.unmap_zeroes {
            image["discard"] = "unmap".into();
            image["detect-zeroes"] = "unmap".into();
            file["discard"] = "unmap".into();
        }
        image["file"] = file;
        Ok(format!("json:{image}"))
    }

    fn arguments(&self) -> Result<Vec<String>> {
        if self.force_share && self.writable {
            let detail = format!("{}: to write a shared image", self.path.display());
            return Err(Error::new(Code::BadArgument, detail));
        }
        let mut args = Vec::new();
        if !self.writable {
            args.push("--read-only".to_owned());
        }
        if let Some(bitmap) = &self.bitmap {
            args.push(format!("--bitmap={bitmap}"));
        }
        args.push(self.file_name()?);
        Ok(args)
    }
}

/// A running `qemu-nbd` and the one connection to it.
///
/// It ends with us however we end: it stops when its connection closes, and gets a signal
/// when our process dies. Dropping this ends it too, in order if it was writing, but
/// nobody waits for it then: [`Self::close`] does. Its socket has no name in the file
/// system once it is connected.
#[derive(Debug)]
pub struct QemuNbd {
    client: Arc<NbdClient>,
    child: Child,
    path: PathBuf,
}

impl QemuNbd {
    /// Opens an image.
    ///
    /// # Errors
    /// `ToolMissing` (package `qemu-utils`), `FileNotFound`, `FileAccessDenied`,
    /// `ImageInUse` (a running machine holds the image's lock), `BadArgument` (options that
    /// contradict, a path that is not UTF-8 or neither file nor block device, an unknown
    /// format), `DiskUnsupported` (an image that is not alone and should be), `Io` with the
    /// words of `qemu-nbd` (a damaged image, no such bitmap).
    pub async fn open(options: ImageOptions) -> Result<Self> {
        Self::start(&options).await.during(options.path.display())
    }

    async fn start(options: &ImageOptions) -> Result<Self> {
        find_qemu_nbd()?;
        let args = options.arguments()?;
        if options.alone {
            check_alone(&options.path, &options.format)?;
        }
        let contexts: Vec<String> = options
            .bitmap
            .iter()
            .map(|name| format!("qemu:dirty-bitmap:{name}"))
            .collect();
        // We connect before the server is there: the socket's queue holds the connection,
        // and if the server can't start, the connection ends with it.
        let (stream, listener) = socket_pair()?;
        let mut command = Command::new("setpriv");
        // If we die it is killed outright: a TERM that comes while it starts is forgotten, and
        // without a client it would serve for ever, holding the image's lock. A target of a
        // restore that was cut short is marked, or a new file that is removed.
        command
            .args(["--pdeathsig", "KILL", "sh", "-c", LAUNCH, "sh"])
            .arg(std::process::id().to_string())
            .args(args)
            .env("LC_ALL", "C")
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(listener)))
            .stdout(Stdio::null());
        let on_drop = if options.writable {
            Signal::TERM
        } else {
            Signal::KILL
        };
        let child = Child::start(command, on_drop).await?;
        let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
        match NbdClient::over_unix(stream, "qemu-nbd", "", &contexts).await {
            Ok(client) => Ok(Self {
                client: Arc::new(client),
                child,
                path: options.path.clone(),
            }),
            Err(e) => match tokio::time::timeout(REASON, child.ended()).await {
                Ok(Some(end)) if !end.words.is_empty() => {
                    Err(tool::complaint("qemu-nbd", &end.words).because(e))
                }
                _ => Err(e),
            },
        }
    }

    /// The connection, source and sink of the image's contents.
    #[must_use]
    pub fn client(&self) -> &Arc<NbdClient> {
        &self.client
    }

    /// Flushes, ends the server and waits until it is gone: then the image is complete and
    /// durable, its metadata and bitmaps included, and its lock is free. A client that was
    /// cloned from [`Self::client`] fails from then on.
    ///
    /// # Errors
    /// Those of the flush; `NbdDisconnected` if the server had gone; `Io` if it ended with
    /// an error; `Timeout` if it did not end within two minutes, when it is killed.
    pub async fn close(self) -> Result<()> {
        let flushed = match self.client.flush().await {
            Ok(()) => self.client.disconnect().await,
            Err(e) => Err(e),
        };
        if flushed.is_err() {
            // It may not have heard the good-bye.
            self.child.signal(Signal::TERM);
        }
        let end = tokio::time::timeout(ENDING, self.child.ended()).await;
        if end.is_err() {
            self.child.signal(Signal::KILL);
        }
        let result = match (flushed, end) {
            (_, Ok(Some(end))) if !end.status.success() => Err(failed(&end)),
            (Err(e), _) => Err(e),
            (Ok(()), Ok(_)) => Ok(()),
            (Ok(()), Err(e)) => {
                let detail = format!("qemu-nbd did not end within {} s", ENDING.as_secs());
                Err(Error::new(Code::Timeout, detail).because(e))
            }
        };
        result.during(self.path.display())
    }
}

fn failed(end: &Ended) -> Error {
    match end.words.as_str() {
        "" => Error::new(Code::Io, format!("qemu-nbd ended with {}", end.status)),
        words => tool::complaint("qemu-nbd", words),
    }
}

/// A socket that listens in a folder of our own, and a connection to it. The folder is gone
/// when this returns; the two go on without it.
fn socket_pair() -> Result<(UnixStream, UnixListener)> {
    // Readable by us alone.
    let folder = tempfile::Builder::new()
        .prefix("stillpoint-")
        .tempdir()
        .map_err(|e| Error::io("making a temporary folder", e))?;
    let path = folder.path().join("nbd");
    let named = |e| Error::io(format!("{}: making a socket", path.display()), e);
    let listener = UnixListener::bind(&path).map_err(named)?;
    let stream = std::os::unix::net::UnixStream::connect(&path).map_err(named)?;
    stream.set_nonblocking(true).map_err(named)?;
    let stream = UnixStream::from_std(stream).map_err(named)?;
    Ok((stream, listener))
}

/// Looks for the program, because a shell starts it, whose words nobody should parse.
fn find_qemu_nbd() -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|p| Path::new(&p).join("qemu-nbd").is_file());
    if found {
        return Ok(());
    }
    Err(tool::not_started(
        "qemu-nbd",
        std::io::ErrorKind::NotFound.into(),
    ))
}
