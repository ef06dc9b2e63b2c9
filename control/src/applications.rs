//! Applications: principals that log in with a secret or a certificate. Azure keeps them in
//! Graph; here they are resources of our own provider.

use base::Result;
use jiff::Timestamp;
use state::principals::{self, Certificate, Principal, PrincipalBody, PrincipalKind};
use state::resources;
use state::role_assignments::RoleAssignment;
use uuid::Uuid;

use crate::Control;
use crate::credentials::read_certificate;
use crate::principals::{kept, new_secret};
use crate::users::{check_display_name, one};

/// An application with a secret that was made, which is shown once.
pub struct NewApplication {
    /// The application.
    pub principal: Principal,
    /// The secret's id.
    pub id: Uuid,
    /// The secret.
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
        check_display_name(name)?;
        let (id, secret) = (self.new_id(), new_secret(&*self.random));
        let body = PrincipalBody {
            display_name: name.to_owned(),
            enabled: true,
            secrets: vec![kept(id, &secret, &*self.random)?],
            certificates: Vec::new(),
            failures: 0,
            locked_until: None,
            tokens_after: None,
        };
        let mut tx = self.state.write().await?;
        let (object, client) = (self.new_id(), self.new_id().to_string());
        let kind = PrincipalKind::ServicePrincipal;
        let principal = principals::create(&mut tx, object, kind, &client, body).await?;
        tx.commit().await?;
        Ok(NewApplication {
            principal,
            id,
            secret,
        })
    }

    /// The application of this client id or object id.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn application(&self, which: &str) -> Result<Principal> {
        let mut tx = self.state.read().await?;
        one(&mut tx, which, PrincipalKind::ServicePrincipal).await
    }

    /// At most `limit` applications by client id, beginning after the client id `after`.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn applications(&self, after: Option<&str>, limit: u32) -> Result<Vec<Principal>> {
        let kind = PrincipalKind::ServicePrincipal;
        self.principals_of(kind, after, limit).await
    }

    /// Gives an application a further secret, good until `expires`. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn add_secret(
        &self,
        which: &str,
        expires: Option<Timestamp>,
    ) -> Result<NewApplication> {
        let (id, secret) = (self.new_id(), new_secret(&*self.random));
        let mut kept = kept(id, &secret, &*self.random)?;
        kept.expires = expires;
        let mut tx = self.state.write().await?;
        let mut app = one(&mut tx, which, PrincipalKind::ServicePrincipal).await?;
        app.body.secrets.push(kept);
        let principal = principals::update(&mut tx, app).await?;
        tx.commit().await?;
        Ok(NewApplication {
            principal,
            id,
            secret,
        })
    }

    /// Gives an application a further certificate, in PEM, to prove itself with. Durable when
    /// this returns.
    ///
    /// # Errors
    /// `CredentialInvalid`, `ResourceNotFound`; those of the records.
    pub async fn add_certificate(&self, which: &str, pem: &str) -> Result<(Principal, Uuid)> {
        let (pem, expires) = read_certificate(pem, self.now())?;
        let id = self.new_id();
        let mut tx = self.state.write().await?;
        let mut app = one(&mut tx, which, PrincipalKind::ServicePrincipal).await?;
        let new = Certificate { id, pem, expires };
        app.body.certificates.push(new);
        let principal = principals::update(&mut tx, app).await?;
        tx.commit().await?;
        Ok((principal, id))
    }

    /// Takes a secret or a certificate of an application away; tokens from before are good no
    /// more. And whether it was there. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; `LastOwner` if nobody could log in any more who may give roles; those
    /// of the records.
    pub async fn remove_credential(&self, which: &str, credential: Uuid) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let mut app = one(&mut tx, which, PrincipalKind::ServicePrincipal).await?;
        let count = |p: &Principal| p.body.secrets.len() + p.body.certificates.len();
        let before = count(&app);
        app.body.secrets.retain(|s| s.id != credential);
        app.body.certificates.retain(|c| c.id != credential);
        if count(&app) == before {
            return Ok(false);
        }
        app.body.tokens_after = Some(tx.now());
        principals::update(&mut tx, app).await?;
        self.keep_an_owner(&mut tx, |_| false).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes an application with all its roles; its tokens are good no more. And whether it
    /// was there. Durable when this returns.
    ///
    /// # Errors
    /// `LastOwner` if nobody else could give roles any more; those of the records.
    pub async fn delete_application(&self, which: &str) -> Result<bool> {
        match self.application(which).await {
            Ok(app) => self.delete_principal(app.id).await,
            Err(e) if e.code() == base::Code::ResourceNotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Removes a principal with all its roles.
    pub(crate) async fn delete_principal(&self, id: Uuid) -> Result<bool> {
        let mut tx = self.state.write().await?;
        if principals::get(&mut tx, id).await?.is_none() {
            return Ok(false);
        }
        let given = resources::find::<RoleAssignment>(&mut tx, &id.to_string()).await?;
        if !given.is_empty() {
            self.keep_an_owner(&mut tx, |a| a.body.principal == id)
                .await?;
        }
        for given in given {
            resources::delete(&mut tx, &given).await?;
        }
        principals::delete(&mut tx, id).await?;
        tx.commit().await?;
        Ok(true)
    }
}
