//! Connections to a SQLite file, and the transactions on them.
//!
//! In place of a pool of `sqlx`: that asks a connection whether it is alive each time it is given
//! back, in a task of its own, which costs more than most transactions. A file does not go away,
//! and a connection whose thread has ended says so when the next transaction begins.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Error, SqlSafeStr, SqlStr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::PATIENCE;

/// Some connections of one kind. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: SqliteConnectOptions,
    most: u32,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
}

/// A connection that is lent for a transaction. Dropped, what was not committed is undone, and
/// the connection is free for the next.
#[derive(Debug)]
pub(crate) struct Lent {
    /// There until it is dropped.
    connection: Option<SqliteConnection>,
    stage: Stage,
    home: Arc<Inner>,
    /// Given back after the connection.
    _permit: OwnedSemaphorePermit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The first statement begins the transaction.
    Fresh,
    /// There may be a transaction.
    Begun,
    /// There is none.
    Ended,
}

impl Connections {
    /// Opens the first of at most `most` connections.
    pub(crate) async fn open(options: SqliteConnectOptions, most: u32) -> Result<Self, Error> {
        let first = SqliteConnection::connect_with(&options).await?;
        Ok(Self(Arc::new(Inner {
            options,
            most,
            permits: Arc::new(Semaphore::new(most as usize)),
            idle: Mutex::new(vec![first]),
        })))
    }

    /// What they were opened with.
    pub(crate) fn options(&self) -> &SqliteConnectOptions {
        &self.0.options
    }

    /// Begins to read, once a connection is free: the moment that is read is that of the first
    /// statement.
    pub(crate) async fn begin_read(&self) -> Result<Lent, Error> {
        self.lend(Stage::Fresh).await
    }

    /// Begins to write, once a connection is free and nobody else writes.
    pub(crate) async fn begin_write(&self) -> Result<Lent, Error> {
        let mut lent = self.lend(Stage::Begun).await?;
        let begin = sqlx::query("BEGIN IMMEDIATE");
        begin.execute(lent.connection()?).await?;
        Ok(lent)
    }

    /// A connection for what can't be done in a transaction.
    pub(crate) async fn alone(&self) -> Result<Lent, Error> {
        self.lend(Stage::Ended).await
    }

    async fn lend(&self, stage: Stage) -> Result<Lent, Error> {
        let permit = Arc::clone(&self.0.permits).acquire_owned();
        let permit = tokio::time::timeout(PATIENCE, permit).await;
        let permit = permit.map_err(|_| Error::PoolTimedOut)?;
        let permit = permit.map_err(|_| Error::PoolClosed)?;
        let idle = self.0.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.0.options).await?,
        };
        Ok(Lent {
            connection: Some(connection),
            stage,
            home: Arc::clone(&self.0),
            _permit: permit,
        })
    }

    /// Closes them, once the transactions that are open have ended.
    pub(crate) async fn close(&self) {
        let all = self.0.permits.acquire_many(self.0.most).await;
        self.0.permits.close();
        drop(all);
        let idle = std::mem::take(&mut *self.0.idle());
        for connection in idle {
            // What was committed is in the file or in the log beside it, closed well or not.
            drop(connection.close().await);
        }
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    /// What statements are run on.
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.connection.as_mut().ok_or(Error::WorkerCrashed)
    }

    /// A statement of the transaction, which begins with the first: both in one go, since each go
    /// is a change of threads and back.
    pub(crate) fn statement(
        &mut self,
        sql: impl SqlSafeStr,
    ) -> Result<(SqlStr, &mut SqliteConnection), Error> {
        let mut sql = sql.into_sql_str();
        if self.stage == Stage::Fresh {
            self.stage = Stage::Begun;
            sql = AssertSqlSafe(format!("BEGIN; {}", sql.as_str())).into_sql_str();
        }
        Ok((sql, self.connection()?))
    }

    /// Makes durable what was written.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        if self.stage == Stage::Begun {
            let commit = sqlx::query("COMMIT");
            commit.execute(self.connection()?).await?;
            self.stage = Stage::Ended;
        }
        Ok(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if self.stage == Stage::Begun {
            // Sent, and not waited for: the connection does one thing after another. Where a
            // commit had been sent, or the transaction has ended by an error, this does nothing.
            let undo = sqlx::query("ROLLBACK").execute(&mut connection);
            let sent = undo.now_or_never();
            if matches!(sent, Some(Err(Error::WorkerCrashed))) {
                return;
            }
        }
        self.home.idle().push(connection);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use super::*;

    async fn run(lent: &mut Lent, sql: &'static str) -> Result<Option<i64>, Error> {
        let (sql, connection) = lent.statement(sql)?;
        let row = sqlx::query(sql).fetch_optional(connection).await?;
        row.map(|row| sqlx::Row::try_get(&row, 0)).transpose()
    }

    #[tokio::test]
    async fn a_transaction_that_is_dropped_at_any_moment_is_undone_and_the_next_one_begins() {
        let dir = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new().filename(dir.path().join("a.db"));
        let options = options.create_if_missing(true);
        let connections = Connections::open(options, 1).await.unwrap();
        let mut made = connections.begin_write().await.unwrap();
        run(&mut made, "CREATE TABLE a (b INTEGER)").await.unwrap();
        made.commit().await.unwrap();
        let mut ended = 0;
        for polls in 0..60 {
            {
                let mut work = pin!(async {
                    let mut tx = connections.begin_write().await.unwrap();
                    for _ in 0..3 {
                        run(&mut tx, "INSERT INTO a VALUES (1)").await.unwrap();
                    }
                    let here = run(&mut tx, "SELECT COUNT(*) FROM a").await;
                    assert_eq!(here.unwrap(), Some(3));
                });
                for _ in 0..polls {
                    if futures::poll!(&mut work).is_ready() {
                        ended += 1;
                        break;
                    }
                    tokio::time::sleep(Duration::from_micros(20)).await;
                }
            }
            let mut tx = connections.begin_read().await.unwrap();
            let left = run(&mut tx, "SELECT COUNT(*) FROM a").await;
            assert_eq!(left.unwrap(), Some(0), "after {polls} polls");
        }
        assert!(ended > 0, "none came to its end");
        connections.close().await;
        assert!(matches!(
            connections.begin_read().await,
            Err(Error::PoolClosed)
        ));
    }
}
