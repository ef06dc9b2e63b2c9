//! The engine and the reconcilers over stores and a clock that a test plays.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod adoption;
mod alerts;
mod conflict;
mod costs;
mod crash;
mod downgrades;
mod edits;
mod groups;
mod health;
mod jobs;
mod life;
mod limits;
mod options;
mod overview;
mod places;
mod protection_rules;
mod restores;
mod retention;
mod scheduler;
mod tally;
mod time;
mod two;
mod usages;
mod world;
