//! What lists of items, jobs and points may be filtered by.

use jiff::SignedDuration;
use serde_json::json;

use crate::fabric::World;

/// Machines `db` and `web`, each under a policy of its own; a point of `web` at noon, and one
/// twenty minutes later. And the path of `web`'s item.
async fn protected() -> (World, String) {
    let world = World::new().await;
    let web = world.backed_up("web").await;
    world.clock.advance(SignedDuration::from_mins(20));
    world.backed_up("web").await;
    let db = web.replace(";web", ";db");
    let body = json!({"properties": {
        "policyId": format!("{}/backupPolicies/EnhancedPolicy", world.vault()),
        "sourceResourceId": world.within("Microsoft.Compute/virtualMachines/db"),
    }});
    let (status, _, answer) = world.ask("PUT", &db, &body).await;
    assert_eq!(status, 202, "{answer}");
    (world, web)
}

#[tokio::test]
async fn items_jobs_and_points_are_filtered_by_what_clients_ask() {
    let (world, web) = protected().await;
    let of_vault = |list: &str, filter: &str| {
        let filter = filter.replace(' ', "%20");
        format!("{}/{list}?$filter={filter}", world.vault())
    };
    for (list, filter, count) in [
        ("backupProtectedItems", "policyName eq 'defaultpolicy'", 1),
        ("backupProtectedItems", "policyName eq 'none'", 0),
        ("backupProtectedItems", "unknown eq 'x'", 2),
        ("backupProtectedItems", "itemType eq 'SQLDataBase'", 0),
        ("backupProtectionContainers", "friendlyName eq 'db'", 1),
        ("backupProtectionContainers", "friendlyName eq 'x'", 0),
        ("backupProtectionContainers", "status eq 'Registered'", 2),
        ("backupProtectionContainers", "status eq 'Unknown'", 0),
        ("backupJobs", "operation eq 'ConfigureBackup'", 3),
        ("backupJobs", "operation eq 'backup'", 2),
        ("backupJobs", "operation eq 'Restore'", 0),
        ("backupJobs", "status eq 'Failed'", 0),
        (
            "backupJobs",
            "operation eq 'Backup' and startTime eq '2026-03-01 12:10:00 PM'",
            1,
        ),
        (
            "backupJobs",
            "operation eq 'Backup' and endTime eq '2026-03-01 12:10:00 PM'",
            1,
        ),
    ] {
        let found = world.names(&of_vault(list, filter)).await;
        assert_eq!(found.len(), count, "{list} {filter}: {found:?}");
    }
    let points = format!("{web}/recoveryPoints");
    let all = world.names(&points).await;
    let [late, early] = &all[..] else {
        panic!("{all:?}")
    };
    for (word, point) in [("startDate", late), ("endDate", early)] {
        let filter = format!("{word}%20eq%20'2026-03-01%2012:10:00%20PM'");
        let found = world.names(&format!("{points}?$filter={filter}")).await;
        assert_eq!(found, std::slice::from_ref(point), "{word}");
    }
    for bad in ["operation eq 'x'", "status eq 'x'", "startTime eq 'soon'"] {
        let (status, answer) = world.get(&of_vault("backupJobs", bad)).await;
        assert_eq!(status, 400, "{bad}: {answer}");
    }
}

#[tokio::test]
async fn files_of_a_point_are_not_given_and_the_refusal_says_so_in_arms_envelope() {
    let (world, web) = protected().await;
    let points = format!("{web}/recoveryPoints");
    let point = world.names(&points).await.remove(0);
    for verb in [
        "provisionInstantItemRecovery",
        "revokeInstantItemRecovery",
        "listInstantItemRecoveryOperationResult",
    ] {
        let path = format!("{points}/{point}/{verb}");
        let (status, _, answer) = world.ask("POST", &path, &json!({})).await;
        assert_eq!(status, 404, "{verb}: {answer}");
        assert_eq!(answer["error"]["code"], "InvalidResourceType");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(&verb.to_ascii_lowercase()), "{message}");
    }
}
