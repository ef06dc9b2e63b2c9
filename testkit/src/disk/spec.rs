//! The disks of a guest, and making them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::{Format, convert, copy_sparse, create, run};
use crate::image::Image;

/// A data disk of a guest.
#[derive(Debug, Clone, Copy)]
pub struct DiskSpec {
    /// Size the guest sees, in bytes; a multiple of 512.
    pub size: u64,
    /// How the host keeps it.
    pub format: Format,
    /// With an ext4 file system that the guest mounts at `/dataN`, N being the
    /// disk's place (the first added disk is 1); otherwise blank.
    pub filesystem: bool,
}

impl DiskSpec {
    /// A qcow2 disk with a file system.
    #[must_use]
    pub fn qcow2(size: u64) -> Self {
        Self {
            size,
            format: Format::Qcow2,
            filesystem: true,
        }
    }

    /// A raw disk with a file system.
    #[must_use]
    pub fn raw(size: u64) -> Self {
        Self {
            size,
            format: Format::Raw,
            filesystem: true,
        }
    }

    /// The same without a file system.
    #[must_use]
    pub fn blank(self) -> Self {
        Self {
            filesystem: false,
            ..self
        }
    }

    /// Makes the image as the guest's disk number `place`.
    pub(crate) fn make(&self, image: &Path, place: usize) -> Result<()> {
        if !self.filesystem {
            return create(image, self.format, self.size);
        }
        let raw = match self.format {
            Format::Raw => image.to_owned(),
            Format::Qcow2 => image.with_extension("tmp"),
        };
        create(&raw, Format::Raw, self.size)?;
        let options = "lazy_itable_init=0,lazy_journal_init=0";
        run(Command::new("mke2fs")
            .args([
                "-q",
                "-F",
                "-t",
                "ext4",
                "-L",
                &format!("data{place}"),
                "-E",
                options,
            ])
            .arg(&raw))?;
        if self.format == Format::Qcow2 {
            convert(&raw, image, Format::Qcow2)?;
            fs::remove_file(&raw)?;
        }
        Ok(())
    }
}

/// The name of disk `n`'s image in its machine's folder.
pub(crate) fn file_name(n: usize, format: Format) -> String {
    format!("disk{n}.{}", format.name())
}

/// Makes a copy of the guest's root disk and the data disks in `dir`.
pub(crate) fn make_all(dir: &Path, root: Format, specs: &[DiskSpec]) -> Result<Vec<PathBuf>> {
    let image = Image::get()?.root();
    let mut disks = vec![dir.join(file_name(0, root))];
    match root {
        Format::Qcow2 => copy_sparse(&image, &disks[0])?,
        Format::Raw => convert(&image, &disks[0], Format::Raw)?,
    }
    for (n, spec) in (1..).zip(specs) {
        disks.push(dir.join(file_name(n, spec.format)));
        spec.make(&disks[n], n)?;
    }
    Ok(disks)
}
