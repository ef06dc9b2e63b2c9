//! Folders of another owner.

use serde_json::json;

use crate::command::{Place, image};

const NOW: [&str; 4] = ["backup", "now", "--image", "a.raw"];

/// A place where everything of the program's is nobody's.
fn place() -> Place {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 4 << 20, &[(0, 1 << 20)]);
    for name in ["state", "snapshots", "vault", "host.key"] {
        place.give_away(name);
    }
    place
}

#[test]
fn a_folder_or_key_that_the_caller_may_not_use_is_named_and_the_next_backup_is_as_any() {
    let place = place();
    for closed in ["state", "snapshots", "host.key"] {
        place.give(closed, 0);
        let e = place.fails_as_nobody(&NOW, 5);
        assert_eq!(e["code"], "FileAccessDenied", "{e}");
        let message = e["message"].as_str().unwrap();
        assert!(message.contains(&place.text(closed)), "{e}");
        place.give_away(closed);
        assert_eq!(place.json(&["point", "list"]), json!([]));
    }
    let said = place.run_as_nobody(&NOW);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(
        place.json(&["point", "list"])[0]["tiers"],
        "Snapshot and vault"
    );
}

#[test]
fn a_vault_that_the_caller_may_not_write_costs_the_transfer_and_not_the_snapshot() {
    let mut place = place();
    place.give("vault", 0);
    let said = place.run_as_nobody(&[&NOW[..], &["-o", "json"]].concat());
    assert_eq!(said.code, 3, "{said:?}");
    let job: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(job["phases"][0]["status"], "Completed", "{job}");
    assert_eq!(
        job["phases"][1]["error"]["code"], "FileAccessDenied",
        "{job}"
    );
    assert_eq!(place.json(&["point", "list"])[0]["tiers"], "Snapshot");
    place.give_away("vault");
    let said = place.run_as_nobody(&["backup", "transfer"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(
        place.json(&["point", "list"])[0]["tiers"],
        "Snapshot and vault"
    );
    // Straight to the vault there is nothing to fall back on.
    place.set("STILLPOINT_SNAPSHOTS", "none");
    place.give("vault", 0);
    let e = place.fails_as_nobody(&NOW, 5);
    assert_eq!(e["code"], "FileAccessDenied", "{e}");
    let vault = place.at("vault").display().to_string();
    assert!(e["message"].as_str().unwrap().contains(&vault), "{e}");
    assert_eq!(place.json(&["point", "list"]).as_array().unwrap().len(), 1);
    place.ok(&["verify", "--level", "full"]);
}
