//! `stillpoint rescue`

use std::path::PathBuf;

use clap::Args;

/// `stillpoint rescue`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint rescue /mnt/copy --list --passphrase-file pass
  stillpoint rescue /mnt/copy --point 3f2a --to /srv/rescued
  stillpoint rescue /mnt/copy --point 3f2a --disk vda --to /srv/rescued --exported-key key.age

Needs no log, index or descriptor: it finds points by their manifests, and data by the
packs. What can't be read stays a hole in the image and is listed, as `offset length`
lines in bytes, in NAME.missing beside it; the exit code is then 8.")]
#[command(group(clap::ArgGroup::new("what").required(true).args(["list", "point"])))]
pub struct Rescue {
    /// A copy of the store, or what is left of it. It is only read.
    pub store: String,
    /// List the points that can be found.
    #[arg(long)]
    pub list: bool,
    /// Write the disks of this point (its id, or the beginning of one).
    #[arg(long, value_name = "POINT", requires = "to")]
    pub point: Option<String>,
    /// Only this disk; may be given several times.
    #[arg(long, value_name = "DISK", requires = "point")]
    pub disk: Vec<String>,
    /// The folder for the images, which are raw; it is made if needed.
    #[arg(long, value_name = "FOLDER", requires = "point")]
    pub to: Option<PathBuf>,
}
