//! The command line of `cargo xtask bench`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use super::peers;

/// The parts of a run that `--only` names. The full backup is always taken.
pub(crate) const PARTS: &[&str] = &[
    "days",
    "restore",
    "verify",
    "alternatives",
    "nbd",
    "live",
    "sparse",
];

/// What to measure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// GiB of the disk.
    pub(crate) gib: u64,
    /// Times that all is done.
    pub(crate) runs: usize,
    /// Parts of a run.
    pub(crate) parts: Vec<String>,
    /// Names of the peers.
    pub(crate) peers: Vec<String>,
    /// The stillpoint to measure; built if none is given.
    pub(crate) program: Option<PathBuf>,
    /// Print JSON.
    pub(crate) json: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let all = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let mut options = Self {
            gib: 2,
            runs: 3,
            parts: all(PARTS),
            peers: all(peers::ALL),
            program: None,
            json: false,
        };
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            let value = *arguments
                .next()
                .with_context(|| format!("{name} wants a value"))?;
            let names = || value.split(',').map(str::to_owned).collect();
            match *name {
                "--gib" => options.gib = value.parse().context("--gib wants a number")?,
                "--runs" => options.runs = value.parse().context("--runs wants a number")?,
                "--only" => options.parts = names(),
                "--peers" if value == "none" => options.peers.clear(),
                "--peers" => options.peers = names(),
                "--program" => options.program = Some(value.into()),
                "-o" => options.json = value == "json",
                other => bail!("bench has no option {other}"),
            }
        }
        for part in options.parts.iter().filter(|p| *p != "full") {
            let known = PARTS.contains(&part.as_str());
            ensure!(
                known,
                "no part {part}; there are full, {}",
                PARTS.join(", ")
            );
        }
        for peer in &options.peers {
            let known = peers::ALL.contains(&peer.as_str());
            ensure!(known, "no peer {peer}; there are {}", peers::ALL.join(", "));
        }
        ensure!((1..=64).contains(&options.gib), "--gib is 1 to 64");
        ensure!(options.runs > 0, "--runs is at least 1");
        Ok(options)
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|p| p == part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_and_wrong_ones_named() {
        let options = Options::parse(&["--gib", "8", "--peers", "restic,borg", "-o", "json"]);
        let options = options.unwrap();
        assert_eq!((options.gib, options.runs, options.json), (8, 3, true));
        assert_eq!(options.peers, ["restic", "borg"]);
        assert!(options.has("days"));
        assert!(
            Options::parse(&["--peers", "none"])
                .unwrap()
                .peers
                .is_empty()
        );
        for wrong in [
            ["--peers", "tar"],
            ["--only", "tea"],
            ["--gib", "0"],
            ["--gob", "1"],
        ] {
            assert!(Options::parse(&wrong).is_err(), "{wrong:?}");
        }
        assert!(Options::parse(&["--gib"]).is_err());
    }
}
