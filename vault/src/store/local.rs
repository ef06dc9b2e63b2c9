//! Objects of a folder store, as the files that they are.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use base::{Code, Error, Result};
use bytes::Bytes;

use super::create::create;
use super::{failed, missing};
use crate::large::{self, Large};

/// An object of a local store, open for reads that block.
pub(crate) struct LocalObject {
    file: File,
    name: String,
}

impl LocalObject {
    /// All of the object `name`, or `None` if there is none.
    ///
    /// # Errors
    /// Those of the file.
    pub(crate) fn read(folder: &Path, name: &str) -> Result<Option<Bytes>> {
        let mut file = match File::open(folder.join(name)) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|e| unavailable(name, e))?,
        };
        let meta = file.metadata().map_err(|e| unavailable(name, e))?;
        if meta.is_dir() {
            return Ok(None);
        }
        // A file may grow or shrink while it is read, but no object does.
        let mut bytes = match usize::try_from(meta.len()) {
            Ok(size) if size >= large::LEAST => Large::new(),
            _ => Large::default(),
        };
        file.read_to_end(&mut bytes)
            .map_err(|e| unavailable(name, e))?;
        Ok(Some(bytes.into()))
    }

    /// # Errors
    /// `Integrity` if it is missing, those of the file.
    pub(crate) fn open(folder: &Path, name: &str) -> Result<Self> {
        let file = File::open(folder.join(name)).map_err(|e| match e.kind() {
            ErrorKind::NotFound => missing(name),
            _ => unavailable(name, e),
        })?;
        let name = name.to_owned();
        Ok(Self { file, name })
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of it.
    ///
    /// # Errors
    /// `Integrity` if it is shorter, those of the file.
    pub(crate) fn range(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.range_into(offset, len, &mut bytes)?;
        Ok(bytes)
    }

    /// As [`Self::range`], in place of what `bytes` holds.
    ///
    /// # Errors
    /// As [`Self::range`].
    pub(crate) fn range_into(&self, offset: u64, len: usize, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.resize(len, 0);
        let read = self.file.read_exact_at(bytes, offset);
        read.map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => cut_short(&self.name),
            _ => unavailable(&self.name, e),
        })
    }
}

/// Makes the object at `path` unless one is there.
///
/// # Errors
/// `AlreadyExists`; those of the file system.
pub(super) fn put_new(path: &Path, bytes: &[u8]) -> object_store::Result<()> {
    match create(path, bytes) {
        Ok(true) => Ok(()),
        Ok(false) => Err(object_store::Error::AlreadyExists {
            path: path.display().to_string(),
            source: "another one has its name".into(),
        }),
        Err(e) => Err(generic(e)),
    }
}

/// A local store's own error, by its number.
fn unavailable(name: &str, error: std::io::Error) -> Error {
    failed(name, generic(error))
}

fn generic(error: std::io::Error) -> object_store::Error {
    let source = Box::new(error);
    let store = "a folder";
    object_store::Error::Generic { store, source }
}

fn cut_short(name: &str) -> Error {
    Error::new(Code::VaultDamaged, format!("object {name} is cut short"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_an_object_whatever_its_size_and_a_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("vault")).unwrap();
        assert_eq!(LocalObject::read(folder.path(), "vault").unwrap(), None);
        assert_eq!(LocalObject::read(folder.path(), "keys").unwrap(), None);
        for len in [0, 1, large::LEAST - 1, large::LEAST, 3 * large::LEAST + 5] {
            let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            std::fs::write(folder.path().join("object"), &bytes).unwrap();
            for _ in 0..2 {
                let read = LocalObject::read(folder.path(), "object").unwrap();
                assert_eq!(read.unwrap(), bytes, "{len}");
            }
        }
    }
}
