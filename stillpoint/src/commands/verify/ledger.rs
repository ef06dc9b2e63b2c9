//! What was found well when: a file in the state folder for each store.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base::{Clock, SystemClock};
use serde::{Deserialize, Serialize};
use vault::{Checked, Ledger, Level, Vault};

use crate::settings::Settings;

/// How often the file is written while a check runs.
const EVERY: Duration = Duration::from_secs(2);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    store: String,
    packs: Ledger,
}

/// The ledger of one store of a vault.
pub struct LedgerFile {
    path: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    stored: Stored,
    written: Instant,
}

impl LedgerFile {
    /// Reads the file; an empty ledger if there is none, or one that can't be read: then all
    /// is checked.
    pub fn read(settings: &Settings, vault: &Vault) -> Self {
        let store = vault.store().to_string();
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let mut name: String = store.chars().map(safe).collect();
        if name.len() > 150 {
            name.drain(..name.len() - 150);
        }
        let name = format!("{}-{name}.json", vault.id());
        let path = settings.state_dir.join("verify").join(name);
        let read = std::fs::read(&path).ok();
        let read = read.and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        let packs = read.filter(|r| r.store == store).map(|r| r.packs);
        let stored = Stored {
            store,
            packs: packs.unwrap_or_default(),
        };
        Self {
            path,
            inner: Mutex::new(Inner {
                stored,
                written: Instant::now(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As it is now.
    pub fn ledger(&self) -> Ledger {
        self.lock().stored.packs.clone()
    }

    /// Notes that a pack is well, and now and then writes the file, so that a check that is
    /// killed goes on where it stopped.
    pub fn note(&self, pack: &str, level: Level) {
        let mut inner = self.lock();
        let at = SystemClock.now();
        inner.stored.packs.note(pack, Checked { at, level });
        if inner.written.elapsed() >= EVERY {
            // The last write says what is wrong.
            let _ = write(&self.path, &inner.stored);
            inner.written = Instant::now();
        }
    }

    /// Writes the file without packs that are gone. Trouble costs only the next check's time.
    pub fn finish(&self, settings: &Settings, vault: &Vault) {
        let mut inner = self.lock();
        inner.stored.packs.forget_gone(vault);
        if let Err(e) = write(&self.path, &inner.stored) {
            let what = format!(
                "what was checked can't be noted: {}: {e}",
                self.path.display()
            );
            settings.reporter.warn(what);
        }
    }
}

/// Replaces the file as a whole.
fn write(path: &Path, stored: &Stored) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let new = path.with_extension("json.new");
    let mut file = std::fs::File::create(&new)?;
    let bytes = serde_json::to_vec(stored).map_err(std::io::Error::other)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(new, path)
}
