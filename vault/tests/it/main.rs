//! Tests of the vault through its public face.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is built of"
)]

mod collect;
mod damage;
mod faults;
mod faulty;
mod fixtures;
mod hostile;
mod image;
mod independent;
mod model;
mod powercut;
mod protocol;
mod repair;
mod rescue;
mod smoke;
mod stores;
mod support;
mod usage;
