//! `stillpoint backup …`

use std::path::PathBuf;
use std::time::Duration;

use base::ByteSize;
use clap::{Args, Subcommand, ValueEnum};

use crate::units::duration;

/// Commands on backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Back up a machine or an image now
    Now(Box<BackupNow>),
    /// List backups: what each read, found changed and stored
    #[command(
        after_help = "Examples:\n  stillpoint backup list\n  stillpoint backup list web -o json"
    )]
    List {
        /// Only those of this machine.
        machine: Option<String>,
        /// How many of each machine, the newest.
        #[arg(long, value_name = "N", default_value_t = 10)]
        last: usize,
    },
    /// Transfer points from the snapshot store to the vault
    ///
    /// For a transfer that failed, was skipped or left out. The newest point of the machine is
    /// taken; it holds all changes of those before it.
    #[command(
        after_help = "Examples:\n  stillpoint backup transfer web\n  stillpoint backup transfer"
    )]
    Transfer {
        /// The machine (name or UUID); all machines if not given.
        machine: Option<String>,
    },
}

/// `stillpoint backup now`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint backup now web
  stillpoint backup now web --exclude vdb --rate 50MiB --quiesce require
  stillpoint backup now --image /srv/disk.qcow2 --format qcow2 --name archive
  stillpoint backup now --image /dev/vg/data --changed extents.txt

Without a store (--vault) the server that you are logged in to makes the backup:
  stillpoint backup now web --retain-until 2026-12-31

^C ends the backup in good order and keeps what was read; a second ^C ends it
at once. Exit code 3: the point exists, but could not be transferred.")]
pub struct BackupNow {
    /// The machine: its name or UUID.
    #[arg(required_unless_present = "image", conflicts_with = "image")]
    pub machine: Option<String>,
    /// Back up this image file or block device, which nobody may write to meanwhile.
    #[arg(long, value_name = "PATH")]
    pub image: Option<PathBuf>,
    /// The image's format [default: raw; what looks like another one is refused].
    #[arg(long, value_name = "FORMAT", value_parser = ["raw", "qcow2"], requires = "image")]
    pub format: Option<String>,
    /// The name of the image's points in the vault [default: the file's name].
    #[arg(long, requires = "image")]
    pub name: Option<String>,
    /// A list of what may have changed since the newest point: `offset length` in bytes a line.
    #[arg(long, value_name = "LIST", requires = "image")]
    pub changed: Option<PathBuf>,
    /// Take only this disk; may be given several times.
    #[arg(long, value_name = "DISK")]
    pub include: Vec<String>,
    /// Leave this disk out; may be given several times.
    #[arg(long, value_name = "DISK")]
    pub exclude: Vec<String>,
    /// Read at most so many bytes a second.
    #[arg(long, value_name = "SIZE")]
    pub rate: Option<ByteSize>,
    /// Of each disk, compare so many bytes that are called unchanged with the last point; 0 for none.
    #[arg(long, value_name = "SIZE", default_value = "32MiB")]
    pub sample: ByteSize,
    /// Whether to freeze the guest's file systems through its agent.
    #[arg(long, value_enum, value_name = "WORD", default_value = "try")]
    pub quiesce: QuiesceWord,
    /// The longest time that the guest may be frozen.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub freeze_budget: Duration,
    /// Only take the snapshot; `backup transfer` does the rest later.
    #[arg(long)]
    pub no_transfer: bool,
    /// The last day of the point, or a time (2026-12-31, 2026-12-31T12:00:00Z), for a server
    /// [default: 30 days].
    #[arg(long, value_name = "DATE")]
    pub retain_until: Option<String>,
    /// Don't wait for the server's job.
    #[arg(long)]
    pub no_wait: bool,
}

/// Whether to freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum QuiesceWord {
    /// Freeze if the agent answers, and say so if it does not
    Try,
    /// Freeze or fail
    Require,
    /// Don't freeze
    Skip,
}
