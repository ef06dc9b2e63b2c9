//! Where data lies, and settings of policies beside Azure's, by the command.

use crate::serving::{Server, free_port};
use crate::user::User;

#[test]
fn pools_snapshot_stores_restore_folders_and_policy_settings_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let server = Server::start(&base.join("data"), free_port(), "qmp:///run/nobody");
    let user = User::logged_in(&base, &server);
    let at = |name: &str| base.join(name).display().to_string();

    let made = user.json(&format!("pool add big --folder {}", at("big")));
    assert_eq!(made["location"], "onprem");
    let again = user.ends(7, &format!("pool add big --folder {}", at("other")));
    assert!(again.contains("is there already"), "{again}");
    assert!(!base.join("other").exists());
    user.ends(2, "pool add in --folder relative");
    user.ends(0, "pool set default --takes-vaults false");
    user.ends(4, "pool set none --takes-vaults false");
    user.ends(0, "vault create -v v1");
    let listed = user.ends(0, "pool list");
    assert!(listed.contains(&at("big")), "{listed}");
    assert_eq!(user.json("pool show big")["properties"]["vaults"], 1);
    let held = user.ends(7, "pool remove big");
    assert!(held.contains("v1"), "{held}");
    user.ends(4, "pool remove none");

    let host = user.json("host list")[0]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let set = format!("snapshot-store set {host} --limit 4GiB --keep-free 10");
    let store = user.json(&set);
    assert_eq!(store["properties"]["scratchLimit"], 4u64 << 30);
    assert!(user.ends(0, "snapshot-store list").contains(&host));
    user.ends(2, &format!("snapshot-store set {host} --keep-free 99"));
    user.ends(0, &format!("snapshot-store reset {host}"));
    let store = user.json(&format!("snapshot-store show {host}"));
    assert!(store["properties"]["scratchKeepFree"].is_null());

    user.ends(
        0,
        &format!("restore-folder add fast --folder {}", at("fast")),
    );
    user.ends(
        0,
        &format!("restore-folder set fast --folder {}", at("faster")),
    );
    let listed = user.ends(0, "restore-folder list");
    assert!(listed.contains(&at("faster")), "{listed}");
    user.ends(0, "restore-folder remove fast");
    user.ends(4, "restore-folder show fast");

    let settings = user.json("policy settings DefaultPolicy --refuse-downgrades true");
    assert_eq!(settings["properties"]["refuseDowngrades"], true);
    let shown = user.ends(0, "policy settings DefaultPolicy");
    assert!(shown.contains("true"), "{shown}");
    let back = user.json("policy settings DefaultPolicy --reset");
    assert_eq!(back["properties"]["refuseDowngrades"], false);
    user.ends(4, "policy settings none");
}
