//! Days of change.
//!
//! | day | what happens |
//! |---|---|
//! | db | 4 KiB writes all over the database, 1 % of the disk |
//! | log | new logs, 2 % of the disk |
//! | pkg | packages upgraded: files written anew, mostly like their old selves |
//! | hot-db | as db, 16 KiB at a time, nine of ten in a tenth of the database |
//! | scatter | 4 KiB writes all over the disk, 1 % of it |
//!
//! The clone is the first disk, used by somebody else: own names, keys, logs and files,
//! and other settings in small files all over the disk.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Result;

use super::corpus::{Corpus, DATABASE_PATH, logs, media, put};
use super::delta::BLOCK;
use super::pool::Real;
use super::random::{Random, hash};
use super::text::Writer;
use super::{ext4, say};
use crate::shell;

/// The days, in their order.
pub(crate) const DAYS: &[&str] = &["db", "log", "pkg", "hot-db", "scatter"];

/// Sizes in MiB for each GiB of the disk.
const LOGGED: u64 = 20;
const UPGRADED: u64 = 34;
const CLONE_LOGS: u64 = 8;
const CLONE_MEDIA: u64 = 4;
/// Small files, for each GiB, that the clone has otherwise.
const CLONE_SETTINGS: usize = 20;

/// Makes the days of a new corpus.
pub(crate) struct Making<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) corpus: &'a Corpus,
    pub(crate) gib: u64,
    /// The real files on the disk.
    pub(crate) files: &'a [Real],
}

impl Making<'_> {
    pub(crate) fn run(&self) -> Result<()> {
        let (old, new) = (self.folder.join("old.raw"), self.folder.join("new.raw"));
        copy(&self.corpus.base, &old)?;
        copy(&self.corpus.base, &new)?;
        for (name, delta) in &self.corpus.days {
            say(&format!("Making the day {name}"));
            match *name {
                "db" => self.database(&new)?,
                "log" => self.log(&new)?,
                "pkg" => self.packages(&new)?,
                "hot-db" => self.hot(&new)?,
                _ => self.scatter(&new)?,
            }
            delta.find(&old, &new)?;
            delta.apply(&old)?;
        }
        say("Making the clone");
        copy(&self.corpus.base, &new)?;
        self.used(&new)?;
        self.corpus.clone.find(&self.corpus.base, &new)?;
        fs::remove_file(old)?;
        Ok(fs::remove_file(new)?)
    }

    /// Writes of 1 % of the disk, 4 KiB each.
    fn writes(&self) -> u64 {
        self.corpus.size / 100 / BLOCK as u64
    }

    fn database(&self, image: &Path) -> Result<()> {
        let blocks = ext4::blocks(image, DATABASE_PATH)?;
        let mut random = Random::new("db");
        let places = (0..self.writes()).map(|_| random.below(blocks.len() as u64));
        overwrite("db", image, &blocks, places)
    }

    fn hot(&self, image: &Path) -> Result<()> {
        let blocks = ext4::blocks(image, DATABASE_PATH)?;
        let all = blocks.len() as u64 - 4;
        let mut random = Random::new("hot-db");
        let places = (0..self.writes() / 4).flat_map(|_| {
            let hot = random.below(10) > 0;
            let place = random.below(if hot { all / 10 } else { all }) / 4 * 4;
            place..place + 4
        });
        overwrite("hot-db", image, &blocks, places)
    }

    fn scatter(&self, image: &Path) -> Result<()> {
        let blocks: Vec<u64> = (0..self.corpus.size).step_by(BLOCK).collect();
        let mut random = Random::new("scatter");
        // Not over the file system's own first blocks.
        let all = blocks.len() as u64 - 256;
        let places = (0..self.writes()).map(|_| 256 + random.below(all));
        overwrite("scatter", image, &blocks, places)
    }

    fn log(&self, image: &Path) -> Result<()> {
        let spool = self.folder.join("spool");
        logs("today", &spool, LOGGED * (self.gib << 20))?;
        copy_in(image, &spool, "/var/log")
    }

    fn packages(&self, image: &Path) -> Result<()> {
        let (mut sum, wanted) = (0, UPGRADED * (self.gib << 20));
        let enough = |real: &&Real| {
            let short = sum < wanted;
            sum += real.size;
            short
        };
        self.renew(image, "pkg", self.shuffled("pkg").take_while(enough))
    }

    /// The real files, in an order of the seed's.
    fn shuffled(&self, seed: &str) -> impl Iterator<Item = &Real> {
        let mut files: Vec<&Real> = self.files.iter().collect();
        files.sort_by_cached_key(|real| hash(format!("{seed}{}", real.place()).as_bytes()));
        files.into_iter()
    }

    /// Writes the next versions of these files.
    fn renew<'a>(
        &self,
        image: &Path,
        seed: &str,
        files: impl Iterator<Item = &'a Real>,
    ) -> Result<()> {
        let spool = self.folder.join("spool");
        let mut random = Random::new(seed);
        let mut commands = Vec::new();
        for (number, real) in files.enumerate() {
            let source = spool.join(number.to_string());
            put(&source, &upgraded(&mut random, real.contents()?))?;
            let place = format!("/{}", real.place());
            let (folder, name) = place.rsplit_once('/').unwrap_or(("/", &place));
            // As a package manager does: the new file beside the old one, then its name.
            commands.push(format!("cd {folder}"));
            commands.push(format!("write {} {name}.new", source.display()));
            commands.push(format!("rm {name}"));
            commands.push(format!("ln {name}.new {name}"));
            commands.push(format!("unlink {name}.new"));
        }
        ext4::change(image, &commands)?;
        Ok(fs::remove_dir_all(spool)?)
    }

    fn used(&self, image: &Path) -> Result<()> {
        let spool = self.folder.join("spool");
        let mib = self.gib << 20;
        let mut random = Random::new("clone");
        for name in ["hostname", "machine-id", "key", "fstab"] {
            let mut bytes = vec![0; 400];
            random.fill(&mut bytes);
            put(&spool.join(name), &bytes)?;
        }
        logs("clone", &spool, CLONE_LOGS * mib)?;
        media("own", &spool, CLONE_MEDIA * mib)?;
        copy_in(image, &spool, "/home")?;
        let small = self.shuffled("clone").filter(|real| real.size < 64 << 10);
        self.renew(
            image,
            "settings",
            small.take(CLONE_SETTINGS * self.gib as usize),
        )
    }
}

/// A sparse copy.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut cp = std::process::Command::new("cp");
    shell::output(cp.arg("--sparse=always").arg(from).arg(to)).map(drop)
}

/// Writes contents of the database's kind to blocks of the image.
fn overwrite(
    seed: &str,
    image: &Path,
    blocks: &[u64],
    places: impl Iterator<Item = u64>,
) -> Result<()> {
    let image = OpenOptions::new().write(true).open(image)?;
    let mut writer = Writer::new(seed);
    for place in places {
        let page = writer.page(place);
        image.write_all_at(&page[..BLOCK], blocks[usize::try_from(place)?])?;
    }
    Ok(())
}

/// The next version of a file: here and there something else, and a little more of it.
fn upgraded(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    let every = if random.below(2) == 0 { 2_000 } else { 20_000 };
    for _ in 0..=bytes.len() / every {
        let at = usize::try_from(random.below(bytes.len() as u64)).unwrap_or(0);
        let end = (at + 24).min(bytes.len());
        random.fill(&mut bytes[at..end]);
    }
    let (at, mut more) = (bytes.len() / 2, [0; 16]);
    random.fill(&mut more);
    bytes.splice(at..at, more);
    bytes
}

/// Copies the spool's files into a folder of the image.
fn copy_in(image: &Path, spool: &Path, folder: &str) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(spool)?.flatten().map(|e| e.path()).collect();
    names.sort();
    let mut commands = vec![format!("cd {folder}")];
    for path in names {
        let name = path.file_name().unwrap_or_default().display();
        commands.push(format!("write {} {name}", path.display()));
    }
    ext4::change(image, &commands)?;
    Ok(fs::remove_dir_all(spool)?)
}
