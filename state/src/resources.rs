//! Resources of Azure Resource Manager: groups, vaults, policies, hosts and the like.
//!
//! Each kind is a type with its own fields ([`Resource`]); all are kept in one table by their
//! folded id. Ids may be given in any case.

use base::{Code, Error, Result};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{Row, Select, Tx, WriteTx, json_of};
use crate::fold::{below, fold, last_segment};

/// What a kind of resource keeps.
pub trait Resource: Serialize + DeserializeOwned {
    /// The kind's name among the records. It never changes.
    const KIND: &'static str;

    /// A second name that resources of the kind are looked up by ([`find`]); several may share
    /// it.
    fn alias(&self) -> Option<String> {
        None
    }

    /// How it stands, in a word that resources of the kind are counted and listed by.
    fn standing(&self) -> Option<&'static str> {
        None
    }

    /// The folded id of the host that it is on, by which resources of the kind are listed.
    fn host(&self) -> Option<&str> {
        None
    }
}

/// A stored resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<T> {
    /// Its id, in the case in which it was created.
    pub id: String,
    /// The last segment of the id.
    pub name: String,
    /// The folded id of what it is in; empty for what is in nothing.
    pub parent: String,
    /// 1 when created, one more with each change.
    pub revision: i64,
    /// When it was created.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
    /// What its kind keeps.
    pub body: T,
}

impl<T> Record<T> {
    /// Names this revision of this resource; a resource of the same id that was deleted and made
    /// again has others.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("{:x}.{:x}", self.created.as_microsecond(), self.revision)
    }
}

/// Which resources of a kind to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// All.
    All,
    /// Those directly in this parent.
    In(&'a str),
    /// Those whose id begins with this one and a slash.
    Below(&'a str),
}

pub(crate) const FROM: &str =
    "SELECT display_id, name, parent, revision, created, changed, body FROM resources";

/// The resource of this id, if there is one of this kind.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn get<T: Resource>(tx: &mut Tx, id: &str) -> Result<Option<Record<T>>> {
    let select = Select::new(FROM)
        .with("id = ?", [fold(id).into()])
        .with("kind = ?", [T::KIND.into()]);
    let (sql, values) = select.page("id", 1);
    let row = tx.query_one(sql, values).await?;
    row.map(|row| record(&row)).transpose()
}

/// Whether there is a resource of this id, of whatever kind.
///
/// # Errors
/// Those of the database.
pub async fn exists(tx: &mut Tx, id: &str) -> Result<bool> {
    let sql = "SELECT revision FROM resources WHERE id = $1";
    Ok(tx.query_one(sql, [fold(id).into()]).await?.is_some())
}

/// The resources of this kind with this [`Resource::alias`], by id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn find<T: Resource>(tx: &mut Tx, alias: &str) -> Result<Vec<Record<T>>> {
    let select = Select::new(FROM)
        .with("kind = ?", [T::KIND.into()])
        .with("alias = ?", [alias.into()]);
    let (sql, values) = select.page("id", u32::MAX);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(record).collect()
}

/// All resources of this kind by folded id.
///
/// # Errors
/// As [`page`].
pub async fn all<T: Resource>(tx: &mut Tx) -> Result<Vec<Record<T>>> {
    page(tx, Scope::All, None, u32::MAX).await
}

/// How many resources of this kind there are.
///
/// # Errors
/// Those of the database.
pub async fn count<T: Resource>(tx: &mut Tx, scope: Scope<'_>) -> Result<u64> {
    let select = of_kind::<T>("SELECT COUNT(*) FROM resources", scope);
    let (sql, values) = select.page("1", 1);
    let row = tx.query_one(sql, values).await?;
    row.map_or(Ok(0), |row| row.int(0)).map(i64::unsigned_abs)
}

fn of_kind<T: Resource>(from: &str, scope: Scope<'_>) -> Select {
    let select = Select::new(from).with("kind = ?", [T::KIND.into()]);
    match scope {
        Scope::All => select,
        Scope::In(parent) => select.with("parent = ?", [fold(parent).into()]),
        Scope::Below(id) => {
            let (first, end) = below(id);
            select.with("id > ? AND id < ?", [first.into(), end.into()])
        }
    }
}

/// At most `limit` resources of this kind by folded id, beginning after the id `after`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page<T: Resource>(
    tx: &mut Tx,
    scope: Scope<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Record<T>>> {
    let select = of_kind::<T>(FROM, scope);
    selected(tx, select, after, limit).await
}

/// The same, of those for which a condition on the table `resources` holds.
pub(crate) async fn page_where<T: Resource>(
    tx: &mut Tx,
    scope: Scope<'_>,
    condition: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Record<T>>> {
    let select = of_kind::<T>(FROM, scope).with(condition, []);
    selected(tx, select, after, limit).await
}

async fn selected<T: Resource>(
    tx: &mut Tx,
    select: Select,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Record<T>>> {
    let select = select.with_some("id > ?", after.map(fold));
    let (sql, values) = select.page("id", limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(record).collect()
}

/// Creates a resource in `parent`, at revision 1. Ids are unique over all kinds.
///
/// # Errors
/// `ResourceExists`, after which the transaction may go on; those of the database.
pub async fn create<T: Resource>(
    tx: &mut WriteTx,
    id: &str,
    parent: &str,
    body: T,
) -> Result<Record<T>> {
    let record = Record {
        id: id.to_owned(),
        name: last_segment(id).to_owned(),
        parent: fold(parent),
        revision: 1,
        created: tx.now(),
        changed: tx.now(),
        body,
    };
    let sql = "INSERT INTO resources
         (id, display_id, name, kind, parent, alias, revision, created, changed, body, standing,
          host)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING";
    let values = [
        fold(id).into(),
        id.into(),
        record.name.as_str().into(),
        T::KIND.into(),
        record.parent.as_str().into(),
        record.body.alias().into(),
        record.revision.into(),
        record.created.into(),
        record.changed.into(),
        json_of(&record.body)?,
        record.body.standing().into(),
        record.body.host().into(),
    ];
    match tx.execute(sql, values).await? {
        0 => Err(Error::new(
            Code::ResourceExists,
            format!("{id} exists already"),
        )),
        _ => Ok(record),
    }
}

/// Writes the body of a record that was read, if nobody has changed it since; returns the record
/// at its new revision.
///
/// # Errors
/// `PreconditionFailed` when it is at another revision, `ResourceNotFound` when it is gone;
/// after both the transaction may go on. Those of the database.
pub async fn update<T: Resource>(tx: &mut WriteTx, record: Record<T>) -> Result<Record<T>> {
    let sql = "UPDATE resources SET alias = $4, changed = $5, body = $6, standing = $7, host = $8,
           revision = revision + 1
         WHERE id = $1 AND created = $2 AND revision = $3";
    let changed = tx.now();
    let values = [
        fold(&record.id).into(),
        record.created.into(),
        record.revision.into(),
        record.body.alias().into(),
        changed.into(),
        json_of(&record.body)?,
        record.body.standing().into(),
        record.body.host().into(),
    ];
    match tx.execute(sql, values).await? {
        0 => Err(refusal(tx, &record.id).await?),
        _ => Ok(Record {
            revision: record.revision + 1,
            changed,
            ..record
        }),
    }
}

/// Deletes a record that was read, if nobody has changed it since.
///
/// # Errors
/// `PreconditionFailed` and `ResourceNotFound` as [`update`] gives them; `ResourceInUse` when
/// protected items refer to it, after which the transaction can't be committed; those of the
/// database.
pub async fn delete<T: Resource>(tx: &mut WriteTx, record: &Record<T>) -> Result<()> {
    let sql = "DELETE FROM resources WHERE id = $1 AND created = $2 AND revision = $3";
    let values = [
        fold(&record.id).into(),
        record.created.into(),
        record.revision.into(),
    ];
    let deleted = tx.execute(sql, values).await;
    match deleted.map_err(|e| e.during(format!("deleting {}", record.id)))? {
        0 => Err(refusal(tx, &record.id).await?),
        _ => Ok(()),
    }
}

/// Why a record could not be changed.
async fn refusal(tx: &mut Tx, id: &str) -> Result<Error> {
    Ok(match exists(tx, id).await? {
        true => changed_meanwhile(id),
        false => gone(id),
    })
}

pub(crate) fn changed_meanwhile(what: &str) -> Error {
    let text = format!("{what} was changed since it was read");
    Error::new(Code::PreconditionFailed, text)
}

pub(crate) fn gone(what: &str) -> Error {
    Error::new(Code::ResourceNotFound, format!("{what} does not exist"))
}

pub(crate) fn record<T: Resource>(row: &Row) -> Result<Record<T>> {
    Ok(Record {
        id: row.string(0)?,
        name: row.string(1)?,
        parent: row.string(2)?,
        revision: row.int(3)?,
        created: row.time(4)?,
        changed: row.time(5)?,
        body: row.json(6)?,
    })
}
