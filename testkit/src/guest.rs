//! A Linux guest under plain QEMU.

mod builder;
mod launch;
mod look;
mod power;
mod warm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

pub use builder::GuestBuilder;

use crate::agent::{Agent, Channel, Output, Socket};
use crate::host::HostDir;
use crate::machine::Machine;
use crate::process::Guard;
use crate::qmp::Qmp;
use builder::Config;

/// A machine that is started by [`GuestBuilder::start`] and killed when dropped,
/// or when the test process dies.
///
/// In `hostdir()/NAME` are: `qmp.sock` and `qga.sock` for the product,
/// `qmp2.sock`, the test's own monitor, `disk0.qcow2`, `disk1.raw` and so on,
/// `console.log`, `stderr.log` and `pid`. Disk `n` has the device id `vdN` and
/// the serial `diskN`; its nodes are `diskN` (format) and `diskN-file`. In the
/// guest it is `/dev/vda`, `/dev/vdb` ...; data disks with a file system are
/// mounted at `/data1` and so on. The root disk is disk 0.
///
/// Every method waits and may be called from any thread.
pub struct Guest {
    host: HostDir,
    dir: PathBuf,
    config: Config,
    disks: Vec<PathBuf>,
    running: Mutex<Option<Running>>,
}

struct Running {
    qemu: Child,
    _guard: Guard,
}

impl Guest {
    /// Describes a guest of that name, which must be one of a file.
    pub fn builder(name: &str) -> GuestBuilder {
        GuestBuilder::new(name)
    }

    /// The guest's name, and its folder's.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// The UUID that QEMU was given.
    #[must_use]
    pub fn uuid(&self) -> &str {
        &self.config.uuid
    }

    /// The host's folder, which product discovery is pointed at.
    #[must_use]
    pub fn hostdir(&self) -> &Path {
        self.host.path()
    }

    /// The host, to start another guest on it.
    #[must_use]
    pub fn host(&self) -> &HostDir {
        &self.host
    }

    /// The guest's own folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The monitor for the product.
    #[must_use]
    pub fn qmp_socket(&self) -> PathBuf {
        self.dir.join("qmp.sock")
    }

    /// The guest agent's socket.
    #[must_use]
    pub fn agent_socket(&self) -> PathBuf {
        self.dir.join("qga.sock")
    }

    /// The image of disk `n`, 0 being the root disk.
    ///
    /// # Panics
    /// When there is no such disk.
    #[must_use]
    pub fn disk_path(&self, n: usize) -> &Path {
        &self.disks[n]
    }

    /// All images, the root disk's first.
    #[must_use]
    pub fn disks(&self) -> &[PathBuf] {
        &self.disks
    }

    /// QEMU's process id.
    ///
    /// # Errors
    /// When the guest is off.
    pub fn pid(&self) -> Result<u32> {
        self.lock()
            .as_ref()
            .map(|r| r.qemu.id())
            .context("the guest is off")
    }

    /// True while QEMU lives.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.lock()
            .as_mut()
            .is_some_and(|r| matches!(r.qemu.try_wait(), Ok(None)))
    }

    /// Waits until the agent answers; at most 180 s. Returns the time it took.
    ///
    /// # Errors
    /// When it does not, or QEMU ended.
    pub fn wait_agent(&self) -> Result<Duration> {
        let start = Instant::now();
        loop {
            let limit = Duration::from_secs(2);
            let mut agent = Socket::new(&self.agent_socket());
            let Err(error) = agent.call("guest-ping", json!({}), limit) else {
                return Ok(start.elapsed());
            };
            ensure!(self.is_running(), "QEMU ended: {}", self.stderr());
            if start.elapsed() > Duration::from_secs(180) {
                bail!("no guest agent in {}: {error:#}", self.config.name);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// One agent command, such as `guest-fsfreeze-status`; at most 60 s.
    ///
    /// # Errors
    /// The agent's own, or no answer in time: another client may hold the socket.
    pub fn agent(&self, command: &str, arguments: Value) -> Result<Value> {
        let limit = Duration::from_secs(60);
        Socket::new(&self.agent_socket()).call(command, arguments, limit)
    }

    /// Runs a shell script in the guest, at most 120 s, however it ends.
    ///
    /// # Errors
    /// When the agent does not answer or the script does not end in time.
    pub fn sh(&self, script: &str) -> Result<Output> {
        self.sh_within(script, Duration::from_secs(120))
    }

    /// As [`Guest::sh`], with another limit.
    ///
    /// # Errors
    /// As [`Guest::sh`].
    pub fn sh_within(&self, script: &str, limit: Duration) -> Result<Output> {
        self.connect().sh(script, limit)
    }

    /// Runs a shell script that must succeed; returns what it printed, without
    /// the last line's end.
    ///
    /// # Errors
    /// As [`Guest::sh`], and when the script fails.
    pub fn run(&self, script: &str) -> Result<String> {
        let output = self.sh(script)?;
        ensure!(
            output.code == 0,
            "{script}: code {}: {}",
            output.code,
            output.stderr.trim()
        );
        Ok(output.stdout.trim_end_matches('\n').to_owned())
    }

    /// Writes a whole file in the guest and flushes it to the guest's disk.
    ///
    /// # Errors
    /// The agent's.
    pub fn write_file(&self, path: &str, data: &[u8]) -> Result<()> {
        self.connect().write(path, data)
    }

    /// Reads a whole file of the guest.
    ///
    /// # Errors
    /// The agent's.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>> {
        self.connect().read(path)
    }

    /// The SHA-256 of a file or block device in the guest, in hex.
    ///
    /// # Errors
    /// As [`Guest::run`].
    pub fn sha256(&self, path: &str) -> Result<String> {
        let line = self.run(&format!("sha256sum '{path}'"))?;
        Ok(line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned())
    }

    /// One command on the test's own monitor; `Value::Null` for no arguments.
    ///
    /// # Errors
    /// QEMU's description of what is wrong.
    pub fn qmp(&self, command: &str, arguments: Value) -> Result<Value> {
        self.monitor()?.call(command, arguments)
    }

    /// A connection to the test's own monitor, for events. While it lives,
    /// [`Guest::qmp`] and the ways of ending the guest through QMP wait for it.
    ///
    /// # Errors
    /// When the guest is off.
    pub fn monitor(&self) -> Result<Qmp> {
        Qmp::connect(&self.dir.join("qmp2.sock"))
    }

    /// What QEMU wrote to its standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.dir.join("stderr.log")).unwrap_or_default()
    }

    /// What the guest wrote to its serial console.
    #[must_use]
    pub fn console(&self) -> String {
        let bytes = fs::read(self.dir.join("console.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn connect(&self) -> Agent<Socket> {
        Agent(Socket::new(&self.agent_socket()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        // A test that failed while it held the lock must not hide its own message.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine for Guest {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn disk_path(&self, n: usize) -> &Path {
        &self.disks[n]
    }

    fn channel(&self) -> Box<dyn Channel> {
        Box::new(Socket::new(&self.agent_socket()))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(mut running) = self.lock().take() {
            let _ = running.qemu.kill();
            let _ = running.qemu.wait();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}
