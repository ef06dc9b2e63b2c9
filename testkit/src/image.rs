//! The guest's image: built once by `guest/build.sh`, kept in the testbed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

use crate::place;

/// A built guest. Its files are shared: copy before writing.
#[derive(Debug, Clone)]
pub struct Image {
    dir: PathBuf,
}

impl Image {
    /// The image for this version of the script and of its packages, built if it
    /// is not there (about 10 s). Processes that ask at once share one build.
    ///
    /// # Errors
    /// What the script said, such as a package that is missing on the host.
    pub fn get() -> Result<Self> {
        static DIR: OnceLock<PathBuf> = OnceLock::new();
        if let Some(dir) = DIR.get() {
            return Ok(Self { dir: dir.clone() });
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/build.sh");
        let output = Command::new("bash")
            .arg(&script)
            .arg(place::testbed()?.join("images"))
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("running {}", script.display()))?;
        ensure!(
            output.status.success(),
            "the guest image cannot be built, see above"
        );
        let dir = PathBuf::from(String::from_utf8(output.stdout)?.trim());
        Ok(Self {
            dir: DIR.get_or_init(|| dir).clone(),
        })
    }

    /// The disk it boots from: qcow2, 1 GiB virtual, about 40 MiB on disk.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.dir.join("root.qcow2")
    }

    /// The kernel on that disk.
    #[must_use]
    pub fn kernel(&self) -> PathBuf {
        self.dir.join("vmlinuz")
    }

    /// The initial RAM disk on that disk.
    #[must_use]
    pub fn initrd(&self) -> PathBuf {
        self.dir.join("initrd")
    }

    /// The kernel's arguments.
    ///
    /// # Errors
    /// When the image is damaged.
    pub fn cmdline(&self) -> Result<String> {
        let path = self.dir.join("cmdline");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        Ok(text.trim().to_owned())
    }
}
