//! A vault in one store: making it, opening it, what its log says.

use std::sync::Arc;

use base::{Clock, Random, Result, VaultId};
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::format::descriptor::Descriptor;
use crate::format::manifest::MachineKey;
use crate::index::{Index, Segment};
use crate::keys::Keyring;
use crate::log::{Log, State};
use crate::reader::Reader;
use crate::session::Limits;
use crate::store::Store;

mod locked;
mod points;

pub use locked::{Locked, create};
pub(crate) use locked::{is_foreign_key, newest_keys};
pub use points::{PointInfo, manifest_name};

pub(crate) const DESCRIPTOR: &str = "vault";

/// Where time and randomness come from.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
}

impl Surroundings {
    /// The host's own.
    #[must_use]
    pub fn system() -> Self {
        Self {
            clock: Arc::new(base::SystemClock),
            random: Arc::new(base::SystemRandom),
        }
    }
}

/// A vault in one store, open.
#[derive(Debug)]
pub struct Vault {
    pub(crate) store: Store,
    pub(crate) ring: Arc<Keyring>,
    pub(crate) around: Surroundings,
    pub(crate) log: Arc<Log>,
    pub(crate) index: Arc<Index>,
    descriptor: Descriptor,
    descriptor_bytes: Bytes,
    probed: OnceCell<()>,
    pub(crate) limits: Limits,
}

impl Vault {
    fn assemble(
        store: Store,
        ring: Arc<Keyring>,
        around: Surroundings,
        descriptor: Descriptor,
        descriptor_bytes: Bytes,
    ) -> Self {
        let (clock, random) = (Arc::clone(&around.clock), Arc::clone(&around.random));
        let log = Log::new(store.clone(), Arc::clone(&ring), clock, random);
        Self {
            store,
            ring,
            around,
            log: Arc::new(log),
            index: Arc::default(),
            descriptor,
            descriptor_bytes,
            probed: OnceCell::new(),
            limits: Limits::default(),
        }
    }

    /// The same vault, with other limits for the sessions opened from now on.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The vault's id.
    #[must_use]
    pub fn id(&self) -> VaultId {
        self.descriptor.vault_id
    }

    /// Bytes of a chunk.
    #[must_use]
    pub fn chunk_size(&self) -> u32 {
        self.descriptor.chunk_size
    }

    /// What never changes in it.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    pub(crate) fn descriptor_bytes(&self) -> &Bytes {
        &self.descriptor_bytes
    }

    /// Its keys.
    #[must_use]
    pub fn ring(&self) -> &Arc<Keyring> {
        &self.ring
    }

    /// Its store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The key that stands for a machine.
    #[must_use]
    pub fn machine_key(&self, uuid: &str) -> MachineKey {
        MachineKey(self.ring.machine_id(uuid))
    }

    /// The key that stands for a disk of a machine.
    #[must_use]
    pub fn disk_key(&self, uuid: &str, disk: &str) -> MachineKey {
        MachineKey(self.ring.machine_id(&format!("{uuid}/{disk}")))
    }

    /// Reads what is new in the log, and opens the segments it names.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn refresh(&self) -> Result<State> {
        Ok(self.view().await?.0)
    }

    /// As [`Vault::refresh`], with the segments of that very state.
    pub(crate) async fn view(&self) -> Result<(State, Vec<Arc<Segment>>)> {
        follow(&self.store, &self.ring, &self.log, &self.index).await
    }

    /// A reader of everything committed by now.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn reader(&self) -> Result<Reader> {
        self.refresh().await?;
        let (log, index) = (Arc::clone(&self.log), Arc::clone(&self.index));
        Ok(Reader::following(
            self.store.clone(),
            Arc::clone(&self.ring),
            log,
            index,
        ))
    }

    /// Checks once that the store is safe to write to.
    pub(crate) async fn ensure_probed(&self) -> Result<()> {
        self.probed
            .get_or_try_init(|| self.store.probe(&*self.around.random))
            .await
            .map(|_| ())
    }
}

/// Reads what is new in the log, and opens the segments it names: gives both, of one moment.
///
/// # Errors
/// `Integrity`, `Unavailable`.
pub(crate) async fn follow(
    store: &Store,
    ring: &Arc<Keyring>,
    log: &Log,
    index: &Index,
) -> Result<(State, Vec<Arc<Segment>>)> {
    loop {
        // The guard is held meanwhile, so that no older list replaces a newer one.
        let state = log.refresh().await?;
        index.follow(store, ring, &state.segments).await?;
        if index.damaged().is_empty() {
            return Ok((state.clone(), index.snapshot()));
        }
        // A segment may have been dropped and deleted since its name was read.
        let names = state.segments.clone();
        drop(state);
        let state = log.refresh().await?;
        if state.segments == names {
            return Ok((state.clone(), index.snapshot()));
        }
    }
}
