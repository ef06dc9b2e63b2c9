//! Who has which role where (RBAC-1 to 6).

use base::{Code, Error, Result};
use state::principals;
use state::resources::{self, Record};
use state::role_assignments::RoleAssignment;
use state::{Tx, fold};
use uuid::Uuid;

use crate::Control;
use crate::principals::may_log_in;
use crate::roles::{ROLES, covers, role};

impl Control {
    /// Gives a principal a role at `scope`; and whether that is new. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound` if there is nothing of that id; `RoleNotFound`, `PrincipalNotFound`;
    /// `ResourceExists` if the principal has the role there already, by another name; those of
    /// the records.
    pub async fn put_role_assignment(
        &self,
        scope: &str,
        name: Uuid,
        principal: Uuid,
        role_id: Uuid,
        description: Option<String>,
    ) -> Result<(Record<RoleAssignment>, bool)> {
        let mut tx = self.state.write().await?;
        self.check_scope(&mut tx, scope).await?;
        if role(role_id).is_none() {
            let detail = format!("there is no role {role_id}");
            return Err(Error::new(Code::RoleNotFound, detail));
        }
        let there = principals::get(&mut tx, principal).await?;
        let there = there.ok_or_else(|| {
            let detail = format!("there is no principal {principal}");
            Error::new(Code::PrincipalNotFound, detail)
        })?;
        let id = assignment_id(scope, name);
        let given = resources::find::<RoleAssignment>(&mut tx, &principal.to_string()).await?;
        let same = |a: &&Record<RoleAssignment>| a.parent == fold(scope) && a.body.role == role_id;
        if let Some(there) = given.iter().find(same) {
            if fold(&there.id) == fold(&id) {
                return Ok((there.clone(), false));
            }
            let detail = format!("{principal} has this role here already: {}", there.id);
            return Err(Error::new(Code::RoleAssignmentExists, detail));
        }
        let body = RoleAssignment {
            principal,
            principal_kind: there.kind,
            role: role_id,
            description,
        };
        let made = resources::create(&mut tx, &id, scope, body).await?;
        tx.commit().await?;
        Ok((made, true))
    }

    /// The assignment of this name at `scope`.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn role_assignment(&self, scope: &str, name: Uuid) -> Result<Record<RoleAssignment>> {
        let what = format!("role assignment {name} at {scope}");
        self.one(&assignment_id(scope, name), &what).await
    }

    /// The assignments that hold at `scope`, and those below it.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn role_assignments(&self, scope: &str) -> Result<Vec<Record<RoleAssignment>>> {
        let mut tx = self.state.read().await?;
        let mut all: Vec<Record<RoleAssignment>> = resources::all(&mut tx).await?;
        all.retain(|a| covers(scope, &a.parent) || covers(&a.parent, scope));
        Ok(all)
    }

    /// Takes a role away again; and what was taken. Durable when this returns.
    ///
    /// # Errors
    /// `LastOwner` if nobody else could give roles any more; those of the records.
    pub async fn delete_role_assignment(
        &self,
        scope: &str,
        name: Uuid,
    ) -> Result<Option<Record<RoleAssignment>>> {
        let mut tx = self.state.write().await?;
        let id = assignment_id(scope, name);
        let Some(found) = resources::get::<RoleAssignment>(&mut tx, &id).await? else {
            return Ok(None);
        };
        self.keep_an_owner(&mut tx, |a| a.id == found.id).await?;
        resources::delete(&mut tx, &found).await?;
        tx.commit().await?;
        Ok(Some(found))
    }

    /// Refuses to take away what `goes` names, if no Owner of the subscription who may log in
    /// would be left.
    pub(crate) async fn keep_an_owner(
        &self,
        tx: &mut Tx,
        goes: impl Fn(&Record<RoleAssignment>) -> bool,
    ) -> Result<()> {
        let owner = ROLES.first().map(|r| r.id);
        let here = fold(&self.subscription_id());
        for given in resources::all::<RoleAssignment>(tx).await? {
            let owns = Some(given.body.role) == owner && given.parent == here;
            if !owns || goes(&given) {
                continue;
            }
            let who = principals::get(tx, given.body.principal).await?;
            if who.is_some_and(|p| may_log_in(&p, tx.now())) {
                return Ok(());
            }
        }
        let detail = "no other principal is Owner of the subscription";
        Err(Error::new(Code::LastOwner, detail))
    }
}

fn assignment_id(scope: &str, name: Uuid) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}")
}
