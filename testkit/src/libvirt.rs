//! A libvirt of the test's own, with guests in it.
//!
//! The daemon runs in a mount namespace in which libvirt's folders are private
//! ones, so nothing in `/etc` changes and a libvirt that the host may run is not
//! touched: the two know nothing of each other. Needs root.

mod builder;
mod daemon;
mod domain;

pub use builder::DomainBuilder;
pub use daemon::Libvirtd;
pub use domain::Domain;
