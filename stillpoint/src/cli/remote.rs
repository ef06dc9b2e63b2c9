//! The words of what only a server does.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `stillpoint login`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint login --url https://localhost:8443 --ca /var/lib/stillpoint/ca.pem --user admin
  STILLPOINT_SECRET=… stillpoint login --url https://backup.example:8443 --client-id ID

A one-time password is asked to be changed; without a terminal --new-password-file changes it.

Keeps the login in ~/.config/stillpoint/login.json (or $STILLPOINT_LOGIN), for you alone. From
then on commands ask that server, unless a store is given by --vault or STILLPOINT_VAULT.")]
pub struct LoginWords {
    /// Where, and who.
    #[command(flatten)]
    pub place: ServerPlace,
    /// The user's name.
    #[arg(long, value_name = "NAME", required_unless_present = "client_id")]
    pub user: Option<String>,
    /// A service principal's client id.
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    pub client_id: Option<String>,
    /// A file whose first line is the password or secret [default: STILLPOINT_SECRET, else it is
    /// asked for].
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// A file whose first line is the password to set in place of a one-time password.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub new_password_file: Option<PathBuf>,
}

/// Which server.
#[derive(Clone, Debug, Args)]
pub struct ServerPlace {
    /// The server's address, as its first start prints it.
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// The server's CA certificate [default: the authorities that the system trusts].
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// Which vault, machine and group of a server are meant.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of commands that ask a server")]
pub struct Remote {
    /// The vault's name on the server; needed if it has several
    #[arg(
        long,
        short = 'v',
        global = true,
        value_name = "NAME",
        env = "STILLPOINT_VAULT_NAME",
        hide_env_values = true
    )]
    pub vault_name: Option<String>,
    /// The resource group; needed if machines of several have the name
    #[arg(
        long,
        short = 'g',
        global = true,
        value_name = "GROUP",
        env = "STILLPOINT_GROUP",
        hide_env_values = true
    )]
    pub group: Option<String>,
}

/// How many copies a vault's data has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RedundancyWord {
    /// In one place
    Local,
    /// In two places
    Geo,
    /// In several zones of one place
    Zone,
}

impl RedundancyWord {
    /// The API's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "LocallyRedundant",
            Self::Geo => "GeoRedundant",
            Self::Zone => "ZoneRedundant",
        }
    }
}

/// Whether deleted backups are kept for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SoftDeleteWord {
    /// They are
    On,
    /// They are not
    Off,
    /// They are, and nobody can change that again
    Always,
}

impl SoftDeleteWord {
    /// The API's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "Enabled",
            Self::Off => "Disabled",
            Self::Always => "AlwaysOn",
        }
    }
}

/// `stillpoint vault set`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint vault set vault1 --redundancy local
  stillpoint vault set vault1 --soft-delete on --soft-delete-days 30")]
pub struct VaultSet {
    /// The vault's name.
    pub name: String,
    /// How many copies there are; fixed once anything was protected.
    #[arg(long, value_enum, value_name = "WORD")]
    pub redundancy: Option<RedundancyWord>,
    /// Whether deleted backups are kept for a while.
    #[arg(long, value_enum, value_name = "WORD")]
    pub soft_delete: Option<SoftDeleteWord>,
    /// For how many days, 14 to 180.
    #[arg(long, value_name = "DAYS")]
    pub soft_delete_days: Option<u16>,
}

/// `stillpoint policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List a vault's policies
    List,
    /// Show a policy; `-o json` prints what `policy set` takes
    Show {
        /// The policy's name.
        name: String,
    },
    /// Make or change a policy from a file in the API's JSON
    #[command(after_help = "\
Example:
  stillpoint policy show DefaultPolicy -o json > policy.json
  stillpoint policy set nightly --file policy.json")]
    Set {
        /// The policy's name.
        name: String,
        /// The policy.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Show which points a policy will have kept, before it is saved
    #[command(after_help = "\
Examples:
  stillpoint policy preview policy.json
  stillpoint policy preview policy.json --days 3650 -o json

Reckons with every run made when it is due; nothing is saved.")]
    Preview {
        /// The policy, as `policy set` takes it.
        file: PathBuf,
        /// After how many days, from now on.
        #[arg(long, value_name = "DAYS", default_value = "365")]
        days: u32,
    },
    /// Show or change a policy's settings beside Azure's
    #[command(after_help = "\
Examples:
  stillpoint policy settings nightly
  stillpoint policy settings nightly --refuse-downgrades true
  stillpoint policy settings nightly --reset")]
    Settings {
        /// The policy's name.
        name: String,
        /// Whether a backup fails whose point would be less consistent than asked.
        #[arg(long, value_name = "BOOL")]
        refuse_downgrades: Option<bool>,
        /// Of an enhanced policy: whether machines under a standard one can't change to it.
        #[arg(long, value_name = "BOOL")]
        refuse_standard_items: Option<bool>,
        /// Set all of them back.
        #[arg(long, conflicts_with_all = ["refuse_downgrades", "refuse_standard_items"])]
        reset: bool,
    },
    /// Delete a policy that nothing uses
    Delete {
        /// The policy's name.
        name: String,
    },
}

/// `stillpoint protection …`
#[derive(Debug, Subcommand)]
pub enum ProtectionCommand {
    /// List what a vault protects
    List {
        /// What all vaults protect.
        #[arg(long)]
        all: bool,
    },
    /// Show a protected machine
    Show {
        /// The machine's name.
        machine: String,
    },
    /// Protect a machine by a policy
    #[command(after_help = "\
Examples:
  stillpoint protection enable web --policy DefaultPolicy
  stillpoint protection enable db --policy nightly -v vault1")]
    Enable {
        /// The machine's name.
        machine: String,
        /// The policy's name.
        #[arg(long, value_name = "POLICY", default_value = "DefaultPolicy")]
        policy: String,
    },
    /// Stop protecting a machine; its points are kept, unless they are to be deleted
    #[command(after_help = "\
Examples:
  stillpoint protection disable web                  points are kept for ever
  stillpoint protection disable web --as-per-policy  points expire by the policy
  stillpoint protection disable web --delete-data    points go, after the soft-delete time")]
    Disable {
        /// The machine's name.
        machine: String,
        /// Let points expire as the policy says.
        #[arg(long, conflicts_with = "delete_data")]
        as_per_policy: bool,
        /// Delete the points; where soft delete is on, `undelete` brings them back for a while.
        #[arg(long)]
        delete_data: bool,
        /// Delete without having the machine's name typed.
        #[arg(long, requires = "delete_data")]
        yes: bool,
        /// Why, for the activity log; without it and `--yes` it is asked for.
        #[arg(long, value_name = "TEXT", requires = "delete_data")]
        reason: Option<String>,
    },
    /// Protect a machine again whose protection was stopped
    Resume {
        /// The machine's name.
        machine: String,
        /// The policy's name.
        #[arg(long, value_name = "POLICY")]
        policy: String,
    },
    /// Take back the deletion of a machine's points
    Undelete {
        /// The machine's name.
        machine: String,
    },
    /// Protect a machine by another policy
    SetPolicy {
        /// The machine's name.
        machine: String,
        /// The policy's name.
        #[arg(long, value_name = "POLICY")]
        policy: String,
    },
}

/// `stillpoint job …`
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// List a vault's jobs, newest first
    List {
        /// Only those with this status, as in InProgress.
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// Only those that do this, as in Backup.
        #[arg(long, value_name = "OPERATION")]
        operation: Option<String>,
        /// Those of all vaults.
        #[arg(long)]
        all: bool,
    },
    /// Show a job
    Show {
        /// The job's id, the beginning of one, or `latest`.
        job: String,
    },
    /// Follow a job to its end; exit code 3 if it ends with warnings, 1 if it fails
    Watch {
        /// The job's id, the beginning of one, or `latest`.
        job: String,
    },
    /// Cancel a backup or a restore, in any of its phases
    Cancel {
        /// The job's id, the beginning of one, or `latest`.
        job: String,
    },
}

/// `stillpoint alert …`
#[derive(Debug, Subcommand)]
pub enum AlertCommand {
    /// List what somebody should look at, newest first
    #[command(after_help = "\
Examples:
  stillpoint alert list
  stillpoint alert list --all -o json")]
    List {
        /// Those too that were closed, and those whose cause is gone.
        #[arg(long)]
        all: bool,
    },
    /// Make an alert inactive
    #[command(after_help = "Example:\n  stillpoint alert close 3f2a")]
    Close {
        /// The alert's id, or the beginning of one.
        alert: String,
    },
}

/// `stillpoint host …`
#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// List the hosts that a server looks after
    List,
    /// Show a host
    Show {
        /// The host's name.
        name: String,
    },
    /// Add a host; its machines come into the group of -g
    #[command(after_help = "Example:\n  stillpoint host add qemu1 --connection qmp:///run/vms")]
    Add {
        /// The host's name.
        name: String,
        /// A local libvirt's URI, or qmp:///FOLDER for bare QEMU machines.
        #[arg(long, value_name = "URI")]
        connection: String,
    },
    /// Take away a host of which nothing is protected; nothing goes from the host itself
    Remove {
        /// The host's name.
        name: String,
    },
}
