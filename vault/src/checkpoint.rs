//! Checkpoints of the log: what it said up to some entry, so that opening a vault need not read
//! the entries of years. They are a help only: without one, or with a damaged one, the log is
//! read from an older one or from its start. Log entries are never deleted, or a writer that
//! was stalled could make one anew.

use base::{Code, Error, Kind, Result};
use serde::{Deserialize, Serialize};

use crate::format::entry::{DoomedPack, SegmentName};
use crate::format::envelope;
use crate::format::id::Id;
use crate::format::pack::PackName;
use crate::keys::Keyring;
use crate::log::{PointEntry, SessionState, State};
use crate::store::Store;
use crate::vault::Vault;

/// A checkpoint is written when the log has grown by so many entries.
const EVERY: u64 = 256;

/// The clear body of a checkpoint, object `state/NUMBER`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checkpoint {
    number: u64,
    sum: Id,
    sessions: Vec<(u64, SessionState)>,
    points: Vec<PointEntry>,
    segments: Vec<SegmentName>,
    last_collect: u64,
    doomed: Vec<DoomedPack>,
}

impl Checkpoint {
    fn of(state: &State) -> Self {
        let doomed = |(pack, since): (&PackName, &u64)| DoomedPack {
            session: pack.session,
            number: pack.number,
            since: *since,
        };
        Self {
            number: state.head,
            sum: state.head_sum,
            sessions: state
                .sessions
                .iter()
                .map(|(n, s)| (*n, s.clone()))
                .collect(),
            points: state.points.clone(),
            segments: state.segments.iter().copied().collect(),
            last_collect: state.last_collect,
            doomed: state.doomed.iter().map(doomed).collect(),
        }
    }

    fn into_state(self) -> State {
        let doomed = |d: DoomedPack| {
            let (session, number) = (d.session, d.number);
            (PackName { session, number }, d.since)
        };
        State {
            head: self.number,
            head_sum: self.sum,
            sessions: self.sessions.into_iter().collect(),
            points: self.points,
            segments: self.segments.into_iter().collect(),
            last_collect: self.last_collect,
            doomed: self.doomed.into_iter().map(doomed).collect(),
        }
    }
}

fn name(number: u64) -> String {
    format!("state/{number:016x}")
}

/// The state at the newest checkpoint that can be read.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn newest(store: &Store, ring: &Keyring) -> Result<Option<State>> {
    for (object, _) in store.list("state").await?.into_iter().rev() {
        let Some(bytes) = store.get(&object).await? else {
            continue;
        };
        match read(&bytes, &object, ring) {
            Ok(checkpoint) => return Ok(Some(checkpoint.into_state())),
            Err(e) if e.kind() == Kind::Integrity => {
                tracing::warn!(object, error = %e, "a checkpoint is damaged; an older one serves");
            }
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

fn read(bytes: &[u8], object: &str, ring: &Keyring) -> Result<Checkpoint> {
    let opened = envelope::open(bytes, envelope::Kind::Checkpoint)?;
    opened.authenticate(ring)?;
    let checkpoint: Checkpoint = opened.clear()?;
    if name(checkpoint.number) != object {
        let why = format!("{object} is not the checkpoint its name says");
        return Err(Error::new(Code::VaultDamaged, why));
    }
    Ok(checkpoint)
}

/// Writes a checkpoint if the log has grown enough, and deletes those before the last two.
///
/// # Errors
/// Those of the store.
pub(crate) async fn keep(vault: &Vault) -> Result<()> {
    let state = vault.refresh().await?;
    let mut there: Vec<String> = vault
        .store
        .list("state")
        .await?
        .into_iter()
        .map(|o| o.0)
        .collect();
    if there
        .last()
        .is_none_or(|last| *last < name(state.head.saturating_sub(EVERY)))
    {
        let checkpoint = Checkpoint::of(&state);
        let bytes = envelope::write(&vault.ring, envelope::Kind::Checkpoint, &checkpoint, None);
        // A writer that was killed may have left the newest entry visible and not durable.
        vault.store.sync_folders(&["log"]).await?;
        vault.store.put_new(&name(state.head), bytes.into()).await?;
        there.push(name(state.head));
    }
    for old in there.iter().rev().skip(2) {
        vault.store.delete(old).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::entry::Phase;
    use crate::format::manifest::{MachineKey, PointState};

    #[test]
    fn a_state_comes_back_from_its_checkpoint_as_it_was() {
        let point = base::PointId::from_bytes([7; 16]);
        let mut state = State {
            head: 300,
            head_sum: Id([1; 32]),
            last_collect: 200,
            ..State::default()
        };
        let session = SessionState {
            machine: MachineKey([3; 16]),
            phase: Phase::Transfer,
            open: true,
            inherits: vec![4, 5],
            opened_at: "1970-01-01T00:00:00Z".into(),
        };
        state.sessions.insert(290, session);
        state.points.push(PointEntry {
            number: 280,
            session: 270,
            point,
            machine: MachineKey([3; 16]),
            state: PointState::Attempt,
            manifest: Id([9; 32]),
            stored: 12,
        });
        let (session, number) = (270, 2);
        state.segments.insert(SegmentName { session, number });
        state.doomed.insert(PackName { session, number }, 200);
        let json = serde_json::to_vec(&Checkpoint::of(&state)).unwrap();
        let back: Checkpoint = serde_json::from_slice(&json).unwrap();
        assert_eq!(back.into_state(), state);
    }
}
