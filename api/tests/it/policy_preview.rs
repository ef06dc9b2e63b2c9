//! What a policy will keep, before it is saved.

use serde_json::{Value, json};

use crate::fabric::World;

impl World {
    async fn preview(&self, body: &Value) -> (u16, Value) {
        let path = format!(
            "{}/providers/Stillpoint.Fabric/previewPolicy",
            self.subscription
        );
        let (status, _, answer) = self.ask("POST", &path, body).await;
        (status, answer)
    }
}

#[tokio::test]
async fn policy_9_to_16_a_preview_tells_what_a_policy_will_keep() {
    let world = World::new().await;
    let path = format!("{}/backupPolicies/DefaultPolicy", world.vault());
    let (_, policy) = world.get(&path).await;
    let (status, found) = world.preview(&policy).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(
        (&found["runs"], &found["points"]),
        (&json!(365), &json!(30))
    );
    assert_eq!(found["from"], "2026-03-01T12:00:00Z");
    let by_rule = json!({"Daily": 30, "Weekly": 0, "Monthly": 0, "Yearly": 0});
    assert_eq!(found["byRule"], by_rule);
    assert_eq!(
        (&found["pointsInVault"], &found["snapshots"]),
        (&json!(30), &json!(2))
    );
    let first = &found["timeline"][0];
    assert_eq!(first["rules"], json!(["Daily"]));
    assert!(first["snapshotUntil"].is_string(), "{first}");
    let mut asked = json!({
        "from": "2026-01-01T00:00:00Z",
        "days": "10",
        "properties": policy["properties"].clone(),
    });
    let (status, found) = world.preview(&asked).await;
    assert_eq!((status, &found["points"]), (200, &json!(10)));
    assert_eq!(found["timeline"][9]["time"], "2026-01-01T19:30:00Z");
    // What a PUT refuses is refused.
    asked["properties"]["instantRpRetentionRangeInDays"] = json!(9);
    let (status, answer) = world.preview(&asked).await;
    assert_eq!(status, 400, "{answer}");
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("instantRpRetentionRangeInDays")
    );
    for (name, value) in [
        ("days", json!(0)),
        ("days", json!(3651)),
        ("from", json!("x")),
    ] {
        let mut asked = policy.clone();
        asked[name] = value;
        let (status, answer) = world.preview(&asked).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("InvalidRequestContent"))
        );
    }
    // Of an hourly policy kept for long, the newest are told of.
    let path = format!("{}/backupPolicies/EnhancedPolicy", world.vault());
    let (_, mut policy) = world.get(&path).await;
    policy["days"] = json!(3650);
    policy["properties"]["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] =
        json!(9999);
    let (status, found) = world.preview(&policy).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(
        (&found["truncated"], &found["pointsInVault"]),
        (&json!(true), &json!(3650))
    );
    assert_eq!(found["timeline"].as_array().unwrap().len(), 2000);
}
