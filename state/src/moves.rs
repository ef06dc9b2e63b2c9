//! Moving a vault to another group: everything that names it by its id names it by its new one
//! (VAULT-16).

use base::Result;

use crate::db::{Value, WriteTx};
use crate::fold::{below, fold};

/// Gives the vault `from` the id `to`, in the group `group`: with it go its policies, locks and
/// roles, its items and their points, its jobs, operations and alerts, and what was counted and
/// metered. Ids in the log of activities stay as they were. Ids are as first written, and nothing
/// has the new one; what an earlier vault of that id has left, open alerts and counts, ends or goes.
/// The cost grows with the number of jobs: on SQLite a second for some ten thousand.
///
/// # Errors
/// `ResourceExists` for a new id that something has; those of the database. After either the
/// transaction can't be committed.
pub async fn move_vault(tx: &mut WriteTx, from: &str, to: &str, group: &str) -> Result<()> {
    let ids = Ids::new(from, to);
    let now = tx.now();
    // Items refer to their vault and policy: the new ones are there before the old ones go.
    let sql = "INSERT INTO resources
           (id, display_id, name, kind, parent, alias, revision, created, changed, body, standing,
            host)
         SELECT $3 || substr(id, CAST($4 AS INTEGER)), $5 || substr(display_id, CAST($6 AS INTEGER)),
           name, kind, CASE id WHEN $1 THEN $7 ELSE $3 || substr(parent, CAST($4 AS INTEGER)) END,
           alias, revision + 1, created, $8, body, standing, host
         FROM resources WHERE id = $1 OR id > $2 AND id < $9";
    let values = [
        ids.from.as_str().into(),
        ids.first.as_str().into(),
        ids.to.as_str().into(),
        ids.rest.into(),
        to.into(),
        ids.rest_as_written.into(),
        fold(group).into(),
        now.into(),
        ids.end.as_str().into(),
    ];
    tx.execute_long(sql, values).await?;
    let sql = "UPDATE protected_items SET vault = $2, id = $2 || substr(id, CAST($3 AS INTEGER)),
           display_id = $4 || substr(display_id, CAST($5 AS INTEGER)),
           policy = $2 || substr(policy, CAST($3 AS INTEGER)),
           revision = revision + 1, changed = $6
         WHERE vault = $1";
    let values = [
        ids.from.as_str().into(),
        ids.to.as_str().into(),
        ids.rest.into(),
        to.into(),
        ids.rest_as_written.into(),
        now.into(),
    ];
    tx.execute_long(sql, values).await?;
    let old = "DELETE FROM resources WHERE id = $1 OR id > $2 AND id < $3";
    let values = [&ids.from, &ids.first, &ids.end].map(|id| id.as_str().into());
    tx.execute_long(old, values).await?;
    let resolved = "UPDATE alerts SET resolved_at = $2, changed = $2, revision = revision + 1
         WHERE vault = $1 AND resolved_at IS NULL";
    let values = [ids.to.as_str().into(), now.into()];
    tx.execute_long(resolved, values).await?;
    let counts = "DELETE FROM store_usages WHERE vault = $1";
    tx.execute_long(counts, [ids.to.as_str().into()]).await?;
    for sql in [
        "UPDATE jobs SET vault = $2, item = $2 || substr(item, CAST($3 AS INTEGER))
           WHERE vault = $1",
        "UPDATE alerts SET vault = $2, target = $2 || substr(target, CAST($3 AS INTEGER))
           WHERE vault = $1",
        "UPDATE operations SET scope = $2 || substr(scope, CAST($3 AS INTEGER))
           WHERE scope = $1 OR scope > $1 || '/' AND scope < $1 || '0'",
    ] {
        tx.execute_long(sql, ids.folded()).await?;
    }
    for sql in [
        "UPDATE store_usages SET vault = $2 WHERE vault = $1",
        // What was metered of an earlier vault of this name stays its own.
        "UPDATE meter SET vault = $2 WHERE vault = $1
           AND day NOT IN (SELECT day FROM meter WHERE vault = $2)",
    ] {
        let values = [ids.from.as_str().into(), ids.to.as_str().into()];
        tx.execute_long(sql, values).await?;
    }
    rewrite(tx, &ids, from, to).await
}

/// Ids that stand in the bodies of records, as first written or folded, end with a slash or with
/// their string.
async fn rewrite(tx: &mut WriteTx, ids: &Ids, from: &str, to: &str) -> Result<()> {
    for (from, to) in [(from, to), (&ids.from, &ids.to)] {
        for end in ['/', '"'] {
            let (old, new) = (format!("{from}{end}"), format!("{to}{end}"));
            for sql in [
                "UPDATE alerts SET body = replace(body, $1, $2) WHERE vault = $3",
                "UPDATE meter SET body = replace(body, $1, $2) WHERE vault = $3",
            ] {
                let values = [old.as_str(), new.as_str(), &ids.to].map(Value::from);
                tx.execute_long(sql, values).await?;
            }
            // Such as which policies were edited.
            let sql = "UPDATE settings SET value = replace(value, $1, $2)
                 WHERE value <> replace(value, $1, $2)";
            let values = [old.as_str(), new.as_str()].map(Value::from);
            tx.execute_long(sql, values).await?;
        }
    }
    Ok(())
}

/// The two ids, folded, and where what is below them begins.
struct Ids {
    from: String,
    to: String,
    first: String,
    end: String,
    /// The first character behind the old id, folded and as it was written, counted from 1.
    rest: i64,
    rest_as_written: i64,
}

impl Ids {
    fn new(from: &str, to: &str) -> Self {
        let behind = |id: &str| i64::try_from(id.chars().count() + 1).unwrap_or(i64::MAX);
        let (first, end) = below(from);
        let folded = fold(from);
        Self {
            rest: behind(&folded),
            rest_as_written: behind(from),
            from: folded,
            to: fold(to),
            first,
            end,
        }
    }

    fn folded(&self) -> [Value; 3] {
        [
            self.from.as_str().into(),
            self.to.as_str().into(),
            self.rest.into(),
        ]
    }
}
