//! The words of `stillpoint server`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `stillpoint server`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  stillpoint server --data /var/lib/stillpoint
  stillpoint server --data /var/lib/stillpoint --public-url https://backup.example:8443
  stillpoint server --config /etc/stillpoint/server.toml
  stillpoint server check-config --config /etc/stillpoint/server.toml
  stillpoint server backup /mnt/usb/server.age --data /var/lib/stillpoint

The first start makes all that is missing in the folder, and shows once how to log in; what it
shows stays in first-start.txt there, for its owner alone. A setting of the command line goes
before the environment, and that before the file, where it is called the same with `_` for `-`."
)]
pub struct Server {
    /// What else to do than to serve.
    #[command(subcommand)]
    pub command: Option<ServerCommand>,
    /// The settings.
    #[command(flatten)]
    pub words: Box<ServerWords>,
}

/// Settings of a server. Each may stand in the configuration file too.
#[derive(Clone, Debug, Args)]
pub struct ServerWords {
    /// A configuration file, TOML
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,
    /// The server's folder: records, key, vaults; made if it is not there
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "STILLPOINT_DATA",
        hide_env_values = true
    )]
    pub data: Option<PathBuf>,
    /// Where vaults are made [default: pool in the server's folder]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "STILLPOINT_POOL",
        hide_env_values = true
    )]
    pub pool: Option<PathBuf>,
    /// Where to listen [default: port 8443 of all addresses]
    #[arg(
        long,
        global = true,
        value_name = "ADDRESS",
        env = "STILLPOINT_LISTEN",
        hide_env_values = true
    )]
    pub listen: Option<SocketAddr>,
    /// How clients reach the server; all links begin with it [default: this host's name and the port]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "STILLPOINT_PUBLIC_URL",
        hide_env_values = true
    )]
    pub public_url: Option<String>,
    /// Where the records are: a PostgreSQL URL [default: a file in the folder]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "STILLPOINT_STATE",
        hide_env_values = true
    )]
    pub state: Option<String>,
    /// Further host names and addresses of the server's own certificate
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "STILLPOINT_NAMES",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub names: Option<Vec<String>>,
    /// A certificate with its chain to serve with, PEM; taken up when it is replaced
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_CERTIFICATE_FILE",
        hide_env_values = true
    )]
    pub certificate_file: Option<PathBuf>,
    /// The private key of that certificate, PEM
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_CERTIFICATE_KEY_FILE",
        hide_env_values = true
    )]
    pub certificate_key_file: Option<PathBuf>,
    /// A file with the server's key, made at the first start [default: server.key in the folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_SERVER_KEY_FILE",
        hide_env_values = true
    )]
    pub server_key_file: Option<PathBuf>,
    /// A shell command that prints the server's key, 64 hexadecimal digits
    #[arg(
        long,
        global = true,
        value_name = "COMMAND",
        env = "STILLPOINT_SERVER_KEY_COMMAND",
        hide_env_values = true
    )]
    pub server_key_command: Option<String>,
    /// Over how long the starts of scheduled backups are spread: 0, or as in 30m, at most 2h
    /// [default: 2h]
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        env = "STILLPOINT_START_SPREAD",
        hide_env_values = true
    )]
    pub start_spread: Option<String>,
    /// Snapshots taken at once on a host [default: 4]
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "STILLPOINT_SNAPSHOTS_PER_HOST",
        hide_env_values = true
    )]
    pub snapshots_per_host: Option<u16>,
    /// Transfers at once into a vault [default: 4]
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "STILLPOINT_TRANSFERS_PER_VAULT",
        hide_env_values = true
    )]
    pub transfers_per_vault: Option<u16>,
    /// Restores at once on a host [default: 4]
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "STILLPOINT_RESTORES_PER_HOST",
        hide_env_values = true
    )]
    pub restores_per_host: Option<u16>,
    /// Take soft delete `AlwaysOn` as it is said whenever a client asks for it: `az` always does,
    /// and it can't be taken back [default: false]
    #[arg(
        long,
        global = true,
        value_name = "BOOL",
        env = "STILLPOINT_HONOUR_ALWAYS_ON",
        num_args = 0..=1,
        default_missing_value = "true",
        hide_env_values = true
    )]
    pub honour_always_on: Option<bool>,
}

/// `stillpoint server …`, on the server's own machine.
#[derive(Debug, Subcommand)]
pub enum ServerCommand {
    /// Check a configuration file, and show the settings that it comes to
    CheckConfig,
    /// Give the user `admin` a new one-time password and the role Owner, when nobody gets in
    ///
    /// Run it on the server's machine; a server that runs need not be ended.
    #[command(after_help = "\
Example:
  stillpoint server reset-admin --data /var/lib/stillpoint")]
    ResetAdmin,
    /// Write records, keys and settings of a server to one sealed file, also while it serves
    ///
    /// Sealed to the recovery key that the first start showed, or to whom is named. A running
    /// server writes one a day into its vault pool by itself (server-backups, 14 of them).
    #[command(after_help = "\
Examples:
  stillpoint server backup /mnt/usb/server.age --data /var/lib/stillpoint
  stillpoint server backup server.age --recipient age1…
  stillpoint server backup server.age --new-passphrase-file pass")]
    Backup {
        /// The file to make.
        file: PathBuf,
        /// An age recipient; may be given several times.
        #[arg(long, value_name = "AGE1", conflicts_with = "new_passphrase_file")]
        recipient: Vec<String>,
        /// A file with a passphrase for it.
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Make a server of a backup, in a folder that holds none
    ///
    /// The server that starts there then compares its records with what the vaults hold: points
    /// that were made since are listed again, those that are gone no more. Nothing is removed
    /// before, and nothing expires for a day. The lost server must not be started again.
    #[command(after_help = "\
Examples:
  stillpoint server restore server.age --data /var/lib/stillpoint --identity recovery.txt
  stillpoint server restore server.age --data /var/lib/stillpoint --passphrase-file pass")]
    Restore {
        /// The backup.
        file: PathBuf,
    },
    /// Write the keys of a server's vault to a file that age opens
    ///
    /// With it and the vault's folder alone `vault attach` lists all backups again, on any
    /// server. Keep it in another place than both.
    #[command(after_help = "\
Example:
  stillpoint server export-key vault1 --to vault1.age --recipient age1…")]
    ExportKey {
        /// The vault's name.
        vault: String,
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// An age recipient; may be given several times.
        #[arg(long, value_name = "AGE1", conflicts_with = "new_passphrase_file")]
        recipient: Vec<String>,
        /// A file with the export's passphrase; asked for otherwise.
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
}
