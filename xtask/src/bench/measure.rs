//! Running a command and measuring it: wall, processor, memory, and how much others disturbed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::shell;

/// One measured run of a command.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    /// Seconds from start until all that was written is on the disk.
    pub(crate) wall: f64,
    /// Seconds of all processors, user and system, the children's too.
    pub(crate) cpu: f64,
    /// The most memory that one process of it held, in KiB.
    pub(crate) rss: u64,
    /// Bytes that the repository grew by.
    pub(crate) added: u64,
    /// The share of all processors' time that went to others meanwhile, 0 to 1.
    pub(crate) others: f64,
}

/// Measures commands.
pub(crate) struct Stopwatch {
    note: PathBuf,
}

impl Stopwatch {
    /// One that keeps its note in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            note: folder.join("time"),
        }
    }

    /// Runs a command, which must succeed; its output is returned. What others wrote is
    /// synced before, and what it wrote itself before the clock stops: a backup or a restored
    /// disk that a power cut takes away is none, and not all tools sync what they write.
    pub(crate) fn run(&self, command: &Command) -> Result<(Sample, String)> {
        shell::run(&mut Command::new("sync"))?;
        // Through `time`, a small process: a process's peak counts from before its exec.
        let mut timed = Command::new("time");
        timed
            .args(["-f", "%U %S %M", "-o"])
            .arg(&self.note)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null());
        if let Some(folder) = command.get_current_dir() {
            timed.current_dir(folder);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => timed.env(name, value),
                None => timed.env_remove(name),
            };
        }
        let busy = busy()?;
        let started = Instant::now();
        let output = timed.output().context("running time")?;
        shell::run(&mut Command::new("sync"))?;
        let wall = started.elapsed().as_secs_f64();
        let all = self::busy()? - busy;
        ensure!(
            output.status.success(),
            "{command:?} ended with {}: {}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let note = fs::read_to_string(&self.note)?;
        let mut sample = parse(&note).with_context(|| format!("time said {note}"))?;
        sample.wall = wall;
        let capacity = wall * std::thread::available_parallelism()?.get() as f64;
        sample.others = ((all - sample.cpu) / capacity).clamp(0.0, 1.0);
        Ok((sample, String::from_utf8_lossy(&output.stdout).into_owned()))
    }
}

fn parse(note: &str) -> Option<Sample> {
    let mut words = note.lines().last()?.split(' ');
    let user: f64 = words.next()?.parse().ok()?;
    let system: f64 = words.next()?.parse().ok()?;
    Some(Sample {
        cpu: user + system,
        rss: words.next()?.parse().ok()?,
        ..Sample::default()
    })
}

/// Seconds that the processors have worked since the system started.
pub(crate) fn busy() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().flat_map(str::parse).collect();
    // User, nice, system, idle, waiting, interrupts (2), stolen; the rest is counted above.
    let of = |which: &[usize]| -> u64 { which.iter().filter_map(|i| ticks.get(*i)).sum() };
    // Linux shows hundredths everywhere.
    Ok(of(&[0, 1, 2, 5, 6, 7]) as f64 / 100.0)
}

/// Bytes of all files below a folder, or of a file.
pub(crate) fn size(path: &Path) -> Result<u64> {
    if !path.exists() {
        return Ok(0);
    }
    if path.is_file() {
        return Ok(path.metadata()?.len());
    }
    let mut sum = 0;
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        sum += if path.is_dir() {
            size(&path)?
        } else {
            fs::symlink_metadata(&path)?.len()
        };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_measured() {
        let dir = tempfile::tempdir().unwrap();
        let watch = Stopwatch::new(dir.path());
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo $X",
        ]);
        command.env("X", "done");
        let (sample, said) = watch.run(&command).unwrap();
        assert_eq!(said, "done\n");
        assert!(sample.wall > 0.0 && sample.rss > 100, "{sample:?}");
        assert!(watch.run(&Command::new("false")).is_err());
    }

    #[test]
    fn a_folder_is_as_large_as_its_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/b"), "123").unwrap();
        fs::write(dir.path().join("c"), "45").unwrap();
        assert_eq!(size(dir.path()).unwrap(), 5);
        assert_eq!(size(&dir.path().join("none")).unwrap(), 0);
    }
}
