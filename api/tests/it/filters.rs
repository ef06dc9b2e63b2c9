//! What lists of items, jobs and points may be filtered by.

use jiff::SignedDuration;
use serde_json::json;

use crate::fabric::World;

/// A path below an item's.
fn item(world: &World, machine: &str, rest: &str) -> String {
    let name = format!("iaasvmcontainerv2;default;{machine}");
    let container = format!("backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}");
    format!(
        "{}/{container}/protectedItems/VM;{name}{rest}",
        world.vault()
    )
}

/// Machines `db` and `web`, each under a policy of its own; a point of `web` at noon, and one
/// twenty minutes later.
async fn protected() -> World {
    let world = World::new().await;
    for (machine, policy) in [("web", "DefaultPolicy"), ("db", "EnhancedPolicy")] {
        let vm = format!("Microsoft.Compute/virtualMachines/{machine}");
        let body = json!({"properties": {
            "policyId": format!("{}/backupPolicies/{policy}", world.vault()),
            "sourceResourceId": world.within(&vm),
        }});
        let (status, _, answer) = world.ask("PUT", &item(&world, machine, ""), &body).await;
        assert_eq!(status, 202, "{answer}");
    }
    for points in 1..=2 {
        let backup = item(&world, "web", "/backup");
        let (status, _, answer) = world.ask("POST", &backup, &json!({})).await;
        assert_eq!(status, 202, "{answer}");
        while points_of(&world, "").await.len() < points {
            world.control.tick().await;
            tokio::task::yield_now().await;
        }
        world.clock.advance(SignedDuration::from_mins(20));
    }
    world
}

async fn points_of(world: &World, filter: &str) -> Vec<String> {
    world
        .names(&item(world, "web", &format!("/recoveryPoints{filter}")))
        .await
}

#[tokio::test]
async fn items_jobs_and_points_are_filtered_by_what_clients_ask() {
    let world = protected().await;
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
        ("backupJobs", "operation eq 'ConfigureBackup'", 2),
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
    let all = points_of(&world, "").await;
    let [late, early] = &all[..] else {
        panic!("{all:?}")
    };
    let filter = |word: &str| format!("?$filter={word}%20eq%20'2026-03-01%2012:10:00%20PM'");
    assert_eq!(
        &points_of(&world, &filter("startDate")).await[..],
        [late.as_str()]
    );
    assert_eq!(
        &points_of(&world, &filter("endDate")).await[..],
        [early.as_str()]
    );
    for bad in ["operation eq 'x'", "status eq 'x'", "startTime eq 'soon'"] {
        let (status, answer) = world.get(&of_vault("backupJobs", bad)).await;
        assert_eq!(status, 400, "{bad}: {answer}");
    }
}
