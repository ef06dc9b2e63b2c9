//! Whether a machine can be protected, before somebody tries (DISC-6).

use base::{Code, Error, Result};
use state::resources;
use state::vaults::Vault;

use super::ItemName;
use super::enable::{check_enabling, group_of, machine};
use crate::Control;

/// What was found of a machine.
#[derive(Debug)]
pub struct Validated {
    /// The names that its item has, or would have.
    pub name: ItemName,
    /// What keeps it from being protected.
    pub refusal: Option<Error>,
}

impl Control {
    /// Whether a machine can be protected, in this vault if one is named.
    ///
    /// # Errors
    /// `ResourceNotFound` for a machine or a vault that is not there; those of the records.
    pub async fn validate(&self, machine_id: &str, vault: Option<&str>) -> Result<Validated> {
        let mut tx = self.state.read().await?;
        let source = machine(&mut tx, machine_id).await?;
        let there = match vault {
            None => None,
            Some(id) => {
                let found = resources::get::<Vault>(&mut tx, id).await?;
                Some(found.ok_or_else(|| {
                    let detail = format!("there is no vault {id}");
                    Error::new(Code::ResourceNotFound, detail)
                })?)
            }
        };
        let refusal = match check_enabling(&mut tx, there.as_ref(), &source).await {
            Err(e) if e.code() == Code::StateUnavailable => return Err(e),
            done => done.err(),
        };
        let name = ItemName {
            group: group_of(&source.id).to_owned(),
            machine: source.name.clone(),
        };
        Ok(Validated { name, refusal })
    }
}
