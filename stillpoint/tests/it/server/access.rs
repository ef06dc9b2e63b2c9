//! Locks, roles and the activity log, by the unmodified Azure command line.

use serde_json::Value;

use crate::serving::{Server, free_port, log_in, texts};

#[test]
fn az_locks_a_group_gives_a_role_and_reads_the_log_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, free_port(), "qmp:///run/nobody");
    let az = log_in(&server, folder.path(), &data);
    az.json("backup vault create -g default -n v1 -l onprem")
        .unwrap();

    az.json("lock create -n keep -g default --lock-type CanNotDelete --notes mine")
        .unwrap();
    let locks = az.json("lock list -g default").unwrap();
    assert_eq!(texts(&locks, "name"), ["keep"]);
    let kept = az
        .refused("backup vault delete -g default -n v1 --yes")
        .unwrap();
    assert!(kept.err.contains("ScopeLocked"), "{}", kept.err);
    az.json("lock delete -n keep -g default").unwrap();

    let subscription = az.json("account show").unwrap()["id"].clone();
    let subscription = subscription.as_str().unwrap();
    let url = format!(
        "{}/subscriptions/{subscription}/providers/Stillpoint.Fabric/applications?api-version=2026-01-01",
        server.url
    );
    let made = az
        .run(&[
            "rest",
            "--method",
            "post",
            "--url",
            &url,
            "--body",
            r#"{"properties":{"displayName":"Operator"}}"#,
        ])
        .unwrap();
    assert_eq!(made.code, 0, "{}", made.err);
    let made: Value = serde_json::from_str(&made.out).unwrap();
    let who = made["properties"]["objectId"].as_str().unwrap();
    let scope = format!("/subscriptions/{subscription}/resourceGroups/default");
    let given = az
        .run(&[
            "role",
            "assignment",
            "create",
            "--assignee-object-id",
            who,
            "--assignee-principal-type",
            "ServicePrincipal",
            "--role",
            "Backup Reader",
            "--scope",
            &scope,
        ])
        .unwrap();
    assert_eq!(given.code, 0, "{}", given.err);
    let given: Value = serde_json::from_str(&given.out).unwrap();
    assert_eq!(given["principalId"], who, "{given}");

    let log = az
        .json("monitor activity-log list -g default --offset 1h")
        .unwrap();
    let actions: Vec<&str> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["operationName"]["value"].as_str().unwrap())
        .collect();
    for action in [
        "Microsoft.RecoveryServices/vaults/write",
        "Microsoft.RecoveryServices/vaults/delete",
        "Microsoft.Authorization/locks/write",
        "Microsoft.Authorization/locks/delete",
        "Microsoft.Authorization/roleAssignments/write",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    az.json("backup vault delete -g default -n v1 --yes")
        .unwrap();
}
