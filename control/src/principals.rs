//! Who asks: applications that log in with a secret.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use base::{Code, Error, Random, Result};
use jiff::{SignedDuration, Timestamp};
use state::principals::{self, PrincipalKind, Secret};
use uuid::Uuid;

use crate::Control;

/// Wrong secrets in a row before attempts are not looked at for a while.
const FAILURES: u32 = 10;
/// For how long they are not.
const LOCKED: SignedDuration = SignedDuration::from_mins(5);

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its object id, which roles are given to.
    pub id: Uuid,
    /// Of an application its client id, of a user nil.
    pub app_id: Uuid,
    /// Its name, as people see it.
    pub name: String,
}

impl Control {
    /// The application that has this client id and secret. After ten wrong secrets in a row no
    /// attempt is looked at for five minutes.
    ///
    /// # Errors
    /// `LoginFailed`, whatever was wrong: who guesses learns nothing; those of the records.
    pub async fn log_in_app(&self, client_id: &str, secret: &str) -> Result<Principal> {
        let failed = || {
            let detail = format!("no application `{client_id}` has this secret");
            Error::new(Code::LoginFailed, detail)
        };
        let now = self.now();
        let found = {
            let mut tx = self.state.read().await?;
            principals::by_login(&mut tx, client_id).await?
        };
        let app = found.filter(|p| {
            let open = p.body.locked_until.is_none_or(|until| until <= now);
            p.kind == PrincipalKind::ServicePrincipal && p.body.enabled && open
        });
        // As much work where there is none, so that time tells nothing.
        let secrets = app.as_ref().map(|p| p.body.secrets.clone());
        let secret = secret.to_owned();
        let good = tokio::task::spawn_blocking(move || {
            any_matches(&secrets.unwrap_or_else(|| vec![dummy()]), &secret, now)
        })
        .await
        .map_err(|e| Error::new(Code::Internal, "comparing a secret").because(e))?;
        let app = app.ok_or_else(failed)?;
        if !good {
            self.count_failure(app.id).await?;
            return Err(failed());
        }
        if app.body.failures > 0 {
            self.forget_failures(app.id).await?;
        }
        of_record(&app)
    }

    /// The principal of this object id, if it still is one and may log in.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn principal(&self, id: Uuid) -> Result<Option<Principal>> {
        let mut tx = self.state.read().await?;
        let found = principals::get(&mut tx, id).await?;
        let found = found.filter(|p| p.body.enabled);
        found.as_ref().map(of_record).transpose()
    }

    async fn count_failure(&self, id: Uuid) -> Result<()> {
        let mut tx = self.state.write().await?;
        if let Some(mut p) = principals::get(&mut tx, id).await? {
            p.body.failures += 1;
            if p.body.failures.is_multiple_of(FAILURES) {
                p.body.locked_until = tx.now().checked_add(LOCKED).ok();
            }
            principals::update(&mut tx, p).await?;
        }
        tx.commit().await
    }

    async fn forget_failures(&self, id: Uuid) -> Result<()> {
        let mut tx = self.state.write().await?;
        if let Some(mut p) = principals::get(&mut tx, id).await? {
            p.body.failures = 0;
            p.body.locked_until = None;
            principals::update(&mut tx, p).await?;
        }
        tx.commit().await
    }
}

fn of_record(p: &principals::Principal) -> Result<Principal> {
    let app_id = match p.kind {
        PrincipalKind::User => Uuid::nil(),
        PrincipalKind::ServicePrincipal => p.login.parse().map_err(|e| {
            let detail = format!("the client id `{}` is no UUID", p.login);
            Error::new(Code::StateDamaged, detail).because(e)
        })?,
    };
    Ok(Principal {
        id: p.id,
        app_id,
        name: p.body.display_name.clone(),
    })
}

/// A secret to log in with: 32 random bytes in text.
pub(crate) fn new_secret(random: &dyn Random) -> String {
    hex::encode(random.bytes::<32>())
}

/// What is kept of a secret.
pub(crate) fn kept(id: Uuid, secret: &str, random: &dyn Random) -> Result<Secret> {
    let wrong = |e: argon2::password_hash::Error| {
        Error::new(Code::Internal, format!("hashing a secret: {e}"))
    };
    let salt = random.bytes::<16>();
    let hash = argon2::PasswordHasher::hash_password_with_salt(
        &Argon2::default(),
        secret.as_bytes(),
        &salt,
    );
    Ok(Secret {
        id,
        hash: hash.map_err(wrong)?.to_string(),
        expires: None,
        one_time: false,
    })
}

fn any_matches(secrets: &[Secret], given: &str, now: Timestamp) -> bool {
    let fresh = |s: &&Secret| s.expires.is_none_or(|end| now < end);
    secrets.iter().filter(fresh).any(|s| {
        PasswordHash::new(&s.hash).is_ok_and(|hash| {
            let argon = Argon2::default();
            argon.verify_password(given.as_bytes(), &hash).is_ok()
        })
    })
}

/// A secret that nobody has.
fn dummy() -> Secret {
    Secret {
        id: Uuid::nil(),
        hash: "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
               AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            .to_owned(),
        expires: None,
        one_time: false,
    }
}
