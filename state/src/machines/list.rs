//! Machines by what lists of them are filtered by.

use base::Result;

use super::{Machine, Standing};
use crate::Resource;
use crate::db::{Select, Tx, WriteTx, name_of, named_like};
use crate::fold::fold;
use crate::protected_items::ProtectionState;
use crate::resources::{FROM, Record, record};

/// What stands before a machine's name in its folded id.
pub(crate) const BEFORE_NAME: &str = "/virtualmachines/";

/// Which machines to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that have one of these ids, or are below one.
    pub within: Option<Vec<String>>,
    /// Those that stand in one of these ways.
    pub standing: Option<Vec<Standing>>,
    /// Those that are, or aren't, protected so.
    pub protection: Option<Protection>,
    /// Those on one of these hosts, by their folded ids.
    pub hosts: Option<Vec<String>>,
    /// Those with this in their name, in any case.
    pub name: Option<String>,
}

/// How machines are protected by a live item, in whichever vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// By none.
    None,
    /// By one in one of these states.
    As(Vec<ProtectionState>),
}

/// At most `limit` machines by folded id, beginning after the id `after`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Record<Machine>>> {
    let select = filtered(FROM, filter)?.with_some("id > ?", after.map(fold));
    let (sql, values) = select.page("id", limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(record).collect()
}

fn filtered(from: &str, filter: &Filter) -> Result<Select> {
    let words = |all: &Vec<Standing>| -> Vec<String> {
        all.iter().map(|one| one.name().to_owned()).collect()
    };
    let standing = filter.standing.as_ref().map(words);
    let name = filter.name.as_deref().map(|n| named_like(BEFORE_NAME, n));
    let select = Select::new(from)
        .with("kind = ?", [Machine::KIND.into()])
        .within("id", filter.within.as_deref())
        .among("standing", standing.as_deref())
        .among("host", filter.hosts.as_deref())
        .with_some("id LIKE ? ESCAPE '!'", name);
    let item = "EXISTS (SELECT 1 FROM protected_items AS items
        WHERE items.machine = resources.alias AND items.machine_group = resources.parent
          AND items.purge_at IS NULL";
    Ok(match &filter.protection {
        None => select,
        Some(Protection::None) => select.with(&format!("NOT {item})"), []),
        Some(Protection::As(states)) => {
            let states: Result<Vec<_>> = states.iter().map(name_of).collect();
            let states = states?;
            let marks = vec!["?"; states.len()].join(", ");
            select.with_all(&format!("{item} AND items.state IN ({marks}))"), states)
        }
    })
}

/// Fills the columns of machines from their bodies.
pub(crate) async fn fill(tx: &mut WriteTx) -> Result<()> {
    let sql = "SELECT id, body FROM resources WHERE kind = $1";
    for row in tx.query(sql, [Machine::KIND.into()]).await? {
        let machine: Machine = row.json(1)?;
        let sql = "UPDATE resources SET standing = $2, host = $3 WHERE id = $1";
        let values = [
            row.text(0)?.into(),
            machine.standing().name().into(),
            machine.host.as_str().into(),
        ];
        tx.execute(sql, values).await?;
    }
    Ok(())
}
