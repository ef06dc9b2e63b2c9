use base::SeededRandom;

use super::*;

const OLD: &[&str] = &[
    "qemu-system-x86_64",
    "-nodefaults",
    "-name",
    "web,debug-threads=on",
    "-uuid",
    "6d0ff19e-0000-4000-8000-000000000001",
    "-smbios",
    "type=1,uuid=6d0ff19e-0000-4000-8000-000000000001",
    "-incoming",
    "defer",
    "-pidfile",
    "/run/vms/web/pid",
    "-chardev",
    "socket,id=mon,path=/run/vms/web/qmp.sock,server=on,wait=off",
    "-chardev",
    "socket,id=fs,path=/run/virtiofsd.sock",
    "-qmp",
    "unix:/run/vms/web.qmp,server=on,wait=off",
    "-device",
    "virtio-net-pci,netdev=net0,mac=52:54:00:00:00:01",
    "-machine",
    "q35,pflash0=code,pflash1=vars",
    "-blockdev",
    "driver=file,node-name=vars,filename=/srv/web_VARS.fd",
    "-blockdev",
    "driver=file,node-name=basef,filename=/srv/base.qcow2",
    "-blockdev",
    "driver=qcow2,node-name=base,file=basef",
    "-blockdev",
    "driver=file,filename=/srv/a,,b.qcow2,node-name=f0",
    "-blockdev",
    "driver=qcow2,file=f0,node-name=d0,backing=base",
    "-device",
    "virtio-blk-pci,drive=d0,id=vda",
    "-blockdev",
    r#"{"driver":"qcow2","node-name":"d1","file":{"driver":"file","filename":"/srv/b.qcow2"}}"#,
    "-device",
    "virtio-blk-pci,drive=d1,id=vdb",
    "-drive",
    "file=images/c.raw,format=raw,if=none,id=d2",
    "-device",
    "ide-hd,drive=d2",
    "-drive",
    "file=/srv/install.iso,media=cdrom",
];

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn rewritten(disks: &[(&str, &str)], dropped: &[&str]) -> Result<Vec<String>> {
    let disks = disks
        .iter()
        .map(|(a, b)| (PathBuf::from(a), PathBuf::from(b)))
        .collect();
    let dropped = dropped.iter().map(PathBuf::from).collect();
    let change = RewriteArguments {
        old_name: "web",
        name: "web2",
        uuid: Some("11111111-2222-4333-8444-555555555555"),
        macs: Some(&SeededRandom::new(1)),
        network: None,
        disks: &disks,
        dropped: &dropped,
        nvram: Some(Path::new("/new/VARS.fd")),
        folder: Path::new("/new"),
    };
    rewrite_arguments(&strings(OLD), &change)
}

#[test]
fn disks_move_to_their_new_files_and_lose_their_backing_images() {
    let disks = [
        ("/srv/a,b.qcow2", "/new/a,b.qcow2"),
        ("/srv/b.qcow2", "/new/b.qcow2"),
        ("/home/me/images/c.raw", "/new/c.raw"),
    ];
    let all = rewritten(&disks, &[]).unwrap();
    for word in [
        "driver=file,filename=/new/a,,b.qcow2,node-name=f0",
        "driver=qcow2,file=f0,node-name=d0",
        "file=/new/c.raw,format=raw,if=none,id=d2",
        "driver=file,node-name=vars,filename=/new/VARS.fd",
        "file=/srv/install.iso,media=cdrom",
    ] {
        assert!(all.iter().any(|w| w == word), "{word} in {all:#?}");
    }
    assert!(
        all.iter()
            .any(|w| w.contains(r#""filename":"/new/b.qcow2""#)),
        "{all:#?}"
    );
    assert!(!all.iter().any(|w| w.contains("base")), "{all:#?}");
}

#[test]
fn a_new_identity_reaches_every_word_that_holds_the_old_one() {
    let all = rewritten(&[("/srv/a,b.qcow2", "/new/a")], &[]).unwrap();
    let text = all.join(" ");
    for old in [
        "6d0ff19e",
        "52:54:00:00:00:01",
        "/run/vms",
        "-incoming",
        "defer",
        "web,",
    ] {
        assert!(!text.contains(old), "{old} in {text}");
    }
    for new in [
        "-name web2,debug-threads=on",
        "type=1,uuid=11111111-2222-4333-8444-555555555555",
        "-uuid 11111111-2222-4333-8444-555555555555",
        "path=/new/qmp.sock,server=on",
        "-qmp unix:/new/web2.qmp,server=on,wait=off",
        "-pidfile /new/pid",
        "path=/run/virtiofsd.sock",
    ] {
        assert!(text.contains(new), "{new} in {text}");
    }
}

#[test]
fn a_disk_that_was_not_restored_goes_with_its_device_and_a_read_only_one_stays() {
    let dropped = [
        "/srv/a,b.qcow2",
        "/srv/b.qcow2",
        "/x/images/c.raw",
        "/srv/install.iso",
    ];
    let all = rewritten(&[], &dropped).unwrap();
    let text = all.join(" ");
    for gone in ["f0", "d0", "d1", "d2", "ide-hd", "virtio-blk"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    assert!(text.contains("install.iso"), "{text}");
}

#[test]
fn a_restored_disk_that_no_word_names_is_an_error() {
    let e = rewritten(&[("/srv/z.qcow2", "/new/z")], &[]).unwrap_err();
    assert_eq!(e.code(), Code::DiskNotFound);
}

#[test]
fn words_that_nothing_changes_come_back_as_they_were() {
    let disks = BTreeMap::new();
    let change = RewriteArguments {
        old_name: "web",
        name: "web",
        uuid: None,
        macs: None,
        network: None,
        disks: &disks,
        dropped: &BTreeSet::new(),
        nvram: None,
        folder: Path::new("/run/vms/web"),
    };
    let words = strings(&[
        "q",
        "-drive",
        "file=/a,,b,readonly",
        "-S",
        "--device",
        "x,y=1",
        "img",
    ]);
    let same = strings(&[
        "q",
        "-drive",
        "file=/a,,b,readonly",
        "-S",
        "-device",
        "x,y=1",
        "img",
    ]);
    assert_eq!(rewrite_arguments(&words, &change).unwrap(), same);
    assert!(rewrite_arguments(&[], &change).is_err());
}

#[test]
fn words_in_a_circle_or_of_one_name_take_no_time_and_too_many_are_refused() {
    let disks = BTreeMap::from([(PathBuf::from("/a"), PathBuf::from("/new/a"))]);
    let change = RewriteArguments {
        old_name: "web",
        name: "web",
        uuid: None,
        macs: None,
        network: None,
        disks: &disks,
        dropped: &BTreeSet::new(),
        nvram: None,
        folder: Path::new("/vm"),
    };
    let mut words = strings(&[
        "q",
        "-blockdev",
        "filename=/a,node-name=f",
        "-blockdev",
        "file=f,node-name=d",
        "-blockdev",
        "file=d,node-name=f",
    ]);
    for n in 0..9000 {
        words.extend([String::from("-D"), format!("/{n}/log.txt")]);
    }
    let all = rewrite_arguments(&words, &change).unwrap();
    assert_eq!(all[2], "filename=/new/a,node-name=f");
    let names: BTreeSet<_> = all[7..].iter().filter(|w| *w != "-D").collect();
    assert_eq!(names.len(), 9000);
    assert!(names.contains(&"/vm/log-9000.txt".to_owned()));
    words.resize(30_000, "x".into());
    let e = rewrite_arguments(&words, &change).unwrap_err();
    assert_eq!(e.code(), Code::HypervisorError);
}

/// RESTORE-2, 14
#[test]
fn every_card_is_connected_to_the_network_that_was_chosen() {
    let old = [
        "qemu-system-x86_64",
        "-netdev",
        "tap,id=n0,ifname=tap0,script=no",
        "-netdev",
        r#"{"type":"user","id":"n1","hostfwd":[{"str":"tcp::2222-:22"}]}"#,
        "-nic",
        "user,model=virtio,mac=52:54:00:00:00:01,hostfwd=tcp::2222-:22",
        "-nic",
        "none",
        "-net",
        "nic,model=e1000,macaddr=52:54:00:00:00:02",
        "-net",
        "tap,ifname=tap1",
    ];
    let (disks, dropped) = (BTreeMap::new(), BTreeSet::new());
    let rewritten = |network| {
        let change = RewriteArguments {
            old_name: "web",
            name: "web",
            uuid: None,
            macs: None,
            network: Some(&network),
            disks: &disks,
            dropped: &dropped,
            nvram: None,
            folder: Path::new("/new"),
        };
        let words = rewrite_arguments(&strings(&old), &change).unwrap();
        let of_card = ["-netdev", "-nic", "-net"].map(str::to_owned);
        let values = words[1..].iter().filter(|w| !of_card.contains(w));
        values.cloned().collect::<Vec<_>>()
    };
    let mac = "mac=52:54:00:00:00:01";
    assert_eq!(
        rewritten(NetworkTarget::User),
        [
            "user,id=n0".to_owned(),
            "user,id=n1".to_owned(),
            format!("user,model=virtio,{mac}"),
            "none".to_owned(),
            "nic,model=e1000,macaddr=52:54:00:00:00:02".to_owned(),
            "user".to_owned(),
        ]
    );
    assert_eq!(
        rewritten(NetworkTarget::Bridge("br1".to_owned())),
        [
            "bridge,id=n0,br=br1".to_owned(),
            "bridge,id=n1,br=br1".to_owned(),
            format!("bridge,model=virtio,{mac},br=br1"),
            "none".to_owned(),
            "nic,model=e1000,macaddr=52:54:00:00:00:02".to_owned(),
            "bridge,br=br1".to_owned(),
        ]
    );
}
