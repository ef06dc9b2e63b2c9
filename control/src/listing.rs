//! Resources by kind: those of a group or of all, and one by its name.

use base::{Code, Error, Result};
use state::Resource;
use state::resources::{self, Record, Scope};

use crate::Control;

impl Control {
    /// At most `limit` resources of a kind in a group, or of all, by id, beginning after the id
    /// `after`.
    pub(crate) async fn list<T: Resource>(
        &self,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<T>>> {
        let scope = match group {
            Some(name) => self.group(name).await?.id,
            None => self.subscription_id(),
        };
        let mut tx = self.state.read().await?;
        resources::page(&mut tx, Scope::Below(&scope), after, limit).await
    }

    /// The resource of this id; `what` names it for people.
    pub(crate) async fn one<T: Resource>(&self, id: &str, what: &str) -> Result<Record<T>> {
        let mut tx = self.state.read().await?;
        let found = resources::get(&mut tx, id).await?;
        found.ok_or_else(|| Error::new(Code::ResourceNotFound, format!("there is no {what}")))
    }
}
