//! `stillpoint vault …`

use std::path::PathBuf;

use base::ByteSize;
use clap::Subcommand;

use super::{RedundancyWord, VaultSet};

/// Commands on vaults and their keys.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Make a vault: in a store, or on a server (-v NAME)
    ///
    /// The vault is opened by a passphrase (asked for twice, or from --passphrase-file), or by a
    /// key file (--key-file, made if it is not there). Without either nobody can ever read the
    /// data again: keep an export of the key (`vault export-key`) in another place.
    #[command(after_help = "\
Examples:
  stillpoint vault create /srv/vault
  stillpoint vault create /srv/vault --passphrase-file pass --host-key host.key
  stillpoint vault create s3://backups/vault1 --key-file vault.key
  stillpoint vault create -v vault1 -g group1          (on the server)")]
    Create {
        /// The place: an empty folder, or s3://… or az://…; --vault if not given.
        store: Option<String>,
        /// Bytes of a chunk, for the vault's life: a power of two from 16 KiB to 4 MiB.
        #[arg(long, value_name = "SIZE")]
        chunk_size: Option<ByteSize>,
        /// Write a key for this host there, with which it backs up without the passphrase.
        #[arg(long, value_name = "FILE")]
        host_key: Option<PathBuf>,
        /// The host's name in the vault's list of keys [default: this host's name].
        #[arg(long, value_name = "HOST")]
        label: Option<String>,
        /// How many copies a server's vault has [default: geo].
        #[arg(long, value_enum, value_name = "WORD")]
        redundancy: Option<RedundancyWord>,
    },
    /// Make a vault of a server (-v NAME) of a store whose server is lost
    ///
    /// The store's folder, as the server sees it, and a key are enough: machines come back as
    /// items whose protection is stopped with their data retained, and all points are listed. A
    /// server that owned the store before leaves it alone from then on.
    #[command(after_help = "\
Examples:
  stillpoint vault attach /srv/pool/8f0e… -v vault1 --exported-key vault1.age --identity id.txt
  stillpoint vault attach /srv/vault -v vault1 --key-file vault.key")]
    Attach {
        /// The store's folder on the server; a name alone is one in its pool.
        store: String,
    },
    /// Change a server's vault: its redundancy and soft delete
    Set(VaultSet),
    /// Move a server's vault to another resource group
    #[command(after_help = "Example:\n  stillpoint vault move vault1 --to production")]
    Move {
        /// The vault's name.
        name: String,
        /// The group that it goes to.
        #[arg(long, value_name = "GROUP")]
        to: String,
    },
    /// Delete a server's vault that is empty
    #[command(after_help = "Example:\n  stillpoint vault delete vault1")]
    Delete {
        /// The vault's name.
        name: String,
    },
    /// Show a vault: id, chunk size, what opens it, its keys, what it takes
    #[command(after_help = "Example:\n  stillpoint vault show --vault /srv/vault")]
    Show {
        /// The vault's place; --vault if not given.
        store: Option<String>,
    },
    /// Show what a server's vault and its items take
    ///
    /// `LOGICAL` is the data that points show, each by itself; `UNIQUE` and `SHARED` are stored
    /// bytes (compressed, sealed, each once) that one item alone uses, and that several use, as
    /// they were counted; `ADDED` was stored since. With --check all stores are counted first, and
    /// compared with what the records said: code 8 if these were wrong.
    #[command(after_help = "\
Examples:
  stillpoint vault usage
  stillpoint vault usage vault1 --check -o json")]
    Usage {
        /// The vault's name; -v if not given.
        name: Option<String>,
        /// Count all that is stored, first.
        #[arg(long)]
        check: bool,
    },
    /// List the vaults in folders and one level below
    #[command(after_help = "Example:\n  stillpoint vault list /srv /mnt/backup")]
    List {
        /// Where to look; the configured vault and snapshot store if none is given.
        folders: Vec<PathBuf>,
    },
    /// Give back the space of removed points
    ///
    /// Collects in the snapshot store and in the vault, or in one store if it is named. It may
    /// run beside backups, transfers and restores, on any host that holds a key, and may be
    /// stopped at any moment: nothing is lost, and the next one goes on.
    #[command(after_help = "\
Examples:
  stillpoint vault collect
  stillpoint vault collect --plan
  stillpoint vault collect s3://backups/vault1 --repack-from 80")]
    Collect {
        /// The store; the configured snapshot store and vault if not given.
        store: Option<String>,
        /// Only show what would be done.
        #[arg(long)]
        plan: bool,
        /// Copy what is in use out of packs of which at least so many percent are garbage.
        #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=100))]
        repack_from: u8,
        /// Copy at most so many bytes; packs that are garbage throughout need no copying.
        #[arg(long, value_name = "SIZE")]
        most_copied: Option<ByteSize>,
        /// End sessions that were opened more than so many days ago, and give up what they
        /// left: those of hosts that never come back.
        #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
        patience: u16,
    },
    /// Heal damage, from other stores of the same vault and from the store itself
    ///
    /// Checks the store and puts back what is damaged or missing: objects from an identical
    /// copy, records from any store of the vault (the snapshot store, another tier), index
    /// segments from the store's own packs. It may run beside backups and restores, and may be
    /// stopped at any moment. Nothing is written to the stores of --from.
    #[command(after_help = "\
Examples:
  stillpoint vault repair
  stillpoint vault repair /srv/vault --from /srv/snapshots --from s3://backups/copy

Without STORE the vault and the snapshot store are repaired, each from the other and from
those of --from. Ends with code 8 if anything is damaged still, and names it.")]
    Repair {
        /// The store; the configured vault and snapshot store if not given.
        store: Option<String>,
        /// Another store of the same vault; may be given several times.
        #[arg(long, value_name = "STORE")]
        from: Vec<String>,
    },
    /// Write the vault's keys to a file that age opens, to be kept in another place
    ///
    /// The export opens all data of the vault, for ever. Give it to recipients (age1…), or
    /// protect it by a passphrase of its own.
    #[command(after_help = "\
Examples:
  stillpoint vault export-key --to vault-key.age --recipient age1…
  stillpoint vault export-key --to vault-key.age --new-passphrase-file escrow-pass")]
    ExportKey {
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
    /// Change what opens the vault; no data is written anew
    ///
    /// Opens the vault with the old passphrase, key file or key export, and replaces what was
    /// used by the new one. A copy of the vault's old key object still opens with the old one.
    #[command(after_help = "\
Examples:
  stillpoint vault change-passphrase
  stillpoint vault change-passphrase --add --new-key-file spare.key
  stillpoint vault change-passphrase --exported-key vault-key.age   (the passphrase is lost)")]
    ChangePassphrase {
        /// A file with the new passphrase; asked for otherwise.
        #[arg(long, value_name = "FILE", conflicts_with = "new_key_file")]
        new_passphrase_file: Option<PathBuf>,
        /// Open by this key file from now on; it is made if it is not there.
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
        /// Keep the old ones too.
        #[arg(long, conflicts_with = "remove")]
        add: bool,
        /// Remove the slot of this number (see `vault show`) rather than the one used.
        #[arg(long, value_name = "SLOT")]
        remove: Vec<u32>,
    },
    /// Give a host a key of its own, with which it backs up and restores what it wrote
    #[command(after_help = "Example:\n  stillpoint vault lend-key --label kvm2 --to kvm2.key")]
    LendKey {
        /// The host's name in the vault's list of keys.
        #[arg(long, value_name = "HOST")]
        label: String,
        /// The file to make (mode 600).
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}
