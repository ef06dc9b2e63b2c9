//! The networks that libvirt knows.

use hypervisor::libvirt::{LibvirtHost, LibvirtOptions, Network};
use testkit::libvirt::Libvirtd;

async fn networks(uri: &str) -> Vec<Network> {
    let host = LibvirtHost::open(uri, LibvirtOptions::default()).unwrap();
    host.networks().await.unwrap()
}

/// libvirt's own driver for tests, which is in its library, has one network.
#[tokio::test(flavor = "multi_thread")]
async fn networks_are_listed_with_their_addresses() {
    let default = Network {
        name: "default".to_owned(),
        addresses: Some("192.168.122.0/24".to_owned()),
    };
    assert_eq!(networks("test:///default").await, [default]);
}

/// A daemon without the driver of networks refuses to list them; one with it has none at first.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_without_networks_has_none() {
    let daemon = Libvirtd::start().unwrap();
    assert_eq!(networks(&daemon.uri()).await, []);
}
