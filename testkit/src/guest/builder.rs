//! What a guest is to be like.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};

use super::{Guest, warm};
use crate::disk::{self, DiskSpec, Format};
use crate::host::HostDir;

/// How the guest gets at its kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Boot {
    /// QEMU loads kernel and RAM disk: quickest.
    Kernel,
    /// The same, started through UEFI firmware with variables of its own.
    Uefi,
    /// BIOS, the disk's boot sector, GRUB.
    Bios,
}

/// What stays the same over all starts of a guest.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) name: String,
    pub(super) uuid: String,
    pub(super) memory: u32,
    pub(super) boot: Boot,
    pub(super) network: bool,
    pub(super) root: Format,
    pub(super) specs: Vec<DiskSpec>,
    pub(super) extra: Vec<String>,
}

/// Collects what a guest is to be like; see [`GuestBuilder::start`].
#[derive(Debug, Clone)]
#[must_use]
pub struct GuestBuilder {
    pub(super) config: Config,
    host: Option<HostDir>,
    from: Option<Vec<PathBuf>>,
    warm: bool,
}

impl GuestBuilder {
    pub(super) fn new(name: &str) -> Self {
        Self {
            config: Config {
                name: name.to_owned(),
                uuid: String::new(),
                memory: 256,
                boot: Boot::Kernel,
                network: false,
                root: Format::Qcow2,
                specs: Vec::new(),
                extra: Vec::new(),
            },
            host: None,
            from: None,
            warm: false,
        }
    }

    /// Adds a data disk: the first is disk 1, since the root disk is disk 0.
    pub fn disk(mut self, spec: DiskSpec) -> Self {
        self.config.specs.push(spec);
        self
    }

    /// The root disk's format, qcow2 if not said.
    pub fn root_format(mut self, format: Format) -> Self {
        self.config.root = format;
        self
    }

    /// Memory in MiB, 256 if not said.
    pub fn memory(mut self, mebibytes: u32) -> Self {
        self.config.memory = mebibytes;
        self
    }

    /// The machine's UUID; a random one if not said.
    pub fn uuid(mut self, uuid: &str) -> Self {
        uuid.clone_into(&mut self.config.uuid);
        self
    }

    /// Puts the guest on an existing host, beside others.
    pub fn host(mut self, host: &HostDir) -> Self {
        self.host = Some(host.clone());
        self
    }

    /// Gives it a network card with QEMU's user-mode network behind it.
    pub fn network(mut self) -> Self {
        self.config.network = true;
        self
    }

    /// Boots through BIOS and GRUB from the disk itself (some 3 s slower).
    pub fn firmware_boot(mut self) -> Self {
        self.config.boot = Boot::Bios;
        self
    }

    /// Boots through UEFI firmware, whose variables are `nvram.fd` in the
    /// guest's folder. Needs the `ovmf` package.
    pub fn uefi(mut self) -> Self {
        self.config.boot = Boot::Uefi;
        self
    }

    /// Uses these images as disks, in place, instead of making any. The first is
    /// the root disk; the format is found out from each.
    pub fn boot_from(mut self, disks: &[PathBuf]) -> Self {
        self.from = Some(disks.to_vec());
        self
    }

    /// Starts from the saved memory of a guest that has just booted: 1 s instead
    /// of 4 to 10. The first use of a combination of options boots and saves one.
    /// QEMU's command line then holds `-incoming defer`. Every such guest begins
    /// with the same random numbers.
    pub fn warm(mut self) -> Self {
        self.warm = true;
        self
    }

    /// Another argument for QEMU.
    pub fn argument(mut self, argument: &str) -> Self {
        self.config.extra.push(argument.to_owned());
        self
    }

    /// Makes the disks and starts the guest. Does not wait for it to boot, unless
    /// it is a warm start: see [`Guest::wait_agent`].
    ///
    /// # Errors
    /// When packages are missing, a guest of that name is there, or QEMU refuses.
    pub fn start(mut self) -> Result<Guest> {
        let name = &self.config.name;
        ensure!(
            !name.is_empty() && !name.contains('/'),
            "{name:?} is no name for a folder"
        );
        if self.config.uuid.is_empty() {
            let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
            uuid.trim().clone_into(&mut self.config.uuid);
        }
        let host = match self.host.take() {
            Some(host) => host,
            None => HostDir::new()?,
        };
        let dir = host.path().join(name);
        fs::create_dir(&dir).with_context(|| format!("making {}", dir.display()))?;
        let saved = match (self.warm, &self.from) {
            (false, _) => None,
            (true, None) => Some(warm::saved(&self.config)?),
            (true, Some(_)) => bail!("a warm start makes its own disks"),
        };
        let disks = match (&self.from, &saved) {
            (Some(from), _) => from.clone(),
            (None, Some(saved)) => saved.copy_disks(&self.config, &dir)?,
            (None, None) => disk::make_all(&dir, self.config.root, &self.config.specs)?,
        };
        let guest = Guest {
            host,
            dir,
            config: self.config,
            disks,
            running: Mutex::new(None),
        };
        guest.launch(saved.as_ref())?;
        Ok(guest)
    }
}

impl Config {
    /// The name of disk `n`'s image in the guest's folder.
    pub(super) fn file(&self, n: usize) -> String {
        disk::file_name(
            n,
            if n == 0 {
                self.root
            } else {
                self.specs[n - 1].format
            },
        )
    }
}
