//! Machines as lists of them show them.

use serde_json::{Value, json};

use crate::fabric::World;

const BACKUP_READER: &str = "a795c7a0-d4a2-40c1-ae25-d81f01202912";
const MACHINE_CONTRIBUTOR: &str = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c";

impl World {
    fn machines(&self, filter: &str) -> String {
        let all = format!("{}/providers/Stillpoint.Fabric/machines", self.subscription);
        match filter {
            "" => all,
            filter => format!("{all}?$filter={}", filter.replace(' ', "%20")),
        }
    }
}

#[tokio::test]
async fn machines_are_listed_with_how_they_stand_and_are_protected() {
    let world = World::new().await;
    let (status, all) = world.get(&world.machines("")).await;
    assert_eq!(status, 200, "{all}");
    let db = &all["value"][0];
    assert_eq!(
        db["id"],
        world.within("Microsoft.Compute/virtualMachines/db")
    );
    let properties = &db["properties"];
    assert_eq!(
        (&properties["host"], &properties["standing"]),
        (&json!("host1"), &json!("Listed"))
    );
    assert_eq!(
        (&properties["disks"], &properties["diskBytes"]),
        (&json!(2), &json!((11_u64 << 30) + 1))
    );
    assert_eq!(properties["guestAgent"], "Responding");
    assert_eq!(properties["protection"], json!({"state": "Unprotected"}));
    assert_eq!(properties["refusal"], Value::Null);
    assert!(all.get("nextLink").is_none());

    let item = world.protect_in(&world.vault(), "web").await;
    let (_, all) = world
        .get(&world.machines("protection eq 'IRPending'"))
        .await;
    let protection = &all["value"][0]["properties"]["protection"];
    assert_eq!(
        (&protection["itemId"], &protection["vaultName"]),
        (&json!(item), &json!("v1"))
    );
    assert_eq!(protection["policyName"], "DefaultPolicy");
    assert_eq!(protection["lastBackupTime"], Value::Null);
    assert!(protection["nextRun"].is_string(), "{protection}");
    for (filter, names) in [
        ("protection eq 'Unprotected'", &["db"][..]),
        ("protection eq 'active'", &["web"]),
        ("protection eq 'Stopped'", &[]),
        ("host eq 'HOST1' and nameContains eq 'E'", &["web"]),
        ("host eq 'host2'", &[]),
        ("location eq 'onprem'", &["db", "web"]),
        ("location eq 'moon'", &[]),
        ("standing eq 'Gone'", &[]),
    ] {
        assert_eq!(
            world.names(&world.machines(filter)).await,
            names,
            "{filter}"
        );
    }
    for filter in ["protection eq 'x'", "standing eq 'x'"] {
        let (status, answer) = world.get(&world.machines(filter)).await;
        assert_eq!(status, 400, "{answer}");
    }
    // Deleted, it can't be protected before that is taken back or over.
    let deleted = world.ask("DELETE", &item, &json!({})).await;
    assert_eq!(deleted.0, 202, "{}", deleted.2);
    let (_, all) = world.get(&world.machines("nameContains eq 'web'")).await;
    let properties = &all["value"][0]["properties"];
    assert_eq!(properties["protection"]["state"], "Unprotected");
    assert!(
        properties["refusal"]["code"]
            .as_str()
            .unwrap()
            .contains("SoftDeleted"),
        "{properties}"
    );
}

#[tokio::test]
async fn rbac_5_machines_are_listed_for_who_may_read_them_without_items_that_are_not_theirs() {
    let world = World::new().await;
    world.protect_in(&world.vault(), "web").await;
    let (who, token) = world.application().await;
    let path = format!("{}?api-version=1", world.machines(""));
    let see = async || world.ask_as(&token, "GET", &path, &json!({})).await;
    assert_eq!(see().await.0, 403);
    let web = world.within("Microsoft.Compute/virtualMachines/web");
    world.give(1, &web, &who, MACHINE_CONTRIBUTOR).await;
    let (status, found) = see().await;
    assert_eq!(status, 200, "{found}");
    let all = found["value"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["name"]), (1, &json!("web")));
    assert_eq!(
        all[0]["properties"]["protection"],
        json!({"state": "IRPending"})
    );
    world.give(2, &world.vault(), &who, BACKUP_READER).await;
    let (_, found) = see().await;
    assert_eq!(
        found["value"][0]["properties"]["protection"]["vaultName"],
        "v1"
    );
}
