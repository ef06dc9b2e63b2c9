//! Who may log in: users and applications.

use base::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::{Row, Select, Tx, WriteTx, json_of, name_of};
use crate::resources::{changed_meanwhile, gone};

/// A principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Its object id.
    pub id: Uuid,
    /// Whether it is a user or an application.
    pub kind: PrincipalKind,
    /// What it logs in as: a user's name, or an application's client id. Kept in lower case, and
    /// unique over both kinds.
    pub login: String,
    /// 1 when created, one more with each change.
    pub revision: i64,
    /// When it was created.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
    /// The rest.
    pub body: PrincipalBody,
}

/// What kind of principal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrincipalKind {
    /// A person, with a password.
    User,
    /// An application, with secrets or certificates.
    ServicePrincipal,
}

/// What is kept of a principal beside its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrincipalBody {
    /// Its name for people.
    pub display_name: String,
    /// Whether it may log in.
    pub enabled: bool,
    /// Passwords and secrets.
    pub secrets: Vec<Secret>,
    /// Certificates.
    pub certificates: Vec<Certificate>,
    /// Failed attempts to log in since the last good one.
    pub failures: u32,
    /// Until when no attempt is looked at.
    pub locked_until: Option<Timestamp>,
    /// Tokens issued before are void.
    pub tokens_after: Option<Timestamp>,
}

/// A password or a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its id.
    pub id: Uuid,
    /// Its argon2id hash in the PHC string form.
    pub hash: String,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Whether it must be replaced at the first use.
    pub one_time: bool,
}

/// A certificate that an application proves itself with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its id.
    pub id: Uuid,
    /// The certificate, in PEM.
    pub pem: String,
    /// When it ends.
    pub expires: Timestamp,
}

const FROM: &str = "SELECT id, kind, login, revision, created, changed, body FROM principals";

/// Creates a principal, at revision 1.
///
/// # Errors
/// `ResourceExists` when id or login are taken, after which the transaction may go on; those of
/// the database.
pub async fn create(
    tx: &mut WriteTx,
    id: Uuid,
    kind: PrincipalKind,
    login: &str,
    body: PrincipalBody,
) -> Result<Principal> {
    let principal = Principal {
        id,
        kind,
        login: login.to_lowercase(),
        revision: 1,
        created: tx.now(),
        changed: tx.now(),
        body,
    };
    let sql = "INSERT INTO principals (id, kind, login, revision, created, changed, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let values = [
        id.to_string().into(),
        name_of(&kind)?,
        principal.login.as_str().into(),
        principal.revision.into(),
        principal.created.into(),
        principal.changed.into(),
        json_of(&principal.body)?,
    ];
    match tx.execute(sql, values).await? {
        0 => Err(Error::new(
            Code::ResourceExists,
            format!("{login} exists already"),
        )),
        _ => Ok(principal),
    }
}

/// The principal of this object id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<Principal>> {
    one(
        tx,
        Select::new(FROM).with("id = ?", [id.to_string().into()]),
    )
    .await
}

/// The principal that logs in by this name or client id, in any case.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn by_login(tx: &mut Tx, login: &str) -> Result<Option<Principal>> {
    let login = login.to_lowercase();
    one(tx, Select::new(FROM).with("login = ?", [login.into()])).await
}

/// At most `limit` principals by login, beginning after the login `after`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page(tx: &mut Tx, after: Option<&str>, limit: u32) -> Result<Vec<Principal>> {
    let select = Select::new(FROM).with_some("login > ?", after.map(str::to_lowercase));
    let (sql, values) = select.page("login", limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(principal).collect()
}

/// Writes the body of a principal that was read, if nobody has changed it since; returns it at
/// its new revision.
///
/// # Errors
/// `PreconditionFailed` when it is at another revision, `ResourceNotFound` when it is gone;
/// after both the transaction may go on. Those of the database.
pub async fn update(tx: &mut WriteTx, principal: Principal) -> Result<Principal> {
    let sql = "UPDATE principals SET changed = $3, body = $4, revision = revision + 1
         WHERE id = $1 AND revision = $2";
    let changed = tx.now();
    let values = [
        principal.id.to_string().into(),
        principal.revision.into(),
        changed.into(),
        json_of(&principal.body)?,
    ];
    match tx.execute(sql, values).await? {
        0 => Err(match get(tx, principal.id).await? {
            Some(_) => changed_meanwhile(&principal.login),
            None => gone(&principal.login),
        }),
        _ => Ok(Principal {
            revision: principal.revision + 1,
            changed,
            ..principal
        }),
    }
}

/// Deletes a principal. Returns whether it was there.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut WriteTx, id: Uuid) -> Result<bool> {
    let sql = "DELETE FROM principals WHERE id = $1";
    Ok(tx.execute(sql, [id.to_string().into()]).await? > 0)
}

async fn one(tx: &mut Tx, select: Select) -> Result<Option<Principal>> {
    let (sql, values) = select.page("id", 1);
    let row = tx.query_one(sql, values).await?;
    row.map(|row| principal(&row)).transpose()
}

fn principal(row: &Row) -> Result<Principal> {
    Ok(Principal {
        id: row.name(0)?,
        kind: row.name(1)?,
        login: row.string(2)?,
        revision: row.int(3)?,
        created: row.time(4)?,
        changed: row.time(5)?,
        body: row.json(6)?,
    })
}
