//! The machines, vaults and policies of a run, and what an operator does to them by chance.

mod operate;

use std::rc::Rc;
use std::sync::Arc;

use base::{Code, Error, VaultId};
use control::plane::Discovered;
use control::scripted::{Scripted, machine};
use control::{Control, HostInput, ItemName, PolicyInput, VaultChange, VaultInput};
use jiff::SignedDuration;
use state::vaults::SoftDeleteState;
use uuid::Uuid;

use crate::choose;
use crate::dice::Dice;
use crate::life::HOST;
use crate::rules::{Rules, Version};

pub(crate) const GROUP: &str = "default";
const DAY: i64 = 86_400;
const PER_HOST: usize = 50;
const PER_VAULT: usize = 25;
const POLICIES: usize = 4;

/// A policy of a vault.
pub(crate) struct Own {
    name: String,
    version: Rc<Version>,
}

/// A vault.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) id: VaultId,
    policies: Vec<Own>,
    /// Days of soft delete; 0: it is off.
    kept: i64,
}

/// A machine.
pub(crate) struct Machine {
    pub(crate) uuid: Uuid,
    pub(crate) name: String,
    pub(crate) vault: usize,
    /// The place of its policy, while it has one.
    policy: Option<usize>,
    /// It was deleted for good since the auditor looked last.
    is_going: bool,
}

/// All of them.
pub(crate) struct Fleet {
    pub(crate) machines: Vec<Machine>,
    pub(crate) vaults: Vec<Place>,
    /// What was done, and what the server refused.
    pub(crate) deeds: u64,
    pub(crate) edits: u64,
    pub(crate) refused: u64,
}

fn told(error: &Error) -> String {
    format!("{error:?}")
}

fn uuid(number: usize) -> Uuid {
    Uuid::from_u128((number as u128 + 1) << 96)
}

impl Fleet {
    /// Makes hosts, machines, vaults and policies.
    pub(crate) async fn make(
        control: &Arc<Control>,
        plane: &Scripted,
        count: usize,
        dice: &mut Dice,
    ) -> Result<Self, String> {
        let mut machines = Vec::new();
        for host in 0..count.div_ceil(PER_HOST) {
            let connection = format!("test:///{host}");
            let here: Vec<usize> = (host * PER_HOST..count.min((host + 1) * PER_HOST)).collect();
            let found = here.iter().map(|number| {
                let disks = vec![1 << 34; 1 + number % 3];
                machine(uuid(*number), &format!("vm{number:04}"), &disks)
            });
            let (found, networks) = (found.collect(), None);
            plane.set(
                &connection,
                Discovered {
                    machines: found,
                    networks,
                },
            );
            if connection != HOST {
                let input = HostInput {
                    location: Some("onprem".to_owned()),
                    connection: Some(connection),
                    group: Some(GROUP.to_owned()),
                    ..HostInput::default()
                };
                let put = control.put_host(&format!("host{host}"), input).await;
                put.map_err(|e| told(&e))?;
            }
            machines.extend(here.into_iter().map(|number| Machine {
                uuid: uuid(number),
                name: format!("vm{number:04}"),
                vault: number / PER_VAULT,
                policy: None,
                is_going: false,
            }));
        }
        control.discover().await.map_err(|e| told(&e))?;
        let mut vaults = Vec::new();
        for number in 0..count.div_ceil(PER_VAULT) {
            vaults.push(Place::make(control, number, dice).await?);
        }
        Ok(Self {
            machines,
            vaults,
            deeds: 0,
            edits: 0,
            refused: 0,
        })
    }

    /// How much was done to it.
    pub(crate) fn done(&self) -> u64 {
        self.deeds + self.edits
    }
}

impl Place {
    async fn make(control: &Arc<Control>, number: usize, dice: &mut Dice) -> Result<Self, String> {
        let name = format!("vault{number:03}");
        // Each fifth has no soft delete.
        let kept = if number % 5 == 4 {
            0
        } else {
            dice.range(14, 40)
        };
        let state = if kept == 0 {
            SoftDeleteState::Disabled
        } else {
            SoftDeleteState::Enabled
        };
        let change = VaultChange {
            soft_delete: Some(state),
            soft_delete_days: (kept > 0).then_some(kept as u16),
            ..VaultChange::default()
        };
        let input = VaultInput {
            location: Some("onprem".to_owned()),
            change,
        };
        let made = control
            .put_vault(GROUP, &name, input)
            .await
            .map_err(|e| told(&e))?;
        let mut policies = Vec::new();
        for number in 0..POLICIES {
            let rules = choose::rules(dice, number % 2 == 1);
            let policy = format!("policy{number}");
            put(control, &name, &policy, &rules)
                .await
                .map_err(|e| told(&e))?;
            let version = Version::new(rules, control.now().as_second());
            policies.push(Own {
                name: policy,
                version,
            });
        }
        Ok(Self {
            name,
            id: made.0.body.store_vault,
            policies,
            kept,
        })
    }
}

async fn put(control: &Arc<Control>, vault: &str, name: &str, rules: &Rules) -> base::Result<()> {
    let input = PolicyInput {
        policy: choose::given(rules, control.now().as_second()),
        properties: serde_json::json!({}),
    };
    control
        .put_policy(GROUP, vault, name, input)
        .await
        .map(|_| ())
}

pub(crate) fn item_name(machine: &Machine) -> ItemName {
    ItemName {
        group: GROUP.to_owned(),
        machine: machine.name.clone(),
    }
}

/// How the machines' snapshots and transfers go.
pub(crate) fn direct(plane: &Scripted, mut dice: Dice) {
    use control::scripted::{Act, Ends, Phase};
    plane.direct(move |_, phase| {
        let (takes, ends) = match (phase, dice.range(0, 99)) {
            (Phase::Snapshot, 0..2) => (600, Ends::Fails(Code::HypervisorUnavailable)),
            (Phase::Snapshot, 2) => (300, Ends::Fails(Code::MachineNotFound)),
            (Phase::Snapshot, 3) => (300, Ends::FailsAfter(Code::HypervisorUnavailable)),
            (Phase::Snapshot, 4..7) => (600, Ends::Downgraded(Code::AgentUnavailable)),
            (Phase::Snapshot, 7) => (6 * 3600, Ends::Well),
            (Phase::Snapshot, _) => (500, Ends::Well),
            (Phase::Transfer, 0..2) => (900, Ends::Fails(Code::StoreUnavailable)),
            (Phase::Transfer, 2) => (900, Ends::Fails(Code::NoSpace)),
            (Phase::Transfer, 3) => (900, Ends::FailsAfter(Code::NoSpace)),
            (Phase::Transfer, 4) => (36 * 3600, Ends::Well),
            (Phase::Transfer, 5..8) => (5 * 3600, Ends::Well),
            // Nobody restores in this year.
            (Phase::Transfer | Phase::Restore | Phase::Machine, _) => (1500, Ends::Well),
        };
        let takes = SignedDuration::from_secs(dice.range(1, takes));
        Act { takes, ends }
    });
}
