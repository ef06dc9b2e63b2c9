//! A host for tests of a whole server: the fake hypervisor, with machines that are files.
//!
//! A folder is the host. `NAME.machine` in it is a machine that runs; its lines are the times and
//! troubles that are scripted. `NAME.vda`, `NAME.vdb` and so on are what its disks hold: whoever
//! writes them is its guest. The files are read anew at each look at the host, so the machine goes
//! on existing when the process that looks is killed; its trackers are lost then.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base::{Code, Error, Result};

use crate::fake::{FakeHypervisor, Fault, PAGE};
use crate::{Definition, Hypervisor, Machine, Snapshot, SnapshotRequest};

/// The variable that must be set for such hosts to be taken: nobody has one by accident.
pub const VARIABLE: &str = "STILLPOINT_SCRIPTED_HOSTS";

/// A folder's machines.
#[derive(Debug)]
pub struct ScriptedHost {
    folder: PathBuf,
    fake: FakeHypervisor,
    /// Held while the folder is taken in.
    looking: Arc<Mutex<()>>,
}

impl ScriptedHost {
    /// The host in `folder`.
    ///
    /// # Errors
    /// `BadArgument` unless [`VARIABLE`] is set.
    pub fn open(folder: &Path) -> Result<Self> {
        if std::env::var_os(VARIABLE).is_none() {
            let what = "a scripted host is only for tests";
            return Err(Error::new(Code::BadArgument, what));
        }
        Ok(Self {
            folder: folder.to_owned(),
            fake: FakeHypervisor::new(),
            looking: Arc::default(),
        })
    }

    /// Takes in what is in the folder now.
    async fn look(&self) -> Result<()> {
        let (folder, fake) = (self.folder.clone(), self.fake.clone());
        let looking = Arc::clone(&self.looking);
        let look = move || {
            let _alone = looking.lock().unwrap_or_else(PoisonError::into_inner);
            take_in(&folder, &fake)
        };
        let looked = tokio::task::spawn_blocking(look).await;
        looked.map_err(|e| Error::new(Code::Internal, e.to_string()))?
    }
}

fn take_in(folder: &Path, fake: &FakeHypervisor) -> Result<()> {
    let io = |e| Error::io(folder.display(), e);
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_stem().and_then(|n| n.to_str());
        if let (Some(name), true) = (name, path.extension().is_some_and(|e| e == "machine")) {
            machine(folder, name, fake)?;
        }
    }
    Ok(())
}

fn machine(folder: &Path, name: &str, fake: &FakeHypervisor) -> Result<()> {
    let read = |what: &str| {
        let path = folder.join(format!("{name}.{what}"));
        std::fs::read(&path).map_err(|e| Error::io(path.display(), e))
    };
    let mut disks = Vec::new();
    for letter in 'a'..='z' {
        let disk = format!("vd{letter}");
        if !folder.join(format!("{name}.{disk}")).exists() {
            break;
        }
        disks.push((disk.clone(), read(&disk)?));
    }
    if !fake.has_machine(name) {
        let sizes = disks
            .iter()
            .map(|(d, held)| (d.as_str(), held.len() as u64));
        fake.add_machine(name, &sizes.collect::<Vec<_>>());
    }
    for (disk, held) in &disks {
        let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
        for (number, new) in held.chunks(page).enumerate() {
            let offset = number as u64 * PAGE;
            if fake.read(name, disk, offset, new.len()) != new {
                fake.write(name, disk, offset, new);
            }
        }
    }
    fake.clear_faults(name);
    let script = read("machine")?;
    for line in String::from_utf8_lossy(&script).lines() {
        fake.script(name, fault(line)?);
    }
    Ok(())
}

/// A line of a script: `slow MILLISECONDS` for each read, or `no-freeze`.
fn fault(line: &str) -> Result<Fault> {
    let wrong = || Error::new(Code::BadArgument, format!("`{line}` is no script"));
    match line.split_once(' ') {
        Some(("slow", millis)) => {
            let millis = millis.parse().map_err(|_| wrong())?;
            Ok(Fault::SlowReads(Duration::from_millis(millis)))
        }
        None if line == "no-freeze" => Ok(Fault::AgentHangs),
        _ => Err(wrong()),
    }
}

#[async_trait]
impl Hypervisor for ScriptedHost {
    async fn list(&self) -> Result<Vec<Machine>> {
        self.look().await?;
        self.fake.list().await
    }

    async fn find(&self, name_or_uuid: &str) -> Result<Machine> {
        self.look().await?;
        self.fake.find(name_or_uuid).await
    }

    async fn definition(&self, machine: &Machine) -> Result<Definition> {
        self.fake.definition(machine).await
    }

    async fn snapshot(&self, request: SnapshotRequest) -> Result<Box<dyn Snapshot>> {
        self.look().await?;
        self.fake.snapshot(request).await
    }
}
