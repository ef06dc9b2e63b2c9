//! Tests of the data mover: backup, transfer and restore against a hypervisor in memory and
//! vaults in memory or in a folder.

mod backup;
mod host;
mod support;
