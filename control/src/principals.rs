//! Who asks: users and applications.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use base::{Code, Error, Random, Result};
use jiff::Timestamp;
use state::principals::{self, PrincipalKind, Secret};
use uuid::Uuid;

use crate::Control;
use crate::blocking::blocking;

/// Secrets compared at the same time: each takes 19 MiB and tens of milliseconds.
pub(crate) const COMPARED_AT_ONCE: usize = 2;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its object id, which roles are given to.
    pub id: Uuid,
    /// Of an application its client id, of a user nil.
    pub app_id: Uuid,
    /// What it logs in as: a user's name, an application's client id.
    pub login: String,
    /// Its name, as people see it.
    pub name: String,
}

impl Control {
    /// The application that has this client id and secret.
    ///
    /// Nobody is locked out by others' wrong secrets: one of 256 random bits can't be guessed,
    /// and few are compared at a time, however many are sent.
    ///
    /// # Errors
    /// `LoginFailed`, whatever was wrong; those of the records.
    pub async fn log_in_app(&self, client_id: &str, secret: &str) -> Result<Principal> {
        let failed = || {
            let detail = format!("no application `{client_id}` has this secret");
            Error::new(Code::LoginFailed, detail)
        };
        let client: Uuid = client_id.parse().map_err(|_| failed())?;
        let found = {
            let mut tx = self.state.read().await?;
            principals::by_login(&mut tx, &client.to_string()).await?
        };
        let app = found.filter(|p| p.kind == PrincipalKind::ServicePrincipal && p.body.enabled);
        let secrets = app.as_ref().map(|p| p.body.secrets.clone());
        let good = self.compare(secrets, secret).await?;
        match app {
            Some(app) if good => of_record(&app),
            _ => Err(failed()),
        }
    }

    /// Whether one of these secrets is `given`.
    pub(crate) async fn compare(&self, secrets: Option<Vec<Secret>>, given: &str) -> Result<bool> {
        // As much work where there is none, so that time does not tell which names exist.
        let secrets = secrets.filter(|s| !s.is_empty());
        let secrets = secrets.unwrap_or_else(|| vec![dummy()]);
        let (given, now) = (given.to_owned(), self.now());
        let turn = Arc::clone(&self.comparing).acquire_owned().await;
        let compared = blocking(move || {
            // Kept to the end of the work, also if nobody waits for it any more.
            let _turn = turn;
            any_matches(&secrets, &given, now)
        });
        compared.await
    }

    /// The principal of this object id, if it still is one, may log in, and did not end the
    /// logins of the time `since`.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn principal(&self, id: Uuid, since: Timestamp) -> Result<Option<Principal>> {
        let mut tx = self.state.read().await?;
        let found = principals::get(&mut tx, id).await?;
        let ended = |p: &principals::Principal| p.body.tokens_after.is_some_and(|t| since <= t);
        let found = found.filter(|p| p.body.enabled && !ended(p));
        found.as_ref().map(of_record).transpose()
    }

    /// At most `limit` principals of a kind by what they log in as, beginning after `after`.
    pub(crate) async fn principals_of(
        &self,
        kind: PrincipalKind,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<principals::Principal>> {
        let mut tx = self.state.read().await?;
        let mut all = Vec::new();
        let mut after = after.map(str::to_owned);
        // A page may hold none of this kind, and there may be more of it behind.
        while all.len() < limit as usize {
            let page = principals::page(&mut tx, after.as_deref(), limit).await?;
            let full = page.len() == limit as usize;
            after = page.last().map(|p| p.login.clone());
            all.extend(page.into_iter().filter(|p| p.kind == kind));
            if !full {
                break;
            }
        }
        all.truncate(limit as usize);
        Ok(all)
    }
}

/// Whether a principal has anything left to log in with.
pub(crate) fn may_log_in(p: &principals::Principal, now: Timestamp) -> bool {
    let secret = |s: &Secret| s.expires.is_none_or(|end| now < end);
    let certificate = |c: &principals::Certificate| now < c.expires;
    p.body.enabled
        && (p.body.secrets.iter().any(secret) || p.body.certificates.iter().any(certificate))
}

pub(crate) fn of_record(p: &principals::Principal) -> Result<Principal> {
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
        login: p.login.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_the_secret_of_nobody_but_comparing_it_takes_its_time() {
        PasswordHash::new(&dummy().hash).unwrap();
        for given in ["", "secret", &"0".repeat(64)] {
            assert!(!any_matches(&[dummy()], given, Timestamp::UNIX_EPOCH));
        }
    }
}
