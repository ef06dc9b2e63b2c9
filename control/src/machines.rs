//! Virtual machines, as discovery found them.

mod list;

use std::collections::BTreeMap;

use base::Result;
use state::machines::{self, Machine};
use state::resources::{self, Record, Scope};
use state::vaults::Vault;

use crate::Control;
use crate::protected_items::machine;

pub use list::{MachineFilter, Protected, ShownMachine};

impl Control {
    /// The id of a machine.
    #[must_use]
    pub fn machine_id(&self, group: &str, name: &str) -> String {
        machine_id(&self.group_id(group), name)
    }

    /// At most `limit` machines of a group, or of all, by id, beginning after the id `after`.
    ///
    /// # Errors
    /// `GroupNotFound`; those of the records.
    pub async fn machines(
        &self,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Machine>>> {
        self.list(group, after, limit).await
    }

    /// The machine of this name.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn machine(&self, group: &str, name: &str) -> Result<Record<Machine>> {
        let what = format!("machine `{name}` in the resource group `{group}`");
        self.one(&self.machine_id(group, name), &what).await
    }

    /// Gives a machine these tags in place of those that it has. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn tag_machine(
        &self,
        group: &str,
        name: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<Record<Machine>> {
        let mut tx = self.state.write().await?;
        let mut found = machine(&mut tx, &self.machine_id(group, name)).await?;
        let said = &mut found.body.said;
        let before = std::mem::replace(&mut said.tags, tags);
        let names = before.keys().chain(said.tags.keys());
        let changed = names.filter(|tag| before.get(*tag) != said.tags.get(*tag));
        let changed: BTreeMap<_, _> = changed.map(|t| (t.to_lowercase(), tx.now())).collect();
        if changed.is_empty() {
            return Ok(found);
        }
        said.tagged.extend(changed);
        let found = resources::update(&mut tx, found).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// At most `limit` machines that can be protected in a vault, by id, beginning after the id
    /// `after`: those of its location (DISC-4) that are there, and that no item refers to, in no
    /// vault, be it soft-deleted (DISC-5, DISC-10).
    ///
    /// # Errors
    /// Those of the records.
    pub async fn protectable(
        &self,
        vault: &Record<Vault>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Machine>>> {
        let scope = self.subscription_id();
        let mut tx = self.state.read().await?;
        let is_free = |m: &Record<Machine>| {
            m.body.location == vault.body.location && m.body.vanished.is_none()
        };
        let mut all = Vec::new();
        let mut after = after.map(str::to_owned);
        loop {
            let below = Scope::Below(&scope);
            let page = machines::without_item(&mut tx, below, after.as_deref(), limit).await?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = Some(last.id.clone());
            for machine in page.into_iter().filter(is_free) {
                all.push(machine);
                if all.len() >= limit as usize {
                    return Ok(all);
                }
            }
        }
    }
}

/// The id of a machine in the group of this id.
pub(crate) fn machine_id(group: &str, name: &str) -> String {
    format!("{group}/providers/Microsoft.Compute/virtualMachines/{name}")
}
