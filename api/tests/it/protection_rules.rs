//! Rules that protect machines by themselves, and the tags that they go by (DISC-12).

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::fabric::World;

const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const BACKUP_CONTRIBUTOR: &str = "5e467623-bb1f-42f4-a55d-6e525e11384b";
const MACHINE_CONTRIBUTOR: &str = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c";

impl World {
    fn rules(&self, rest: &str) -> String {
        let provider = "providers/Stillpoint.Fabric";
        format!("{}/{provider}/protectionRules{rest}", self.subscription)
    }

    /// What tells of the machines of a rule, by machine.
    async fn ruled(&self, rest: &str) -> Vec<(String, Value)> {
        let (status, found) = self.get(&self.rules(rest)).await;
        assert_eq!(status, 200, "{found}");
        let all = found["value"].as_array().unwrap().iter();
        all.map(|m| (m["name"].as_str().unwrap().to_owned(), m.clone()))
            .collect()
    }
}

#[tokio::test]
async fn disc_12_rules_are_made_followed_told_of_and_deleted() {
    let world = World::new().await;
    let web = world.within("Microsoft.Compute/virtualMachines/web");
    let rule = world.rules("/Tagged");
    let body = json!({"properties": {
        "Machines": "withtag",
        "tagName": "backup",
        "tagValues": ["daily"],
        "vaultId": world.vault(),
    }});
    let (status, _, made) = world.ask("PUT", &rule, &body).await;
    assert_eq!(status, 201, "{made}");
    let properties = &made["properties"];
    assert_eq!(properties["machines"], "WithTag");
    assert_eq!(properties["effect"], "Protect");
    assert_eq!(properties["policyName"], "DefaultPolicy");
    assert_eq!(properties["remediate"], false);
    assert_eq!(properties["location"], "onprem");
    assert_eq!(properties["failures"], json!([]));
    let (_, again) = world.get(&world.rules("/tagged")).await;
    assert_eq!(again, made);
    assert_eq!(world.ask("PUT", &rule, &made).await.0, 200);
    assert_eq!(world.ruled("/tagged/machines").await, []);

    // What else a PATCH says is the host's.
    world.clock.advance(SignedDuration::from_secs(1));
    let body = json!({"tags": {"Backup": "daily", "old": null}, "location": "moon"});
    let (status, _, tagged) = world.ask("PATCH", &web, &body).await;
    assert_eq!(status, 200, "{tagged}");
    assert_eq!(tagged["tags"], json!({"Backup": "daily"}));
    let (status, _, same) = world.ask("PATCH", &web, &json!({})).await;
    assert_eq!((status, same), (200, tagged));
    let found = world.ruled("/tagged/machines").await;
    assert_eq!((found.len(), &*found[0].0), (1, "web"));
    assert_eq!(found[0].1["state"], "Pending");
    world.control.maintain().await;
    let found = world
        .ruled("/tagged/machines?$filter=state%20eq%20'protected'")
        .await;
    let item = found[0].1["protectedItemId"].as_str().unwrap();
    assert!(item.starts_with(&world.vault()), "{item}");
    let (status, item) = world.get(item).await;
    assert_eq!(status, 200, "{item}");
    assert_eq!(item["properties"]["protectionState"], "IRPending");

    // Who did it stands in the log.
    let log = "providers/Microsoft.Insights/eventtypes/management/values";
    let (_, log) = world.get(&format!("{}/{log}", world.subscription)).await;
    let action = "Stillpoint.Fabric/protectionRules/protect/action";
    let log = log["value"].as_array().unwrap().iter();
    let entry = log.clone().find(|e| e["operationName"]["value"] == action);
    assert_eq!(entry.unwrap()["caller"], made["id"]);

    // For audit only.
    let audit = json!({"properties": {"effect": "AuditOnly"}});
    let (status, _, made) = world.ask("PUT", &world.rules("/audit"), &audit).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["properties"]["policyName"], Value::Null);
    let unprotected = "/audit/machines?$filter=state%20eq%20'Unprotected'";
    let found = world.ruled(unprotected).await;
    assert_eq!((found.len(), &*found[0].0), (1, "db"));

    // What keeps it from protecting is told with what to do.
    let body = json!({"properties": {"vaultId": world.vault(), "remediate": true}});
    world.ask("PUT", &world.rules("/all"), &body).await;
    let lock = format!(
        "{}/providers/Microsoft.Authorization/locks/l",
        world.vault()
    );
    let locked = json!({"properties": {"level": "ReadOnly"}});
    assert_eq!(world.ask("PUT", &lock, &locked).await.0, 201);
    world.clock.advance(SignedDuration::from_mins(6));
    world.control.maintain().await;
    let (_, shown) = world.get(&world.rules("/all")).await;
    let failure = &shown["properties"]["failures"][0];
    assert_eq!(failure["code"], "ScopeLocked", "{shown}");
    let found = world
        .ruled("/all/machines?$filter=state%20eq%20'Refused'")
        .await;
    assert_eq!((found.len(), &*found[0].0), (1, "db"));
    for told in [failure, &found[0].1] {
        for part in ["message", "recommendation"] {
            assert!(told[part].as_str().unwrap().len() > 20, "{told}");
        }
    }

    let (_, all) = world.get(&world.rules("")).await;
    let names: Vec<&Value> = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["name"])
        .collect();
    assert_eq!(names, ["all", "audit", "Tagged"]);
    for (method, path, body, status, code) in [
        (
            "PUT",
            "/r",
            json!({"properties": {"machines": "Some"}}),
            400,
            "InvalidRequestContent",
        ),
        ("PUT", "/r", json!({}), 400, "BadArgument"),
        ("GET", "/r", json!({}), 404, "ResourceNotFound"),
        ("GET", "/r/machines", json!({}), 404, "ResourceNotFound"),
        (
            "GET",
            "/all/machines?$filter=state%20eq%20'x'",
            json!({}),
            400,
            "InvalidRequestContent",
        ),
    ] {
        let (got, _, answer) = world.ask(method, &world.rules(path), &body).await;
        assert_eq!(
            (got, &answer["error"]["code"]),
            (status, &json!(code)),
            "{answer}"
        );
    }
    assert_eq!(world.ask("DELETE", &rule, &json!({})).await.0, 200);
    assert_eq!(world.ask("DELETE", &rule, &json!({})).await.0, 204);
}

/// Who makes a rule needs what enabling needs, wherever the rule may do it; and no lock.
#[tokio::test]
async fn disc_12_rbac_5_a_rule_needs_rights_on_machines_and_vaults() {
    let world = World::new().await;
    let (who, token) = world.application().await;
    let rule = format!("{}?api-version=1", world.rules("/r"));
    let put = async |properties: &Value| {
        let body = json!({"properties": properties});
        let (status, answer) = world.ask_as(&token, "PUT", &rule, &body).await;
        let text = answer["error"]["message"].as_str().unwrap_or_default();
        (status, text.to_owned())
    };
    // All of backup and of machines, and no rules.
    let audit = json!({"effect": "AuditOnly"});
    let roles = [BACKUP_CONTRIBUTOR, MACHINE_CONTRIBUTOR, CONTRIBUTOR];
    for (number, role) in (1..).zip(roles) {
        let (status, text) = put(&audit).await;
        assert_eq!(status, 403, "{text}");
        let lacks = "Stillpoint.Fabric/protectionRules/write";
        assert!(text.contains(lacks), "{text}");
        world.give(number, &world.subscription, &who, role).await;
    }
    assert_eq!(put(&audit).await.0, 201);
    // To make vaults is for owners.
    let makes = json!({"newVaultGroup": "default"});
    let (status, text) = put(&makes).await;
    assert_eq!(status, 403, "{text}");
    assert!(text.contains("protectionRules/makeVaults/action"), "{text}");
    world.give(9, &world.subscription, &who, OWNER).await;
    assert_eq!(put(&makes).await.0, 200);
    // What is locked is not to be protected: the vault, the machines, what a vault is made in.
    let other = format!("{}/resourceGroups/other", world.subscription);
    let made = world
        .ask("PUT", &other, &json!({"location": "onprem"}))
        .await;
    assert_eq!(made.0, 201);
    let locked = json!({"properties": {"level": "ReadOnly"}});
    for (scope, properties) in [
        (world.vault(), json!({"vaultId": world.vault()})),
        (
            other.clone(),
            json!({"vaultId": world.vault(), "resourceGroup": "other"}),
        ),
        (other, json!({"newVaultGroup": "other"})),
    ] {
        let lock = format!("{scope}/providers/Microsoft.Authorization/locks/l");
        assert_eq!(world.ask("PUT", &lock, &locked).await.0, 201);
        let (status, text) = put(&properties).await;
        assert_eq!(status, 409, "{text}");
        assert!(text.contains("lock"), "{text}");
        assert_eq!(world.ask("DELETE", &lock, &json!({})).await.0, 200);
        assert_eq!(put(&properties).await.0, 200);
    }
}
