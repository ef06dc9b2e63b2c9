//! Connections to a SQLite file, and the transactions on them.
//!
//! A statement runs in the thread that asks for it: most take some microseconds, less than a
//! change of threads and back. What may wait for the disk or for another program hands the other
//! tasks of its thread to another one ([`patient`]), and each transaction begins with their turn.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::{Code, Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::PATIENCE;
use super::sqlite::{error, make_private};

/// Some connections of one kind. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    writes: bool,
    most: u32,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// A connection that is lent for a transaction. Dropped, what was not committed is undone, and
/// the connection is free for the next.
#[derive(Debug)]
pub(crate) struct Lent {
    /// There until it is dropped.
    connection: Option<Connection>,
    home: Arc<Inner>,
    /// Given back after the connection.
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// Opens the one connection that writes; makes the file if it is not there.
    pub(crate) fn writer(path: &Path) -> Result<Self> {
        make_private(path)?;
        Self::open(path, true, 1)
    }

    /// Opens the first of at most `most` connections that read, of a file that has a writer.
    pub(crate) fn readers(path: &Path, most: u32) -> Result<Self> {
        Self::open(path, false, most)
    }

    fn open(path: &Path, writes: bool, most: u32) -> Result<Self> {
        let first = patient(|| connect(path, writes))?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            writes,
            most,
            permits: Arc::new(Semaphore::new(most as usize)),
            idle: Mutex::new(vec![first]),
        })))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Begins a transaction, once a connection is free and, to write, nobody else writes. What is
    /// read is of the moment of the first statement.
    pub(crate) async fn begin(&self) -> Result<Lent> {
        let mut lent = self.alone().await?;
        match self.0.writes {
            // It waits for another program that writes.
            true => patient(|| lent.execute("BEGIN IMMEDIATE"))?,
            false => lent.execute("BEGIN")?,
        }
        Ok(lent)
    }

    /// A connection for what can't be done in a transaction.
    pub(crate) async fn alone(&self) -> Result<Lent> {
        tokio::task::yield_now().await;
        let permit = Arc::clone(&self.0.permits).acquire_owned();
        let permit = tokio::time::timeout(PATIENCE, permit).await;
        let permit = permit.map_err(|_| unavailable("no connection became free in time"))?;
        let permit = permit.map_err(|_| unavailable("it is closed"))?;
        let idle = self.0.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => patient(|| connect(&self.0.path, self.0.writes))?,
        };
        Ok(Lent {
            connection: Some(connection),
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
        // What was committed is in the file or in the log beside it, closed well or not.
        patient(|| drop(idle));
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    /// What statements are run on.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection> {
        let gone = || unavailable("the connection has ended");
        self.connection.as_mut().ok_or_else(gone)
    }

    /// Makes durable what was written.
    pub(crate) fn commit(mut self) -> Result<()> {
        // It waits for the disk.
        patient(|| self.execute("COMMIT"))
    }

    fn execute(&mut self, sql: &str) -> Result<()> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(sql).map_err(error)?;
        statement.raw_execute().map(drop).map_err(error)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if !connection.is_autocommit() {
            // What can't be undone is undone when the connection closes.
            drop(connection.execute_batch("ROLLBACK"));
        }
        if connection.is_autocommit() {
            self.home.idle().push(connection);
        }
    }
}

/// Does what may wait, while the other tasks of this thread, where it is one of several, go on in
/// another. That is a change of threads, and not for what takes microseconds.
pub(super) fn patient<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|h| h.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn connect(path: &Path, writes: bool) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(error)?;
    connection.busy_timeout(PATIENCE).map_err(error)?;
    // A statement is planned once, not anew whenever its values change.
    let stable = DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
    connection.set_db_config(stable, true).map_err(error)?;
    let mode = "PRAGMA journal_mode = WAL";
    let mode: String = connection
        .query_row(mode, [], |row| row.get(0))
        .map_err(error)?;
    if mode != "wal" {
        let what = format!("{} can't have a write-ahead log", path.display());
        return Err(unavailable(&what));
    }
    for (name, value) in [
        // What is committed is on the disk: also under WAL, each commit waits for it.
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
        // Kilobytes of page cache a connection.
        ("cache_size", "-16384"),
        // Bytes of the log that are kept once a large transaction has been moved into the file.
        ("journal_size_limit", "67108864"),
        ("query_only", if writes { "OFF" } else { "ON" }),
    ] {
        let set = connection.pragma_update(None, name, value);
        set.map_err(error)?;
    }
    // Statements that are kept prepared.
    connection.set_prepared_statement_cache_capacity(400);
    Ok(connection)
}

fn unavailable(why: &str) -> Error {
    Error::new(Code::StateUnavailable, format!("SQLite: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lent: &mut Lent, sql: &str) -> Option<i64> {
        let connection = lent.connection().unwrap();
        let mut statement = connection.prepare_cached(sql).unwrap();
        let mut rows = statement.raw_query();
        rows.next().unwrap().map(|row| row.get(0).unwrap())
    }

    async fn is_undone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let connections = Connections::writer(&path).unwrap();
        let readers = Connections::readers(&path, 2).unwrap();
        let mut made = connections.begin().await.unwrap();
        run(&mut made, "CREATE TABLE a (b INTEGER)");
        made.commit().unwrap();
        for kept in [false, true] {
            let mut tx = connections.begin().await.unwrap();
            run(&mut tx, "INSERT INTO a VALUES (1)");
            assert_eq!(run(&mut tx, "SELECT COUNT(*) FROM a"), Some(1));
            let mut other = readers.begin().await.unwrap();
            assert_eq!(run(&mut other, "SELECT COUNT(*) FROM a"), Some(0));
            match kept {
                true => tx.commit().unwrap(),
                false => drop(tx),
            }
            assert_eq!(run(&mut other, "SELECT COUNT(*) FROM a"), Some(0));
            let mut after = readers.begin().await.unwrap();
            let there = run(&mut after, "SELECT COUNT(*) FROM a");
            assert_eq!(there, Some(i64::from(kept)));
        }
        let mut reads = readers.begin().await.unwrap();
        let refused = reads.connection().unwrap().execute("DELETE FROM a", []);
        assert!(refused.unwrap_err().to_string().contains("readonly"));
        drop(reads);
        connections.close().await;
        let closed = connections.begin().await.unwrap_err();
        assert_eq!(closed.code(), Code::StateUnavailable);
    }

    #[tokio::test]
    async fn a_transaction_that_is_dropped_is_undone_and_the_next_one_begins() {
        is_undone().await;
    }

    /// In a task, whose thread has others.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn also_among_several_threads() {
        let other = tokio::spawn(async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        });
        tokio::spawn(is_undone()).await.unwrap();
        other.await.unwrap();
    }
}
