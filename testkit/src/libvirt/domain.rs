//! Our guest as a libvirt domain.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Libvirtd;
use crate::accel;
use crate::agent::{self, Channel};
use crate::disk::{self, DiskSpec, Format};
use crate::image::Image;
use crate::machine::Machine;
use crate::process::{self, Guard};

/// Collects what a domain is to be like; see [`DomainBuilder::start`].
#[must_use]
pub struct DomainBuilder {
    daemon: Libvirtd,
    name: String,
    specs: Vec<DiskSpec>,
    root: Format,
    memory: u32,
    bios: bool,
    from: Option<Vec<PathBuf>>,
}

impl DomainBuilder {
    pub(super) fn new(daemon: &Libvirtd, name: &str) -> Self {
        Self {
            daemon: daemon.clone(),
            name: format!("stillpoint-test-{name}"),
            specs: Vec::new(),
            root: Format::Qcow2,
            memory: 256,
            bios: false,
            from: None,
        }
    }

    /// Adds a data disk: the first is disk 1, `vdb`.
    pub fn disk(mut self, spec: DiskSpec) -> Self {
        self.specs.push(spec);
        self
    }

    /// The root disk's format, qcow2 if not said.
    pub fn root_format(mut self, format: Format) -> Self {
        self.root = format;
        self
    }

    /// Memory in MiB, 256 if not said.
    pub fn memory(mut self, mebibytes: u32) -> Self {
        self.memory = mebibytes;
        self
    }

    /// Boots through BIOS and GRUB from the disk itself.
    pub fn firmware_boot(mut self) -> Self {
        self.bios = true;
        self
    }

    /// Uses these images in place as disks, the first as root.
    pub fn boot_from(mut self, disks: &[PathBuf]) -> Self {
        self.from = Some(disks.to_vec());
        self
    }

    /// Makes the disks and defines the domain, without starting it.
    ///
    /// # Errors
    /// When packages are missing or libvirt refuses.
    pub fn define(self) -> Result<Domain> {
        let dir = self.daemon.dir().join(&self.name);
        fs::create_dir(&dir).with_context(|| format!("making {}", dir.display()))?;
        let disks = match &self.from {
            Some(disks) => disks.clone(),
            None => disk::make_all(&dir, self.root, &self.specs)?,
        };
        let file = dir.join("domain.xml");
        fs::write(&file, self.xml(&dir, &disks)?)?;
        self.daemon
            .virsh(&["define", &file.display().to_string()])?;
        Ok(Domain {
            daemon: self.daemon,
            name: self.name,
            dir,
            disks,
            guard: Mutex::new(None),
        })
    }

    /// As [`DomainBuilder::define`], and starts it. Does not wait for it to boot:
    /// see [`Machine::wait_agent`].
    ///
    /// # Errors
    /// As [`DomainBuilder::define`].
    pub fn start(self) -> Result<Domain> {
        let domain = self.define()?;
        domain.power_on()?;
        Ok(domain)
    }

    fn xml(&self, dir: &Path, disks: &[PathBuf]) -> Result<String> {
        let image = Image::get()?;
        let (kind, cpu) = match accel::accel() {
            "kvm" => (
                "kvm",
                "<cpu mode='host-passthrough'>\
                 <feature policy='disable' name='arch-capabilities'/></cpu>",
            ),
            _ => (
                "qemu",
                "<cpu mode='custom' match='exact' check='none'><model>Nehalem</model></cpu>",
            ),
        };
        let boot = if self.bios {
            "<boot dev='hd'/>".to_owned()
        } else {
            format!(
                "<kernel>{}</kernel><initrd>{}</initrd><cmdline>{}</cmdline>",
                image.kernel().display(),
                image.initrd().display(),
                image.cmdline()?
            )
        };
        let mut devices = String::new();
        for (n, (path, letter)) in disks.iter().zip('a'..).enumerate() {
            let format = Format::of(path)?.name();
            devices.push_str(&format!(
                "    <disk type='file' device='disk'>\n      \
                 <driver name='qemu' type='{format}' discard='unmap'/>\n      \
                 <source file='{}'/><target dev='vd{letter}' bus='virtio'/>\
                 <serial>disk{n}</serial>\n    </disk>\n",
                path.display()
            ));
        }
        Ok(format!(
            "<domain type='{kind}'>
  <name>{}</name>
  <memory unit='MiB'>{}</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type>{boot}</os>
  <features><acpi/><apic/></features>
  {cpu}
  <on_poweroff>destroy</on_poweroff><on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
{devices}    <controller type='usb' model='none'/>
    <controller type='virtio-serial'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <serial type='file'><source path='{}/console.log'/><target port='0'/></serial>
    <memballoon model='none'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>
",
            self.name,
            self.memory,
            dir.display()
        ))
    }
}

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
