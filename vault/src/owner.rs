//! Who writes to a store: a server, or a command that has taken it over.
//!
//! The objects `owner/GENERATION` (16 hexadecimal digits) say it, each in clear JSON: the newest
//! counts. They fence nothing in the store, since sessions and the log do that; they tell a
//! command that a server keeps records of the store, and a server that somebody else has written
//! to it, or has taken its place.

use base::Result;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{Put, Store};

const FOLDER: &str = "owner";

/// Who writes to a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// Rises with each taking over.
    pub generation: u64,
    /// The server; `None` for a command.
    pub server: Option<Uuid>,
    /// Of a command the server that owned the store before it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_server: Option<Uuid>,
    /// Who that is, for people.
    pub name: String,
    /// Since when, RFC 3339.
    pub since: String,
}

fn object(generation: u64) -> String {
    format!("{FOLDER}/{generation:016x}")
}

impl Store {
    /// Who owns the store; `None` if nobody ever said so. One whose words can't be read is
    /// nobody's: whoever takes it next comes behind it all the same.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn owner(&self) -> Result<Option<Owner>> {
        loop {
            let names = self.list(FOLDER).await?;
            let generation = |(name, _): &(String, u64)| {
                let digits = name.strip_prefix(FOLDER)?.strip_prefix('/')?;
                u64::from_str_radix(digits, 16).ok()
            };
            let Some(newest) = names.iter().filter_map(generation).max() else {
                return Ok(None);
            };
            // It may have been replaced since.
            let Some(bytes) = self.get(&object(newest)).await? else {
                continue;
            };
            let read: Option<Owner> = serde_json::from_slice(&bytes).ok();
            let unknown = || Owner {
                generation: newest,
                server: None,
                last_server: None,
                name: "somebody".to_owned(),
                since: String::new(),
            };
            let owner = read.filter(|o| o.generation == newest);
            return Ok(Some(owner.unwrap_or_else(unknown)));
        }
    }

    /// Makes this the owner. Durable when this returns `Created`; `Exists` if somebody else took
    /// the generation.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn own(&self, owner: &Owner) -> Result<Put> {
        let name = object(owner.generation);
        let bytes = serde_json::to_vec(owner).expect("plain data becomes JSON");
        let put = self.put_new(&name, bytes.into()).await?;
        if put == Put::Created {
            for (older, _) in self.list(FOLDER).await? {
                if older < name {
                    self.delete(&older).await?;
                }
            }
        }
        Ok(put)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(generation: u64, server: Option<Uuid>) -> Owner {
        Owner {
            generation,
            server,
            last_server: None,
            name: "a".to_owned(),
            since: "2026-03-01T12:00:00Z".to_owned(),
        }
    }

    #[tokio::test]
    async fn the_newest_owner_counts_and_a_generation_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::local(folder.path()).unwrap();
        assert_eq!(store.owner().await.unwrap(), None);
        let first = owner(1, Some(Uuid::from_u128(7)));
        assert_eq!(store.own(&first).await.unwrap(), Put::Created);
        let late = store.own(&owner(1, None)).await.unwrap();
        assert_eq!(late, Put::Exists);
        assert_eq!(store.owner().await.unwrap(), Some(first));
        for generation in [2, 16] {
            let next = owner(generation, None);
            assert_eq!(store.own(&next).await.unwrap(), Put::Created);
            assert_eq!(store.owner().await.unwrap(), Some(next));
        }
        assert_eq!(store.list(FOLDER).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_owner_that_cant_be_read_is_nobody_and_still_the_newest() {
        let store = Store::memory();
        let garbage = bytes::Bytes::from_static(b"{");
        store.put_new(&object(3), garbage).await.unwrap();
        let found = store.owner().await.unwrap().unwrap();
        assert_eq!((found.generation, found.server), (3, None));
    }
}
