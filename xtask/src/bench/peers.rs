//! What people would use instead, each as its makers mean it: encryption on, zstd, a repository
//! in a folder.

mod benji;
mod borg;
mod bupstash;
mod floors;
mod install;
mod restic;
mod rustic;

use std::path::Path;

use anyhow::{Result, bail};

use super::tool::Tool;
use install::Programs;

/// Every peer by the name that `--peers` takes.
pub(crate) const ALL: &[&str] = &[
    "restic", "rustic", "borg", "borg-64k", "benji", "bupstash", "qemu-img", "zstd",
];

/// The peers of these names, installed where that is possible; the others are passed over
/// with a message. `tools` keeps what is built for it, `work` their repositories.
pub(crate) fn choose(names: &[String], tools: &Path, work: &Path) -> Result<Vec<Box<dyn Tool>>> {
    let programs = Programs::new(tools)?;
    let mut peers: Vec<Box<dyn Tool>> = Vec::new();
    for name in names {
        match peer(name, &programs, work) {
            Ok(peer) => peers.push(peer),
            Err(error) if ALL.contains(&name.as_str()) => {
                eprintln!("bench: without {name}: {error:#}");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(peers)
}

fn peer(name: &str, programs: &Programs, work: &Path) -> Result<Box<dyn Tool>> {
    Ok(match name {
        "restic" => Box::new(restic::Restic::new(work, programs.debian("restic")?)),
        "rustic" => {
            let program = programs.cargo("rustic-rs", "0.11.4", "rustic")?;
            Box::new(rustic::Rustic::new(work, program))
        }
        "borg" => Box::new(borg::Borg::new(work, programs.python("borg")?, None)),
        "borg-64k" => {
            let program = programs.python("borg")?;
            Box::new(borg::Borg::new(work, program, Some("fixed,65536")))
        }
        "benji" => Box::new(benji::Benji::new(work, programs.python("benji")?)),
        "bupstash" => {
            let program = programs.cargo("bupstash", "0.12.0", "bupstash")?;
            Box::new(bupstash::Bupstash::new(work, program))
        }
        "qemu-img" => Box::new(floors::Floor::qemu_img(work)),
        "zstd" => Box::new(floors::Floor::zstd(work)),
        other => bail!("no peer {other}; there are {}", ALL.join(", ")),
    })
}
