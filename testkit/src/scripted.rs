//! A host whose machines are files in a folder, as a server under test takes them
//! (`hypervisor::scripted`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The variable that a server must have to take such hosts.
pub const VARIABLE: &str = "STILLPOINT_SCRIPTED_HOSTS";

/// The folder.
#[derive(Debug)]
pub struct ScriptedFolder {
    folder: PathBuf,
}

impl ScriptedFolder {
    /// An empty one at `folder`, which is made.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let folder = folder.to_owned();
        Ok(Self { folder })
    }

    /// How a server reaches it.
    #[must_use]
    pub fn connection(&self) -> String {
        format!("scripted://{}", self.folder.display())
    }

    /// A machine whose disks hold this, and whose reads take so many milliseconds each. An earlier
    /// one of the name is replaced; the sizes stay.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn machine(&self, name: &str, disks: &[&[u8]], slow: u64) -> Result<()> {
        for (letter, held) in ('a'..='z').zip(disks) {
            self.put(&format!("{name}.vd{letter}"), held)?;
        }
        self.put(
            &format!("{name}.machine"),
            format!("slow {slow}\n").as_bytes(),
        )
    }

    /// The file that is a disk of a machine.
    #[must_use]
    pub fn disk(&self, name: &str, disk: &str) -> PathBuf {
        self.folder.join(format!("{name}.{disk}"))
    }

    /// Whole or not at all, to whoever reads meanwhile.
    fn put(&self, name: &str, held: &[u8]) -> Result<()> {
        let new = self.folder.join(format!(".{name}.new"));
        let write = fs::write(&new, held);
        let put = write.and_then(|()| fs::rename(&new, self.folder.join(name)));
        put.with_context(|| name.to_owned())
    }
}
