//! Applications: principals that log in with a secret. Azure keeps them in Graph; here they are
//! resources of our own provider.

use base::{Code, Error, Result};
use state::principals::{self, Principal, PrincipalBody, PrincipalKind};
use state::resources;
use state::role_assignments::RoleAssignment;
use uuid::Uuid;

use crate::Control;
use crate::principals::{kept, new_secret};

/// An application that was made, and its secret, which is shown once.
pub struct NewApplication {
    /// The application.
    pub principal: Principal,
    /// Its secret.
    pub secret: String,
}

impl std::fmt::Debug for NewApplication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewApplication({})", self.principal.id)
    }
}

impl Control {
    /// Makes an application without any role. Durable when this returns.
    ///
    /// # Errors
    /// `NameInvalid`; those of the records.
    pub async fn make_application(&self, name: &str) -> Result<NewApplication> {
        let length = name.chars().count();
        if !(1..=120).contains(&length) || name.chars().any(char::is_control) {
            let detail = "an application's name has 1 to 120 characters";
            return Err(Error::new(Code::NameInvalid, detail));
        }
        let secret = new_secret(&*self.random);
        let body = PrincipalBody {
            display_name: name.to_owned(),
            enabled: true,
            secrets: vec![kept(self.new_id(), &secret, &*self.random)?],
            certificates: Vec::new(),
            failures: 0,
            locked_until: None,
            tokens_after: None,
        };
        let mut tx = self.state.write().await?;
        let (id, client) = (self.new_id(), self.new_id().to_string());
        let kind = PrincipalKind::ServicePrincipal;
        let principal = principals::create(&mut tx, id, kind, &client, body).await?;
        tx.commit().await?;
        Ok(NewApplication { principal, secret })
    }

    /// At most `limit` applications by client id, beginning after the client id `after`.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn applications(&self, after: Option<&str>, limit: u32) -> Result<Vec<Principal>> {
        let mut tx = self.state.read().await?;
        let mut page = principals::page(&mut tx, after, limit).await?;
        page.retain(|p| p.kind == PrincipalKind::ServicePrincipal);
        Ok(page)
    }

    /// Removes an application with all its roles; its tokens are good no more. And whether it
    /// was there. Durable when this returns.
    ///
    /// # Errors
    /// `LastOwner` if nobody else could give roles any more; those of the records.
    pub async fn delete_application(&self, id: Uuid) -> Result<bool> {
        let mut tx = self.state.write().await?;
        if principals::get(&mut tx, id).await?.is_none() {
            return Ok(false);
        }
        self.keep_an_owner(&mut tx, |a| a.body.principal == id)
            .await?;
        for given in resources::find::<RoleAssignment>(&mut tx, &id.to_string()).await? {
            resources::delete(&mut tx, &given).await?;
        }
        principals::delete(&mut tx, id).await?;
        tx.commit().await?;
        Ok(true)
    }
}
