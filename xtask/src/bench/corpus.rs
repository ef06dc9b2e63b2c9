//! The disk that is backed up, and its days of change: made once from a fixed seed and this
//! system's own files, then kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::days::{self, Making};
use super::delta::Delta;
use super::pool::{self, Real};
use super::random::Random;
use super::text::{PAGE, Writer};
use super::{ext4, say};
use crate::shell;

/// Raised when what is made changes.
const VERSION: u32 = 2;

/// The parts, in MiB for each GiB of the disk.
const REAL: u64 = 450;
const ARCHIVES: u64 = 31;
const MEDIA: u64 = 61;
const DATABASE: u64 = 200;
const LOGS: u64 = 15;
const STALE: u64 = 32;

/// A file of the media, archives and logs.
const PART: u64 = 4 << 20;

/// The database's path on the disk.
pub(crate) const DATABASE_PATH: &str = "/srv/db/main.db";

/// What is backed up.
pub(crate) struct Corpus {
    /// The disk as it is first backed up.
    pub(crate) base: PathBuf,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// The days, each building on the one before.
    pub(crate) days: Vec<(&'static str, Delta)>,
    /// A second disk, cloned from the first and then used.
    pub(crate) clone: Delta,
}

/// The corpus of a disk of `gib` GiB below `place`; made if it is not there.
pub(crate) fn prepare(place: &Path, gib: u64) -> Result<Corpus> {
    let folder = place.join(format!("corpus-{gib}g-{VERSION}"));
    let corpus = Corpus {
        base: folder.join("base.raw"),
        size: gib << 30,
        days: days::DAYS
            .iter()
            .map(|name| (*name, Delta::at(&folder, name)))
            .collect(),
        clone: Delta::at(&folder, "clone"),
    };
    let whole = folder.join("whole");
    if !whole.exists() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        make(&folder, &corpus, gib)?;
        fs::write(whole, "")?;
    }
    Ok(corpus)
}

fn make(folder: &Path, corpus: &Corpus, gib: u64) -> Result<()> {
    say(&format!("Making a disk of {gib} GiB"));
    let tree = folder.join("tree");
    let mib = gib << 20;
    let files = pool::choose("system", REAL * mib)?;
    for real in &files {
        put(&tree.join(real.place()), &real.contents()?)?;
    }
    archives(&tree.join("srv/archives"), ARCHIVES * mib)?;
    media("media", &tree.join("srv/media"), MEDIA * mib)?;
    media("stale", &tree.join("srv/stale"), STALE * mib)?;
    database(&tree, DATABASE * mib)?;
    logs("logs", &tree.join("var/log"), LOGS * mib)?;
    for empty in ["etc", "home", "tmp", "var/tmp"] {
        fs::create_dir_all(tree.join(empty))?;
    }
    ext4::make(&corpus.base, corpus.size, &tree)?;
    let stale = fs::read_dir(tree.join("srv/stale"))?.flatten();
    let mut stale: Vec<String> = stale
        .map(|e| format!("rm /srv/stale/{}", e.file_name().display()))
        .collect();
    stale.sort();
    ext4::change(&corpus.base, &stale)?;
    fs::remove_dir_all(&tree)?;
    let making = Making {
        folder,
        corpus,
        gib,
        files: &files,
    };
    making.run()
}

/// Writes a file and the folders above it.
pub(crate) fn put(path: &Path, contents: &[u8]) -> Result<()> {
    fs::create_dir_all(path.parent().context("a path in no folder")?)?;
    fs::write(path, contents).with_context(|| path.display().to_string())
}

fn archives(folder: &Path, len: u64) -> Result<()> {
    fs::create_dir_all(folder)?;
    // Other files than the disk's own, else they would only be there twice.
    let files = pool::choose("archives", 16 * len)?;
    let mut files = files.iter();
    let (mut made, mut number) = (0, 0);
    while made < len {
        let mut list = String::new();
        let mut sum = 0;
        for Real { path, size, .. } in files.by_ref() {
            list.push_str(&format!("{}\n", path.display()));
            sum += size;
            if sum > 4 * PART {
                break;
            }
        }
        anyhow::ensure!(sum > 0, "there are too few files for archives");
        let names = folder.join("names");
        fs::write(&names, list)?;
        let archive = folder.join(format!("{number}.tar.zst"));
        let script = "set -o pipefail; tar -cf - --absolute-names -T \"$0\" | zstd -3 -q -o \"$1\"";
        let mut tar = Command::new("bash");
        tar.args(["-c", script]).arg(&names).arg(&archive);
        shell::output(&mut tar)?;
        fs::remove_file(names)?;
        made += archive.metadata()?.len();
        number += 1;
    }
    Ok(())
}

/// Noise, as media and ciphertext are to a backup.
pub(crate) fn media(seed: &str, folder: &Path, len: u64) -> Result<()> {
    let mut random = Random::new(seed);
    let mut part = vec![0; usize::try_from(PART)?];
    for number in 0..len / PART {
        random.fill(&mut part);
        put(&folder.join(format!("{seed}-{number}.bin")), &part)?;
    }
    Ok(())
}

/// Log files.
pub(crate) fn logs(seed: &str, folder: &Path, len: u64) -> Result<()> {
    let mut writer = Writer::new(seed);
    for number in 0..len / PART {
        let log = writer.log(usize::try_from(PART)?);
        put(&folder.join(format!("{seed}-{number}.log")), &log)?;
    }
    Ok(())
}

fn database(tree: &Path, len: u64) -> Result<()> {
    use std::io::Write as _;
    let path = tree.join(&DATABASE_PATH[1..]);
    fs::create_dir_all(path.parent().context("a folder")?)?;
    let mut out = std::io::BufWriter::new(fs::File::create(path)?);
    let mut writer = Writer::new("database");
    for number in 0..len / PAGE as u64 {
        out.write_all(&writer.page(number))?;
    }
    Ok(out.flush()?)
}
