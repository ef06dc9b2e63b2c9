//! The command as a client of a server: the whole life of a machine that is off.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde_json::{Value, json};
use testkit::libvirt::Libvirtd;

use crate::server::{UUID, define};
use crate::serving::{Server, free_port};
use crate::user::{User, shown};

/// A server with the machine `web`, and who is logged in as its first start says.
fn logged_in(folder: &Path, connect: &str) -> (Server, User) {
    let server = Server::start(&folder.join("data"), free_port(), connect);
    let (secret, words) = shown(&server);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let user = User::new(folder);
    let wrong = user.run_with(&words, &[("STILLPOINT_SECRET", "wrong")]);
    assert_eq!(wrong.code, 5, "{}", wrong.err);
    assert!(wrong.err.contains("invalid_client"), "{}", wrong.err);
    assert!(!user.login_file().exists(), "a login that failed is kept");
    let done = user.run_with(&words, &[("STILLPOINT_SECRET", &secret)]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(!done.out.contains(&secret), "{}", done.out);
    (server, user)
}

#[test]
fn a_machine_is_protected_backed_up_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let libvirtd = Libvirtd::start().unwrap();
    define(&libvirtd, "web");
    // Four chunks that don't compress.
    let mut noise = vec![0; 200 << 10];
    let mut x = 1_u64;
    for byte in &mut noise {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        *byte = x as u8;
    }
    let image = File::options()
        .write(true)
        .open(libvirtd.dir().join("a.img"));
    image.unwrap().write_all_at(&noise, 0).unwrap();
    let (_server, user) = logged_in(folder.path(), &libvirtd.uri());

    let refused = user.ends(4, "protection list");
    assert!(refused.contains("vault create -v NAME"), "{refused}");
    let made = user.json("vault create -v v1 --redundancy local");
    assert_eq!(made["location"], "onprem");
    user.ends(7, "vault create -v V1");
    user.ends(2, "vault create -v 1v");
    assert!(user.ends(0, "vault list").contains("LocallyRedundant"));
    assert_eq!(user.json("vault list")[0]["name"], "v1");
    user.ends(0, "vault set v1 --soft-delete on --soft-delete-days 20");
    let shown = user.ends(0, "vault show");
    assert!(shown.contains("Enabled, 20 days"), "{shown}");
    assert!(shown.contains("1, no paired pool"), "{shown}");

    assert!(user.ends(0, "vm list").contains("web"));
    assert_eq!(user.json("vm show WEB")["properties"]["vmId"], UUID);
    assert_eq!(user.json(&format!("vm show {UUID}"))["name"], "web");

    let missing = user.ends(4, "protection enable db");
    assert!(missing.contains("UserErrorVmNotFoundV2"), "{missing}");
    let missing = user.ends(4, "protection enable web --policy weekly");
    assert!(missing.contains("PolicyNotFound"), "{missing}");
    user.ends(4, "backup now web");
    let enabled = user.ends(0, "protection enable web --policy DefaultPolicy");
    let advice = "Not to wait for it: stillpoint backup now web";
    assert!(enabled.contains(advice), "{enabled}");
    let listed = user.ends(0, "protection list");
    assert!(
        listed.contains("Warning (Initial backup pending)"),
        "{listed}"
    );
    let shown = user.ends(0, "protection show web");
    assert!(
        shown.contains("Warning (Initial backup pending)"),
        "{shown}"
    );

    // Both phases are shown as they go; the day ends in the policy's zone (PROT-6).
    let said = user.ends(0, "backup now web --retain-until 2031-12-30");
    for phase in ["Take Snapshot", "Transfer data to vault", "completed in"] {
        assert!(said.contains(phase), "{said}");
    }
    let points = user.json("point list web");
    let point = &points[0];
    let kept = &point["properties"]["recoveryPointProperties"]["expiryTime"];
    assert_eq!(kept, "2031-12-31T00:00:00Z", "{point}");
    // SNAP-5: a machine that is off.
    let consistency = &point["properties"]["recoveryPointType"];
    assert_eq!(consistency, "CrashConsistent", "{point}");
    assert!(user.ends(0, "point list").contains("Snapshot and vault"));
    assert!(user.ends(0, "point show latest").contains("vda, vdb"));
    let shown = user.json("protection show web");
    let extended = &shown["properties"]["extendedInfo"];
    assert_eq!(extended["stillpointExtension"], "Pending", "{extended}");
    assert_eq!(extended["recoveryPointCount"], 1, "{extended}");
    assert!(user.ends(0, "protection show web").contains("Completed"));
    let job = user.json("backup now web --no-wait --retain-until 2031-12-30T12:00:00Z");
    assert_eq!(job["properties"]["operation"], "Backup");
    let name = job["name"].as_str().unwrap();
    let watched = user.ends(0, &format!("job watch {}", &name[..8]));
    assert!(watched.contains("Completed"), "{watched}");
    let done = user.json("job show latest");
    assert_eq!(done["name"], name);
    assert!(
        user.ends(2, "job cancel latest")
            .contains("JobNotCancellable")
    );
    user.ends(4, "job show 00000000");
    let backups = user.json("job list --operation Backup --status Completed");
    assert_eq!(backups.as_array().unwrap().len(), 2);
    let columns = user.ends(0, "job list --operation Backup -o tsv");
    assert_eq!(columns.lines().next().unwrap().split('\t').count(), 6);

    // Both points show the same; it is stored once.
    let usage = user.json("vault usage --check");
    let of = &usage["properties"];
    assert_eq!(
        (&of["points"], &of["logicalBytes"]),
        (&json!(2), &json!(2 * (256 << 10)))
    );
    assert_eq!(of["items"][0]["dataBytes"], 256 << 10);
    for store in of["stores"].as_array().unwrap() {
        let bytes = |name: &str| store[name].as_u64().unwrap();
        let unique = bytes("uniqueBytes");
        assert!((200 << 10..300 << 10).contains(&unique), "{usage}");
        assert!(
            bytes("storedBytes") > unique && bytes("wrongSums") == 0,
            "{usage}"
        );
    }
    let listed = user.ends(0, "vault usage v1");
    assert!(
        listed.contains("512.0 KiB") && listed.contains("(all)"),
        "{listed}"
    );

    let restored = user.json("restore disks latest:web --to restores");
    let bag = &restored["properties"]["extendedInfo"]["propertyBag"];
    let image = bag["Restored disk vda"].as_str().unwrap();
    assert_eq!(Path::new(image).metadata().unwrap().len(), 1 << 30);
    // RESTORE-7: over its own disks, once what is there has been backed up.
    let image = File::options()
        .read(true)
        .write(true)
        .open(libvirtd.dir().join("a.img"))
        .unwrap();
    image.write_all_at(&vec![0xff; noise.len()], 0).unwrap();
    let restored = user.json("restore disks latest:web --in-place");
    let bag = &restored["properties"]["extendedInfo"]["propertyBag"];
    let before = bag["Backup before the restore"].as_str().unwrap();
    let before = user.json(&format!("job show {before}"));
    assert_eq!(before["properties"]["operation"], "Backup", "{before}");
    let mut now = vec![0; noise.len()];
    image.read_exact_at(&mut now, 0).unwrap();
    assert!(now == noise, "it is as it was");
    user.ends(2, "restore disks latest:web --in-place --to restores");
    user.ends(4, "restore disks latest:web --to nowhere");
    user.ends(4, "restore disks 77");
    let direct = user.ends(2, "restore disks latest:web --onto vda=/dev/null");
    assert!(direct.contains("--onto is for"), "{direct}");

    user.ends(0, "protection disable web");
    assert!(
        user.ends(0, "protection list")
            .contains("ProtectionStopped")
    );
    user.ends(0, "protection resume web --policy DefaultPolicy");
    user.ends(0, "protection set-policy web --policy EnhancedPolicy");
    assert!(user.ends(0, "protection list").contains("EnhancedPolicy"));
    let asked = user.ends(2, "protection disable web --delete-data");
    assert!(asked.contains("--yes"), "{asked}");
    // PROT-12: its name is typed; another one deletes nothing.
    let asked = user.types(130, "protection disable web --delete-data", "wob");
    assert!(asked.contains("Type `web` to go on"), "{asked}");
    assert!(!user.ends(0, "protection show web").contains("for good in"));
    // VAULT-20: and why.
    let typed = "web\nno longer used";
    let asked = user.types(0, "protection disable web --delete-data", typed);
    assert!(
        asked.contains("The reason, for the activity log"),
        "{asked}"
    );
    assert!(user.ends(0, "protection show web").contains("for good in"));
    user.ends(2, "vault delete v1");
    user.ends(0, "protection undelete web");
    assert!(
        user.ends(0, "protection show web")
            .contains("ProtectionStopped")
    );
}

#[test]
fn policies_hosts_and_the_login() {
    let folder = tempfile::tempdir().unwrap();
    let (server, user) = logged_in(folder.path(), "qmp:///run/nobody");
    user.ends(0, "vault create -v v1");
    user.ends(0, "vault create -v v2");
    let which = user.ends(2, "policy list");
    assert!(which.contains("v1, v2"), "{which}");
    assert!(user.ends(0, "policy list -v v2").contains("DefaultPolicy"));
    user.ends(4, "policy list -v v3");
    user.ends(0, "vault delete v2");

    let mut policy = user.json("policy show DefaultPolicy");
    let days = "/properties/retentionPolicy/dailySchedule/retentionDuration/count";
    *policy.pointer_mut(days).unwrap() = json!(45);
    let file = folder.path().join("policy.json");
    std::fs::write(&file, policy.to_string()).unwrap();
    let set = format!("policy set nightly --file {}", file.display());
    assert!(user.ends(0, &set).contains("45 days"));
    *policy.pointer_mut(days).unwrap() = json!(1);
    std::fs::write(&file, policy.to_string()).unwrap();
    assert!(
        user.ends(2, &set)
            .contains("BMSUserErrorInvalidPolicyInput")
    );
    user.ends(0, "policy delete nightly");
    user.ends(4, "policy delete nightly");

    let vms = folder.path().join("vms");
    std::fs::create_dir(&vms).unwrap();
    let add = format!("host add q1 --connection qmp://{}", vms.display());
    user.ends(0, &add);
    assert!(user.ends(0, "host list").contains("q1"));
    user.ends(4, "host show q2");
    user.ends(0, "host remove q1");
    user.ends(4, "host remove q1");
    let own = user.json("host list")[0]["name"].clone();
    let own = user.ends(7, &format!("host remove {}", own.as_str().unwrap()));
    assert!(own.contains("own host"), "{own}");

    // MON-6
    assert_eq!(user.json("alert list"), json!([]));
    user.ends(0, "vault set v1 --soft-delete off");
    let alerts = user.ends(0, "alert list");
    assert!(alerts.contains("Soft delete disabled"), "{alerts}");
    let id = user.json("alert list")[0]["id"].clone();
    let id = id.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    user.ends(4, "alert close ffffffff-0");
    let closed = user.ends(0, &format!("alert close {}", &id[..8]));
    assert!(closed.contains("Closed"), "{closed}");
    assert_eq!(user.json("alert list"), json!([]));
    assert!(user.ends(0, "alert list --all").contains("Closed"));

    // PRICE-2, 11
    user.ends(
        0,
        "cost rates --currency EUR --instance 10 --gb local=0.02,geo-read=0.05",
    );
    let rates = user.ends(0, "cost rates --snapshot-gb 0.05");
    for said in ["EUR", "ReadAccessGeoRedundant  0.05", "GB of snapshots"] {
        assert!(rates.contains(said), "{rates}");
    }
    let estimate = "cost estimate --size 200GiB --machines 3 --churn 5 --exclude 50 --weeks 12";
    let month = user.ends(0, estimate);
    assert!(
        month.contains("61.20 EUR") && month.contains("1.5 TiB"),
        "{month}"
    );
    let month = user.json(estimate);
    assert_eq!(month["properties"]["vaultCost"], 29.7);
    let geo = user.ends(0, &format!("{estimate} --redundancy geo-read -o tsv"));
    assert!(geo.contains("Cost of the vault\t74.25 EUR\n"), "{geo}");
    user.ends(2, "cost estimate --size 1G --churn 200");
    assert!(user.ends(0, "cost show").contains("INSTANCES"));
    user.ends(2, "cost show --from 2026-03-02 --to 2026-03-01");
    assert_eq!(user.json("cost show --to 2026-03-01 -v v1"), json!([]));

    // A token that is over is renewed, once, and kept.
    let file = user.login_file();
    let mut login: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    login["token"] = "stale".into();
    std::fs::write(&file, login.to_string()).unwrap();
    user.ends(0, "vault list");
    let renewed: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_ne!(renewed["token"], "stale");
    login["secret"] = "wrong".into();
    std::fs::write(&file, login.to_string()).unwrap();
    user.ends(5, "vault list");
    std::fs::write(&file, renewed.to_string()).unwrap();

    // A store that is given goes before the login.
    let store = format!("vault show {}", folder.path().display());
    assert!(user.ends(4, &store).contains("NotAVault"));
    let place = folder.path().display().to_string();
    let done = user.run_with(&["point", "list"], &[("STILLPOINT_VAULT", &place)]);
    assert!(done.err.contains("NotAVault"), "{}", done.err);
    server.kill();
    assert!(user.ends(9, "vault list").contains("ServerUnavailable"));
    user.ends(0, "logout");
    assert!(!file.exists());
    assert!(user.ends(5, "job list").contains("stillpoint login"));
    let both = user.ends(2, "point list");
    assert!(
        both.contains("--vault STORE") && both.contains("login"),
        "{both}"
    );
}
