//! What a domain is to be like.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Domain, Libvirtd};
use crate::accel;
use crate::disk::{self, DiskSpec, Format};
use crate::image::Image;

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
        Ok(Domain::new(self.daemon, self.name, dir, disks))
    }

    /// As [`DomainBuilder::define`], and starts it. Does not wait for it to boot:
    /// see [`crate::Machine::wait_agent`].
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
