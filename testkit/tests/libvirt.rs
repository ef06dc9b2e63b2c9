//! The private libvirt and its domains.

use serde_json::Value;
use testkit::libvirt::Libvirtd;
use testkit::{DiskSpec, Machine};

#[test]
fn a_domain_outlives_its_daemon_and_two_daemons_do_not_meet() {
    let daemon = Libvirtd::start().unwrap();
    let domain = daemon
        .domain("a")
        .disk(DiskSpec::qcow2(64 << 20))
        .disk(DiskSpec::raw(64 << 20))
        .start()
        .unwrap();
    let other = Libvirtd::start().unwrap();
    assert_eq!(
        other.virsh(&["list", "--all", "--name"]).unwrap().trim(),
        ""
    );
    domain.wait_agent().unwrap();
    domain.write_file("/data2/x", b"raw disk").unwrap();
    let pid = domain.pid().unwrap();

    daemon.kill9().unwrap();
    assert!(domain.state().is_err());
    daemon.restart().unwrap();
    assert_eq!(domain.state().unwrap(), "running");
    assert_eq!(domain.pid().unwrap(), pid);
    assert_eq!(domain.read_file("/data2/x").unwrap(), b"raw disk");
    let status = domain.qmp("query-status", Value::Null).unwrap();
    assert_eq!(status["status"], "running");

    domain.kill().unwrap();
    domain.start_again().unwrap();
    assert_eq!(domain.read_file("/data2/x").unwrap(), b"raw disk");
    domain.shutdown().unwrap();
    domain.power_on().unwrap();
    let (pid, dir) = (domain.pid().unwrap(), daemon.dir().to_owned());
    drop((domain, daemon));
    assert!(!testkit::process::alive(pid));
    assert!(!dir.exists());
}
