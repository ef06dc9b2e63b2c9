//! The backup that a server makes of itself, once a day, into its own vault pool and all
//! others that can be reached.

use std::path::{Path, PathBuf};

use base::{Error, Result, durable};
use jiff::{SignedDuration, Timestamp};
use state::{leases, settings};

use super::{recovery, write};
use crate::Control;

/// The folder in a pool.
const FOLDER: &str = "server-backups";
/// How many stay.
const KEPT: usize = 14;
/// How often one is made.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// For how long a server has the making of one to itself.
const LEASE: SignedDuration = SignedDuration::from_hours(1);
/// The setting with the time of the last one, and the lease of the next.
const LAST: &str = "last server backup";

impl Control {
    /// Makes the server's daily backup if it is due, sealed to the recovery key that the first
    /// start showed; the oldest beyond fourteen go. Gives the file, if one was made. Of several
    /// servers on one database one makes it.
    ///
    /// # Errors
    /// Those of the pool and of the records.
    pub async fn back_up_daily(&self) -> Result<Option<PathBuf>> {
        let now = self.now();
        let is_due =
            |last: Option<Timestamp>| last.is_none_or(|last| now.duration_since(last) >= EVERY);
        if !is_due(settings::get(&mut self.state.read().await?, LAST).await?) {
            return Ok(None);
        }
        let Some(recipient) = recovery(&self.state).await? else {
            return Ok(None);
        };
        let mut tx = self.state.write().await?;
        let before: Option<Timestamp> = settings::get(&mut tx, LAST).await?;
        if !is_due(before) {
            return Ok(None);
        }
        let owner = self.engine.owner();
        let Some(lease) = leases::take(&mut tx, LAST, owner, LEASE).await? else {
            return Ok(None);
        };
        tx.commit().await?;
        let made = self.back_up_to_pool(now, recipient).await;
        let mut tx = self.state.write_as(&lease).await?;
        if made.is_ok() {
            settings::set(&mut tx, LAST, &now).await?;
        }
        // One that failed is tried again with the next round.
        leases::release(&mut tx, &lease).await?;
        tx.commit().await?;
        made.map(Some)
    }

    async fn back_up_to_pool(
        &self,
        now: Timestamp,
        recipient: vault::keys::EscrowRecipient,
    ) -> Result<PathBuf> {
        let others = self.vault_pools().await?;
        let mut first = self.back_up_into(&self.pool, now, recipient.clone()).await;
        if let Err(e) = &first {
            tracing::warn!("no backup of the server in its own vault pool: {e}");
        }
        let reached = others.iter().filter(|p| p.space.is_some());
        for pool in reached.filter(|p| p.record.body.folder.is_some()) {
            let made = self.back_up_into(&pool.folder, now, recipient.clone());
            // The one that is made is not made again for another that is not.
            match made.await {
                Ok(file) if first.is_err() => first = Ok(file),
                Ok(_) => {}
                Err(e) => {
                    let name = &pool.record.name;
                    tracing::warn!("no backup of the server in the vault pool {name}: {e}");
                }
            }
        }
        first
    }

    async fn back_up_into(
        &self,
        pool: &Path,
        now: Timestamp,
        recipient: vault::keys::EscrowRecipient,
    ) -> Result<PathBuf> {
        let folder = pool.join(FOLDER);
        durable::make_folder(&folder)?;
        let file = folder.join(format!("server-{}.age", now.strftime("%Y%m%dT%H%M%SZ")));
        let place = (self.state.clone(), self.key.text(), self.data.as_path());
        write(place, &*self.random, now, &file, recipient).await?;
        prune(&folder)?;
        Ok(file)
    }
}

/// Removes the oldest beyond those that stay.
fn prune(folder: &Path) -> Result<()> {
    let io = |e| Error::io(folder.display(), e);
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        if name.starts_with("server-") && name.ends_with("Z.age") {
            all.push(path);
        } else if name.starts_with("server-") && name.ends_with("Z.age.part") {
            // One that was cut short.
            std::fs::remove_file(&path).map_err(|e| Error::io(path.display(), e))?;
        }
    }
    // Their names are in the order of their times.
    all.sort();
    let old = all.len().saturating_sub(KEPT);
    for path in &all[..old] {
        std::fs::remove_file(path).map_err(|e| Error::io(path.display(), e))?;
    }
    Ok(())
}
