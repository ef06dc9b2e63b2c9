//! What discovery tells of a machine (DISC-2).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A virtual machine as its hypervisor describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The hypervisor's UUID: the machine's identity, lower case with hyphens.
    pub uuid: String,
    /// The hypervisor's name for it.
    pub name: String,
    /// Whether it runs.
    pub state: MachineState,
    /// How it boots; kept by a restore (LIMIT-9).
    pub firmware: Firmware,
    /// Its disks, in the order the machine lists them.
    pub disks: Vec<Disk>,
    /// The guest agent.
    pub agent: AgentStatus,
    /// What it computes with.
    #[serde(default)]
    pub hardware: Hardware,
}

/// What a machine computes with, as far as its definition tells; bare QEMU's is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hardware {
    /// How many processors.
    pub processors: Option<u32>,
    /// How many bytes of memory.
    pub memory: Option<u64>,
    /// Its architecture, as QEMU calls it: `x86_64`, `i686`, …
    pub architecture: Option<String>,
}

/// Whether a machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MachineState {
    /// Its processors run.
    Running,
    /// It is in memory but stands still (paused by someone, or by an input-output error).
    Paused,
    /// It is off.
    Stopped,
    /// Anything else: shutting down, crashed, migrating in.
    Other,
}

/// How a machine boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// SeaBIOS and the like.
    Bios,
    /// UEFI, with variables in an NVRAM file.
    Uefi,
}

/// The guest agent's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum AgentStatus {
    /// The machine has no agent channel.
    NotConfigured,
    /// There is a channel, but nothing answers on it.
    NotResponding,
    /// It answers.
    Responding {
        /// Its version, as it says.
        version: String,
    },
}

/// One disk of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    /// The disk's name in its machine: libvirt's target (`vda`), or the QEMU device id on a
    /// bare machine. It identifies the disk across backups.
    pub name: String,
    /// The image file or block device, where there is one.
    pub path: Option<PathBuf>,
    /// The image's format.
    pub format: ImageFormat,
    /// The size the guest sees, in bytes.
    pub size: u64,
    /// The bus: `virtio`, `scsi`, `sata`, `ide`, `usb`, `nvme`, …
    pub bus: String,
    /// Its place in the boot order, from 1, where it has one.
    pub boot_order: Option<u32>,
    /// Backed up, or left out and why (DISK-9).
    pub choice: DiskChoice,
}

/// The format of a disk image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// The bytes themselves.
    Raw,
    /// QEMU's format, version 2 or 3.
    Qcow2,
    /// Any other that QEMU reads.
    Other,
}

/// Whether a disk is backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "choice", content = "reason")]
pub enum DiskChoice {
    /// It is.
    Included,
    /// It is not, for the reason given, which people read.
    Excluded(String),
}

/// What is needed to define a machine again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Definition {
    /// libvirt's domain XML (inactive form, with secrets), and the NVRAM file's bytes
    /// (base64) on UEFI machines.
    Libvirt {
        /// The XML.
        xml: String,
        /// The NVRAM's contents.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        nvram: Option<Vec<u8>>,
    },
    /// The command line of a bare QEMU, word by word, and the NVRAM file's bytes.
    Qemu {
        /// The words, the program first.
        arguments: Vec<String>,
        /// The NVRAM's contents.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        nvram: Option<Vec<u8>>,
    },
    /// No machine: an image file or block device was backed up as such.
    Image,
}
