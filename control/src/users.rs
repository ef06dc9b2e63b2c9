//! Users: principals that log in with a password. Azure keeps them in Graph; here they are
//! resources of our own provider.

use base::{Code, Error, Result};
use state::principals::{self, Principal, PrincipalKind};
use state::{Tx, WriteTx};
use uuid::Uuid;

use crate::Control;
use crate::passwords::{check_rule, one_time_password, user_body};

/// A user with its one-time password, which is shown once.
pub struct NewUser {
    /// The user.
    pub principal: Principal,
    /// The one-time password.
    pub password: String,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewUser({})", self.principal.id)
    }
}

impl Control {
    /// Makes a user without any role, with a one-time password: the one that is given, or a
    /// random one. Durable when this returns.
    ///
    /// # Errors
    /// `NameInvalid`, `PasswordInvalid`; `ResourceExists` if the name is taken; those of the
    /// records.
    pub async fn make_user(
        &self,
        name: &str,
        display_name: Option<&str>,
        password: Option<String>,
    ) -> Result<NewUser> {
        check_name(name)?;
        let shown = display_name.unwrap_or(name);
        check_display_name(shown)?;
        let password = self.one_time(name, password)?;
        let body = user_body(self.new_id(), shown, &password, &*self.random)?;
        let mut tx = self.state.write().await?;
        let kind = PrincipalKind::User;
        let principal = principals::create(&mut tx, self.new_id(), kind, name, body).await?;
        tx.commit().await?;
        Ok(NewUser {
            principal,
            password,
        })
    }

    /// The user of this name or object id.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn user(&self, which: &str) -> Result<Principal> {
        let mut tx = self.state.read().await?;
        one(&mut tx, which, PrincipalKind::User).await
    }

    /// At most `limit` users by name, beginning after the name `after`.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn users(&self, after: Option<&str>, limit: u32) -> Result<Vec<Principal>> {
        self.principals_of(PrincipalKind::User, after, limit).await
    }

    /// Gives a user a new one-time password, and ends its lock-out; its tokens are good no more.
    /// Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`, `PasswordInvalid`; those of the records.
    pub async fn reset_password(&self, which: &str, password: Option<String>) -> Result<NewUser> {
        let name = self.user(which).await?.login;
        let password = self.one_time(&name, password)?;
        let body = user_body(self.new_id(), &name, &password, &*self.random)?;
        let mut tx = self.state.write().await?;
        let principal = reset(&mut tx, which, body.secrets).await?;
        tx.commit().await?;
        Ok(NewUser {
            principal,
            password,
        })
    }

    /// Ends all logins of a user: tokens from before are good no more. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn end_logins(&self, which: &str) -> Result<()> {
        let mut tx = self.state.write().await?;
        let mut user = one(&mut tx, which, PrincipalKind::User).await?;
        user.body.tokens_after = Some(tx.now());
        principals::update(&mut tx, user).await?;
        tx.commit().await
    }

    /// Removes a user with all its roles; its tokens are good no more. And whether it was there.
    /// Durable when this returns.
    ///
    /// # Errors
    /// `LastOwner` if nobody else could give roles any more; those of the records.
    pub async fn delete_user(&self, which: &str) -> Result<bool> {
        match self.user(which).await {
            Ok(user) => self.delete_principal(user.id).await,
            Err(e) if e.code() == Code::ResourceNotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn one_time(&self, name: &str, given: Option<String>) -> Result<String> {
        let Some(password) = given else {
            return Ok(one_time_password(&*self.random));
        };
        check_rule(name, &password)?;
        Ok(password)
    }
}

/// The principal of this kind with this name, client id or object id.
pub(crate) async fn one(tx: &mut Tx, which: &str, kind: PrincipalKind) -> Result<Principal> {
    let found = match which.parse::<Uuid>() {
        Ok(id) => match principals::get(tx, id).await? {
            Some(found) => Some(found),
            None => principals::by_login(tx, which).await?,
        },
        Err(_) => principals::by_login(tx, which).await?,
    };
    found.filter(|p| p.kind == kind).ok_or_else(|| {
        let what = match kind {
            PrincipalKind::User => "user",
            PrincipalKind::ServicePrincipal => "application",
        };
        Error::new(
            Code::ResourceNotFound,
            format!("there is no {what} `{which}`"),
        )
    })
}

/// Gives a user these secrets, ends its lock-out and its logins.
pub(crate) async fn reset(
    tx: &mut WriteTx,
    which: &str,
    secrets: Vec<principals::Secret>,
) -> Result<Principal> {
    let mut user = one(tx, which, PrincipalKind::User).await?;
    user.body.secrets = secrets;
    user.body.enabled = true;
    user.body.failures = 0;
    user.body.locked_until = None;
    user.body.tokens_after = Some(tx.now());
    principals::update(tx, user).await
}

/// A user's name: 1 to 113 letters, digits and `. _ - @`, a letter or digit first. No UUID:
/// those are applications' names.
fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    let good = (1..=113).contains(&name.len())
        && name.chars().all(plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.parse::<Uuid>().is_err();
    if good {
        return Ok(());
    }
    let detail = "a user's name has 1 to 113 letters, digits, `.`, `_`, `-` and `@`, begins with \
                  a letter or a digit, and is no UUID";
    Err(Error::new(Code::NameInvalid, detail))
}

/// A principal's name for people.
pub(crate) fn check_display_name(name: &str) -> Result<()> {
    if (1..=120).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let detail = "a principal's display name has 1 to 120 characters";
    Err(Error::new(Code::NameInvalid, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_may_be_called() {
        for name in ["admin", "a", "ann.lee@example.org", "7of9"] {
            check_name(name).unwrap();
        }
        let uuid = "6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1";
        for name in ["", ".a", "a b", "ünï", "a/b", uuid, &"x".repeat(114)] {
            assert_eq!(
                check_name(name).unwrap_err().code(),
                Code::NameInvalid,
                "{name}"
            );
        }
    }
}
