//! The engine and the reconcilers over stores and a clock that a test plays.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod adoption;
mod alerts;
mod conflict;
mod costs;
mod crash;
mod edits;
mod groups;
mod jobs;
mod life;
mod limits;
mod options;
mod restores;
mod retention;
mod scheduler;
mod time;
mod two;
mod usages;
mod world;
