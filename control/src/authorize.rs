//! May this principal do that there? (RBAC-5)

use base::{Code, Error, Result};
use state::role_assignments::RoleAssignment;
use state::vaults::Vault;
use state::{Record, Tx, resources};

use crate::locks::refuse_locked;
use crate::roles::{RoleDefinition, covers, role};
use crate::{Control, Principal};

/// What of a list somebody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sees {
    /// All of it.
    All,
    /// What has one of these ids, or is below it.
    Only(Vec<String>),
}

impl Sees {
    /// Whether the resource of this id is to be seen.
    #[must_use]
    pub fn lets(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(scopes) => scopes.iter().any(|scope| covers(scope, id)),
        }
    }

    /// The ids that what is to be seen has, or is below; `None`: of all.
    pub(crate) fn scopes(&self) -> Option<Vec<String>> {
        match self {
            Self::All => None,
            Self::Only(scopes) => Some(scopes.clone()),
        }
    }

    /// The folded ids of the vaults that are to be seen; `None`: of all.
    pub(crate) async fn vault_ids(&self, tx: &mut Tx) -> Result<Option<Vec<String>>> {
        match self {
            Self::All => Ok(None),
            Self::Only(_) => {
                let all = self.vaults(tx).await?;
                Ok(Some(
                    all.iter().map(|vault| state::fold(&vault.id)).collect(),
                ))
            }
        }
    }

    /// The vaults of all that are to be seen.
    pub(crate) async fn vaults(&self, tx: &mut Tx) -> Result<Vec<Record<Vault>>> {
        let mut all = resources::all::<Vault>(tx).await?;
        all.retain(|vault| self.lets(&vault.id));
        Ok(all)
    }
}

impl Control {
    /// Lets go on what one of the principal's roles allows: `action` on the resource `id`.
    ///
    /// # Errors
    /// `AuthorizationFailed` naming all three; `ScopeLocked`; those of the records.
    pub async fn authorize(&self, who: &Principal, action: &str, id: &str) -> Result<()> {
        let mut tx = self.state.read().await?;
        let given = allowing(&mut tx, who, action).await?;
        if given.iter().any(|a| covers(&a.parent, id)) {
            return refuse_locked(&mut tx, action, id).await;
        }
        Err(refusal(who, action, id))
    }

    /// The roles that a principal has at the resource `id`, there or above it.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn permissions(
        &self,
        who: &Principal,
        id: &str,
    ) -> Result<Vec<&'static RoleDefinition>> {
        let mut tx = self.state.read().await?;
        let given = resources::find::<RoleAssignment>(&mut tx, &who.id.to_string()).await?;
        let here = given.iter().filter(|a| covers(&a.parent, id));
        let mut roles: Vec<_> = here.filter_map(|a| role(a.body.role)).collect();
        roles.sort_by_key(|role| role.name);
        roles.dedup_by_key(|role| role.id);
        Ok(roles)
    }

    /// What a principal may see of a list of what is in `id`: all, or what is below a role that it
    /// has there.
    ///
    /// # Errors
    /// `AuthorizationFailed` if that is nothing; those of the records.
    pub async fn sees(&self, who: &Principal, action: &str, id: &str) -> Result<Sees> {
        let mut tx = self.state.read().await?;
        let given = allowing(&mut tx, who, action).await?;
        if given.iter().any(|a| covers(&a.parent, id)) {
            return Ok(Sees::All);
        }
        let below = given.into_iter().filter(|a| covers(id, &a.parent));
        let mut below: Vec<String> = below.map(|a| a.parent).collect();
        below.sort();
        below.dedup();
        match below.is_empty() {
            true => Err(refusal(who, action, id)),
            false => Ok(Sees::Only(below)),
        }
    }
}

/// The roles of a principal that allow an action.
async fn allowing(
    tx: &mut Tx,
    who: &Principal,
    action: &str,
) -> Result<Vec<Record<RoleAssignment>>> {
    let mut given = resources::find::<RoleAssignment>(tx, &who.id.to_string()).await?;
    given.retain(|a| role(a.body.role).is_some_and(|r| r.allows(action)));
    Ok(given)
}

fn refusal(who: &Principal, action: &str, id: &str) -> Error {
    let detail = format!(
        "{} (object id {}) has no role that allows `{action}` at `{id}`",
        who.name, who.id
    );
    Error::new(Code::AuthorizationFailed, detail)
}
