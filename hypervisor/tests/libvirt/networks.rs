//! The networks that libvirt knows.

use hypervisor::libvirt::{LibvirtHost, LibvirtOptions};
use testkit::libvirt::Libvirtd;

#[tokio::test(flavor = "multi_thread")]
async fn networks_are_listed_with_their_addresses_started_or_not() {
    let daemon = Libvirtd::start().unwrap();
    let define = |name: &str, inside: &str| {
        let file = daemon.dir().join(format!("{name}.xml"));
        let xml = format!("<network><name>{name}</name>{inside}</network>");
        std::fs::write(&file, xml).unwrap();
        let file = file.display().to_string();
        daemon.virsh(&["net-define", &file]).unwrap();
    };
    let host = LibvirtHost::open(&daemon.uri(), LibvirtOptions::default()).unwrap();
    // A daemon that was just installed may come with one of its own.
    let before = host.networks().await.unwrap().len();
    define(
        "stillpoint-nat",
        "<forward mode='nat'/><ip address='192.168.77.1' netmask='255.255.255.0'/>",
    );
    define(
        "stillpoint-lan",
        "<forward mode='bridge'/><bridge name='br0'/>",
    );
    let all = host.networks().await.unwrap();
    assert_eq!(all.len(), before + 2, "{all:?}");
    let of = |name: &str| {
        let found = all.iter().find(|n| n.name == name).unwrap();
        found.addresses.clone()
    };
    assert_eq!(of("stillpoint-nat").as_deref(), Some("192.168.77.0/24"));
    assert_eq!(of("stillpoint-lan"), None);
}
