//! Lists and records that say anything.

use mover::fuzz::TARGETS;
use testkit::hostile::attack;

/// Inputs that get far into a target.
fn valid(target: &str) -> Vec<Vec<u8>> {
    match target {
        "extent-list" => vec![b"# changed\n0 65536\r\n\n131072\t1\n4096 0\n".to_vec()],
        "point-record" => vec![RECORD.as_bytes().to_vec()],
        _ => panic!("no valid input for {target}"),
    }
}

const RECORD: &str = r#"{"machine":{"uuid":"u","name":"web","state":"running",
"firmware":"bios","disks":[
{"name":"vda","path":"/i/a","format":"raw","size":1024,"bus":"virtio","bootOrder":1,"choice":{"choice":"included"}},
{"name":"vdb","path":null,"format":"qcow2","size":2048,"bus":"virtio","bootOrder":null,"choice":{"choice":"included"}},
{"name":"vdc","path":null,"format":"qcow2","size":2048,"bus":"virtio","bootOrder":null,"choice":{"choice":"included"}}],
"agent":{"status":"notConfigured"}},"definition":{"kind":"qemu","arguments":["q"],"nvram":[0,1]},"consistency":"crashConsistent","tracker":"t","frozenMs":0,
"pausedMs":1,"disks":[{"name":"vda","tracker":null,"reason":"none","read":5000,"changed":1,
"unread":[{"offset":0,"len":512},{"offset":4096,"len":4096}]}],"warnings":["w"]}"#;

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

/// The valid record is one; else the attack would not get far.
#[test]
fn the_record_under_attack_is_a_good_one() {
    serde_json::from_str::<mover::PointRecord>(RECORD).unwrap();
}
