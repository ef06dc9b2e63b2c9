//! What the records promise, on both engines: `conformance` is the suite, `sqlite` and `postgres`
//! run it.

mod backups;
mod build;
mod conformance;
mod crash;
mod fixtures;
mod measure;
mod model;
mod postgres;
mod powercut;
mod sqlite;
