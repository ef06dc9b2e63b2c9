//! Users log in with a password: comparing it, locking out, and changing it.
//!
//! A password that somebody else made is a one-time password: it only serves to set another.

use base::{Code, Error, Random, Result};
use jiff::{SignedDuration, Timestamp};
use state::principals::{self, Principal as Record, PrincipalBody, PrincipalKind};

use crate::principals::{kept, of_record};
use crate::{Control, Principal};

/// Wrong passwords in a row after which a user is locked out.
const MOST_FAILURES: u32 = 10;
/// For how long at first; each further wrong one doubles it.
const LOCKED: SignedDuration = SignedDuration::from_secs(60);
/// For how long at most.
const LOCKED_AT_MOST: SignedDuration = SignedDuration::from_hours(1);

/// How many characters a password has.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

impl Control {
    /// The user that has this name and password.
    ///
    /// # Errors
    /// `PasswordWrong`, whether name or password was wrong; `AccountLocked` after ten wrong ones
    /// in a row; `PasswordChangeRequired`; those of the records.
    pub async fn log_in_user(&self, name: &str, password: &str) -> Result<Principal> {
        let user = self.check_password(name, password).await?;
        if user.body.secrets.iter().any(|s| s.one_time) {
            let detail = format!("the password of `{}` is a one-time password", user.login);
            return Err(Error::new(Code::PasswordChangeRequired, detail));
        }
        of_record(&user)
    }

    /// Gives a user a password of its own in place of `current`; tokens from before are good no
    /// more. Durable when this returns.
    ///
    /// # Errors
    /// `PasswordInvalid`; `PasswordWrong`, `AccountLocked` as at a login; those of the records.
    pub async fn change_password(&self, name: &str, current: &str, new: &str) -> Result<Principal> {
        check_rule(name, new)?;
        let mut user = self.check_password(name, current).await?;
        if current == new {
            let detail = "the new password is the one before";
            return Err(Error::new(Code::PasswordInvalid, detail));
        }
        user.body.secrets = vec![kept(self.new_id(), new, &*self.random)?];
        let mut tx = self.state.write().await?;
        user.body.tokens_after = Some(tx.now());
        let user = principals::update(&mut tx, user).await?;
        tx.commit().await?;
        of_record(&user)
    }

    /// The user of this name, if this is its password; counts what is wrong.
    async fn check_password(&self, name: &str, password: &str) -> Result<Record> {
        let wrong = || {
            let detail = format!("AADSTS50126: no user `{name}` has this password");
            Error::new(Code::PasswordWrong, detail)
        };
        let found = {
            let mut tx = self.state.read().await?;
            principals::by_login(&mut tx, name).await?
        };
        let user = found.filter(|p| p.kind == PrincipalKind::User && p.body.enabled);
        if let Some(user) = &user {
            refuse_locked(user, self.now())?;
        }
        let secrets = user.as_ref().map(|u| u.body.secrets.clone());
        let good = self.compare(secrets, password).await?;
        let Some(seen) = user else {
            return Err(wrong());
        };
        let mut tx = self.state.write().await?;
        let now = tx.now();
        // Others may have failed, or have changed the password, while this one was compared.
        let found = principals::get(&mut tx, seen.id).await?;
        let Some(mut user) = found.filter(|u| u.body.secrets == seen.body.secrets) else {
            return Err(wrong());
        };
        refuse_locked(&user, now)?;
        if good && user.body.failures == 0 {
            return Ok(user);
        }
        if good {
            user.body.failures = 0;
            user.body.locked_until = None;
        } else {
            user.body.failures = user.body.failures.saturating_add(1);
            user.body.locked_until = locked_until(user.body.failures, now);
        }
        let user = principals::update(&mut tx, user).await?;
        tx.commit().await?;
        if good { Ok(user) } else { Err(wrong()) }
    }
}

fn refuse_locked(user: &Record, now: Timestamp) -> Result<()> {
    match user.body.locked_until.filter(|until| now < *until) {
        None => Ok(()),
        Some(until) => {
            let detail = format!(
                "AADSTS50053: `{}` is locked until {until:.0} for wrong passwords",
                user.login
            );
            Err(Error::new(Code::AccountLocked, detail))
        }
    }
}

fn locked_until(failures: u32, now: Timestamp) -> Option<Timestamp> {
    let more = failures.checked_sub(MOST_FAILURES)?;
    let locked = 2_i32.checked_pow(more).and_then(|f| LOCKED.checked_mul(f));
    let locked = locked.unwrap_or(LOCKED_AT_MOST).min(LOCKED_AT_MOST);
    now.checked_add(locked).ok()
}

/// What a password must be.
pub(crate) fn check_rule(name: &str, password: &str) -> Result<()> {
    let why = if !LENGTH.contains(&password.chars().count()) {
        "the new password has fewer than 12 or more than 256 characters"
    } else if name.len() > 3 && password.to_lowercase().contains(&name.to_lowercase()) {
        "the new password contains the user's name"
    } else {
        return Ok(());
    };
    Err(Error::new(Code::PasswordInvalid, why))
}

/// A password to type in once: 24 letters and digits in groups, 120 random bits.
pub(crate) fn one_time_password(random: &dyn Random) -> String {
    // Without what looks alike.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random.bytes::<24>();
    let letters = bytes.map(|b| char::from(LETTERS[usize::from(b) % LETTERS.len()]));
    let groups = letters.chunks(6).map(|g| g.iter().collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}

/// A user's record, with this one-time password.
pub(crate) fn user_body(
    id: uuid::Uuid,
    display_name: &str,
    password: &str,
    random: &dyn Random,
) -> Result<PrincipalBody> {
    let mut secret = kept(id, password, random)?;
    secret.one_time = true;
    Ok(PrincipalBody {
        display_name: display_name.to_owned(),
        enabled: true,
        secrets: vec![secret],
        certificates: Vec::new(),
        failures: 0,
        locked_until: None,
        tokens_after: None,
    })
}

#[cfg(test)]
mod tests {
    use base::SeededRandom;

    use super::*;

    #[test]
    fn one_is_locked_out_after_ten_wrong_passwords_and_never_for_more_than_an_hour() {
        let now = Timestamp::UNIX_EPOCH;
        let seconds = |failures| locked_until(failures, now).map(Timestamp::as_second);
        assert_eq!(seconds(9), None);
        assert_eq!(seconds(10), Some(60));
        assert_eq!(seconds(11), Some(120));
        assert_eq!(seconds(15), Some(1920));
        assert_eq!(seconds(16), Some(3600));
        assert_eq!(seconds(u32::MAX), Some(3600));
    }

    #[test]
    fn a_one_time_password_keeps_the_rule_and_is_no_other() {
        let random = SeededRandom::new(1);
        let made = one_time_password(&random);
        check_rule("admin", &made).unwrap();
        assert_eq!(made.len(), 27, "{made}");
        assert_ne!(made, one_time_password(&random));
    }

    #[test]
    fn a_password_that_is_short_or_has_the_name_in_it_is_refused() {
        for password in ["short", "", "the Admin 12345678", &"x".repeat(257)] {
            let error = check_rule("admin", password).unwrap_err();
            assert_eq!(error.code(), Code::PasswordInvalid, "{password}");
        }
        check_rule("admin", "correct horse battery").unwrap();
        check_rule("al", "also a good password").unwrap();
        check_rule("admin", "ünïcödé wörds").unwrap();
    }
}
