//! Verbs that ask a server: one file for each noun.

mod find;
mod login;
mod points;
mod restores;
mod watch;

pub mod alerts;
pub mod apps;
pub mod backups;
pub mod costs;
pub mod heat_map;
pub mod hosts;
pub mod jobs;
pub mod limits;
pub mod locks;
pub mod machines;
pub mod overview;
pub mod places;
pub mod policies;
pub mod protection;
pub mod protection_rules;
pub mod roles;
pub mod search;
pub mod usages;
pub mod users;
pub mod vaults;

pub use login::{log_in, log_out};
pub use points::list as list_points;
pub use points::show as show_point;
pub use restores::disks as restore_disks;
pub use restores::machine as restore_vm;

use serde_json::Value;

/// The text at a pointer into an answer, or nothing.
fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The name of the vault that something is of, in a list of all vaults.
fn vault_of(one: &Value) -> Option<String> {
    let name = one.pointer("/stillpoint/vaultName")?;
    name.as_str().map(str::to_owned)
}

/// The name at the end of an id.
fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The group of an id.
fn group(id: &str) -> &str {
    id.split('/').nth(4).unwrap_or_default()
}
