//! A host with two stores of one vault on a fragile disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Code, ManualClock, PointId, SeededRandom};
use jiff::{SignedDuration, Timestamp};
use object_store::local::LocalFileSystem;
use testkit::fragile::Disk;
use vault::keys::Keyring;
use vault::{
    CollectOptions, Level, Locked, PointInfo, Store, Surroundings, Vault, collect, repair,
    sync_point, verify,
};

use crate::support::*;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Create,
    First,
    Second,
    Transfer,
    Remove,
    Collect,
    Repair,
}

impl Act {
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::First,
        Self::Second,
        Self::Transfer,
        Self::Remove,
        Self::Collect,
        Self::Repair,
    ];

    /// The bytes of the point that it makes.
    fn makes(self) -> Option<Arc<Vec<u8>>> {
        let mut bytes = noise(1, 9 * CHUNK + 700);
        match self {
            Self::First => {}
            Self::Second => {
                bytes[CHUNK + 5] ^= 1;
                bytes[5 * CHUNK..8 * CHUNK].copy_from_slice(&noise(2, 3 * CHUNK));
            }
            _ => return None,
        }
        Some(Arc::new(bytes))
    }
}

/// Whether the stores sync what they write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    Yes,
    /// A mistake that has to be found.
    No,
}

type Points = Vec<(PointId, Arc<Vec<u8>>)>;

/// What was acknowledged: the points of both stores.
#[derive(Clone, Debug, Default)]
pub struct Known {
    made: bool,
    repaired: bool,
    near: Points,
    far: Points,
    /// Removed: it may be there still as long as that is not acknowledged.
    gone: Points,
}

pub struct Host<'a> {
    pub disk: &'a Disk,
    fsync: Fsync,
}

fn around() -> Surroundings {
    // What a killed probe left is litter after an hour.
    let later = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(2);
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let seed = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Surroundings {
        clock: Arc::new(ManualClock::new(later)),
        random: Arc::new(SeededRandom::new(seed)),
    }
}

impl<'a> Host<'a> {
    pub fn new(disk: &'a Disk, fsync: Fsync) -> Self {
        Self { disk, fsync }
    }

    fn store(&self, name: &str) -> base::Result<Store> {
        let path = self.disk.at(name);
        if self.fsync == Fsync::Yes {
            return Store::local(&path);
        }
        fs::create_dir_all(&path).unwrap();
        let inner = LocalFileSystem::new_with_prefix(&path).unwrap();
        Ok(Store::new(Arc::new(inner)))
    }

    async fn open(&self, name: &str) -> base::Result<Arc<Vault>> {
        let locked = Locked::open(self.store(name)?).await?;
        let ring = Arc::new(Keyring::from_vault_keys(&locked.unlock(&unlock())?));
        let vault = locked.open_with(ring, around())?;
        Ok(Arc::new(vault.with_limits(SMALL)))
    }

    /// Damages the near store before a repair, durably.
    pub async fn prepare(&self, act: Act) {
        if act != Act::Repair {
            return;
        }
        for folder in ["near/packs", "near/index"] {
            let path = files(&self.disk.at(folder)).remove(0);
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
            fs::write(&path, bytes).unwrap();
            fs::File::open(&path).unwrap().sync_all().unwrap();
        }
    }

    /// Does it as a new process, all of whose threads have ended when this returns. Gives what is
    /// acknowledged then.
    pub fn act(&self, act: Act, known: &Known) -> base::Result<Known> {
        tokio::task::block_in_place(|| {
            // Its end waits for the puts that an act which failed has left behind. They would go
            // on by their files' names otherwise, on the disk as it is after the power cut.
            let process = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            process.block_on(self.act_here(act, known))
        })
    }

    async fn act_here(&self, act: Act, known: &Known) -> base::Result<Known> {
        let mut known = known.clone();
        match act {
            Act::Create => {
                let made =
                    vault::create(self.store("near")?, CHUNK as u32, &unlock(), around()).await;
                match made {
                    // It had come to be. An error acknowledges nothing.
                    Err(e) if e.code() == Code::VaultExists => drop(self.open("near").await?),
                    made => {
                        made?;
                        known.made = true;
                    }
                }
            }
            Act::First | Act::Second => {
                let bytes = act.makes().expect("it makes a point");
                let vault = self.open("near").await?;
                let points = vault.points().await?;
                let old = known.near.last().map(|(id, bytes)| {
                    let is = |p: &&PointInfo| p.manifest.point == *id;
                    (points.iter().find(is).unwrap(), bytes)
                });
                let base = old.map(|(info, bytes)| Base {
                    root: &info.manifest.disks[0],
                    bytes,
                });
                let (point, ..) = backup(&vault, MACHINE, &[("vda", &bytes, base)]).await?;
                known.near.push((point, bytes));
            }
            Act::Transfer => {
                let near = self.open("near").await?;
                let far = near.extend_to(self.store("far")?).await?;
                let far = Arc::new(far.with_limits(SMALL));
                for (point, bytes) in &known.near {
                    sync_point(&near, &far, *point, &|_| {}).await?;
                    known.far.push((*point, Arc::clone(bytes)));
                }
            }
            Act::Remove => {
                let vault = self.open("near").await?;
                let first = known.near.remove(0);
                vault.remove_points(&[first.0]).await?;
                known.gone.push(first);
            }
            Act::Collect => {
                let vault = self.open("near").await?;
                let options = CollectOptions {
                    repack_from_percent: 1,
                    ..CollectOptions::default()
                };
                collect(&vault, &options).await?;
            }
            Act::Repair => {
                let ring = Arc::clone(self.open("far").await?.ring());
                let (near, far) = (self.store("near")?, self.store("far")?);
                let report = repair(&near, &ring, &[far], &around(), &|_| {}).await?;
                if !report.is_well() {
                    let detail = format!("{report:?}");
                    return Err(base::Error::new(Code::VaultDamaged, detail));
                }
                known.repaired = true;
            }
        }
        Ok(known)
    }

    /// What was acknowledged is there, byte for byte; nothing half-made, and no damage.
    pub async fn check(&self, doing: Act, known: &Known) -> Result<(), String> {
        if !known.made {
            return Ok(());
        }
        let mut may = known.gone.clone();
        let mut near = known.near.clone();
        if doing == Act::Remove && known.gone.is_empty() {
            may.push(near.remove(0));
        }
        // Before a repair is done, the near store is damaged.
        if doing != Act::Repair || known.repaired {
            self.check_store("near", &near, &may, doing.makes()).await?;
        }
        if doing == Act::Transfer && known.far.is_empty() {
            // It may not be a vault yet.
            return match self.open("far").await {
                Err(e) if e.code() == Code::NotAVault => Ok(()),
                _ => self.check_store("far", &[], &near, None).await,
            };
        }
        match known.far.is_empty() {
            true => Ok(()),
            false => self.check_store("far", &known.far, &[], None).await,
        }
    }

    async fn check_store(
        &self,
        name: &str,
        must: &[(PointId, Arc<Vec<u8>>)],
        may: &[(PointId, Arc<Vec<u8>>)],
        new: Option<Arc<Vec<u8>>>,
    ) -> Result<(), String> {
        let told = |e: base::Error| format!("{name}: {e:?}");
        let vault = self.open(name).await.map_err(told)?;
        let points = vault.points().await.map_err(told)?;
        for (id, _) in must {
            if !points.iter().any(|p| p.manifest.point == *id) {
                return Err(format!("{name}: point {id} is lost"));
            }
        }
        for info in points {
            let id = info.manifest.point;
            let mut all = must.iter().chain(may);
            let bytes = all.find(|k| k.0 == id).map(|k| &k.1).or(new.as_ref());
            let bytes = bytes.ok_or_else(|| format!("{name}: point {id} came from nowhere"))?;
            let read = read_disk(&vault, &info.manifest.disks[0]).await;
            if read.map_err(told)? != **bytes {
                return Err(format!("{name}: point {id} has other bytes"));
            }
        }
        let report = verify(&vault, Level::Full, None, &|_, _| {})
            .await
            .map_err(told)?;
        match report.is_well() {
            true => Ok(()),
            false => Err(format!("{name}: {report:?}")),
        }
    }

    /// As [`Self::check`], when the act is done. Then all points are removed and collected:
    /// nothing is left that nothing names.
    pub async fn settled(&self, done: Act, known: &Known) -> Result<(), String> {
        self.check(done, known).await?;
        for (name, there) in [("near", known.made), ("far", !known.far.is_empty())] {
            if !there {
                continue;
            }
            let told = |e: base::Error| format!("{name}: {e:?}");
            let vault = self.open(name).await.map_err(told)?;
            let points = vault.points().await.map_err(told)?;
            let points: Vec<PointId> = points.iter().map(|p| p.manifest.point).collect();
            vault.remove_points(&points).await.map_err(told)?;
            let options = CollectOptions::default();
            collect(&vault, &options).await.map_err(told)?;
            let root = self.disk.at(name);
            let named = |path: &PathBuf| {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                let folder = name.split('/').next().unwrap();
                ["log", "keys", "state", "vault", "reserve"].contains(&folder)
                    && !name.contains('#')
            };
            let left: Vec<PathBuf> = files(&root).into_iter().filter(|p| !named(p)).collect();
            if !left.is_empty() {
                return Err(format!("{name}: litter: {left:?}"));
            }
        }
        Ok(())
    }
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path),
        }
    }
    all.sort();
    all
}
