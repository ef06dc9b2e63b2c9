//! The command on real guests (testkit): everything from finding a machine to booting it
//! again.

#[path = "../command.rs"]
mod command;

mod bare;
mod buckets;
mod libvirt;
