//! The first bytes of a qcow2 image: whether it keeps contents in other files.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use base::{Code, Error, Result};

/// What a qcow2 header tells of other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Whether it is an overlay of another file.
    backing: bool,
    /// Whether the contents are in another file.
    data_file: bool,
}

impl Header {
    /// The bytes that are looked at.
    const LEN: usize = 80;

    /// Reads the first bytes of an image; `None` if they are no qcow2 header.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        const EXTERNAL_DATA_FILE: u64 = 1 << 2;
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok();
        let long = |at: usize| bytes.get(at..at + 8)?.try_into().ok();
        let version = word(4).map(u32::from_be_bytes)?;
        if !bytes.starts_with(b"QFI\xfb") || !(2..=3).contains(&version) {
            return None;
        }
        let features = match version {
            2 => 0,
            _ => long(72).map(u64::from_be_bytes)?,
        };
        Some(Self {
            backing: long(8).map(u64::from_be_bytes)? != 0,
            data_file: features & EXTERNAL_DATA_FILE != 0,
        })
    }
}

/// What other format than raw a file's first bytes look like, by QEMU's name: a hint for people,
/// since a guest can write any bytes there.
///
/// # Errors
/// Those of the file.
pub fn foreign_format(path: &Path) -> Result<Option<&'static str>> {
    let io = |e| Error::io(path.display(), e);
    // Opening a pipe would wait.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Ok(None);
    }
    let file = File::open(path).map_err(io)?;
    let mut bytes = [0; 68];
    let len = file.read_at(&mut bytes, 0).map_err(io)?;
    let begins = [
        (0, b"QFI\xfb".as_slice(), "qcow2"),
        (0, b"KDMV", "vmdk"),
        (0, b"vhdxfile", "vhdx"),
        (0, b"conectix", "vpc"),
        (64, b"\x7f\x10\xda\xbe", "vdi"),
    ];
    let found = begins.into_iter().find(|(at, magic, _)| {
        bytes[..len]
            .get(*at..)
            .is_some_and(|b| b.starts_with(magic))
    });
    Ok(found.map(|f| f.2))
}

/// Refuses an image that keeps contents in other files.
///
/// # Errors
/// `DiskUnsupported` naming what the image refers to, or for a format other than `raw` and
/// `qcow2`, of which it is not known; `BadArgument` if it has no qcow2 header; those of the file.
pub(crate) fn check_alone(path: &Path, format: &str) -> Result<()> {
    // Whoever opens the image names it.
    let unsupported = |why: &str| Err(Error::new(Code::DiskUnsupported, why));
    match format {
        "raw" => return Ok(()),
        "qcow2" => {}
        _ => return unsupported("only raw and qcow2 images are read; convert it with qemu-img"),
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| Error::io(path.display(), e))?;
    while bytes.len() < Header::LEN {
        let mut part = [0; Header::LEN];
        let read = file.read_at(&mut part, bytes.len() as u64);
        match read.map_err(|e| Error::io(path.display(), e))? {
            0 => break,
            n => bytes.extend_from_slice(&part[..n]),
        }
    }
    match Header::parse(&bytes) {
        Some(header) if header.backing => unsupported(
            "the image is an overlay: it names a backing file, which is not read, because an \
             image can name any file of this host; make a whole image of it with \
             `qemu-img convert -O qcow2`",
        ),
        Some(header) if header.data_file => unsupported(
            "the image keeps its contents in an external data file, which is not read, because \
             an image can name any file of this host; make a whole image of it with \
             `qemu-img convert -O qcow2`",
        ),
        Some(_) => Ok(()),
        None => Err(Error::new(Code::BadArgument, "it is no qcow2 image")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(version: u8, at: usize) -> Vec<u8> {
        let mut bytes = b"QFI\xfb\0\0\0".to_vec();
        bytes.push(version);
        bytes.resize(Header::LEN, 0);
        bytes[at] |= 4;
        bytes
    }

    #[test]
    fn other_formats_are_known_by_their_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let mut vdi = [b"<<< VM >>>".as_slice(), &[0; 54]].concat();
        vdi.extend(0xbeda_107f_u32.to_le_bytes());
        for (bytes, found) in [
            (b"QFI\xfb\0\0\0\x03".as_slice(), Some("qcow2")),
            (b"KDMV\x01", Some("vmdk")),
            (b"vhdxfile", Some("vhdx")),
            (&vdi, Some("vdi")),
            (&vdi[..66], None),
            (&[0; 512], None),
            (b"", None),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(foreign_format(&path).unwrap(), found);
        }
        assert_eq!(foreign_format(folder.path()).unwrap(), None);
    }

    #[test]
    fn references_to_other_files_are_seen_in_the_header() {
        let of = |version, at| Header::parse(&header(version, at)).unwrap();
        assert_eq!((of(3, 15).backing, of(3, 15).data_file), (true, false));
        assert_eq!((of(3, 79).backing, of(3, 79).data_file), (false, true));
        assert_eq!((of(2, 8).backing, of(2, 79).data_file), (true, false));
        for cut in 0..Header::LEN {
            assert_eq!(Header::parse(&header(3, 79)[..cut]), None, "{cut}");
        }
    }
}
