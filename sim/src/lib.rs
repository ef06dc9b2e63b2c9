//! The simulation: hosts that back up, transfer, collect, remove, verify and restore at the same
//! time, over two stores that fail, lose answers, delay, repeat and vanish, with processes that
//! are killed or stand still for months and clocks that jump by years; and an auditor that looks
//! with fresh eyes after every entry of a log that changes what is there.
//!
//! Everything is decided by one seed: a run is one thread with tokio's paused time, in which
//! every operation on a store waits for a time that the dice give, so that they decide who goes
//! on. The same seed gives the same run, operation for operation ([`Outcome::trace`]).
//!
//! What must hold:
//! - what was acknowledged is in the log, and what the log has reads byte for byte as it was
//!   handed over, at every entry;
//! - nothing is committed or removed that nobody asked for;
//! - the index is closed at every entry: with a node all below it is listed, with a patch its
//!   parent of less depth, and all that is listed stands in the packs;
//! - nothing is deleted that the log, or an open session, needs;
//! - nobody calls sound bytes damaged, and no writer fails but by the store's or its own fault;
//! - when all have ended, one collection leaves nothing that nothing names.

mod actor;
mod auditor;
mod clock;
mod dice;
mod disks;
mod frozen;
mod host;
mod ledger;
mod many;
mod run;
mod segment;
mod store;
mod world;

pub use many::{fresh_seed, many, one};
pub use run::{run, run_on};

/// What was done in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Operations on stores.
    pub operations: u64,
    /// Things that hosts did, or tried.
    pub actions: u64,
    /// Of these, failed: by a fault, or fenced.
    pub failed: u64,
    /// Of these, dropped in the middle.
    pub dropped: u64,
    /// Points and attempts acknowledged.
    pub commits: u64,
    /// Transfers acknowledged.
    pub transfers: u64,
    /// Collections acknowledged.
    pub collections: u64,
    /// Objects that they deleted.
    pub deleted: u64,
    /// Removals acknowledged.
    pub removals: u64,
    /// Points read whole by hosts.
    pub restores: u64,
    /// Processes killed.
    pub kills: u64,
    /// States of a store that the auditor checked.
    pub audits: u64,
    /// Points that it compared byte for byte.
    pub compared: u64,
}

impl Stats {
    /// Adds another's numbers.
    pub fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.actions += other.actions;
        self.failed += other.failed;
        self.dropped += other.dropped;
        self.commits += other.commits;
        self.transfers += other.transfers;
        self.collections += other.collections;
        self.deleted += other.deleted;
        self.removals += other.removals;
        self.restores += other.restores;
        self.kills += other.kills;
        self.audits += other.audits;
        self.compared += other.compared;
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// The hash of all operations on the stores, with their times, bytes and fates.
    pub trace: String,
    /// What was done.
    pub stats: Stats,
    /// What must not be and was; `None` if all is well.
    pub failure: Option<String>,
    /// The objects of both stores at the end.
    pub stores: [std::collections::BTreeMap<String, bytes::Bytes>; 2],
}
