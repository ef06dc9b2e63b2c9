//! The durable records of the control plane: on SQLite, or on PostgreSQL when several servers
//! share the work.
//!
//! ```text
//! State ─► Tx / WriteTx ─► nouns: resources (groups, vaults, …), protected_items,
//!                                 recovery_points, jobs, operations, leases, …
//! ```
//!
//! Everything is read and written in a transaction ([`State::read`], [`State::write`]) by the
//! functions of the nouns. Invariants:
//! - There is one writer at a time on a database, whichever server it is. So a decision that is
//!   made in a [`WriteTx`] on what was read in it holds when it is written.
//! - What [`WriteTx::commit`] has acknowledged is durable.
//! - Records that are changed have a revision; who changes a record that is not as it was read is
//!   refused with `PreconditionFailed`.
//! - Work that was taken over is fenced: [`State::write_as`] gives a transaction only to the
//!   holder of the lease's newest generation.
//!
//! Times are kept in whole microseconds, UTC; what is finer is cut off. Every function can fail
//! with what the database answers, "those of the database": `StateUnavailable` (does not answer,
//! is busy), `StateDenied`, `StateDamaged`, `NoSpaceLeft`, `InputOutputError`. After such an error
//! the transaction can only be dropped. Reading and writing within a transaction is not
//! cancel-safe in this sense: if a function's future is dropped, so must be its transaction.

mod backup;
mod db;
mod fold;
mod migrate;
mod store;

pub mod activity;
pub mod admission_rules;
pub mod alerts;
pub mod collections;
pub mod groups;
pub mod heat_map;
pub mod hosts;
pub mod jobs;
pub mod leases;
pub mod locations;
pub mod locks;
pub mod log_ins;
pub mod machines;
pub mod meter;
pub mod moves;
pub mod networks;
pub mod operations;
pub mod overview;
pub mod policies;
pub mod principals;
pub mod protected_items;
pub mod protection_rules;
pub mod recovery_points;
pub mod resources;
pub mod role_assignments;
pub mod search;
pub mod settings;
pub mod storage_accounts;
pub mod usages;
pub mod vault_pools;
pub mod vaults;

pub use db::{Tx, WriteTx};
pub use fold::fold;
pub use leases::Lease;
pub use resources::{Record, Resource, Scope};
pub use store::State;
