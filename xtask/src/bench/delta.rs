//! What changes on a disk from one day to the next: found by comparing, kept in a file, and
//! listed as a dirty bitmap would list it.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Blocks that are compared.
pub(crate) const BLOCK: usize = 4096;
/// What a bit of QEMU's dirty bitmaps stands for.
const GRANULARITY: u64 = 64 << 10;
/// Bytes read at a time.
const STEP: usize = 4 << 20;

/// Changed blocks and the list of them.
#[derive(Clone)]
pub(crate) struct Delta {
    /// Blocks: offset, then contents.
    blocks: PathBuf,
    /// `offset length` lines, in units of a bitmap's granularity.
    pub(crate) list: PathBuf,
}

impl Delta {
    pub(crate) fn at(folder: &Path, name: &str) -> Self {
        Self {
            blocks: folder.join(format!("{name}.blocks")),
            list: folder.join(format!("{name}.list")),
        }
    }

    /// Finds what differs between two images of equal size.
    pub(crate) fn find(&self, old: &Path, new: &Path) -> Result<()> {
        let (old, new) = (File::open(old)?, File::open(new)?);
        let size = new.metadata()?.len();
        let mut out = BufWriter::new(File::create(&self.blocks)?);
        let mut dirty = Vec::new();
        let (mut a, mut b) = (vec![0; STEP], vec![0; STEP]);
        let mut at = 0;
        while at < size {
            let len = usize::try_from((size - at).min(STEP as u64))?;
            old.read_exact_at(&mut a[..len], at)?;
            new.read_exact_at(&mut b[..len], at)?;
            if a[..len] != b[..len] {
                for place in (0..len).step_by(BLOCK) {
                    let end = (place + BLOCK).min(len);
                    if a[place..end] != b[place..end] {
                        let offset = at + place as u64;
                        out.write_all(&offset.to_le_bytes())?;
                        out.write_all(&b[place..end])?;
                        dirty.push(offset);
                    }
                }
            }
            at += len as u64;
        }
        out.flush()?;
        std::fs::write(&self.list, list(&dirty, size))?;
        Ok(())
    }

    /// Makes the changes to an image.
    pub(crate) fn apply(&self, image: &Path) -> Result<()> {
        let image = OpenOptions::new().write(true).open(image)?;
        let name = || self.blocks.display().to_string();
        let mut blocks = BufReader::new(File::open(&self.blocks).with_context(name)?);
        let (mut offset, mut block) = ([0; 8], [0; BLOCK]);
        while blocks.read_exact(&mut offset).is_ok() {
            blocks.read_exact(&mut block).with_context(name)?;
            image.write_all_at(&block, u64::from_le_bytes(offset))?;
        }
        Ok(())
    }

    /// Bytes that changed, in blocks; and as the list has them.
    pub(crate) fn sizes(&self) -> Result<(u64, u64)> {
        let blocks = self.blocks.metadata()?.len() / (BLOCK as u64 + 8) * BLOCK as u64;
        let text = std::fs::read_to_string(&self.list)?;
        let lengths = text.lines().filter_map(|l| l.split_once(' '));
        let listed = lengths.filter_map(|(_, len)| len.parse::<u64>().ok()).sum();
        Ok((blocks, listed))
    }
}

/// Rising offsets of blocks as extents of whole bitmap units.
fn list(dirty: &[u64], size: u64) -> String {
    let mut extents: Vec<(u64, u64)> = Vec::new();
    for offset in dirty {
        let start = offset / GRANULARITY * GRANULARITY;
        let end = (start + GRANULARITY).min(size);
        match extents.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => extents.push((start, end)),
        }
    }
    let lines = extents
        .iter()
        .map(|(start, end)| format!("{start} {}\n", end - start));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_whole_units_and_ends_with_the_disk() {
        let unit = GRANULARITY;
        let dirty = [4096, 8192, unit, 4 * unit + 4096];
        let size = 4 * unit + 8192;
        let expected = format!("0 {}\n{} 8192\n", 2 * unit, 4 * unit);
        assert_eq!(list(&dirty, size), expected);
    }

    #[test]
    fn a_delta_makes_the_old_image_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        let before = vec![1; 20 * BLOCK];
        let mut after = before.clone();
        after[5 * BLOCK + 7] = 2;
        after[19 * BLOCK] = 3;
        std::fs::write(&old, &before).unwrap();
        std::fs::write(&new, &after).unwrap();
        let delta = Delta::at(dir.path(), "d");
        delta.find(&old, &new).unwrap();
        delta.apply(&old).unwrap();
        assert_eq!(std::fs::read(&old).unwrap(), after);
        assert_eq!(
            delta.sizes().unwrap(),
            (2 * 4096, 2 * (64 << 10) - (48 << 10))
        );
    }
}
