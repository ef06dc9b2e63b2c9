//! What work on a protected item stands on: its machine, host, stores and policy, as they are now.

use base::{Code, Error, Result};
use state::machines::Machine;
use state::policies::Policy;
use state::protected_items::{self as items, ProtectedItem};
use state::recovery_points::{self as points, Range, Tiers};
use state::{Tx, resources};

use crate::Control;
use crate::plane::Stores;
use crate::protected_items::is_active;

/// What a backup works with.
pub(crate) struct Ground {
    pub(crate) item: ProtectedItem,
    pub(crate) policy: Option<policy::Policy>,
    /// Whether the policy refuses a point that is less consistent than it asks for.
    pub(crate) refuses_downgrades: bool,
    pub(crate) machine: Machine,
    /// The folded id of the machine's host.
    pub(crate) host: String,
    pub(crate) connection: String,
    pub(crate) scratch_limit: Option<u64>,
    pub(crate) scratch_keep_free: Option<u8>,
    pub(crate) stores: Stores,
    /// Whether it has no snapshot so far.
    pub(crate) first: bool,
}

impl Control {
    /// Looks up what work on an item needs.
    ///
    /// # Errors
    /// `ObjectNotFound`, `MachineNotFound`, `ResourceNotFound`; as [`Control::stores_of`]; those of
    /// the records.
    pub(crate) async fn ground(&self, item: i64) -> Result<Ground> {
        let mut tx = self.state.read().await?;
        let item = items::by_data_id(&mut tx, item).await?;
        let gone = || Error::new(Code::ObjectNotFound, "the protected item is gone");
        let item = item.ok_or_else(gone)?;
        let machine = resources::get::<Machine>(&mut tx, &item.body.source).await?;
        let machine = machine.ok_or_else(|| {
            let detail = format!("machine {} is gone", item.body.friendly_name);
            Error::new(Code::MachineNotFound, detail)
        })?;
        let host = self.host_of(&mut tx, &machine.body).await?;
        let stores = self.stores_of(&mut tx, &item, &host.body).await?;
        // The newest point keeps its snapshot (SNAP-9).
        let newest = points::page(&mut tx, item.data_id, Range::default(), None, 1).await?;
        let first = newest.first().is_none_or(|p| p.tiers == Tiers::Vault);
        let policy = policy_record(&mut tx, &item).await?;
        Ok(Ground {
            refuses_downgrades: policy
                .as_ref()
                .is_some_and(|p| p.extension.refuse_downgrades),
            policy: policy.map(|p| p.policy),
            item,
            machine: machine.body,
            host: state::fold(&host.id),
            connection: host.body.connection,
            scratch_limit: host.body.scratch_limit,
            scratch_keep_free: host.body.scratch_keep_free,
            stores,
            first,
        })
    }
}

impl Ground {
    /// Refuses to touch a machine that is on two hosts at once: which of them is meant can't be
    /// told. Its points may be sent and restored elsewhere all the same.
    ///
    /// # Errors
    /// `MachineInConflict`.
    pub(super) fn check_one_host(&self) -> Result<()> {
        let Some(other) = self.machine.also_on.first() else {
            return Ok(());
        };
        let name = &self.item.body.friendly_name;
        let detail = format!("{name} is on {} and on {other}", self.machine.host);
        Err(Error::new(Code::MachineInConflict, detail))
    }
}

/// The policy that an item has.
pub(crate) async fn policy_of(tx: &mut Tx, item: &ProtectedItem) -> Result<Option<policy::Policy>> {
    Ok(policy_record(tx, item).await?.map(|record| record.policy))
}

/// The same, with its settings.
async fn policy_record(tx: &mut Tx, item: &ProtectedItem) -> Result<Option<Policy>> {
    let Some(id) = &item.policy else {
        return Ok(None);
    };
    let found = resources::get::<Policy>(tx, id).await?;
    Ok(found.map(|record| record.body))
}

/// The policy by which a backup ends that began with one: protection may have been stopped since,
/// and then an edit counts for it no more (IMMU-3).
pub(super) async fn policy_at_end(
    tx: &mut Tx,
    item: &ProtectedItem,
) -> Result<Option<policy::Policy>> {
    let now = match is_active(item) {
        true => policy_of(tx, item).await?,
        false => None,
    };
    Ok(now.or_else(|| item.body.policy_seen.clone()))
}
