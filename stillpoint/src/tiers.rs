//! The two stores of a host: the snapshot store and the vault.

use std::sync::Arc;

use base::{Code, Error, Kind, Result};
use serde::Serialize;
use vault::keys::Keyring;
use vault::{Locked, Surroundings, Vault};

use crate::keys;
use crate::ownership;
use crate::settings::{Settings, Snapshots};
use crate::stores;

/// A tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tier {
    /// The host's snapshot store.
    Snapshot,
    /// The vault.
    Vault,
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Snapshot => "snapshot store",
            Self::Vault => "vault",
        })
    }
}

/// The tiers that could be opened; one at least.
#[derive(Debug)]
pub struct Tiers {
    /// The snapshot store, if the host has one of its own and it holds the vault already.
    pub snapshot: Option<Arc<Vault>>,
    /// The vault, or why it could not be opened.
    pub vault: Result<Arc<Vault>>,
}

impl Tiers {
    /// Opens what there is, to read.
    ///
    /// # Errors
    /// If neither can be opened, why the vault can't: `NotAVault`, `PassphraseWrong`,
    /// `KeyMissing`, `VaultForeign`, `StoreUnavailable`, `Integrity`.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let mut ring = None;
        let vault = open_vault(settings, &mut ring).await;
        let Snapshots::Store(place) = &settings.snapshots else {
            return Ok(Self {
                snapshot: None,
                vault: Ok(vault?),
            });
        };
        if let Err(e) = &vault
            && settings.global.vault.is_some()
            && !is_away(e)
        {
            return Err(again(e));
        }
        let opened = async { open_with(settings, stores::open(place).await?, &mut ring).await };
        let snapshot = match opened.await {
            Ok(snapshot) => Some(snapshot),
            // Not made before the first backup.
            Err(e) if e.code() == Code::NotAVault => None,
            Err(e) if vault.is_ok() && is_hurt(&e) => {
                let what = format!("the snapshot store can't be opened: {e}");
                settings.reporter.warn(what);
                None
            }
            Err(e) => return Err(e),
        };
        match (&snapshot, vault) {
            (_, Ok(vault)) => Ok(Self {
                snapshot,
                vault: Ok(vault),
            }),
            (None, Err(e)) => Err(e),
            (Some(_), Err(e)) => {
                if settings.global.vault.is_some() {
                    settings
                        .reporter
                        .warn(format!("the vault can't be opened: {e}"));
                }
                Ok(Self {
                    snapshot,
                    vault: Err(e),
                })
            }
        }
    }

    /// Opens both to back up: the snapshot store is made to hold the vault if it does not yet.
    /// A vault that is away costs the transfer, not the snapshot.
    ///
    /// # Errors
    /// As [`Tiers::open`]; `VaultForeign` if the two stores belong to different vaults.
    pub async fn open_to_write(settings: &Settings) -> Result<Self> {
        let Snapshots::Store(place) = &settings.snapshots else {
            let vault = open_vault(settings, &mut None).await?;
            ownership::may_write(settings, vault.store()).await?;
            return Ok(Self {
                snapshot: None,
                vault: Ok(vault),
            });
        };
        let mut ring = None;
        match open_vault(settings, &mut ring).await {
            Ok(vault) => {
                ownership::may_write(settings, vault.store()).await?;
                let snapshot = stores::make(place)?;
                ownership::may_write(settings, &snapshot).await?;
                let snapshot = vault.extend_to(snapshot).await;
                let snapshot = snapshot.map_err(|e| e.during(format!("snapshot store {place}")))?;
                Ok(Self {
                    snapshot: Some(Arc::new(snapshot)),
                    vault: Ok(vault),
                })
            }
            Err(e) if is_away(&e) => {
                let Ok(locked) = stores::open(place).await else {
                    return Err(e);
                };
                ownership::may_write(settings, locked.store()).await?;
                let snapshot = open_with(settings, locked, &mut ring).await?;
                settings
                    .reporter
                    .warn(format!("the vault can't be opened: {e}"));
                Ok(Self {
                    snapshot: Some(snapshot),
                    vault: Err(e),
                })
            }
            Err(e) => Err(e),
        }
    }

    /// Where a backup's first phase writes.
    ///
    /// # Errors
    /// Why the vault could not be opened, if it is the one.
    pub fn first(&self) -> Result<&Arc<Vault>> {
        match (&self.snapshot, &self.vault) {
            (Some(snapshot), _) => Ok(snapshot),
            (None, Ok(vault)) => Ok(vault),
            (None, Err(e)) => Err(again(e)),
        }
    }

    /// The tiers, the nearest first.
    pub fn all(&self) -> impl Iterator<Item = (Tier, &Arc<Vault>)> {
        let snapshot = self.snapshot.iter().map(|v| (Tier::Snapshot, v));
        snapshot.chain(self.vault.iter().map(|v| (Tier::Vault, v)))
    }
}

/// The same error once more, for another reader.
pub fn again(e: &Error) -> Error {
    Error::new(e.code(), e.detail())
}

/// The place of the vault.
///
/// # Errors
/// `BadArgument` if none was given.
pub fn vault_place<'a>(settings: &'a Settings, given: Option<&'a str>) -> Result<&'a str> {
    given.or(settings.global.vault.as_deref()).ok_or_else(|| {
        Error::new(
            Code::BadArgument,
            "which vault? Give --vault STORE or set STILLPOINT_VAULT for a store, or log in to a \
             server by `stillpoint login`",
        )
    })
}

/// Whether the vault may be there again later.
fn is_away(e: &Error) -> bool {
    e.code() == Code::NotAVault || matches!(e.kind(), Kind::Unavailable | Kind::Failed)
}

/// Whether a store's own state keeps it from being read: another one may serve.
pub fn is_hurt(e: &Error) -> bool {
    matches!(e.kind(), Kind::Integrity | Kind::Unavailable | Kind::Failed)
}

/// Opens the vault in the store at `place`.
///
/// # Errors
/// As [`Tiers::open`].
pub async fn open_one(settings: &Settings, place: &str) -> Result<Arc<Vault>> {
    open_with(settings, stores::open(place).await?, &mut None).await
}

async fn open_vault(settings: &Settings, ring: &mut Option<Arc<Keyring>>) -> Result<Arc<Vault>> {
    let locked = stores::open(vault_place(settings, None)?).await?;
    open_with(settings, locked, ring).await
}

async fn open_with(
    settings: &Settings,
    locked: Locked,
    ring: &mut Option<Arc<Keyring>>,
) -> Result<Arc<Vault>> {
    let ring = match ring {
        Some(ring) => ring,
        None => ring.insert(keys::ring(settings, &locked).await?),
    };
    let store = locked.store().clone();
    let vault = locked.open_with(Arc::clone(ring), Surroundings::system());
    vault.map(Arc::new).map_err(|e| e.during(store))
}
