//! `stillpoint restore …`

use std::path::PathBuf;

use base::ByteSize;
use clap::{Args, Subcommand};

/// Commands that restore.
#[derive(Debug, Subcommand)]
pub enum RestoreCommand {
    /// Restore disks to image files, or onto existing images and devices
    Disks(RestoreDisks),
    /// Restore a machine: its disks and its definition
    Vm(RestoreVm),
}

/// `stillpoint restore disks`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint restore disks latest:web --to /srv/restored
  stillpoint restore disks 3f2a --to /srv/restored --disk vdb --format raw
  stillpoint restore disks 3f2a --onto vda=/var/lib/libvirt/images/web.qcow2
  stillpoint restore disks 3f2a --onto vdb=/dev/vg/data

Of a server's point (its number, or latest:MACHINE) --to names one of the server's folders, a
storage account; --in-place writes over the disks of the machine, which is off, after what is
there was backed up:
  stillpoint restore disks latest:web --to restores
  stillpoint restore disks latest:web --in-place

Images are named MACHINE-DISK.FORMAT. Onto what exists only the blocks that differ
are written; a restore that was cut short is completed by the same command.")]
pub struct RestoreDisks {
    /// The point's id, the beginning of one, `latest`, or `latest:MACHINE`.
    pub point: String,
    /// The folder for new images, which is made if needed; on a server, a storage account
    /// [default there: the only one].
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
    /// Only this disk; may be given several times.
    #[arg(long, value_name = "DISK")]
    pub disk: Vec<String>,
    /// Write this disk over an existing image or block device; may be given several times.
    #[arg(long, value_name = "DISK=PATH")]
    pub onto: Vec<String>,
    /// Over the disks of the machine itself (of a server's point).
    #[arg(long, conflicts_with = "to")]
    pub in_place: bool,
    /// The images' format [default: as it was].
    #[arg(long, value_name = "FORMAT", value_parser = ["raw", "qcow2"])]
    pub format: Option<String>,
    /// Where an image of the name is there already, write what differs over it.
    #[arg(long)]
    pub overwrite: bool,
    /// Write at most so many bytes a second.
    #[arg(long, value_name = "SIZE")]
    pub rate: Option<ByteSize>,
    /// Don't wait for the server's job.
    #[arg(long)]
    pub no_wait: bool,
}

/// `stillpoint restore vm`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint restore vm latest:web --to /srv/new --name web2 --new-identity --define
  stillpoint restore vm 3f2a --to /run/vms/web --connect qmp:///run/vms --start

A machine of libvirt comes with NAME.xml; a bare QEMU machine with NAME.json (the
words of its command line) and NAME.sh, which starts it. UEFI variables come too.

Of a server's point the machine is new, is defined and starts; --to names one of the server's
folders, a storage account:
  stillpoint restore vm latest:web --name web2 --network default")]
pub struct RestoreVm {
    /// The point's id, the beginning of one, `latest`, or `latest:MACHINE`.
    pub point: String,
    /// The folder for disks and definition, which is made if needed; on a server, a storage
    /// account [default there: the only one].
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
    /// The machine's new name, which a server needs [default: the old one].
    #[arg(long, value_name = "NEW")]
    pub name: Option<String>,
    /// The network of its cards (of a server's point) [default: the only one].
    #[arg(long, value_name = "NETWORK")]
    pub network: Option<String>,
    /// The group of the new machine (of a server's point) [default: that of the folder].
    #[arg(long, value_name = "GROUP")]
    pub target_group: Option<String>,
    /// Don't wait for the server's job.
    #[arg(long)]
    pub no_wait: bool,
    /// Give it a new UUID and new MAC addresses, so that it can be beside the old one.
    #[arg(long)]
    pub new_identity: bool,
    /// Define it in libvirt.
    #[arg(long)]
    pub define: bool,
    /// Start it; under libvirt this defines it too.
    #[arg(long)]
    pub start: bool,
    /// Complete a restore that failed: write what differs over images that are there.
    #[arg(long)]
    pub overwrite: bool,
    /// The images' format [default: as it was].
    #[arg(long, value_name = "FORMAT", value_parser = ["raw", "qcow2"])]
    pub format: Option<String>,
    /// Write at most so many bytes a second.
    #[arg(long, value_name = "SIZE")]
    pub rate: Option<ByteSize>,
}
