//! The crate against real servers and images: nbdkit, qemu-nbd, qemu-img, qemu-io, nbdinfo.
//! A program that is missing makes these tests fail: they are the oracles.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod attack;
mod file;
mod held;
mod hostile;
mod image;
mod map;
mod nbd;
mod nbdkit;
mod place;
mod qemu;
mod server;
