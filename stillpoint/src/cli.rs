//! The words of the command line.

mod access;
mod backup;
mod cost;
mod global;
mod places;
mod protection_rules;
mod remote;
mod rescue;
mod restore;
mod server;
mod vault;

use std::path::PathBuf;
use std::time::Duration;

use base::ByteSize;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::units::age;

pub use access::{AppCommand, LimitCommand, LockCommand, RoleCommand, UserCommand, UserPassword};
pub use backup::{BackupCommand, BackupNow, QuiesceWord};
pub use cost::{CostCommand, CostEstimate, CostRates};
pub use global::{Global, OutputFormat, ProgressForm};
pub use places::{PoolCommand, RestoreFolderCommand, SnapshotStoreCommand};
pub use protection_rules::{ProtectionRuleCommand, ProtectionRuleCreate, VmTag};
pub use remote::{
    AlertCommand, HostCommand, JobCommand, LoginWords, PolicyCommand, ProtectionCommand,
    RedundancyWord, Remote, ServerPlace, VaultSet,
};
pub use rescue::Rescue;
pub use restore::{RestoreCommand, RestoreDisks, RestoreVm};
pub use server::{Server, ServerCommand, ServerWords};
pub use vault::VaultCommand;

const EXAMPLES: &str = "\
Examples:
  stillpoint vault create /srv/vault --host-key /etc/stillpoint/host.key
  stillpoint vm list
  stillpoint backup now web --vault /srv/vault --key /etc/stillpoint/host.key
  stillpoint point list --vault /srv/vault
  stillpoint restore vm latest:web --to /srv/restored --name web2 --new-identity

Exit codes: 0 done, 3 done with warnings, 1 failed, 2 bad request, 4 not found,
5 denied, 7 in the way or in use, 8 damaged, 9 not available, 10 no space,
130 cancelled.";

/// Backs up virtual machines of QEMU/KVM hosts, and restores them.
///
/// A backup has two phases: Snapshot, a point in the host's snapshot store, and Transfer data
/// to vault. A point is complete by itself and restores from either place.
#[derive(Debug, Parser)]
#[command(name = "stillpoint", version, after_help = EXAMPLES)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The groups of commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make vaults, look at them, and manage their keys
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Find virtual machines
    #[command(subcommand)]
    Vm(VmCommand),
    /// Back up machines and images
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Look at recovery points
    #[command(subcommand)]
    Point(PointCommand),
    /// Restore disks and machines
    #[command(subcommand)]
    Restore(RestoreCommand),
    /// Check what is stored
    Verify(Verify),
    /// List points and write disks from what is left of a damaged store
    Rescue(Rescue),
    /// Log in to a server; from then on commands ask it
    Login(LoginWords),
    /// Forget the login
    Logout,
    /// Protect machines by a server's policies, and stop
    #[command(subcommand)]
    Protection(ProtectionCommand),
    /// Rules by which a server protects machines by itself, or tells which are not protected
    #[command(subcommand)]
    ProtectionRule(ProtectionRuleCommand),
    /// Look at a server's policies and change them
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// What needs attention first on a server, and how many there are of all
    #[command(after_help = "\
Examples:
  stillpoint overview
  stillpoint overview -v vault1 -o json")]
    Overview,
    /// A server's machines against days: points, and how backups ended
    #[command(after_help = "\
Examples:
  stillpoint heat-map
  stillpoint heat-map --days 14 -o json

A day of UTC each: A, F or C for the consistency of its best point (application, file system,
crash), in lower case if that is a snapshot only; ! where all backups failed, ? where some did or
one ended with warnings.")]
    HeatMap {
        /// How many days, up to today.
        #[arg(long, value_name = "DAYS", default_value = "30")]
        days: u32,
    },
    /// Find what has a text in its name on a server
    #[command(after_help = "Example:\n  stillpoint search web")]
    Search {
        /// What is looked for, in any case.
        text: String,
    },
    /// Follow a server's jobs
    #[command(subcommand)]
    Job(JobCommand),
    /// What somebody should look at on a server
    #[command(subcommand)]
    Alert(AlertCommand),
    /// What a server's backups cost
    #[command(subcommand)]
    Cost(CostCommand),
    /// Hosts that a server looks after
    #[command(subcommand)]
    Host(HostCommand),
    /// Folders that a server puts new vaults in
    #[command(subcommand)]
    Pool(PoolCommand),
    /// Where the snapshots of a server's hosts are
    #[command(subcommand)]
    SnapshotStore(SnapshotStoreCommand),
    /// Folders that a server restores disks into
    #[command(subcommand)]
    RestoreFolder(RestoreFolderCommand),
    /// Users that may log in to a server
    #[command(subcommand)]
    User(UserCommand),
    /// Applications that may log in to a server
    #[command(subcommand)]
    App(AppCommand),
    /// Who may do what on a server
    #[command(subcommand)]
    Role(RoleCommand),
    /// Locks that keep a server's resources from change
    #[command(subcommand)]
    Lock(LockCommand),
    /// How many of a thing there may be on a server
    #[command(subcommand)]
    Limit(LimitCommand),
    /// Serve the API that Azure clients and this command speak
    Server(Server),
    /// Print a shell's completion script
    #[command(
        after_help = "Example:\n  stillpoint completion bash > /etc/bash_completion.d/stillpoint"
    )]
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the table of error codes
    #[command(hide = true)]
    Errors,
    /// Prints the OpenAPI document of what a server serves
    #[command(name = "openapi", hide = true)]
    OpenApi,
}

/// `stillpoint vm …`
#[derive(Debug, Subcommand)]
pub enum VmCommand {
    /// List the machines of this host, or of the server
    #[command(after_help = "\
Examples:
  stillpoint vm list
  stillpoint vm list --connect qmp:///run/vms -o json
  stillpoint vm list --protection unprotected")]
    List {
        /// Of a server: with how machines are protected, and only those that are so.
        #[arg(long, value_enum, value_name = "WORD")]
        protection: Option<ProtectionWord>,
    },
    /// Show a machine: its disks, which are backed up, its guest agent
    #[command(after_help = "Example:\n  stillpoint vm show web")]
    Show {
        /// The machine's name or UUID.
        machine: String,
    },
    /// Tag a machine of the server; rules go by tags
    Tag(VmTag),
}

/// `stillpoint point …`
#[derive(Debug, Subcommand)]
pub enum PointCommand {
    /// List recovery points, newest last
    #[command(after_help = "\
Examples:
  stillpoint point list
  stillpoint point list web --snapshots /srv/snapshots -o json")]
    List {
        /// Only those of this machine (name or UUID).
        machine: Option<String>,
    },
    /// Show a recovery point
    #[command(
        after_help = "Examples:\n  stillpoint point show 3f2a\n  stillpoint point show latest:web"
    )]
    Show {
        /// The point's id, the beginning of one, `latest`, or `latest:MACHINE`.
        point: String,
    },
    /// Serve a disk of a recovery point over NBD, read-only, until ^C
    ///
    /// Nothing is restored first: clients read what they ask for out of the store. A machine
    /// can boot from it at once, with an overlay for what it writes.
    Export(PointExport),
    /// Remove recovery points; their space comes back with the next `vault collect`
    ///
    /// No other point is touched: each is complete by itself. Nothing is asked, and what is
    /// removed can't be brought back.
    #[command(after_help = "\
Examples:
  stillpoint point remove 3f2a 77c0
  stillpoint point remove latest:web --tier snapshot")]
    Remove {
        /// Each a point's id, the beginning of one, `latest`, or `latest:MACHINE`.
        #[arg(required = true, value_name = "POINT")]
        points: Vec<String>,
        /// Remove them only from this tier.
        #[arg(long, value_enum, default_value = "all")]
        tier: TierWord,
    },
}

/// `stillpoint point export`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint point export latest:web --socket /run/web.sock
  stillpoint point export 3f2a --disk vdb --socket /run/vdb.sock -o json

Prints the URI as soon as clients can connect, at once whatever the disk's size:
  nbdcopy 'nbd+unix:///?socket=/run/web.sock' web.raw
  qemu-img create -f qcow2 -F raw -b 'nbd+unix:///?socket=/run/web.sock' overlay.qcow2")]
pub struct PointExport {
    /// The point's id, the beginning of one, `latest`, or `latest:MACHINE`.
    pub point: String,
    /// The disk; needed if the point has several.
    #[arg(long, value_name = "DISK")]
    pub disk: Option<String>,
    /// The Unix socket to make, for its owner alone; removed at the end.
    #[arg(long, value_name = "PATH")]
    pub socket: PathBuf,
}

/// Which machines are meant, by how they are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProtectionWord {
    /// All
    Any,
    /// Those that nothing backs up
    Unprotected,
    /// Those that are backed up
    Active,
    /// Those whose protection was stopped
    Stopped,
}

/// Which tiers are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TierWord {
    /// The host's snapshot store
    Snapshot,
    /// The vault
    Vault,
    /// Both
    All,
}

/// `stillpoint verify`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint verify --vault /srv/vault
  stillpoint verify latest:web --level full
  stillpoint verify --level full --older-than 30d --budget 100GiB

Ends with code 8 if anything is damaged, and names the points, disks and bytes hurt.
With --older-than and --budget a check is spread over many runs: the state folder holds
what was found well and when. A run that is cut short goes on where it stopped.")]
pub struct Verify {
    /// The points to check; all if none is named.
    pub points: Vec<String>,
    /// How deep to go.
    #[arg(long, value_enum, default_value = "sealed")]
    pub level: LevelWord,
    /// Leave out packs that were found well at this level since then (30d, 12h).
    #[arg(long, value_name = "AGE", value_parser = age, conflicts_with = "points")]
    pub older_than: Option<Duration>,
    /// Check packs of about so many bytes in each store, those checked longest ago first.
    #[arg(long, value_name = "SIZE", conflicts_with = "points")]
    pub budget: Option<ByteSize>,
}

/// How deep `verify` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelWord {
    /// Log, manifests, index and trees
    Structure,
    /// Also the checksum of every stored record
    Sealed,
    /// Also opens every chunk and compares it with its id
    Full,
}
