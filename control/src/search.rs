//! Finding by a part of a name.

use base::Result;
use state::Tx;
use state::hosts::Host;
use state::jobs::{self, Job};
use state::machines::Machine;
use state::policies::Policy;
use state::resources::{self, Record};
use state::search::{Named, jobs_of, named};
use state::vaults::Vault;

use crate::{Control, Sees};

/// The most of each kind.
const EACH: u32 = 10;

/// Of what somebody may find something; `None`: of nothing of the kind.
#[derive(Clone, Debug, Default)]
pub struct SearchIn {
    /// Which vaults.
    pub vaults: Option<Sees>,
    /// Which machines.
    pub machines: Option<Sees>,
    /// Which policies.
    pub policies: Option<Sees>,
    /// Jobs of which vaults.
    pub jobs: Option<Sees>,
    /// Which hosts.
    pub hosts: Option<Sees>,
}

/// What was found, ten of each kind at most.
#[derive(Clone, Debug)]
pub struct Found {
    /// Vaults by their name.
    pub vaults: Vec<Record<Vault>>,
    /// Machines by their name.
    pub machines: Vec<Record<Machine>>,
    /// Policies by their name.
    pub policies: Vec<Record<Policy>>,
    /// Jobs by their machine's name, or by the beginning of their id; newest first; each with the
    /// id of its vault.
    pub jobs: Vec<(String, Job)>,
    /// Hosts by their name.
    pub hosts: Vec<Record<Host>>,
}

impl Control {
    /// What has `text` in its name, in any case.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn search(&self, text: &str, of: &SearchIn) -> Result<Found> {
        let mut tx = self.state.read().await?;
        Ok(Found {
            vaults: some(&mut tx, text, of.vaults.as_ref()).await?,
            machines: some(&mut tx, text, of.machines.as_ref()).await?,
            policies: some(&mut tx, text, of.policies.as_ref()).await?,
            jobs: some_jobs(&mut tx, text, of.jobs.as_ref()).await?,
            hosts: some(&mut tx, text, of.hosts.as_ref()).await?,
        })
    }
}

async fn some<T: Named>(tx: &mut Tx, text: &str, sees: Option<&Sees>) -> Result<Vec<Record<T>>> {
    match sees {
        None => Ok(Vec::new()),
        Some(sees) => named(tx, text, sees.scopes().as_deref(), EACH).await,
    }
}

async fn some_jobs(tx: &mut Tx, text: &str, sees: Option<&Sees>) -> Result<Vec<(String, Job)>> {
    let Some(sees) = sees else {
        return Ok(Vec::new());
    };
    let vaults = sees.vault_ids(tx).await?;
    let mut found = jobs_of(tx, text, vaults.as_deref(), EACH).await?;
    let may_be_id = text.len() >= 4 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if may_be_id {
        let mut more = jobs::begin_with(tx, text, vaults.as_deref(), EACH).await?;
        more.retain(|job| found.iter().all(|known| known.id != job.id));
        found.extend(more);
        found.sort_by_key(|job| std::cmp::Reverse((job.started_at, job.id)));
        found.truncate(EACH as usize);
    }
    let mut with_ids = Vec::new();
    for job in found {
        let vault = resources::get::<Vault>(tx, &job.vault).await?;
        with_ids.push((vault.map_or_else(|| job.vault.clone(), |v| v.id), job));
    }
    Ok(with_ids)
}
