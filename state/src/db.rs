//! Two engines behind one small interface: statements with `$1` placeholders that both
//! understand, over rows of [`Value`]s.
//!
//! Each engine has one connection that writes and a few that read. On SQLite the writer's
//! `BEGIN IMMEDIATE` keeps other writers out; on PostgreSQL an advisory lock of the transaction
//! does the same between servers. So writers come one after another on both, a transaction
//! decides on what it has read, and none has to be repeated.

mod connections;
mod postgres;
mod select;
mod sqlite;
mod tx;
mod value;

use std::time::Duration;

use base::Result;

pub(crate) use select::{Select, begins_like, named_like};
pub use tx::{Tx, WriteTx};
pub(crate) use value::{Row, Value, json_of, name_of, whole};

/// How long to wait for a connection, a lock, or another writer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many transactions can read at once.
const READERS: u32 = 4;

/// An open database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Pools),
}

/// A transaction of one engine.
pub(crate) enum Engine {
    Sqlite(connections::Lent),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Db {
    /// Opens what `place` names: a URL of PostgreSQL, else the path of a SQLite file, which is
    /// made if it is not there.
    pub(crate) async fn open(place: &str) -> Result<Self> {
        if place.starts_with("postgres://") || place.starts_with("postgresql://") {
            postgres::open(place).await.map(Self::Postgres)
        } else {
            sqlite::open(place.as_ref()).map(Self::Sqlite)
        }
    }

    /// Begins to read; what is read is the state of one moment.
    pub(crate) async fn begin_read(&self) -> Result<Engine> {
        match self {
            Self::Sqlite(file) => file.begin_read().await.map(Engine::Sqlite),
            Self::Postgres(pools) => postgres::begin_read(pools).await.map(Engine::Postgres),
        }
    }

    /// Begins to write, once all other writers have ended.
    pub(crate) async fn begin_write(&self) -> Result<Engine> {
        match self {
            Self::Sqlite(file) => file.begin_write().await.map(Engine::Sqlite),
            Self::Postgres(pools) => postgres::begin_write(pools).await.map(Engine::Postgres),
        }
    }

    /// Copies a SQLite database that exists into a file beside it; nothing on PostgreSQL.
    pub(crate) async fn copy_beside(&self, suffix: &str) -> Result<()> {
        match self {
            Self::Sqlite(file) => sqlite::copy_beside(file, suffix).await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Ends all connections, after the transactions that are open.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(file) => file.close().await,
            Self::Postgres(pools) => pools.close().await,
        }
    }
}
