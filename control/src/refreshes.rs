//! Refreshes of what a vault can protect: discovery at once, as an operation (DISC-8).

use base::{Code, Error, Result};
use serde_json::Value;
use uuid::Uuid;

use crate::Control;

impl Control {
    /// Runs [`Control::discover`], and gives the operation that tells of it. Durable when this
    /// returns.
    ///
    /// # Errors
    /// `ResourceNotFound` for the vault; those of the records.
    pub async fn refresh(&self, group: &str, vault: &str) -> Result<Uuid> {
        let vault = self.vault(group, vault).await?;
        self.discover().await?;
        let mut tx = self.state.write().await?;
        let operation = self.ended(&mut tx, &vault.id, Value::Null).await?;
        tx.commit().await?;
        Ok(operation)
    }

    /// Whether the refresh of this vault has ended: it has, or there was none.
    ///
    /// # Errors
    /// `ResourceNotFound` for the vault or the operation; those of the records.
    pub async fn refreshed(&self, group: &str, vault: &str, operation: &str) -> Result<()> {
        let vault = self.vault(group, vault).await?;
        let missing = || {
            let detail = format!("the vault {} has no operation `{operation}`", vault.name);
            Error::new(Code::ResourceNotFound, detail)
        };
        let id = operation.parse().map_err(|_| missing())?;
        match self.operation(id).await? {
            found if found.scope == state::fold(&vault.id) => Ok(()),
            _ => Err(missing()),
        }
    }
}
