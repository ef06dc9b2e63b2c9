//! Options of all commands.

use std::path::PathBuf;

use base::ByteSize;
use clap::{Args, ValueEnum};

use super::Remote;

/// Options of all commands. Each may also come from the environment; the command line wins.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of all commands")]
pub struct Global {
    /// The vault: a folder, s3://BUCKET/PREFIX or az://CONTAINER/PREFIX
    #[arg(
        long,
        visible_alias = "store",
        global = true,
        value_name = "STORE",
        env = "STILLPOINT_VAULT",
        hide_env_values = true
    )]
    pub vault: Option<String>,
    /// The host's snapshot store: a folder, `vault` (snapshots are made in the vault's store),
    /// or `none` (backups go straight to the vault)
    #[arg(
        long,
        global = true,
        value_name = "PLACE",
        env = "STILLPOINT_SNAPSHOTS",
        hide_env_values = true,
        default_value = "none"
    )]
    pub snapshots: String,
    /// A host key: lets this host back up without the passphrase
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_KEY",
        hide_env_values = true
    )]
    pub key: Option<PathBuf>,
    /// A file whose first line is the vault's passphrase; asked for on the terminal otherwise
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_PASSPHRASE_FILE",
        hide_env_values = true
    )]
    pub passphrase_file: Option<PathBuf>,
    /// A key file that opens the vault instead of a passphrase
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_KEY_FILE",
        hide_env_values = true
    )]
    pub key_file: Option<PathBuf>,
    /// A key export (see `vault export-key`) that opens the vault instead
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_EXPORTED_KEY",
        hide_env_values = true
    )]
    pub exported_key: Option<PathBuf>,
    /// The age identity that opens the key export; a passphrase otherwise
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "STILLPOINT_IDENTITY",
        hide_env_values = true
    )]
    pub identity: Option<PathBuf>,
    /// The machines: a local libvirt URI, or qmp:///FOLDER for bare QEMU machines whose
    /// sockets are below FOLDER
    #[arg(
        long,
        global = true,
        value_name = "URI",
        env = "STILLPOINT_CONNECT",
        hide_env_values = true,
        default_value = "qemu:///system"
    )]
    pub connect: String,
    /// Where this host keeps locks and notes [default: /var/lib/stillpoint for root, else
    /// ~/.local/state/stillpoint]
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "STILLPOINT_STATE_DIR",
        hide_env_values = true
    )]
    pub state_dir: Option<PathBuf>,
    /// Where old contents are kept while a running machine is read; QEMU must be able to write
    /// there [default: /var/lib/libvirt/qemu/stillpoint under libvirt, else STATE-DIR/scratch]
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "STILLPOINT_SCRATCH",
        hide_env_values = true
    )]
    pub scratch: Option<PathBuf>,
    /// The most that scratch may take [default: a quarter of the machine's disks, at least
    /// 1 GiB, at most half of what is free]
    #[arg(
        long,
        global = true,
        value_name = "SIZE",
        env = "STILLPOINT_SCRATCH_LIMIT",
        hide_env_values = true
    )]
    pub scratch_limit: Option<ByteSize>,
    /// How to print results
    #[arg(
        long,
        short,
        global = true,
        value_enum,
        value_name = "FORM",
        env = "STILLPOINT_OUTPUT",
        hide_env_values = true,
        default_value = "table"
    )]
    pub output: OutputFormat,
    /// How to show progress, on standard error
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORM",
        env = "STILLPOINT_PROGRESS",
        hide_env_values = true,
        default_value = "auto"
    )]
    pub progress: ProgressForm,
    /// Write to a store that a server owns; the server then adopts what it finds there
    #[arg(long, global = true)]
    pub take_over: bool,
    /// Print neither progress nor warnings
    #[arg(
        long,
        short,
        global = true,
        env = "STILLPOINT_QUIET",
        hide_env_values = true
    )]
    pub quiet: bool,
    /// What of a server is meant.
    #[command(flatten)]
    pub remote: Remote,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people
    Table,
    /// For scripts
    Json,
    /// Columns between tabs, without headings; only of commands that ask a server
    Tsv,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// Bars if standard error is a terminal
    Auto,
    /// Bars
    Bar,
    /// One JSON object a line
    Json,
    /// None; warnings are still printed
    None,
}
