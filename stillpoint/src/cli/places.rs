//! The words of where a server's data lies.

use base::ByteSize;
use clap::Subcommand;

/// `stillpoint pool …`
#[derive(Debug, Subcommand)]
pub enum PoolCommand {
    /// List the folders that new vaults are put in
    List,
    /// Show a pool
    Show {
        /// The pool's name.
        name: String,
    },
    /// Add a pool; new vaults of its location go to the one with the most free space
    #[command(after_help = "Example:\n  stillpoint pool add big --folder /mnt/big/vaults")]
    Add {
        /// The pool's name.
        name: String,
        /// A folder on the server, which is made if it is not there.
        #[arg(long, value_name = "FOLDER")]
        folder: String,
        /// Its location [default: that of the group of -g].
        #[arg(long, value_name = "LOCATION")]
        location: Option<String>,
    },
    /// Change a pool
    #[command(after_help = "\
Examples:
  stillpoint pool set default --takes-vaults false
  stillpoint pool set big --folder /mnt/bigger/vaults")]
    Set {
        /// The pool's name.
        name: String,
        /// Another folder, while it holds no vault.
        #[arg(long, value_name = "FOLDER")]
        folder: Option<String>,
        /// Whether new vaults are put in it.
        #[arg(long, value_name = "BOOL")]
        takes_vaults: Option<bool>,
    },
    /// Take away a pool without vaults; its folder stays
    Remove {
        /// The pool's name.
        name: String,
    },
}

/// `stillpoint snapshot-store …`
#[derive(Debug, Subcommand)]
pub enum SnapshotStoreCommand {
    /// List where the snapshots of each host are
    List,
    /// Show a host's snapshot store
    Show {
        /// The host's name.
        host: String,
    },
    /// Change a host's snapshot store
    #[command(after_help = "\
Examples:
  stillpoint snapshot-store set kvm1 --limit 40GiB --keep-free 10
  stillpoint snapshot-store set kvm1 --folder /mnt/fast/snapshots")]
    Set {
        /// The host's name.
        host: String,
        /// Another folder, while it holds no snapshots.
        #[arg(long, value_name = "FOLDER")]
        folder: Option<String>,
        /// The scratch that snapshots may take together; 0: as the disks suggest.
        #[arg(long, value_name = "SIZE")]
        limit: Option<ByteSize>,
        /// Percent of scratch's file system that stay free; 0: none.
        #[arg(long, value_name = "PERCENT")]
        keep_free: Option<u8>,
    },
    /// Set an empty snapshot store back to what it was at first
    Reset {
        /// The host's name.
        host: String,
    },
}

/// `stillpoint restore-folder …`
#[derive(Debug, Subcommand)]
pub enum RestoreFolderCommand {
    /// List the folders that disks are restored into
    List,
    /// Show a restore folder of the group of -g
    Show {
        /// The folder's name.
        name: String,
    },
    /// Add a restore folder to the group of -g
    #[command(after_help = "\
Example:
  stillpoint restore-folder add fast --folder /mnt/fast/restores")]
    Add {
        /// Its name: 3 to 24 of a-z and 0-9.
        name: String,
        /// A folder on the server, which is made if it is not there.
        #[arg(long, value_name = "FOLDER")]
        folder: String,
        /// Its host; needed if there are several.
        #[arg(long, value_name = "HOST")]
        host: Option<String>,
    },
    /// Give a restore folder another path; what was restored stays where it is
    Set {
        /// The folder's name.
        name: String,
        /// A folder on the server, which is made if it is not there.
        #[arg(long, value_name = "FOLDER")]
        folder: String,
    },
    /// Take away a restore folder; what was restored stays on the disk
    Remove {
        /// The folder's name.
        name: String,
    },
}
