//! Making an object of a folder store: a staged file, synced, that then gets its name.
//!
//! A large object's bytes go past the page cache. Nobody reads a pack soon after it was written,
//! so the copy would cost the processor time and take the host's cache from its machines.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Makes the file `path`, with these bytes, and the folders on the way to it. False if it is there
/// already. File and name are durable when this returns; the names of new folders are not. If it
/// fails, nothing half-written is at `path`, though all of it may be.
///
/// # Errors
/// Those of the file system.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<bool> {
    let (file, staged) = stage(path)?;
    let done = fill(&file, bytes).and_then(|()| link(&staged, path));
    drop(file);
    // If this fails, a collection removes it.
    let _ = std::fs::remove_file(&staged);
    done
}

/// A new file beside `path`, named as `litter` knows it.
fn stage(path: &Path) -> Result<(File, PathBuf)> {
    let mut number = 1;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("#{number}"));
        let staged = PathBuf::from(name);
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).open(&staged) {
            Ok(file) => return Ok((file, staged)),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => number += 1,
            // A collection removes empty folders, so this may be needed more than once.
            Err(e) if e.kind() == ErrorKind::NotFound => match path.parent() {
                Some(folder) => std::fs::create_dir_all(folder)?,
                None => return Err(e),
            },
            Err(e) => return Err(e),
        }
    }
}

fn fill(file: &File, bytes: &[u8]) -> Result<()> {
    block::write_new(file, bytes)?;
    file.sync_all()
}

/// Gives a staged file its name unless another one has it.
fn link(staged: &Path, path: &Path) -> Result<bool> {
    match std::fs::hard_link(staged, path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => return Ok(false),
        done => done?,
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_made_once_with_all_its_bytes_whatever_its_size() {
        let folder = tempfile::tempdir().unwrap();
        for len in [0, 1, 4096, 256 << 10, (1 << 20) - 1, (3 << 20) + 4097] {
            let path = folder.path().join(format!("packs/1/{len}"));
            let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            assert!(create(&path, &bytes).unwrap());
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "{len}");
            assert!(!create(&path, b"another").unwrap());
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "{len}");
        }
        let left = std::fs::read_dir(folder.path().join("packs/1")).unwrap();
        assert_eq!(left.count(), 6, "staged files are removed");
    }

    #[test]
    fn a_staged_file_of_another_writer_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a#1"), b"half").unwrap();
        assert!(create(&folder.path().join("a"), b"whole").unwrap());
        assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"whole");
        assert_eq!(std::fs::read(folder.path().join("a#1")).unwrap(), b"half");
        assert!(!folder.path().join("a#2").exists());
    }
}
