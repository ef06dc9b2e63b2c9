//! The rules from outside: each refusal, the examples of the requirements, and random policies
//! over decades against a model that shares no code with the crate.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod charges;
mod examples;
mod faults;
mod life;
mod model;
mod next_runs;
mod preview;
