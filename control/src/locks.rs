//! Locks: on a subscription, a group or a resource, and on all below it.

use base::{Code, Error, Result};
use state::locks::{Lock, LockLevel};
use state::resources::{self, Record};
use state::role_assignments::RoleAssignment;
use state::{Tx, WriteTx, fold};

use crate::Control;
use crate::roles::covers;

impl Control {
    /// Locks what `scope` is the id of; and whether the lock is new. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound` if there is nothing of that id; `NameInvalid`; those of the records.
    pub async fn put_lock(
        &self,
        scope: &str,
        name: &str,
        lock: Lock,
    ) -> Result<(Record<Lock>, bool)> {
        let mut tx = self.state.write().await?;
        self.check_scope(&mut tx, scope).await?;
        let id = lock_id(scope, name);
        let done = match resources::get::<Lock>(&mut tx, &id).await? {
            Some(mut there) => {
                there.body = lock;
                (resources::update(&mut tx, there).await?, false)
            }
            None => {
                let plain = |c: char| c.is_alphanumeric() || "-_.() ".contains(c);
                if name.is_empty() || name.chars().count() > 90 || !name.chars().all(plain) {
                    let detail = format!(
                        "`{name}` is no name for a lock: 1 to 90 letters, digits, blanks and -_.()"
                    );
                    return Err(Error::new(Code::NameInvalid, detail));
                }
                (resources::create(&mut tx, &id, scope, lock).await?, true)
            }
        };
        tx.commit().await?;
        Ok(done)
    }

    /// The lock of this name on `scope`.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn lock(&self, scope: &str, name: &str) -> Result<Record<Lock>> {
        let what = format!("lock `{name}` on {scope}");
        self.one(&lock_id(scope, name), &what).await
    }

    /// The locks on `scope`, on what it is in and on what is in it, by id.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn locks(&self, scope: &str) -> Result<Vec<Record<Lock>>> {
        let mut tx = self.state.read().await?;
        let mut all: Vec<Record<Lock>> = resources::all(&mut tx).await?;
        all.retain(|lock| covers(scope, &lock.parent) || covers(&lock.parent, scope));
        Ok(all)
    }

    /// Removes a lock; and whether there was one. Durable when this returns.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn delete_lock(&self, scope: &str, name: &str) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let found = resources::get::<Lock>(&mut tx, &lock_id(scope, name)).await?;
        let Some(lock) = found else {
            return Ok(false);
        };
        resources::delete(&mut tx, &lock).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Refuses an id that nothing has but may have locks and roles: it is the subscription's, or
    /// a resource's.
    pub(crate) async fn check_scope(&self, tx: &mut Tx, scope: &str) -> Result<()> {
        let subscription = fold(scope) == fold(&self.subscription_id());
        if subscription || resources::exists(tx, scope).await? {
            return Ok(());
        }
        let detail = format!("there is nothing at {scope}");
        Err(Error::new(Code::ResourceNotFound, detail))
    }
}

/// Removes the locks and roles that were given at an id, or below it, whose resource goes: what is
/// made there later has none.
pub(crate) async fn forget_scope(tx: &mut WriteTx, scope: &str) -> Result<()> {
    for lock in resources::all::<Lock>(tx).await? {
        if covers(scope, &lock.parent) {
            resources::delete(tx, &lock).await?;
        }
    }
    let given = resources::all::<RoleAssignment>(tx).await?;
    for role in given {
        if covers(scope, &role.parent) {
            resources::delete(tx, &role).await?;
        }
    }
    Ok(())
}

/// Refuses an action that a lock forbids.
///
/// # Errors
/// `ScopeLocked` naming the lock; those of the records.
pub(crate) async fn refuse_locked(tx: &mut Tx, action: &str, id: &str) -> Result<()> {
    let action = action.to_ascii_lowercase();
    if action.ends_with("/read") || action.starts_with("microsoft.authorization/locks/") {
        return Ok(());
    }
    let deletes = action.ends_with("/delete");
    let forbids = |lock: &Record<Lock>| match lock.body.level {
        LockLevel::CanNotDelete => deletes,
        LockLevel::ReadOnly => true,
    };
    let all = resources::all::<Lock>(tx).await?;
    let found = all.iter().find(|l| covers(&l.parent, id) && forbids(l));
    let Some(lock) = found else { return Ok(()) };
    let what = match lock.body.level {
        LockLevel::CanNotDelete => "to delete",
        LockLevel::ReadOnly => "to change",
    };
    let detail = format!("the lock {} forbids {what} {id}", lock.id);
    Err(Error::new(Code::ScopeLocked, detail))
}

fn lock_id(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/locks/{name}")
}
