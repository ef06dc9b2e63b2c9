//! SQLite: one file, created on the first start.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, durable};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, SqlSafeStr, TypeInfo, ValueRef};

use super::connections::{Connections, Lent};
use super::{PATIENCE, READERS, Row, Value};

/// An open file.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    writer: Connections,
    readers: Connections,
}

pub(super) async fn open(path: &Path) -> Result<Sqlite> {
    make_private(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // What is committed is on the disk: also under WAL, each commit waits for it.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // Kilobytes of page cache a connection.
        .pragma("cache_size", "-16384")
        // Bytes of the log that are kept once a large transaction has been moved into the file.
        .pragma("journal_size_limit", "67108864")
        // Statements that are kept prepared, and rows that wait to be taken, a connection.
        .statement_cache_capacity(400)
        .row_buffer_size(500);
    let writer = Connections::open(options.clone(), 1).await.map_err(error)?;
    // After the writer, which has turned WAL on.
    let options = options.pragma("query_only", "on");
    let readers = Connections::open(options, READERS).await.map_err(error)?;
    Ok(Sqlite { writer, readers })
}

impl Sqlite {
    pub(super) async fn begin_read(&self) -> Result<Lent> {
        self.readers.begin_read().await.map_err(error)
    }

    pub(super) async fn begin_write(&self) -> Result<Lent> {
        self.writer.begin_write().await.map_err(error)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Copies the database into `PATH.SUFFIX`, durable when this returns.
pub(super) async fn copy_beside(file: &Sqlite, suffix: &str) -> Result<()> {
    let options = file.writer.options();
    let beside = |suffix: &str| {
        let mut name = options.get_filename().as_os_str().to_owned();
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
    let mut alone = file.writer.alone().await.map_err(error)?;
    query("VACUUM INTO $1", vec![Value::from(name)])
        .execute(alone.connection().map_err(error)?)
        .await
        .map_err(error)?;
    drop(alone);
    durable::sync(&half)?;
    std::fs::rename(&half, &whole).map_err(|e| Error::io(whole.display(), e))?;
    durable::sync_name(&whole)
}

/// Makes an empty file that only its owner may read, unless one is there. SQLite gives its
/// other files the same mode.
fn make_private(path: &Path) -> Result<()> {
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

pub(super) fn query(
    sql: impl SqlSafeStr,
    values: Vec<Value>,
) -> Query<'static, sqlx::Sqlite, SqliteArguments> {
    let query = sqlx::query(sql);
    values.into_iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
    })
}

pub(super) fn row(row: &SqliteRow) -> Result<Row> {
    let values = (0..row.len()).map(|column| {
        let raw = row.try_get_raw(column)?;
        Ok(match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" => Value::Int(row.try_get(column)?),
            _ => Value::Text(row.try_get(column)?),
        })
    });
    let values: Result<_, sqlx::Error> = values.collect();
    values.map(Row).map_err(error)
}

pub(super) fn error(error: sqlx::Error) -> Error {
    let Some(said) = error.as_database_error() else {
        return super::error(error);
    };
    let number = said.code().and_then(|c| c.parse::<i32>().ok()).unwrap_or(0);
    let code = match said.kind() {
        sqlx::error::ErrorKind::UniqueViolation => Code::ResourceExists,
        sqlx::error::ErrorKind::ForeignKeyViolation => Code::ResourceInUse,
        // The lower byte of SQLite's extended result codes.
        _ => match number & 0xff {
            5 | 6 => Code::StateUnavailable,
            3 | 8 | 14 => Code::FileAccessDenied,
            10 => Code::Io,
            11 | 26 => Code::StateDamaged,
            13 => Code::NoSpace,
            _ => Code::Internal,
        },
    };
    Error::new(code, format!("SQLite: {said} ({number})")).because(error)
}
