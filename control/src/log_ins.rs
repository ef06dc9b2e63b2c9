//! Logins in a browser, on behalf of a client that waits: by a code that a person types in (RFC
//! 8628), or by one that the browser carries to the client (RFC 6749, section 4.1).
//!
//! The codes themselves are kept nowhere, only their hashes. Each is good once.

use aws_lc_rs::digest::{SHA256, digest};
use base::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use state::log_ins::LogIn;
use state::resources::{self, Record};
use state::{Tx, WriteTx};

use crate::{Control, Principal};

/// For how long a person may take to type a code in.
pub const DEVICE_SECONDS: i64 = 900;
/// For how long a code is good that a browser carries.
const CODE_SECONDS: i64 = 300;
/// How many may be under way: anybody may begin one.
const MOST: usize = 1000;
/// What codes to type in are made of: no vowels, nothing that looks like something else.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// What a client has that waits for a person to type a code in.
pub struct DeviceCode {
    /// What it asks with.
    pub device: String,
    /// What the person types in.
    pub user: String,
}

/// Which of the two kinds a code is: one proves nothing where the other is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// A client's that waits for a person to type another one in.
    Device,
    /// One that a browser carried.
    Carried,
}

/// A login that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who has logged in.
    pub who: Principal,
    /// What [`Control::carried_code`] was told.
    pub bound: String,
}

impl Control {
    /// Begins a login for a client that waits. Durable when this returns.
    ///
    /// # Errors
    /// `LimitReached` if too many are under way; those of the records.
    pub async fn device_code(&self, client: &str) -> Result<DeviceCode> {
        let bytes = self.random.bytes::<8>();
        let letters = bytes.map(|b| char::from(LETTERS[usize::from(b) % LETTERS.len()]));
        let user = letters.iter().collect::<String>();
        let body = LogIn {
            until: self.now() + SignedDuration::from_secs(DEVICE_SECONDS),
            client: client.to_owned(),
            user_code: Some(user.clone()),
            done: None,
            bound: String::new(),
        };
        let device = self.keep_log_in(body).await?;
        let (left, right) = user.split_at(4);
        let user = format!("{left}-{right}");
        Ok(DeviceCode { device, user })
    }

    /// Lets the client go on that shows this code. Durable when this returns.
    ///
    /// # Errors
    /// `PasswordWrong`; those of the records.
    pub async fn type_code(&self, typed: &str, who: &Principal) -> Result<()> {
        let plain = typed.chars().filter(char::is_ascii_alphanumeric);
        let plain: String = plain.map(|c| c.to_ascii_uppercase()).collect();
        let mut tx = self.state.write().await?;
        let now = tx.now();
        let found: Vec<Record<LogIn>> = resources::find(&mut tx, &LogIn::alias_of(&plain)).await?;
        let waits = |l: &Record<LogIn>| l.body.until > now && l.body.done.is_none();
        let mut found = found.into_iter().find(waits).ok_or_else(unknown)?;
        found.body.done = Some((who.id, now));
        resources::update(&mut tx, found).await?;
        tx.commit().await
    }

    /// A code that the browser of who has logged in carries to the client, and what the client
    /// has to prove. Durable when this returns.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn carried_code(
        &self,
        who: &Principal,
        client: &str,
        bound: String,
    ) -> Result<String> {
        let now = self.now();
        let body = LogIn {
            until: now + SignedDuration::from_secs(CODE_SECONDS),
            client: client.to_owned(),
            user_code: None,
            done: Some((who.id, now)),
            bound,
        };
        self.keep_log_in(body).await
    }

    /// What became of a code of `client`; `None` while nobody has logged in. What is done is good
    /// once. What was decided is durable when this returns.
    ///
    /// # Errors
    /// `PasswordWrong`; those of the records.
    pub async fn redeem_code(
        &self,
        client: &str,
        code: &str,
        kind: CodeKind,
    ) -> Result<Option<LoggedIn>> {
        // Anybody may ask with anything: that costs no turn of those who write.
        let seen = find(
            &mut self.state.read().await?,
            client,
            code,
            kind,
            self.now(),
        )
        .await?;
        if seen.body.done.is_none() {
            return Ok(None);
        }
        let mut tx = self.state.write().await?;
        let now = tx.now();
        let found = find(&mut tx, client, code, kind, now).await?;
        let (who, at) = found.body.done.ok_or_else(unknown)?;
        resources::delete(&mut tx, &found).await?;
        tx.commit().await?;
        // Who has ended its logins meanwhile has ended this one too.
        let who = self.principal(who, at).await?.ok_or_else(unknown)?;
        let bound = found.body.bound;
        Ok(Some(LoggedIn { who, bound }))
    }

    /// Keeps a login; gives the code.
    async fn keep_log_in(&self, body: LogIn) -> Result<String> {
        let code = hex::encode(self.random.bytes::<32>());
        let mut tx = self.state.write().await?;
        let now = tx.now();
        let waiting = tidied(&mut tx, now).await?;
        // Who has logged in is not anybody: there is no limit to that.
        if body.user_code.is_some() && waiting >= MOST {
            let detail = format!("{MOST} logins are under way already");
            return Err(Error::new(Code::LimitReached, detail));
        }
        resources::create(&mut tx, &id_of(&code), "", body).await?;
        tx.commit().await?;
        Ok(code)
    }
}

/// The login under way that a code of a client is of.
async fn find(
    tx: &mut Tx,
    client: &str,
    code: &str,
    kind: CodeKind,
    now: Timestamp,
) -> Result<Record<LogIn>> {
    let found = resources::get::<LogIn>(tx, &id_of(code)).await?;
    let is_device = kind == CodeKind::Device;
    let good = |l: &Record<LogIn>| {
        l.body.until > now && l.body.client == client && l.body.user_code.is_some() == is_device
    };
    found.filter(good).ok_or_else(unknown)
}

/// Forgets those that are over; tells how many that anybody may begin are left.
async fn tidied(tx: &mut WriteTx, now: Timestamp) -> Result<usize> {
    let all: Vec<Record<LogIn>> = resources::all(tx).await?;
    let mut left = 0;
    for one in all {
        if one.body.until > now {
            left += usize::from(one.body.user_code.is_some());
        } else {
            resources::delete(tx, &one).await?;
        }
    }
    Ok(left)
}

fn id_of(code: &str) -> String {
    let hash = digest(&SHA256, code.as_bytes());
    format!("/logIns/{}", hex::encode(hash))
}

fn unknown() -> Error {
    let detail = "AADSTS70008: the code is not known, was used, or is over";
    Error::new(Code::PasswordWrong, detail)
}
