//! Virtual machines that were discovered. Their parent is the group; they are the same machine
//! by the hypervisor's UUID, wherever they run ([`crate::resources::find`]).

mod list;

use std::collections::BTreeMap;

use base::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::resources::{self, Record, Scope};
use crate::{Resource, Tx};

pub(crate) use list::{BEFORE_NAME, fill};
pub use list::{Filter, Protection, page};

/// A discovered machine. Its alias is the UUID; several records of one UUID are a conflict, or a
/// machine that moved between groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The hypervisor's UUID.
    pub uuid: Uuid,
    /// The folded id of the host that it is on.
    pub host: String,
    /// Its location: its host's.
    pub location: String,
    /// Its operating system as far as it is known: `Linux`, `Windows`.
    pub os: Option<String>,
    /// Its disks.
    pub disks: Vec<MachineDisk>,
    /// Whether it was running when it was seen last.
    pub running: bool,
    /// When it was seen last.
    pub seen: Timestamp,
    /// Since when it is no longer found on its host.
    pub vanished: Option<Timestamp>,
    /// Further hosts that have a machine of this UUID at the same time, as folded ids: while
    /// there are any it is not backed up.
    pub also_on: Vec<String>,
    /// Its guest agent, if the machine runs and that does not answer.
    #[serde(default)]
    pub agent_lost: Option<AgentLost>,
    /// What it computes with.
    #[serde(default)]
    pub hardware: Hardware,
    /// What people have said of it.
    #[serde(default)]
    pub said: Said,
}

/// What people have said of a machine, and since when they could; rules go by it (DISC-12).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// When the machine was found first; `None`: when its record was made.
    pub found: Option<Timestamp>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When each tag was given, changed or taken away last, by its name in lower case.
    pub tagged: BTreeMap<String, Timestamp>,
    /// When somebody deleted its backups last: from then on no rule protects it.
    pub backups_deleted: Option<Timestamp>,
}

/// What a machine computes with, as far as its hypervisor tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardware {
    /// How many processors.
    pub processors: Option<u32>,
    /// How many bytes of memory.
    pub memory: Option<u64>,
    /// Its architecture, as QEMU calls it: `x86_64`, `i686`, …
    pub architecture: Option<String>,
}

/// A guest agent that does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentLost {
    /// Since when.
    pub since: Timestamp,
    /// Whether the machine has no channel for one.
    pub absent: bool,
}

/// A disk of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineDisk {
    /// Its number among the data disks; `None` for the disk of the operating system.
    pub lun: Option<u16>,
    /// The target's name in the hypervisor, such as `vda`.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// How a machine stands on its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is there.
    Listed,
    /// It is no longer found there.
    Gone,
    /// It is on several hosts at once.
    Conflict,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Listed, Self::Gone, Self::Conflict];

    /// Its name among the records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Listed => "Listed",
            Self::Gone => "Gone",
            Self::Conflict => "Conflict",
        }
    }
}

impl Machine {
    /// How it stands on its host.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (&self.vanished, self.also_on.is_empty()) {
            (Some(_), _) => Standing::Gone,
            (None, false) => Standing::Conflict,
            (None, true) => Standing::Listed,
        }
    }
}

/// At most `limit` machines that no item refers to, live or soft-deleted, by folded id, beginning
/// after the id `after`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn without_item(
    tx: &mut Tx,
    scope: Scope<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Record<Machine>>> {
    let none = "NOT EXISTS (SELECT 1 FROM protected_items AS items
         WHERE items.machine = resources.alias AND items.machine_group = resources.parent)";
    resources::page_where(tx, scope, none, after, limit).await
}

impl Resource for Machine {
    const KIND: &'static str = "machine";

    fn alias(&self) -> Option<String> {
        Some(self.uuid.to_string())
    }

    fn standing(&self) -> Option<&'static str> {
        Some(Self::standing(self).name())
    }

    fn host(&self) -> Option<&str> {
        Some(&self.host)
    }
}
