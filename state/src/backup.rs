//! All records as one file, and back: from either engine into either.
//!
//! Lines of JSON:
//! ```text
//! {"stillpoint_records":1,"schema":S,"taken":"TIME"}
//! {"table":"NAME","columns":["A",…]}      for each table, then a line for each of its rows:
//! ["VALUE",1,null,…]
//! {"rows":N}                              the last line: all rows of all tables
//! ```

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Clock, Code, Error, Result, ResultExt, durable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::db::{Db, Tx, Value, WriteTx, whole};
use crate::{State, migrate};

/// The form of the file.
const FORM: u32 = 1;

/// Every table but `schema_versions`, such that what is referred to comes first.
const TABLES: &[&str] = &[
    "resources",
    "protected_items",
    "counters",
    "recovery_points",
    "point_sums",
    "item_usages",
    "store_usages",
    "meter",
    "jobs",
    "operations",
    "principals",
    "activity",
    "alerts",
    "settings",
    "leases",
];

/// How many rows go into one statement: less than 32,766 values, which SQLite can take.
const ROWS: usize = 200;

#[derive(Serialize, Deserialize)]
struct Head {
    stillpoint_records: u32,
    schema: i64,
    taken: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Table {
    table: String,
    columns: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct End {
    rows: u64,
}

/// A line behind the first.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Row(Vec<Value>),
    Table(Table),
    End(End),
}

impl State {
    /// Writes all records, as they are at one moment, into a new file that only its owner may
    /// read; returns how many rows. Work goes on meanwhile. The file is not sealed: it holds what
    /// the records hold. It is durable when this returns, and absent when it fails or is dropped,
    /// but for a left-over `PATH.part`, which the next call replaces.
    ///
    /// # Errors
    /// `TargetExists`, `NoSpaceLeft` and others of the file; those of the database.
    pub async fn backup(&self, path: &Path) -> Result<u64> {
        if path.exists() {
            let what = format!("{} exists already", path.display());
            return Err(Error::new(Code::TargetExists, what));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let io = |e| Error::io(part.display(), e);
        match tokio::fs::remove_file(&part).await {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(io(e)),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .map_err(io)?;
        let mut out = Out {
            file: BufWriter::with_capacity(1 << 20, file),
            path: &part,
        };
        let rows = out.records(&mut self.read().await?).await?;
        let file = out.file.into_inner().map_err(|e| io(e.into_error()))?;
        File::from_std(file).sync_all().await.map_err(io)?;
        std::fs::rename(&part, path).map_err(|e| Error::io(path.display(), e))?;
        durable::sync_name(path)?;
        Ok(rows)
    }

    /// Opens `place` (see [`State::open`]), which must be empty, with the records of a file that
    /// [`State::backup`] wrote, all or none. An older schema is brought up to date. Leases come
    /// back free, with their generations.
    ///
    /// # Errors
    /// `StateNotEmpty`, `StateDamaged` for a file that is no backup, cut short or changed,
    /// `StateTooNew` for one of a newer program; those of the file and of the database.
    pub async fn restore(path: &Path, place: &str, clock: Arc<dyn Clock>) -> Result<Self> {
        let nothing = async |_: &mut WriteTx| Ok(());
        let restored = Self::restore_and(path, place, clock, nothing).await?;
        Ok(restored.0)
    }

    /// As [`State::restore`]; `then` changes the records before anybody can see them, and gives
    /// what it has to tell.
    ///
    /// # Errors
    /// Those, and those of `then`, after which nothing is restored.
    pub async fn restore_and<T>(
        path: &Path,
        place: &str,
        clock: Arc<dyn Clock>,
        then: impl AsyncFnOnce(&mut WriteTx) -> Result<T>,
    ) -> Result<(Self, T)> {
        let db = Db::open(place).await.during("opening the records")?;
        let mut tx = WriteTx::new(db.begin_write().await?, whole(clock.now()));
        if migrate::version(&mut tx).await? != 0 {
            // Not by its name, which may hold a password.
            let what = "the database has records already";
            return Err(Error::new(Code::StateNotEmpty, what));
        }
        read_into(&mut tx, path)
            .await
            .during(format!("restoring {}", path.display()))?;
        let told = then(&mut tx).await?;
        tx.commit().await?;
        Ok((Self { db, clock }, told))
    }
}

/// The file that is written.
struct Out<'a> {
    file: BufWriter<std::fs::File>,
    path: &'a Path,
}

impl Out<'_> {
    fn line(&mut self, line: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec(line)
            .map_err(|e| Error::new(Code::Internal, "a record can't be written").because(e))?;
        text.push(b'\n');
        let written = self.file.write_all(&text);
        written.map_err(|e| Error::io(self.path.display(), e))
    }

    async fn records(&mut self, tx: &mut Tx) -> Result<u64> {
        let schema = migrate::version(tx).await?;
        self.line(&Head {
            stillpoint_records: FORM,
            schema,
            taken: tx.now(),
        })?;
        let mut rows = 0;
        for table in TABLES {
            let columns = tx.columns(table).await?;
            let sql = format!("SELECT {} FROM {table}", columns.join(", "));
            self.line(&Table {
                table: (*table).to_owned(),
                columns,
            })?;
            let all = tx.each(AssertSqlSafe(sql), [], |row| {
                rows += 1;
                self.line(&row.0)
            });
            all.await?;
        }
        self.line(&End { rows })?;
        Ok(rows)
    }
}

async fn read_into(tx: &mut WriteTx, path: &Path) -> Result<()> {
    let io = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::InvalidData => damaged("is not text"),
        _ => Error::io(path.display(), e),
    };
    let file = File::open(path).await.map_err(io)?;
    let mut lines = BufReader::with_capacity(1 << 20, file).lines();
    let head = lines.next_line().await.map_err(io)?.unwrap_or_default();
    let head: Head = serde_json::from_str(&head)
        .map_err(|e| damaged("does not begin as a backup of records").because(e))?;
    if head.stillpoint_records > FORM {
        let what = format!("the file is of form {}", head.stillpoint_records);
        return Err(Error::new(Code::StateTooNew, what));
    }
    if head.schema < 1 {
        return Err(damaged("is of no schema"));
    }
    migrate::apply(tx, 0, head.schema).await?;

    let (mut rows, mut ended) = (0, false);
    let mut batch = Batch::default();
    while let Some(line) = lines.next_line().await.map_err(io)? {
        if ended {
            return Err(damaged("goes on behind its end"));
        }
        let line = serde_json::from_str(&line)
            .map_err(|e| damaged(format!("has a bad line behind row {rows}")).because(e))?;
        match line {
            Line::Row(row) => {
                rows += 1;
                batch.push(tx, row).await?;
            }
            Line::Table(table) => {
                batch.flush(tx).await?;
                batch = Batch::of(tx, table).await?;
            }
            Line::End(end) if end.rows == rows => ended = true,
            Line::End(_) => return Err(damaged("lacks rows")),
        }
    }
    if !ended {
        return Err(damaged("is cut short"));
    }
    batch.flush(tx).await?;
    let free = "UPDATE leases SET owner = '', until = 0";
    tx.execute(free, []).await?;
    migrate::apply(tx, head.schema, migrate::newest()).await
}

/// Rows of one table that are still to be written.
#[derive(Default)]
struct Batch {
    insert: String,
    columns: usize,
    values: Vec<Value>,
}

impl Batch {
    /// For a table that the schema of the file has, with the columns that it has there.
    async fn of(tx: &mut WriteTx, table: Table) -> Result<Self> {
        let known = tx.columns(&table.table).await?;
        if known.is_empty() || known != table.columns {
            return Err(damaged(format!("has an odd table {:?}", table.table)));
        }
        Ok(Self {
            insert: format!("INSERT INTO {} ({})", table.table, known.join(", ")),
            columns: known.len(),
            values: Vec::new(),
        })
    }

    async fn push(&mut self, tx: &mut WriteTx, row: Vec<Value>) -> Result<()> {
        if row.len() != self.columns || self.columns == 0 {
            return Err(damaged("has a row of odd length"));
        }
        self.values.extend(row);
        if self.values.len() >= ROWS * self.columns {
            self.flush(tx).await?;
        }
        Ok(())
    }

    async fn flush(&mut self, tx: &mut WriteTx) -> Result<()> {
        if self.values.is_empty() {
            return Ok(());
        }
        let mut sql = format!("{} VALUES ", self.insert);
        for number in 1..=self.values.len() {
            let open = (number - 1) % self.columns == 0;
            let before = match (number, open) {
                (1, _) => "(",
                (_, true) => "), (",
                _ => ", ",
            };
            sql.push_str(&format!("{before}${number}"));
        }
        sql.push(')');
        let done = tx.execute(AssertSqlSafe(sql), self.values.drain(..)).await;
        match done {
            Ok(_) => Ok(()),
            // Twice the same record, one that lacks what it refers to, a value of another type.
            Err(e) => Err(match e.code() {
                Code::ResourceExists | Code::ResourceInUse | Code::Internal => {
                    damaged("has rows that do not fit together").because(e)
                }
                _ => e,
            }),
        }
    }
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error::new(
        Code::StateDamaged,
        format!("the backup of the records {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ManualClock;

    #[tokio::test]
    async fn every_table_is_in_a_backup() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("state.db");
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let state = State::open(place.to_str().unwrap(), clock).await.unwrap();
        let mut tx = state.read().await.unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let rows = tx.query(sql, []).await.unwrap();
        let mut there: Vec<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
        there.retain(|name| *name != "schema_versions");
        let mut saved = TABLES.to_vec();
        saved.sort_unstable();
        assert_eq!(there, saved);
    }
}
