//! May this principal do that there? (RBAC-5)

use base::{Code, Error, Result};
use state::resources;
use state::role_assignments::RoleAssignment;

use crate::locks::refuse_locked;
use crate::roles::{covers, role};
use crate::{Control, Principal};

impl Control {
    /// Lets go on what one of the principal's roles allows: `action` on the resource `id`.
    ///
    /// # Errors
    /// `AuthorizationFailed` naming all three; `ScopeLocked`; those of the records.
    pub async fn authorize(&self, who: &Principal, action: &str, id: &str) -> Result<()> {
        let mut tx = self.state.read().await?;
        let given = resources::find::<RoleAssignment>(&mut tx, &who.id.to_string()).await?;
        let allows = |role_id| role(role_id).is_some_and(|r| r.allows(action));
        let allowed = given
            .iter()
            .any(|a| covers(&a.parent, id) && allows(a.body.role));
        if allowed {
            return refuse_locked(&mut tx, action, id).await;
        }
        let detail = format!(
            "{} (object id {}) has no role that allows `{action}` at `{id}`",
            who.name, who.id
        );
        Err(Error::new(Code::AuthorizationFailed, detail))
    }
}
