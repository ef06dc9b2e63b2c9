//! Our guest as a libvirt domain.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Libvirtd;
use crate::agent::{self, Channel};
use crate::machine::Machine;
use crate::process::{self, Guard};

/// A domain of a [`Libvirtd`]: ended and undefined when dropped. What is done
/// inside the guest comes from [`Machine`].
pub struct Domain {
    daemon: Libvirtd,
    name: String,
    dir: PathBuf,
    disks: Vec<PathBuf>,
    guard: Mutex<Option<Guard>>,
}

impl Domain {
    pub(super) fn new(daemon: Libvirtd, name: String, dir: PathBuf, disks: Vec<PathBuf>) -> Self {
        Self {
            daemon,
            name,
            dir,
            disks,
            guard: Mutex::new(None),
        }
    }

    /// The daemon it belongs to.
    #[must_use]
    pub fn daemon(&self) -> &Libvirtd {
        &self.daemon
    }

    /// The folder with its images, `domain.xml` and `console.log`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All images, the root disk's first.
    #[must_use]
    pub fn disks(&self) -> &[PathBuf] {
        &self.disks
    }

    /// Runs `virsh COMMAND DOMAIN ARGUMENTS...`.
    ///
    /// # Errors
    /// What virsh says.
    pub fn virsh(&self, command: &str, arguments: &[&str]) -> Result<String> {
        self.daemon
            .virsh(&[&[command, &self.name], arguments].concat())
    }

    /// The UUID that libvirt gave it.
    ///
    /// # Errors
    /// What virsh says.
    pub fn uuid(&self) -> Result<String> {
        self.virsh("domuuid", &[])
    }

    /// As libvirt names it: `running`, `paused`, `shut off`.
    ///
    /// # Errors
    /// What virsh says.
    pub fn state(&self) -> Result<String> {
        self.virsh("domstate", &[])
    }

    /// Starts the domain, without waiting for the guest to boot.
    ///
    /// # Errors
    /// What virsh says.
    pub fn power_on(&self) -> Result<()> {
        self.virsh("start", &[])?;
        let guard = Guard::over(self.pid()?, Path::new(&self.name))?;
        *self.guard.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
        Ok(())
    }

    /// Starts the domain and waits for its agent.
    ///
    /// # Errors
    /// When it is on, or does not boot.
    pub fn start_again(&self) -> Result<()> {
        self.power_on()?;
        self.wait_agent()
    }

    /// Shuts the guest down from within and waits until the domain is off.
    ///
    /// # Errors
    /// When it is still on after 90 s.
    pub fn shutdown(&self) -> Result<()> {
        self.virsh("shutdown", &["--mode", "agent"])?;
        self.wait_off(Duration::from_secs(90))
    }

    /// Takes the power away; QEMU closes its images in good order.
    ///
    /// # Errors
    /// When it is off.
    pub fn destroy(&self) -> Result<()> {
        self.virsh("destroy", &["--graceful"])?;
        self.wait_off(Duration::from_secs(30))
    }

    /// Kills QEMU with SIGKILL behind libvirt's back.
    ///
    /// # Errors
    /// When the domain is off, or libvirt does not notice within 30 s.
    pub fn kill(&self) -> Result<()> {
        process::signal(self.pid()?, "KILL")?;
        self.wait_off(Duration::from_secs(30))
    }

    /// Waits until libvirt says that the domain is off.
    ///
    /// # Errors
    /// When it is still on after `limit`.
    pub fn wait_off(&self, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        while self.state()? != "shut off" {
            ensure!(Instant::now() < end, "{} is still on", self.name);
            std::thread::sleep(Duration::from_millis(100));
        }
        self.guard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Ok(())
    }

    /// QEMU's process id.
    ///
    /// # Errors
    /// When the domain is off.
    pub fn pid(&self) -> Result<u32> {
        let file = self.daemon.pid_file(&self.name);
        let text = fs::read_to_string(&file).with_context(|| format!("{} is off", self.name))?;
        text.trim().parse().context("libvirt's pid file")
    }

    /// One command to QEMU's monitor through libvirt; `Value::Null` for no
    /// arguments.
    ///
    /// # Errors
    /// QEMU's description of what is wrong.
    pub fn qmp(&self, command: &str, arguments: Value) -> Result<Value> {
        let mut message = json!({ "execute": command });
        if !arguments.is_null() {
            message["arguments"] = arguments;
        }
        let said = self.virsh("qemu-monitor-command", &[&message.to_string()])?;
        agent::answer(command, said.as_bytes())
    }
}

impl Machine for Domain {
    fn name(&self) -> &str {
        &self.name
    }

    fn disk_path(&self, n: usize) -> &Path {
        &self.disks[n]
    }

    fn channel(&self) -> Box<dyn Channel> {
        Box::new(ThroughLibvirt {
            daemon: self.daemon.clone(),
            domain: self.name.clone(),
        })
    }
}

/// The agent through libvirt, which holds its socket.
struct ThroughLibvirt {
    daemon: Libvirtd,
    domain: String,
}

impl Channel for ThroughLibvirt {
    fn call(&mut self, command: &str, arguments: Value, limit: Duration) -> Result<Value> {
        let message = json!({"execute": command, "arguments": arguments}).to_string();
        let seconds = limit.as_secs().max(1).to_string();
        let ask = [
            "qemu-agent-command",
            &self.domain,
            &message,
            "--timeout",
            &seconds,
        ];
        agent::answer(command, self.daemon.virsh(&ask)?.as_bytes())
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        if let Ok(pid) = self.pid() {
            process::kill_if_mentions(pid, &self.name);
            let _ = process::gone_within(pid, Duration::from_secs(10));
        }
        // The daemon and all it knows are private, so it may forget the rest.
        let _ = self.virsh("destroy", &[]);
        let checkpoints = self.virsh("checkpoint-list", &["--name", "--topological"]);
        for name in checkpoints.unwrap_or_default().lines() {
            let _ = self.virsh("checkpoint-delete", &[name, "--metadata"]);
        }
        let _ = self.virsh("undefine", &["--nvram"]);
        let _ = fs::remove_dir_all(&self.dir);
    }
}
