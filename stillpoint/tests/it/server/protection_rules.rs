//! Rules that protect machines by themselves, by the command (DISC-12).

use testkit::disk;
use testkit::scripted::ScriptedFolder;

use crate::serving::{Server, free_port};
use crate::user::User;

#[test]
fn disc_12_rules_and_tags_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let host = ScriptedFolder::new(&base.join("host")).unwrap();
    let noise = disk::noise(1, 1 << 20);
    for name in ["web", "db"] {
        host.machine(name, &[&noise], 0).unwrap();
    }
    let port = free_port();
    let server = Server::start(&base.join("data"), port, &host.connection());
    let user = User::logged_in(&base, &server);
    user.ends(0, "vault create -v v1");

    let tagged = user.json("vm tag web backup=daily owner=ann");
    assert_eq!(tagged["tags"]["owner"], "ann");
    let shown = user.ends(0, "vm tag WEB --remove OWNER");
    assert!(shown.contains("backup=daily"), "{shown}");
    assert!(!shown.contains("ann"), "{shown}");
    user.ends(2, "vm tag web plain");
    user.ends(4, "vm tag none a=b");

    let create = "protection-rule create daily --with-tag backup --tag-value daily --remediate";
    let made = user.ends(0, create);
    assert!(made.contains("WithTag backup=daily in onprem"), "{made}");
    let audit = user.json("protection-rule create audit --audit-only");
    assert_eq!(audit["properties"]["effect"], "AuditOnly");
    user.ends(2, "protection-rule create r --audit-only --remediate");
    user.ends(4, "protection-rule create r --new-vault-group none");
    let listed = user.ends(0, "protection-rule list -o tsv");
    assert!(
        listed.contains("daily\tWithTag backup=daily in onprem\tProtect\tv1\t"),
        "{listed}"
    );
    let waits = user.ends(0, "protection-rule machines daily --state pending -o tsv");
    assert!(waits.starts_with("web\tdefault\tPending\t"), "{waits}");

    // The first round follows a start.
    server.kill();
    let _server = Server::start(&base.join("data"), port, &host.connection());
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let found = user.ends(0, "protection-rule machines daily -o tsv");
        if found == "web\tdefault\tProtected\tv1\t\t\n" {
            break;
        }
        assert!(std::time::Instant::now() < end, "{found}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let listed = user.ends(0, "protection list");
    assert!(listed.contains("web") && !listed.contains("db"), "{listed}");
    let left = user.ends(
        0,
        "protection-rule machines audit --state Unprotected -o tsv",
    );
    assert_eq!(left, "db\tdefault\tUnprotected\t\t\t\n");
    user.ends(0, "protection-rule delete daily");
    user.ends(4, "protection-rule show daily");
    assert!(user.ends(0, "protection list").contains("web"));
}
