//! PostgreSQL: when several servers share the work.

use std::borrow::Cow;

use base::{Code, Error, Result};
use futures::FutureExt;
use sqlx::encode::IsNull;
use sqlx::error::{BoxDynError, ErrorKind};
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnectOptions, PgPoolOptions, PgRow, PgTypeInfo,
};
use sqlx::query::Query;
use sqlx::{
    Encode, PgConnection, PgPool, Postgres, Row as _, SqlSafeStr, Transaction, Type, TypeInfo,
    ValueRef,
};

use super::{PATIENCE, READERS, Row, Value};

/// The advisory lock that a writer holds until its transaction ends: "stillpnt".
const WRITER: i64 = 0x7374_696c_6c70_6e74;

/// Connections to a database.
#[derive(Debug, Clone)]
pub(crate) struct Pools {
    writer: PgPool,
    readers: PgPool,
}

impl Pools {
    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

pub(super) async fn open(url: &str) -> Result<Pools> {
    let options: PgConnectOptions = url.parse().map_err(error)?;
    let pool = |connections| {
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .after_connect(|connection, _| prepare(connection).boxed())
            .connect_with(options.clone())
    };
    Ok(Pools {
        writer: pool(1).await.map_err(error)?,
        readers: pool(READERS).await.map_err(error)?,
    })
}

/// Settings of a connection that the URL, the user or the database has not made.
async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let settings = [
        // A commit waits for the disk.
        ("synchronous_commit", "off", "on"),
        // A server that stalls in a transaction loses it, and with it the writer's lock.
        ("idle_in_transaction_session_timeout", "0", "10s"),
        ("lock_timeout", "0", "30s"),
    ];
    for (name, unset, value) in settings {
        let set = "SELECT set_config($1, $3, false) WHERE current_setting($1) = $2";
        sqlx::query(set)
            .bind(name)
            .bind(unset)
            .bind(value)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn begin_read(pools: &Pools) -> Result<Transaction<'static, Postgres>> {
    pools
        .readers
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(error)
}

/// Each statement sees all that is committed, and nothing is while the lock is held.
pub(super) async fn begin_write(pools: &Pools) -> Result<Transaction<'static, Postgres>> {
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    let mut tx = pools.writer.begin_with(begin).await.map_err(error)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(WRITER)
        .execute(&mut *tx)
        .await
        .map_err(error)?;
    Ok(tx)
}

/// Migrations are written in SQLite's words. Text is compared byte by byte there.
pub(super) fn dialect(script: &str) -> String {
    script
        .replace(" INTEGER", " BIGINT")
        .replace(" TEXT", " TEXT COLLATE \"C\"")
        .replace(" STRICT", "")
}

pub(super) fn query(
    sql: impl SqlSafeStr,
    values: Vec<Value>,
) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(sql);
    values.into_iter().fold(query, |query, value| match value {
        Value::Null => query.bind(Null),
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
    })
}

/// A null whose type the database finds out.
struct Null;

impl Type<Postgres> for Null {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Null {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

pub(super) fn row(row: &PgRow) -> Result<Row> {
    let values = (0..row.len()).map(|column| {
        let raw = row.try_get_raw(column)?;
        Ok(match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INT8" => Value::Int(row.try_get(column)?),
            _ => Value::Text(row.try_get(column)?),
        })
    });
    let values: Result<_, sqlx::Error> = values.collect();
    values.map(Row).map_err(error)
}

pub(super) fn error(error: sqlx::Error) -> Error {
    let Some(said) = error.as_database_error() else {
        return without_answer(error);
    };
    let state = said.code().unwrap_or(Cow::Borrowed("?????"));
    let code = match (said.kind(), state.as_ref()) {
        (ErrorKind::UniqueViolation, _) => Code::ResourceExists,
        (ErrorKind::ForeignKeyViolation, _) => Code::ResourceInUse,
        (_, "53100") => Code::NoSpace,
        (_, "42501") => Code::StateDenied,
        (_, "XX001" | "XX002") => Code::StateDamaged,
        (_, "3D000" | "55P03" | "25P03") => Code::StateUnavailable,
        // Classes: rights; connection, conflict, resources, operator, system.
        (_, s) => match &s[..2] {
            "28" => Code::StateDenied,
            "08" | "40" | "53" | "57" | "58" => Code::StateUnavailable,
            _ => Code::Internal,
        },
    };
    Error::new(code, format!("PostgreSQL: {said} ({state})")).because(error)
}

/// The error of what is not the database's own answer.
fn without_answer(error: sqlx::Error) -> Error {
    use sqlx::Error as E;
    let code = match &error {
        E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed => {
            Code::StateUnavailable
        }
        E::BeginFailed => Code::StateUnavailable,
        E::Configuration(_) => Code::BadArgument,
        _ => Code::Internal,
    };
    Error::new(code, format!("PostgreSQL: {error}")).because(error)
}
