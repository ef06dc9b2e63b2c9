//! Real files of this system, chosen by a seed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::random::hash;

/// Where the real files come from.
const FROM: &str = "/usr";
/// Larger ones would be the corpus.
const LARGEST: u64 = 32 << 20;

/// A real file.
#[derive(Clone)]
pub(crate) struct Real {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// Which copy this is, where the system has too few files: contents are disguised, so
    /// that it compresses as the original does and equals it nowhere.
    pub(crate) copy: u8,
}

impl Real {
    pub(crate) fn contents(&self) -> Result<Vec<u8>> {
        let name = || self.path.display().to_string();
        let mut bytes = fs::read(&self.path).with_context(name)?;
        bytes.iter_mut().for_each(|b| *b ^= self.copy);
        Ok(bytes)
    }

    /// Its path on the disk, without the leading slash.
    pub(crate) fn place(&self) -> String {
        let path = self.path.display().to_string();
        match self.copy {
            0 => path[1..].to_owned(),
            n => format!("opt/{n}{path}"),
        }
    }
}

/// Files of `len` bytes in all, in an order that `seed` makes.
pub(crate) fn choose(seed: &str, len: u64) -> Result<Vec<Real>> {
    let mut all = Vec::new();
    walk(Path::new(FROM), &mut all)?;
    ensure!(!all.is_empty(), "there are no files in {FROM}");
    all.sort_by_cached_key(|real| {
        let path = real.path.as_os_str().as_encoded_bytes();
        (hash(&[seed.as_bytes(), path].concat()), real.path.clone())
    });
    let mut chosen = Vec::new();
    let mut sum = 0;
    for copy in 0..=u8::MAX {
        for real in &all {
            if sum >= len {
                return Ok(chosen);
            }
            sum += real.size;
            chosen.push(Real {
                copy,
                ..real.clone()
            });
        }
    }
    Ok(chosen)
}

fn walk(folder: &Path, out: &mut Vec<Real>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let meta = fs::symlink_metadata(&path)?;
        if meta.is_dir() {
            walk(&path, out)?;
        } else if meta.is_file() && (1..=LARGEST).contains(&meta.size()) && is_plain(&path) {
            out.push(Real {
                path,
                size: meta.size(),
                copy: 0,
            });
        }
    }
    Ok(())
}

/// Names that need no quoting anywhere.
fn is_plain(path: &Path) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._+-".contains(b);
    path.as_os_str().as_encoded_bytes().iter().all(plain)
}
