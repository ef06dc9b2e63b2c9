//! What needs attention first, and the counts beside it (MON-1; PORTAL).

use serde_json::{Value, json};

use crate::fabric::World;

const BACKUP_READER: &str = "a795c7a0-d4a2-40c1-ae25-d81f01202912";
const MACHINE_CONTRIBUTOR: &str = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c";
pub const OVERVIEW: &str = "providers/Stillpoint.Fabric/overview/default";

impl World {
    /// Protects a machine by the first policy of a vault.
    pub async fn protect_in(&self, vault: &str, machine: &str) -> String {
        let name = format!("iaasvmcontainerv2;default;{machine}");
        let item = format!(
            "{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}\
             /protectedItems/VM;{name}"
        );
        let body = json!({"properties": {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "policyId": format!("{vault}/backupPolicies/DefaultPolicy"),
            "sourceResourceId": self.within(&format!("Microsoft.Compute/virtualMachines/{machine}")),
        }});
        let (status, _, answer) = self.ask("PUT", &item, &body).await;
        assert_eq!(status, 202, "{answer}");
        item
    }

    pub async fn overview(&self, scope: &str) -> Value {
        let (status, found) = self.get(&format!("{scope}/{OVERVIEW}")).await;
        assert_eq!(status, 200, "{found}");
        found["properties"].clone()
    }
}

#[tokio::test]
async fn mon_1_an_overview_counts_all_and_tells_what_needs_attention() {
    let world = World::new().await;
    let found = world.overview(&world.subscription).await;
    assert_eq!(found["asOf"], "2026-03-01T12:00:00Z");
    let machines = json!({
        "total": 2, "protected": 0, "stopped": 0, "unprotected": 2, "gone": 0, "inConflict": 0,
    });
    assert_eq!(found["machines"], machines);
    assert_eq!(
        (&found["vaults"], &found["items"]["total"]),
        (&json!(1), &json!(0))
    );
    let names = |found: &Value, kind: &str| -> Vec<String> {
        let all = found["attention"].as_array().unwrap().iter();
        let all = all.filter(|one| one["kind"] == kind);
        all.map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&found, "MachineUnprotected"), ["db", "web"]);

    let item = world.protect_in(&world.vault(), "web").await;
    let found = world.overview(&world.subscription).await;
    assert_eq!(found["machines"]["protected"], 1);
    assert_eq!(found["items"]["byState"], json!({"IRPending": 1}));
    assert_eq!(found["items"]["initialBackupPending"], 1);
    assert_eq!(found["protectedInstances"], 0);
    assert_eq!(names(&found, "MachineUnprotected"), ["db"]);
    let all = found["attention"].as_array().unwrap();
    let first = all.iter().find(|one| one["resourceId"] == item.as_str());
    let first = first.unwrap();
    assert_eq!(first["kind"], "InitialBackupPending");
    assert_eq!(
        (&first["vaultName"], &first["severity"]),
        (&json!("v1"), &json!("Warning"))
    );
    // The pool of the server is a folder that is there.
    let places = found["storage"]["places"].as_array().unwrap();
    assert!(places.iter().any(|p| p["kind"] == "VaultPool"), "{found}");

    // Of the vault: no machines, and what is in it.
    let found = world.overview(&world.vault()).await;
    assert_eq!(found.get("machines"), None);
    assert_eq!(
        (&found["items"]["total"], &found["vaults"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(names(&found, "InitialBackupPending"), ["web"]);
    assert_eq!(found["storage"]["places"], json!([]));
    assert_eq!(found["alerts"]["critical"], 0);
}

#[tokio::test]
async fn rbac_5_an_overview_shows_only_what_the_caller_may_read() {
    let world = World::new().await;
    let other = world.within("Microsoft.RecoveryServices/vaults/v2");
    let made = world
        .ask("PUT", &other, &json!({"location": "onprem"}))
        .await;
    assert_eq!(made.0, 201, "{}", made.2);
    world.protect_in(&world.vault(), "web").await;
    world.protect_in(&other, "db").await;
    let (who, token) = world.application().await;
    let path = format!("{}/{OVERVIEW}?api-version=1", world.subscription);
    let see = async || world.ask_as(&token, "GET", &path, &json!({})).await;
    assert_eq!(see().await.0, 403);
    world.give(1, &other, &who, BACKUP_READER).await;
    let (status, found) = see().await;
    assert_eq!(status, 200, "{found}");
    let found = &found["properties"];
    assert_eq!(
        (&found["vaults"], &found["items"]["total"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(found["machines"]["total"], 0);
    assert_eq!(found["storage"]["places"], json!([]));
    let all = found["attention"].as_array().unwrap();
    let told: Vec<_> = all.iter().map(|one| (&one["kind"], &one["name"])).collect();
    let expected = [
        (&json!("InitialBackupPending"), &json!("db")),
        (&json!("KeyNotExported"), &json!("v2")),
    ];
    assert_eq!(told, expected);
    let of_vault = format!("{}/{OVERVIEW}?api-version=1", world.vault());
    let refused = world.ask_as(&token, "GET", &of_vault, &json!({})).await;
    assert_eq!(refused.0, 403);
    // Machines alone.
    let (who, token) = world.application().await;
    let web = world.within("Microsoft.Compute/virtualMachines/web");
    world.give(2, &web, &who, MACHINE_CONTRIBUTOR).await;
    let (status, found) = world.ask_as(&token, "GET", &path, &json!({})).await;
    assert_eq!(status, 200, "{found}");
    let found = &found["properties"];
    assert_eq!(
        (&found["vaults"], &found["items"]["total"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(found["machines"]["total"], 1);
    assert_eq!(found.get("alerts"), None);
}
