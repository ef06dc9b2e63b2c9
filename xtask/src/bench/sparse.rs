//! Large disks that hold little.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::nbd;
use super::ours::{Ours, Way};
use super::random::Random;
use super::results::Results;
use super::text::Writer;
use super::tool::{Image, Tool};

/// Writes of 4 KiB.
const WRITES: u64 = 5000;

/// An unchanged disk of 1 TiB; and scattered writes on it and on a disk of 2 GiB.
pub(crate) fn run(work: &Path, program: &Path, results: &mut Results) -> Result<()> {
    let ours = Ours::new(work, program, Way::Straight);
    let folder = work.join("sparse");
    std::fs::create_dir_all(&folder)?;
    let (image, list) = (folder.join("image.raw"), folder.join("list"));
    for (name, size) in [("1 TiB", 1u64 << 40), ("2 GiB", 2 << 30)] {
        ours.create()?;
        File::create(&image)?.set_len(size)?;
        let mut disk = Image {
            path: &image,
            name: "sparse",
            changed: None,
        };
        ours.back_up(&disk)?;
        std::fs::write(&list, scatter(&image, size)?)?;
        disk.changed = Some(&list);
        let (sample, _) = ours.back_up(&disk)?;
        results.add(ours.name(), &format!("scattered, {name}"), sample);
        std::fs::write(&list, "")?;
        let (mut sample, report) = ours.back_up(&disk)?;
        let disk = &report["snapshot"]["disks"][0];
        let bytes = |what: &str| {
            disk[what]
                .as_u64()
                .with_context(|| format!("{what}: {disk}"))
        };
        sample.added = bytes("read")? + bytes("sampled")?;
        results.add(ours.name(), &format!("unchanged, {name}"), sample);
        let ready = nbd::ready(work, &ours)?;
        results.add(ours.name(), &format!("nbd, ready, {name}"), ready);
    }
    Ok(std::fs::remove_dir_all(folder)?)
}

/// Writes all over the image; the list of them.
fn scatter(image: &Path, size: u64) -> Result<Vec<u8>> {
    let image = OpenOptions::new().write(true).open(image)?;
    let (mut random, mut writer) = (Random::new("sparse"), Writer::new("sparse"));
    let mut list = Vec::new();
    for number in 0..WRITES {
        let offset = random.below(size / 4096) * 4096;
        image.write_all_at(&writer.page(number)[..4096], offset)?;
        writeln!(list, "{offset} 4096")?;
    }
    Ok(list)
}
