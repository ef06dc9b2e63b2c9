//! Policies of a vault, by the unmodified Azure command line.

use std::path::Path;

use serde_json::{Value, json};

use crate::serving::{Server, free_port, log_in, texts};

#[test]
fn az_makes_shows_changes_and_deletes_policies() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, free_port(), "qmp:///run/nobody");
    let az = log_in(&server, folder.path(), &data);
    az.json("backup vault create -g default -n v1 -l onprem")
        .unwrap();
    let policy = |words: &str| az.json(&format!("backup policy {words} -g default -v v1"));
    let refused = |words: &str| {
        let done = az.refused(&format!("backup policy {words} -g default -v v1"));
        done.unwrap().err
    };
    let file = folder.path().join("policy.json");
    let write = |policy: &Value| std::fs::write(&file, policy.to_string()).unwrap();
    let from = |file: &Path| format!("--policy @{}", file.display());
    let create = |name: &str| {
        let file = from(&file);
        format!("create -n {name} --backup-management-type AzureIaasVM {file}")
    };

    // POLICY-2, 27.
    assert_eq!(
        texts(&policy("list").unwrap(), "name"),
        ["DefaultPolicy", "EnhancedPolicy"]
    );
    let mut given = policy("get-default-for-vm").unwrap();
    assert_eq!(given["name"], "DefaultPolicy");
    let days = "/properties/retentionPolicy/dailySchedule/retentionDuration/count";
    assert_eq!(given.pointer(days), Some(&json!(30)));

    // What the client prints can be changed and sent back.
    *given.pointer_mut(days).unwrap() = json!(45);
    write(&given);
    let made = policy(&create("p1")).unwrap();
    assert_eq!(made["name"], "p1");
    assert_eq!(made.pointer(days), Some(&json!(45)));
    let mut shown = policy("show -n P1").unwrap();
    assert_eq!(shown, made);
    assert_eq!(shown["properties"]["protectedItemsCount"], 0);
    *shown.pointer_mut(days).unwrap() = json!(60);
    write(&shown);
    let set = policy(&format!("set {}", from(&file))).unwrap();
    assert_eq!(set.pointer(days), Some(&json!(60)));
    let mut enhanced = policy("show -n EnhancedPolicy").unwrap();
    write(&enhanced);
    let second = policy(&create("p2")).unwrap();
    assert_eq!(second["properties"], enhanced["properties"]);
    let listed = policy("list --backup-management-type AzureIaasVM --workload-type VM");
    assert_eq!(
        texts(&listed.unwrap(), "name"),
        ["DefaultPolicy", "EnhancedPolicy", "p1", "p2"]
    );

    // The refusal is the server's, with the field.
    enhanced["properties"]["instantRpRetentionRangeInDays"] = json!(30);
    write(&enhanced);
    let error = refused(&create("p3"));
    assert!(error.contains("BMSUserErrorInvalidPolicyInput"), "{error}");
    assert!(error.contains("instantRpRetentionRangeInDays"), "{error}");
    let missing = az.refused("backup policy show -n p3 -g default -v v1");
    let missing = missing.unwrap();
    assert_eq!(missing.code, 3, "{}", missing.err);
    assert!(
        missing.err.contains("BMSUserErrorPolicyNotFound"),
        "{}",
        missing.err
    );

    // VAULT-14: a first policy comes back as it was in the beginning.
    let mut first = policy("show -n DefaultPolicy").unwrap();
    *first.pointer_mut(days).unwrap() = json!(99);
    write(&first);
    policy(&format!("set {}", from(&file))).unwrap();
    policy("delete -n DefaultPolicy").unwrap();
    let again = policy("show -n DefaultPolicy").unwrap();
    assert_eq!(again.pointer(days), Some(&json!(30)));
    for name in ["p1", "p2"] {
        policy(&format!("delete -n {name}")).unwrap();
    }
    assert_eq!(
        texts(&policy("list").unwrap(), "name"),
        ["DefaultPolicy", "EnhancedPolicy"]
    );
}
