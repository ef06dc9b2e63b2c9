//! QEMUs, guest agents and definitions that say anything.

use hypervisor::fuzz::TARGETS;
use testkit::hostile::attack;

/// The number that the target expects the agent to echo.
const SYNC: u64 = 1_234_567;

/// Inputs that get far into a target.
fn valid(target: &str) -> Vec<Vec<u8>> {
    let texts: Vec<String> = match target {
        "qmp-lines" => vec![
            concat!(
                r#"{"QMP": {"version": {"qemu": {"major": 10}}, "capabilities": []}}"#,
                "\r\n",
                r#"{"timestamp": {"seconds": 1267020223, "microseconds": 435656}, "event": "STOP"}"#,
                "\r\n",
                r#"{"return": [{"name": "a", "size": 18446744073709551615}], "id": 2}"#,
                "\n",
                r#"{"id": 3, "error": {"class": "GenericError", "desc": "x: Permission denied"}}"#,
                "\n",
            )
            .into(),
        ],
        "block-graph" => vec![GRAPH.into(), LOOP.into()],
        "command-line" => vec![
            COMMAND_LINE.replace(' ', "\0"),
            "qemu\0-drive\0file=/i/a.qcow2,if=virtio\0-blockdev\0{\"driver\":\"qcow2\",\
             \"file\":{\"driver\":\"file\",\"filename\":\"/i/b.raw\"}}"
                .into(),
        ],
        "remembered" => vec![
            r#"{"version":1,"machine":{"uuid":"u","name":"n","state":"stopped","firmware":"bios",
            "disks":[{"name":"vd0","path":"/i/a","format":"raw","size":1,"bus":"virtio",
            "bootOrder":1,"choice":{"choice":"included"}}],"agent":{"status":"notConfigured"}},"arguments":["qemu"],
            "nvram":null}"#
                .into(),
        ],
        "agent-socket" => return agent_answers(),
        "agent-libvirt" => vec![r#"{"return":{"version":"10.0.2","supported_commands":[]}}"#.into()],
        "domain-xml" => vec![DOMAIN.into(), include_str!("../../src/libvirt/testdata/uefi.xml").into()],
        "job-xml" => vec![
            "<domainbackup mode='pull'><server transport='unix' socket='/s/x.sock'/><disks>\
             <disk name='vda' backup='yes' type='file'><scratch file='/s/vda'/></disk></disks>\
             </domainbackup>"
                .into(),
            "<domaincheckpoint><name>c</name><disks><disk name='vda' checkpoint='bitmap' \
             bitmap='c'/></disks></domaincheckpoint>"
                .into(),
        ],
        _ => panic!("no valid input for {target}"),
    };
    texts.into_iter().map(String::into_bytes).collect()
}

fn agent_answers() -> Vec<Vec<u8>> {
    let sync = format!("{{\"return\": {SYNC}}}\n").into_bytes();
    let late = b"{\"return\": 3}\n\xff{\"return\": 1}\n";
    let good = b"{\"return\": {\"version\": \"10.0.2\"}}\n";
    let bad = b"{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such\"}}\n";
    vec![
        [&[0xff][..], &sync, good].concat(),
        [&late[..], &[0xff, 0xff], &sync, bad].concat(),
        [&[0xff][..], &sync, b"[1]\n"].concat(),
    ]
}

const GRAPH: &str = r#"[
[{"device": "", "qdev": "/machine/peripheral/vd0/virtio-backend", "removable": false,
  "inserted": {"node-name": "cbw", "ro": false}},
 {"device": "ide1-cd0", "qdev": "/machine/unattached/device[20]", "removable": true}],
[{"node-name": "cbw", "drv": "copy-before-write", "image": {}},
 {"node-name": "disk0", "drv": "qcow2", "file": "/i/a.qcow2",
  "image": {"virtual-size": 4096, "format-specific": {"data": {"compat": "1.1"}}},
  "dirty-bitmaps": [{"name": "b", "recording": true, "persistent": true}]},
 {"node-name": "f", "drv": "file", "file": "/i/a.qcow2", "image": {}}],
{"nodes": [{"id": 1, "type": "block-driver", "name": "cbw"},
           {"id": 2, "type": "block-driver", "name": "disk0"},
           {"id": 3, "type": "block-driver", "name": "f"}],
 "edges": [{"parent": 1, "child": 2, "name": "file"},
           {"parent": 2, "child": 3, "name": "file"}]},
"virtio-blk-pci", "/machine/q35/pcie.0", 1, false]"#;

/// A filter below itself.
const LOOP: &str = r#"[[{"qdev": "x", "inserted": {"node-name": "a"}}],
[{"node-name": "a", "drv": "throttle"}],
{"nodes": [{"id": 1, "type": "block-driver", "name": "a"}],
 "edges": [{"parent": 1, "child": 1, "name": "backing"}]}]"#;

const COMMAND_LINE: &str = "qemu-system-x86_64 -name web,debug-threads=on -uuid \
6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1 -smbios type=1,uuid=x -incoming defer -qmp \
unix:/run/vms/web.qmp,server=on,wait=off -blockdev driver=file,filename=/i/a.qcow2,node-name=f \
-blockdev {\"driver\":\"qcow2\",\"file\":\"f\",\"node-name\":\"d\"} -device \
virtio-blk-pci,drive=d,id=vd0 -drive file=/i/b.raw,if=none,id=x -device ide-hd,drive=x -drive \
if=pflash,file=/i/vars.fd,format=raw -device virtio-net-pci,netdev=n,mac=52:54:00:00:00:01";

const DOMAIN: &str = "<domain type='kvm' id='3'><name>a &amp; b</name>\
<uuid>6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1</uuid><!-- by hand --><seclabel type='dynamic' \
model='dac'><label>+1:+2</label></seclabel><os><boot dev='hd'/><nvram>/v.fd</nvram></os><devices>\
<disk type='file' device='disk'><driver type='qcow2'/><source file='/i/a'/><target dev='vda' \
bus='virtio'/><boot order='1'/></disk><disk type='volume'><source pool='p' volume='v'/>\
<target dev='vdb'/></disk><interface><mac address='52:54:00:00:00:01'/></interface>\
<channel><target name='org.qemu.guest_agent.0' state='connected'/></channel></devices></domain>";

#[test]
fn no_bytes_break_a_reader_of_this_crate() {
    for (name, target) in TARGETS {
        let count = attack(name, *target, &valid(name), |run| {
            allocation_counter::measure(run).bytes_max
        });
        assert!(count > 500, "{name}: only {count} inputs");
        println!("{name}: {count} inputs");
    }
}
