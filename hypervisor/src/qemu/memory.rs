//! What is remembered of a machine while it is off.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use super::discover::Running;
use crate::Machine;

/// The remembered facts: a JSON file beside the machine's sockets, rewritten whenever the
/// machine is seen running and has changed. Losing it costs only that a machine that is off
/// is not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Memory {
    /// The form of this file; 1.
    pub(super) version: u32,
    pub(super) machine: Machine,
    pub(super) arguments: Vec<String>,
    pub(super) nvram: Option<PathBuf>,
}

impl Memory {
    pub(super) fn of(running: &Running) -> Self {
        Self {
            version: 1,
            machine: running.machine.clone(),
            arguments: running.arguments.clone(),
            nvram: running.nvram.clone(),
        }
    }

    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// `FileAccessDenied`, `Io`; `Internal` if it is not what was written.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let what = || format!("remembered facts {}", path.display());
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(what(), e)),
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| Error::new(Code::Internal, format!("{}: {e}", what())).because(e))
    }

    /// Writes the file if it differs. Readers see the old one or the new one.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        if matches!(Self::read(path), Ok(Some(old)) if old == *self) {
            return Ok(());
        }
        let bytes = serde_json::to_vec_pretty(self).expect("plain data becomes JSON");
        let new = path.with_extension("json.new");
        let write = || {
            File::create(&new)?.write_all(&bytes)?;
            std::fs::rename(&new, path)
        };
        write().map_err(|e| Error::io(format!("writing {}", path.display()), e))
    }
}
