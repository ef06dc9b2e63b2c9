//! The schema and its versions.
//!
//! A migration is a file of statements, numbered from 1 without gaps, and never changed once it
//! was released. They run when the records are opened, all that are missing in one transaction.

use base::{Clock, Code, Error, Result, ResultExt};

use crate::db::{Db, Tx, Value, WriteTx};
use crate::{machines, protected_items, recovery_points};

const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
];
/// The schema from which on records have columns that are filled from their bodies.
const FILLED: i64 = 2;

/// The schema that this program writes.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.len() as i64
}

/// Brings the schema to the newest version. A SQLite database that has an older one is copied
/// before, into `FILE.schema-N`, where N is that older version.
pub(crate) async fn run(db: &Db, clock: &dyn Clock) -> Result<()> {
    run_all(db, MIGRATIONS, clock).await
}

async fn run_all(db: &Db, migrations: &[&'static str], clock: &dyn Clock) -> Result<()> {
    let mut tx = WriteTx::new(db.begin_write().await?, clock.now());
    let mut from = version(&mut tx).await?;
    let newest = migrations.len() as i64;
    if from > newest {
        return Err(too_new(from, newest));
    }
    if from == newest {
        return Ok(());
    }
    if from > 0 {
        // Another program may change records between the two transactions: then they are in the
        // copy, too.
        drop(tx);
        db.copy_beside(&format!("schema-{from}")).await?;
        tx = WriteTx::new(db.begin_write().await?, clock.now());
        from = version(&mut tx).await?;
    }
    apply_all(&mut tx, migrations, from, newest).await?;
    tx.commit().await
}

/// Applies the migrations after version `from`, up to version `to`.
///
/// # Errors
/// `StateTooNew` when this program has no such migration.
pub(crate) async fn apply(tx: &mut WriteTx, from: i64, to: i64) -> Result<()> {
    apply_all(tx, MIGRATIONS, from, to).await
}

async fn apply_all(
    tx: &mut WriteTx,
    migrations: &[&'static str],
    from: i64,
    to: i64,
) -> Result<()> {
    for number in from + 1..=to {
        let script = migrations.get(number as usize - 1);
        let script = script.ok_or_else(|| too_new(to, migrations.len() as i64))?;
        let what = format!("migrating the records to schema {number}");
        tx.script(script).await.during(what.clone())?;
        if number == FILLED {
            machines::fill(tx).await.during(what.clone())?;
            protected_items::fill(tx).await.during(what.clone())?;
            recovery_points::fill(tx).await.during(what)?;
        }
        let applied = [Value::Int(number), tx.now().into()];
        let sql = "INSERT INTO schema_versions (version, applied) VALUES ($1, $2)";
        tx.execute(sql, applied).await?;
    }
    Ok(())
}

fn too_new(version: i64, known: i64) -> Error {
    let what = format!("the records are of schema {version}; this program knows up to {known}");
    Error::new(Code::StateTooNew, what)
}

/// The version of the schema; 0 before the first.
pub(crate) async fn version(tx: &mut Tx) -> Result<i64> {
    if tx.columns("schema_versions").await?.is_empty() {
        return Ok(0);
    }
    let newest = "SELECT version FROM schema_versions ORDER BY version DESC LIMIT 1";
    let row = tx.query_one(newest, []).await?;
    row.map_or(Ok(0), |row| row.int(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ManualClock;

    const THREE: &[&str] = &[
        MIGRATIONS[0],
        MIGRATIONS[1],
        "ALTER TABLE settings ADD COLUMN colour TEXT; UPDATE settings SET colour = 'red';",
    ];

    async fn count(db: &Db, sql: &'static str) -> Result<i64> {
        let mut tx = Tx::new(db.begin_read().await?, jiff::Timestamp::UNIX_EPOCH);
        tx.query_one(sql, []).await?.unwrap().int(0)
    }

    #[tokio::test]
    async fn a_database_is_copied_before_its_schema_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH);
        let db = Db::open(path.to_str().unwrap()).await.unwrap();
        run_all(&db, &THREE[..2], &clock).await.unwrap();
        let mut tx = WriteTx::new(db.begin_write().await.unwrap(), clock.now());
        tx.script("INSERT INTO settings VALUES ('a', '1')")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "no copy");

        run_all(&db, THREE, &clock).await.unwrap();
        let red = "SELECT COUNT(*) FROM settings WHERE colour = 'red'";
        assert_eq!(count(&db, red).await.unwrap(), 1);
        let copy = dir.path().join("state.db.schema-2");
        let copy = Db::open(copy.to_str().unwrap()).await.unwrap();
        let all = "SELECT COUNT(*) FROM settings";
        assert_eq!(count(&copy, all).await.unwrap(), 1);
        assert!(
            count(&copy, red).await.is_err(),
            "the copy has the old schema"
        );
    }

    /// Of a vault with an item that failed and its point, and of a machine that is gone, as schema 1 has them.
    const OF_SCHEMA_1: &str = r#"
        INSERT INTO resources VALUES ('/v', '/v', 'v', 'vault', '', NULL, 1, 0, 0, '{}');
        INSERT INTO resources VALUES ('/m', '/m', 'm', 'machine', '', 'u', 1, 0, 0,
          '{"uuid": "00000000-0000-0000-0000-000000000001", "host": "/h", "location": "l",
            "os": null, "disks": [], "running": true, "seen": "1970-01-01T00:00:00Z",
            "vanished": "1970-01-01T00:00:00Z", "also_on": []}');
        INSERT INTO protected_items VALUES ('/i', '/i', 1, '/v', 'u', '/g', NULL, 'Protected',
          NULL, NULL, 1, 0, 0, '{"last_backup": {"at": "1970-01-01T00:00:05Z",
            "status": "Failed", "code": null}, "policy_seen": {"kind": "Standard",
            "schedule": {"Daily": {"time": "19:30:00"}}, "retention": {"daily": 30},
            "snapshot_days": 2, "zone": {"name": "UTC", "offset": 0}, "consistency": "Guest",
            "snapshot_group": null}}');
        INSERT INTO recovery_points VALUES (1, 1, 'p', 0, NULL, NULL, 'Vault', 1,
          '{"consistency": "AppConsistent"}');
    "#;

    #[tokio::test]
    async fn columns_that_came_later_say_what_bodies_said_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH);
        let db = Db::open(path.to_str().unwrap()).await.unwrap();
        run_all(&db, &MIGRATIONS[..1], &clock).await.unwrap();
        let mut tx = WriteTx::new(db.begin_write().await.unwrap(), clock.now());
        tx.script(OF_SCHEMA_1).await.unwrap();
        tx.commit().await.unwrap();
        run(&db, &clock).await.unwrap();
        for sql in [
            "SELECT COUNT(*) FROM resources WHERE standing = 'Gone' AND host = '/h'",
            // Due on the first day and on the second, both at 19:30.
            "SELECT COUNT(*) FROM protected_items WHERE last_status = 'Failed'
               AND last_at = 5000000 AND downgrade IS NULL AND missed_at = 156600000000",
            "SELECT COUNT(*) FROM recovery_points WHERE consistency = 'AppConsistent'",
        ] {
            assert_eq!(count(&db, sql).await.unwrap(), 1, "{sql}");
        }
    }

    #[tokio::test]
    async fn a_newer_schema_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH);
        let db = Db::open(path.to_str().unwrap()).await.unwrap();
        run_all(&db, THREE, &clock).await.unwrap();
        let refused = run_all(&db, &THREE[..2], &clock).await.unwrap_err();
        assert_eq!(refused.code(), Code::StateTooNew);
        assert!(refused.detail().contains("schema 3"), "{refused}");
        run_all(&db, THREE, &clock).await.unwrap();
    }

    #[tokio::test]
    async fn a_migration_that_fails_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH);
        let db = Db::open(path.to_str().unwrap()).await.unwrap();
        let broken = &[
            MIGRATIONS[0],
            MIGRATIONS[1],
            "DROP TABLE leases; DROP TABLE absent;",
        ];
        run_all(&db, &broken[..2], &clock).await.unwrap();
        assert!(run_all(&db, broken, &clock).await.is_err());
        assert_eq!(count(&db, "SELECT COUNT(*) FROM leases").await.unwrap(), 0);
        run_all(&db, THREE, &clock).await.unwrap();
    }
}
