//! A vault in one store: making it, opening it, what its log says.

use std::sync::Arc;

use base::{Clock, Code, Error, PointId, Random, Result, ResultExt, VaultId};
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::collect::reserve::{self, Use};
use crate::format::descriptor::{Descriptor, check_chunk_size};
use crate::format::entry::Event;
use crate::format::envelope;
use crate::format::id::Id;
use crate::format::manifest::{MachineKey, Manifest, PointState};
use crate::index::{Index, Segment};
use crate::keys::{KeyObject, Keyring, Unlock, VaultKeys};
use crate::log::{Log, PointEntry, State};
use crate::reader::Reader;
use crate::session::Limits;
use crate::store::{Put, Store};

pub(crate) const DESCRIPTOR: &str = "vault";

/// A store that holds a vault, before a key is given.
#[derive(Debug)]
pub struct Locked {
    store: Store,
    descriptor_bytes: Bytes,
    descriptor: Descriptor,
    key_number: u64,
    keys: KeyObject,
}

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

/// A committed point and its manifest's clear part.
#[derive(Clone, Debug)]
pub struct PointInfo {
    /// The commit.
    pub entry: PointEntry,
    /// What is known without a data key.
    pub manifest: Manifest,
}

fn key_name(vault: VaultId, number: u64) -> String {
    format!("keys/{vault}-{number:08x}")
}

/// Makes a vault in an empty store: probes the store, writes the key object and then the
/// descriptor, which makes it a vault. Gives the keys too, to lend from.
///
/// # Errors
/// `VaultExists`, `StoreUnsafe`, `BadArgument` (chunk size); those of the store.
pub async fn create(
    store: Store,
    chunk_size: u32,
    unlock: &Unlock,
    around: Surroundings,
) -> Result<(Vault, VaultKeys)> {
    check_chunk_size(chunk_size)?;
    let exists = || Error::new(Code::VaultExists, "the store holds a vault");
    if store.get(DESCRIPTOR).await?.is_some() {
        return Err(exists());
    }
    store.probe(&*around.random).await?;
    let vault_id = VaultId::new(&*around.random);
    let now = around.clock.now();
    let (object, keys) = KeyObject::create(vault_id, unlock, &*around.random, now)?;
    let ring = Arc::new(Keyring::from_vault_keys(&keys));
    store
        .put_new(
            &key_name(vault_id, object.number()),
            object.to_bytes().into(),
        )
        .await?;
    let descriptor = Descriptor {
        vault_id,
        chunk_size,
        created_at: now.to_string(),
    };
    let bytes: Bytes = envelope::write(&ring, envelope::Kind::Descriptor, &descriptor, None).into();
    if store.put_new(DESCRIPTOR, bytes.clone()).await? == Put::Exists {
        return Err(exists());
    }
    reserve::make(&store).await;
    let vault = Vault::assemble(store, ring, around, descriptor, bytes);
    vault.probed.set(()).expect("nobody else has it yet");
    Ok((vault, keys))
}

impl Locked {
    /// Looks at the vault in a store.
    ///
    /// # Errors
    /// `NotAVault`, `VaultTooNew`, `Integrity`; those of the store.
    pub async fn open(store: Store) -> Result<Self> {
        let Some(bytes) = store.get(DESCRIPTOR).await? else {
            return Err(Error::new(Code::NotAVault, format!("no vault in {store}")));
        };
        let descriptor: Descriptor = {
            let opened = envelope::open(&bytes, envelope::Kind::Descriptor)?;
            let descriptor: Descriptor = opened.clear()?;
            if opened.vault() != descriptor.vault_id {
                return Err(crate::format::damaged("the descriptor names two vaults"));
            }
            descriptor
        };
        check_chunk_size(descriptor.chunk_size)
            .map_err(|e| crate::format::damaged("the descriptor").because(e))?;
        let (key_number, keys) = newest_keys(&store, descriptor.vault_id).await?;
        Ok(Self {
            store,
            descriptor_bytes: bytes,
            descriptor,
            key_number,
            keys,
        })
    }

    /// What never changes in it.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The newest key object.
    #[must_use]
    pub fn key_object(&self) -> &KeyObject {
        &self.keys
    }

    /// Its store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Opens the key object.
    ///
    /// # Errors
    /// `PassphraseWrong`, `Integrity`.
    pub fn unlock(&self, unlock: &Unlock) -> Result<VaultKeys> {
        self.keys.unlock(unlock)
    }

    /// Makes a changed key object the newest. The older ones are removed from this store;
    /// copies of them elsewhere still open with what opened them.
    ///
    /// # Errors
    /// `Fenced` if somebody else changed the keys meanwhile; those of the store.
    pub async fn replace_keys(&mut self, object: KeyObject) -> Result<()> {
        let name = key_name(self.descriptor.vault_id, object.number());
        if self.store.put_new(&name, object.to_bytes().into()).await? == Put::Exists {
            return Err(Error::new(
                Code::Fenced,
                "somebody else changed the vault's keys meanwhile",
            ));
        }
        drop_older_keys(&self.store, self.descriptor.vault_id, object.number()).await?;
        self.key_number = object.number();
        self.keys = object;
        Ok(())
    }

    /// Opens the vault with these keys.
    ///
    /// # Errors
    /// `VaultForeign` if they are another vault's, `Integrity`.
    pub fn open_with(self, ring: Arc<Keyring>, around: Surroundings) -> Result<Vault> {
        envelope::open(&self.descriptor_bytes, envelope::Kind::Descriptor)?.authenticate(&ring)?;
        Ok(Vault::assemble(
            self.store,
            ring,
            around,
            self.descriptor,
            self.descriptor_bytes,
        ))
    }
}

pub(crate) async fn newest_keys(store: &Store, vault: VaultId) -> Result<(u64, KeyObject)> {
    for _ in 0..3 {
        let names = store.list("keys").await?;
        let prefix = key_name(vault, 0);
        let prefix = &prefix[..prefix.len() - 8];
        let Some(name) = names.iter().map(|n| &n.0).rfind(|n| n.starts_with(prefix)) else {
            break;
        };
        // A newer one may replace it between listing and reading.
        if let Some(bytes) = store.get(name).await? {
            let object = KeyObject::from_bytes(&bytes).during(name)?;
            if key_name(vault, object.number()) != *name || object.vault_id() != vault {
                return Err(crate::format::damaged(format!(
                    "{name} is not what its name says"
                )));
            }
            return Ok((object.number(), object));
        }
    }
    Err(crate::format::damaged("the vault's key object is missing"))
}

async fn drop_older_keys(store: &Store, vault: VaultId, newest: u64) -> Result<()> {
    let newest = key_name(vault, newest);
    let prefix = &newest[..newest.len() - 8];
    for (name, _) in store.list("keys").await? {
        if name.starts_with(prefix) && name < newest {
            store.delete(&name).await?;
        }
    }
    Ok(())
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

    /// Makes another store hold the same vault, as a further tier: copies key object and
    /// descriptor. If the store holds it already, a newer key object is copied over.
    ///
    /// # Errors
    /// `VaultForeign` if it holds another vault; `StoreUnsafe`; those of both stores.
    pub async fn extend_to(&self, store: Store) -> Result<Self> {
        let (number, object) = newest_keys(&self.store, self.id()).await?;
        let there = store.get(DESCRIPTOR).await?;
        if let Some(bytes) = &there {
            let found: Descriptor = envelope::open(bytes, envelope::Kind::Descriptor)?.clear()?;
            if found.vault_id != self.id() {
                return Err(Error::new(
                    Code::VaultForeign,
                    format!("{store} holds vault {}, not {}", found.vault_id, self.id()),
                ));
            }
        } else {
            store.probe(&*self.around.random).await?;
        }
        // Keys that were changed there first are the newer ones.
        let newer_there = match &there {
            Some(_) => newest_keys(&store, self.id()).await?.0 > number,
            None => false,
        };
        if !newer_there {
            store
                .put_new(&key_name(self.id(), number), object.to_bytes().into())
                .await?;
            drop_older_keys(&store, self.id(), number).await?;
        }
        if there.is_none()
            && store
                .put_new(DESCRIPTOR, self.descriptor_bytes.clone())
                .await?
                == Put::Exists
        {
            return Err(Error::new(
                Code::VaultExists,
                format!("{store} was made a vault meanwhile"),
            ));
        }
        if there.is_none() {
            reserve::make(&store).await;
        }
        let ring = Arc::clone(&self.ring);
        Locked::open(store)
            .await?
            .open_with(ring, self.around.clone())
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

    /// Takes points, or attempts, off the log: they exist no more when this returns. Their
    /// space comes back with the next collection. Gives those that were there. On a full file
    /// system a piece of a local store's reserve is given up for it.
    ///
    /// # Errors
    /// `StoreUnsafe`, `Integrity` (the log), `NoSpace`, `Unavailable`.
    pub async fn remove_points(&self, points: &[PointId]) -> Result<Vec<PointId>> {
        let mut tries = 4;
        loop {
            tries -= 1;
            match self.try_to_remove(points).await {
                // Others may take the room that the piece made.
                Err(e) if e.code() == Code::NoSpace && tries > 0 => {
                    if !reserve::take_piece(&self.store, Use::Free).await {
                        return Err(e);
                    }
                }
                done => return done,
            }
        }
    }

    async fn try_to_remove(&self, points: &[PointId]) -> Result<Vec<PointId>> {
        self.ensure_probed().await?;
        let mut there = Vec::new();
        let nothing = || Error::new(Code::PointNotFound, "none of these points exists");
        let removed = self
            .log
            .append(|state| {
                let found = state.points.iter().filter(|p| points.contains(&p.point));
                there = found.map(|p| p.point).collect();
                if there.is_empty() {
                    return Err(nothing());
                }
                Ok(Event::Remove {
                    points: there.clone(),
                })
            })
            .await;
        match removed {
            Err(e) if e.code() == Code::PointNotFound => Ok(Vec::new()),
            done => done.map(|_| there),
        }
    }

    /// The points, oldest first; attempts are left out. A point whose manifest is damaged is
    /// left out too, with a warning in the log: `verify` names it, and one damaged object must
    /// not hide all others.
    ///
    /// # Errors
    /// `Integrity` (the log), `Unavailable`.
    pub async fn points(&self) -> Result<Vec<PointInfo>> {
        let state = self.refresh().await?;
        let mut points = Vec::new();
        for entry in state
            .points
            .into_iter()
            .filter(|p| p.state == PointState::Whole)
        {
            points.extend(self.readable(entry).await?);
        }
        Ok(points)
    }

    /// The point of this id.
    ///
    /// # Errors
    /// `PointNotFound`, `Integrity`, `Unavailable`.
    pub async fn point(&self, point: PointId) -> Result<PointInfo> {
        let state = self.refresh().await?;
        let found = state
            .points
            .into_iter()
            .find(|p| p.point == point && p.state == PointState::Whole);
        let none = || {
            let detail = format!("no point {point} in {}", self.store);
            Error::new(Code::PointNotFound, detail)
        };
        let entry = found.ok_or_else(none)?;
        match self.info(entry).await {
            // It may have been removed since.
            Err(e) if e.kind() == base::Kind::Integrity => {
                let points = self.refresh().await?.points;
                let there = points.iter().any(|p| p.point == point);
                Err(if there { e } else { none() })
            }
            info => info,
        }
    }

    /// The newest points of a machine, newest first, at most `limit`; its attempt too, if it
    /// has one. What a session builds on it takes from [`crate::Session::history`].
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn history(&self, machine: MachineKey, limit: usize) -> Result<Vec<PointInfo>> {
        let points = self.refresh().await?.points;
        self.newest(&points, machine, limit).await
    }

    /// As [`Vault::history`], of these points.
    pub(crate) async fn newest(
        &self,
        points: &[PointEntry],
        machine: MachineKey,
        limit: usize,
    ) -> Result<Vec<PointInfo>> {
        let mut history = Vec::new();
        let newest_first = points.iter().rev().filter(|p| p.machine == machine);
        for entry in newest_first.take(limit) {
            history.extend(self.readable(entry.clone()).await?);
        }
        Ok(history)
    }

    async fn readable(&self, entry: PointEntry) -> Result<Option<PointInfo>> {
        let point = entry.point;
        match self.info(entry).await {
            Err(e) if e.kind() == base::Kind::Integrity => {
                tracing::warn!(%point, error = %e, "a point can't be read");
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    pub(crate) async fn info(&self, entry: PointEntry) -> Result<PointInfo> {
        let bytes = self.manifest_bytes(&entry).await?;
        let opened = envelope::open(&bytes, envelope::Kind::Manifest)?;
        let manifest: Manifest = opened.clear()?;
        if manifest.point != entry.point || manifest.machine != entry.machine {
            return Err(crate::format::damaged(format!(
                "the manifest of {} is another's",
                entry.point
            )));
        }
        Ok(PointInfo { entry, manifest })
    }

    /// A manifest's bytes, checked against the log and authenticated.
    pub(crate) async fn manifest_bytes(&self, entry: &PointEntry) -> Result<Bytes> {
        let name = manifest_name(entry.session, entry.point);
        let bytes = self.store.need(&name).await?;
        let opened = envelope::open(&bytes, envelope::Kind::Manifest).during(&name)?;
        if Id(opened.checksum()) != entry.manifest {
            return Err(crate::format::damaged(format!(
                "{name} is not the one that was committed"
            )));
        }
        opened.authenticate(&self.ring).during(&name)?;
        Ok(bytes)
    }

    /// The sealed part of a point's manifest: what the backup stored with it.
    ///
    /// # Errors
    /// `Integrity`; `Denied` if the ring lacks its data key.
    pub async fn sealed(&self, info: &PointInfo) -> Result<Vec<u8>> {
        let bytes = self.manifest_bytes(&info.entry).await?;
        envelope::open(&bytes, envelope::Kind::Manifest)?.sealed(&self.ring)
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

/// The object name of the manifest with which `session` commits a point. Like all that a session
/// makes it stands under its number, so that no name is ever made twice.
#[must_use]
pub fn manifest_name(session: u64, point: PointId) -> String {
    format!("points/{session:016x}/{point}")
}
