//! Transactions.

use std::ops::{Deref, DerefMut};

use base::{Code, Error, Result};
use futures::stream::TryStreamExt;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::connections::patient;
use super::{Engine, Row, Value, postgres, sqlite};

/// A transaction that reads: all of it sees the state of one moment.
///
/// Dropping it ends it.
pub struct Tx {
    engine: Engine,
    now: Timestamp,
    /// A statement failed or was not waited for.
    broken: bool,
}

/// A transaction that writes. There is only one at a time on a database, whichever server began
/// it: what it has read stays true until it ends.
///
/// Nothing is written until [`WriteTx::commit`]; dropping it undoes everything. After an error
/// of a statement it can't be committed. On PostgreSQL a transaction that rests for ten seconds
/// is ended by the database, so that a stalled server stops no other.
pub struct WriteTx(Tx);

impl Tx {
    pub(crate) fn new(engine: Engine, now: Timestamp) -> Self {
        Self {
            engine,
            now,
            broken: false,
        }
    }

    /// When the transaction began, by the clock of this server. In whole microseconds, as all
    /// times are kept.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// All rows of a query.
    pub(crate) async fn query(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let take = |row| {
            rows.push(row);
            Ok(())
        };
        self.rows(sql, values, false, take).await?;
        Ok(rows)
    }

    /// The first row of a query, if it has one.
    pub(crate) async fn query_one(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// Gives the rows of a long query to `take` as they come. After an error, also of `take`, the
    /// transaction is of no further use.
    pub(crate) async fn each(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
        take: impl FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        self.rows(sql, values, true, take).await
    }

    async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
        long: bool,
        mut take: impl FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let values = checked(values)?;
        let sql = sql.into_sql_str();
        self.begin_statement()?;
        match &mut self.engine {
            Engine::Sqlite(tx) => {
                let mut read = || sqlite::each(tx, sql.as_str(), &values, &mut take);
                if long { patient(read) } else { read() }?;
            }
            Engine::Postgres(tx) => {
                let mut rows = postgres::query(sql, values).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(postgres::error)? {
                    take(postgres::row(&row)?)?;
                }
            }
        }
        self.broken = false;
        Ok(())
    }

    /// What gives a text in the JSON of a column: the property of this name.
    pub(crate) fn property(&self, column: &str, name: &str) -> String {
        match &self.engine {
            Engine::Sqlite(_) => format!("json_extract({column}, '$.{name}')"),
            Engine::Postgres(_) => format!("(CAST({column} AS jsonb) ->> '{name}')"),
        }
    }

    /// The names of a table's columns, in their order; none if there is no such table.
    pub(crate) async fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        let sql = match &self.engine {
            Engine::Sqlite(_) => "SELECT name FROM pragma_table_info($1) ORDER BY cid",
            Engine::Postgres(_) => {
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name = $1
                 ORDER BY ordinal_position"
            }
        };
        let rows = self.query(sql, [table.into()]).await?;
        rows.iter().map(|row| row.string(0)).collect()
    }

    async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
        long: bool,
    ) -> Result<u64> {
        let values = checked(values)?;
        let sql = sql.into_sql_str();
        self.begin_statement()?;
        let rows = match &mut self.engine {
            Engine::Sqlite(tx) => {
                let mut run = || sqlite::execute(tx, sql.as_str(), &values);
                if long { patient(run) } else { run() }?
            }
            Engine::Postgres(tx) => postgres::query(sql, values)
                .execute(&mut **tx)
                .await
                .map_err(postgres::error)?
                .rows_affected(),
        };
        self.broken = false;
        Ok(rows)
    }

    async fn script(&mut self, sql: &'static str) -> Result<()> {
        self.begin_statement()?;
        match &mut self.engine {
            Engine::Sqlite(tx) => sqlite::script(tx, sql)?,
            Engine::Postgres(tx) => {
                let sql = AssertSqlSafe(postgres::dialect(sql));
                let done = sqlx::raw_sql(sql).execute(&mut **tx).await;
                done.map_err(postgres::error)?;
            }
        }
        self.broken = false;
        Ok(())
    }

    /// From here until the statement has ended well the transaction counts as broken: the
    /// caller may be dropped in between.
    fn begin_statement(&mut self) -> Result<()> {
        if self.broken {
            return Err(Error::new(
                Code::Internal,
                "a transaction was used after one of its statements failed",
            ));
        }
        self.broken = true;
        Ok(())
    }
}

impl WriteTx {
    pub(crate) fn new(engine: Engine, now: Timestamp) -> Self {
        Self(Tx::new(engine, now))
    }

    /// Runs a statement; returns how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64> {
        self.0.execute(sql, values, false).await
    }

    /// The same for one that may change so many that the tasks of this thread go on in another.
    pub(crate) async fn execute_long(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64> {
        self.0.execute(sql, values, true).await
    }

    /// Runs several statements without values, written in SQLite's words.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        self.0.script(sql).await
    }

    /// Makes everything that was written visible and durable: a killed process, a killed
    /// database and a power cut do not take it back.
    ///
    /// Not cancel-safe on PostgreSQL: if the future is dropped, or the connection is lost just now
    /// (`StateUnavailable`), the change was made whole or not at all, and only reading tells. So it
    /// is on SQLite where the disk fails just now (`InputOutputError`).
    ///
    /// # Errors
    /// `Internal` when a statement failed before; `NoSpaceLeft`, `InputOutputError`,
    /// `StateUnavailable`.
    pub async fn commit(mut self) -> Result<()> {
        // PostgreSQL answers the COMMIT of a failed transaction kindly, by undoing it.
        self.0.begin_statement()?;
        match self.0.engine {
            Engine::Sqlite(tx) => tx.commit(),
            Engine::Postgres(tx) => tx.commit().await.map_err(postgres::error),
        }
    }
}

impl Deref for WriteTx {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.0
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.0
    }
}

/// Refuses what PostgreSQL can't keep, on both engines.
fn checked(values: impl IntoIterator<Item = Value>) -> Result<Vec<Value>> {
    let values: Vec<Value> = values.into_iter().collect();
    let zero = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if values.iter().any(zero) {
        return Err(Error::new(
            Code::BadArgument,
            "a name or text holds a zero byte",
        ));
    }
    Ok(values)
}
