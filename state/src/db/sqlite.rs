//! SQLite: one file, created on the first start.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, durable};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ffi};

use super::connections::{Connections, Lent, patient};
use super::{READERS, Row, Value};

/// An open file.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    writer: Connections,
    readers: Connections,
}

pub(super) fn open(path: &Path) -> Result<Sqlite> {
    Ok(Sqlite {
        writer: Connections::writer(path)?,
        readers: Connections::readers(path, READERS)?,
    })
}

impl Sqlite {
    pub(super) async fn begin_read(&self) -> Result<Lent> {
        self.readers.begin().await
    }

    pub(super) async fn begin_write(&self) -> Result<Lent> {
        self.writer.begin().await
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Copies the database into `PATH.SUFFIX`, durable when this returns.
pub(super) async fn copy_beside(file: &Sqlite, suffix: &str) -> Result<()> {
    let beside = |suffix: &str| {
        let mut name = file.writer.path().as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (half, whole) = (beside(".copying"), beside(&format!(".{suffix}")));
    match std::fs::remove_file(&half) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(half.display(), e));
        }
        _ => {}
    }
    make_private(&half)?;
    let name = half.to_str().ok_or_else(|| {
        let what = format!("{} is not UTF-8", half.display());
        Error::new(Code::BadArgument, what)
    })?;
    let mut alone = file.writer.alone().await?;
    patient(|| execute(&mut alone, "VACUUM INTO $1", &[Value::from(name)]))?;
    drop(alone);
    durable::sync(&half)?;
    std::fs::rename(&half, &whole).map_err(|e| Error::io(whole.display(), e))?;
    durable::sync_name(&whole)
}

/// Makes an empty file that only its owner may read, unless one is there. SQLite gives its
/// other files the same mode.
pub(super) fn make_private(path: &Path) -> Result<()> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => durable::sync_name(path),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(Error::io(path.display(), e)),
    }
}

/// Runs a query; `take` has its rows.
pub(super) fn each(
    tx: &mut Lent,
    sql: &str,
    values: &[Value],
    take: &mut impl FnMut(Row) -> Result<()>,
) -> Result<()> {
    let mut statement = tx.connection()?.prepare_cached(sql).map_err(error)?;
    bind(&mut statement, values)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(found) = rows.next().map_err(error)? {
        take(row(found, columns)?)?;
    }
    Ok(())
}

/// Runs a statement; how many rows it changed.
pub(super) fn execute(tx: &mut Lent, sql: &str, values: &[Value]) -> Result<u64> {
    let mut statement = tx.connection()?.prepare_cached(sql).map_err(error)?;
    bind(&mut statement, values)?;
    let changed = statement.raw_execute().map_err(error)?;
    Ok(changed as u64)
}

/// Runs several statements without values.
pub(super) fn script(tx: &mut Lent, sql: &str) -> Result<()> {
    let connection = tx.connection()?;
    patient(|| connection.execute_batch(sql)).map_err(error)
}

/// Gives `$N` the value N: to SQLite `$N` is a name, and its number that of its first use.
fn bind(statement: &mut CachedStatement<'_>, values: &[Value]) -> Result<()> {
    for place in 1..=statement.parameter_count() {
        let name = statement.parameter_name(place).unwrap_or_default();
        let number: Option<usize> = name.strip_prefix('$').and_then(|n| n.parse().ok());
        let value = number.and_then(|n| values.get(n.wrapping_sub(1)));
        let value = value.ok_or_else(|| {
            let what = format!("SQLite: there is no value for `{name}`");
            Error::new(Code::Internal, what)
        })?;
        statement.raw_bind_parameter(place, value).map_err(error)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
        }))
    }
}

fn row(row: &rusqlite::Row<'_>, columns: usize) -> Result<Row> {
    let values = (0..columns).map(|column| {
        let value = row.get_ref(column).map_err(error)?;
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            value => {
                let text = value.as_str().map_err(|e| {
                    let what = format!("column {column} of a stored record is not text");
                    Error::new(Code::StateDamaged, what).because(e)
                })?;
                Value::Text(text.to_owned())
            }
        })
    });
    values.collect::<Result<_>>().map(Row)
}

pub(super) fn error(error: rusqlite::Error) -> Error {
    let Some(number) = error.sqlite_error().map(|said| said.extended_code) else {
        return Error::new(Code::Internal, format!("SQLite: {error}")).because(error);
    };
    let code = match number {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => Code::ResourceExists,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Code::ResourceInUse,
        // The lower byte of the extended result codes.
        _ => match number & 0xff {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL => Code::StateUnavailable,
            ffi::SQLITE_PERM | ffi::SQLITE_READONLY | ffi::SQLITE_CANTOPEN => {
                Code::FileAccessDenied
            }
            ffi::SQLITE_IOERR => Code::Io,
            ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => Code::StateDamaged,
            ffi::SQLITE_FULL => Code::NoSpace,
            _ => Code::Internal,
        },
    };
    Error::new(code, format!("SQLite: {error} ({number})")).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_has_its_code() {
        for (number, code) in [
            (ffi::SQLITE_CONSTRAINT_UNIQUE, Code::ResourceExists),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, Code::ResourceExists),
            (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, Code::ResourceInUse),
            (ffi::SQLITE_CONSTRAINT_NOTNULL, Code::Internal),
            (ffi::SQLITE_BUSY_SNAPSHOT, Code::StateUnavailable),
            (ffi::SQLITE_PROTOCOL, Code::StateUnavailable),
            (ffi::SQLITE_READONLY_DBMOVED, Code::FileAccessDenied),
            (ffi::SQLITE_IOERR_FSYNC, Code::Io),
            (ffi::SQLITE_CORRUPT, Code::StateDamaged),
            (ffi::SQLITE_NOTADB, Code::StateDamaged),
            (ffi::SQLITE_FULL, Code::NoSpace),
        ] {
            let said = rusqlite::Error::SqliteFailure(ffi::Error::new(number), None);
            assert_eq!(error(said).code(), code, "{number}");
        }
    }
}
