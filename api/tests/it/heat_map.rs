//! Machines against days.

use base::Code;
use control::scripted::{Act, Ends, Phase};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fabric::World;

const BACKUP_READER: &str = "a795c7a0-d4a2-40c1-ae25-d81f01202912";

impl World {
    /// Backs a machine up, and waits for that.
    pub async fn back_up(&self, item: &str) {
        let (status, _, answer) = self
            .ask("POST", &format!("{item}/backup"), &json!({}))
            .await;
        assert_eq!(status, 202, "{answer}");
        self.control.tick().await;
        while self.control.load().working > 0 {
            self.control.less_load().await;
        }
    }

    fn heat_map(&self, query: &str) -> String {
        format!(
            "{}/providers/Stillpoint.Fabric/heatMap/default{query}",
            self.subscription
        )
    }
}

#[tokio::test]
async fn mon_1_days_with_points_and_backups_are_told_of_by_item() {
    let mut world = World::new().await;
    let item = world.protect_in(&world.vault(), "web").await;
    let web = Uuid::from_u128(1);
    world.back_up(&item).await;
    world.clock.advance(SignedDuration::from_hours(24));
    world.log_in().await;
    let fails = Act::ends(Ends::Fails(Code::HypervisorUnavailable));
    world.plane.play(web, Phase::Snapshot, &[fails]);
    world.back_up(&item).await;
    world.clock.advance(SignedDuration::from_hours(24));
    world.log_in().await;
    world.plane.play(web, Phase::Snapshot, &[fails]);
    world.back_up(&item).await;
    let less = Act::ends(Ends::Downgraded(Code::AgentUnavailable));
    world.plane.play(web, Phase::Snapshot, &[less]);
    world.back_up(&item).await;
    world.back_up(&item).await;
    let (status, found) = world.get(&world.heat_map("?days=3")).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(
        (&found["timeZone"], &found["from"]),
        (&json!("UTC"), &json!("2026-03-01"))
    );
    let row = &found["value"][0];
    assert_eq!(
        (&row["id"], &row["vaultName"]),
        (&json!(item), &json!("v1"))
    );
    let day = |date: &str, points: u64, status: &str| -> Value {
        let mut day = json!({"date": date, "points": points, "status": status});
        if points > 0 {
            day["consistency"] = "FileSystemConsistent".into();
            day["tier"] = "SnapshotAndVault".into();
        }
        day
    };
    let days = [
        day("2026-03-01", 1, "Completed"),
        day("2026-03-02", 0, "Failed"),
        day("2026-03-03", 2, "Warning"),
    ];
    assert_eq!(row["days"], json!(days));
    let (_, found) = world.get(&world.heat_map("?days=1")).await;
    assert_eq!(found["value"][0]["days"], json!(days[2..]));
    for days in ["0", "93", "x", "-1"] {
        let (status, answer) = world.get(&world.heat_map(&format!("?days={days}"))).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("BadArgument"))
        );
    }
    // Of another vault, nothing.
    let other = world.within("Microsoft.RecoveryServices/vaults/v2");
    assert_eq!(
        world
            .ask("PUT", &other, &json!({"location": "onprem"}))
            .await
            .0,
        201
    );
    let (who, token) = world.application().await;
    let path = format!("{}?api-version=1", world.heat_map(""));
    assert_eq!(world.ask_as(&token, "GET", &path, &json!({})).await.0, 403);
    world.give(1, &other, &who, BACKUP_READER).await;
    let (status, found) = world.ask_as(&token, "GET", &path, &json!({})).await;
    assert_eq!((status, &found["value"]), (200, &json!([])));
}
