//! The engine and the reconcilers over stores and a clock that a test plays.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod conflict;
mod crash;
mod jobs;
mod life;
mod retention;
mod scheduler;
mod time;
mod world;
