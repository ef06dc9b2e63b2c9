//! What discovery makes of hosts that a test plays.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod hosts;
mod machines;

use std::sync::Arc;

use base::{ManualClock, SeededRandom};
use control::plane::Discovered;
use control::scripted::{Scripted, machine};
use control::{Control, HostInput, Start, VaultInput};
use hypervisor::Machine;
use jiff::Timestamp;
use state::State;
use state::protected_items::{self, ItemBody, NewItem, ProtectedItem, ProtectionState};
use uuid::Uuid;

const A: &str = "test:///a";
const B: &str = "test:///b";
const GIB: u64 = 1 << 30;

struct World {
    _folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    plane: Arc<Scripted>,
    control: Control,
    /// The same records, for what protects machines.
    state: State,
}

impl World {
    /// A server on host `a`, with the host `b` in the same group.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(now));
        let plane = Arc::new(Scripted::default());
        let start = Start {
            data: folder.path().to_owned(),
            state: None,
            pool: None,
            names: vec!["here".to_owned()],
            host: "a".to_owned(),
            connection: A.to_owned(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
            plane: plane.clone(),
            options: control::Options::default(),
        };
        let (control, ..) = Control::open(start, async |_, _| Ok(())).await.unwrap();
        let place = folder.path().join("state.db").display().to_string();
        let state = State::open(&place, clock.clone()).await.unwrap();
        control.put_host("b", host(B, "default")).await.unwrap();
        Self {
            _folder: folder,
            clock,
            plane,
            control,
            state,
        }
    }

    fn set(&self, connection: &str, machines: &[Machine]) {
        let networks = Some(Vec::new());
        let machines = machines.to_vec();
        self.plane
            .set(connection, Discovered { machines, networks });
    }

    async fn look(&self) {
        self.control.discover().await.unwrap();
    }

    /// Names of all machines, with their UUIDs' numbers.
    async fn names(&self) -> Vec<(String, u128)> {
        let all = self.control.machines(None, None, 100).await.unwrap();
        all.iter()
            .map(|m| (m.name.clone(), m.body.uuid.as_u128() >> 96))
            .collect()
    }

    async fn machine(&self, name: &str) -> state::machines::Machine {
        self.control.machine("default", name).await.unwrap().body
    }

    async fn protect(&self, name: &str) -> ProtectedItem {
        let input = VaultInput {
            location: Some("onprem".to_owned()),
            ..VaultInput::default()
        };
        let (vault, _) = self
            .control
            .put_vault("default", "v1", input)
            .await
            .unwrap();
        let machine = self.control.machine("default", name).await.unwrap();
        let mut tx = self.state.write().await.unwrap();
        let item = NewItem {
            id: format!("{}/items/{name}", vault.id),
            vault: vault.id,
            machine: machine.body.uuid,
            machine_group: machine.parent,
            policy: None,
            state: ProtectionState::ProtectionStopped,
            next_run: None,
            body: ItemBody::default(),
        };
        let made = protected_items::create(&mut tx, item).await.unwrap();
        tx.commit().await.unwrap();
        made
    }

    async fn purge(&self, id: &str) {
        let mut tx = self.state.write().await.unwrap();
        let item = protected_items::get(&mut tx, id).await.unwrap().unwrap();
        protected_items::delete(&mut tx, &item).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn protectable(&self) -> Vec<String> {
        let vault = self.control.vault("default", "v1").await.unwrap();
        let all = self.control.protectable(&vault, None, 100).await;
        all.unwrap().into_iter().map(|m| m.name).collect()
    }
}

fn host(connection: &str, group: &str) -> HostInput {
    HostInput {
        location: Some("onprem".to_owned()),
        connection: Some(connection.to_owned()),
        group: Some(group.to_owned()),
        ..HostInput::default()
    }
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n << 96)
}

fn named(n: u128, name: &str) -> Machine {
    machine(id(n), name, &[GIB, GIB])
}

fn is(names: &[(&str, u128)]) -> Vec<(String, u128)> {
    names.iter().map(|(n, u)| ((*n).to_owned(), *u)).collect()
}
