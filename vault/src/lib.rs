//! The vault.

pub mod keys;
