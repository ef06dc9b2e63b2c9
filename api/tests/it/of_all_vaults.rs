//! Items and jobs of all vaults in one list.

use serde_json::{Value, json};

use crate::fabric::World;

const BACKUP_READER: &str = "a795c7a0-d4a2-40c1-ae25-d81f01202912";

impl World {
    /// With a second vault; `web` is protected in the first, `db` in it.
    async fn with_two_vaults() -> (Self, String) {
        let world = Self::new().await;
        let other = world.within("Microsoft.RecoveryServices/vaults/v2");
        assert_eq!(
            world
                .ask("PUT", &other, &json!({"location": "onprem"}))
                .await
                .0,
            201
        );
        let web = world.protect_in(&world.vault(), "web").await;
        world.protect_in(&other, "db").await;
        world.back_up(&web).await;
        (world, other)
    }

    fn all(&self, what: &str, filter: &str) -> String {
        let filter = filter.replace(' ', "%20");
        format!(
            "{}/providers/Stillpoint.Fabric/{what}?$filter={filter}",
            self.subscription
        )
    }

    async fn of_all(&self, what: &str, filter: &str, name: &str) -> Vec<String> {
        let (status, found) = self.get(&self.all(what, filter)).await;
        assert_eq!(status, 200, "{found}");
        let all = found["value"].as_array().unwrap().iter();
        all.map(|one| one["properties"][name].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn items_of_all_vaults_are_listed_and_filtered() {
    let (world, other) = World::with_two_vaults().await;
    for (filter, names) in [
        ("", &["web", "db"][..]),
        ("vaultName eq 'V2'", &["db"]),
        ("vaultName eq 'none'", &[]),
        ("protectionState eq 'Protected'", &["web"]),
        ("lastBackupStatus eq 'completed'", &["web"]),
        ("nameContains eq 'D'", &["db"]),
        ("needs eq 'PointsMissed'", &[]),
        ("needs eq 'Downgraded'", &[]),
        ("isScheduledForDeferredDelete eq 'true'", &[]),
    ] {
        let found = world.of_all("protectedItems", filter, "friendlyName").await;
        assert_eq!(found, names, "{filter}");
    }
    let (_, found) = world.get(&world.all("protectedItems", "")).await;
    let web = &found["value"][0];
    assert_eq!(web["stillpoint"]["vaultName"], "v1");
    assert!(web["stillpoint"]["nextRun"].is_string(), "{web}");
    let (_, one) = world.get(web["id"].as_str().unwrap()).await;
    assert_eq!(
        one["properties"]["lastBackupTime"],
        web["properties"]["lastBackupTime"]
    );
    let (status, answer) = world
        .get(&world.all("protectedItems", "protectionState eq 'x'"))
        .await;
    assert_eq!(status, 400, "{answer}");
    let (who, token) = world.application().await;
    for (what, names) in [("protectedItems", 1), ("backupJobs", 1)] {
        let path = format!("{}&api-version=1", world.all(what, ""));
        let see = async || world.ask_as(&token, "GET", &path, &json!({})).await;
        if what == "protectedItems" {
            assert_eq!(see().await.0, 403);
            world.give(1, &other, &who, BACKUP_READER).await;
        }
        let (status, found) = see().await;
        assert_eq!(status, 200, "{found}");
        let all = found["value"].as_array().unwrap();
        assert!(
            all.iter().all(|one| one["stillpoint"]["vaultName"] == "v2"),
            "{found}"
        );
        assert_eq!(all.len(), names);
    }
}

#[tokio::test]
async fn jobs_of_all_vaults_are_listed_newest_first_and_filtered() {
    let (world, _) = World::with_two_vaults().await;
    for (filter, count) in [
        ("", 3),
        ("operation eq 'Backup'", 1),
        ("operation eq 'ConfigureBackup'", 2),
        ("vaultName eq 'v2'", 1),
        ("status eq 'Failed'", 0),
        ("startTime eq '2026-03-02 12:00:00 AM'", 0),
        (
            "vaultName eq 'v1' and operation eq 'Backup' and status eq 'Completed'",
            1,
        ),
    ] {
        let found = world.of_all("backupJobs", filter, "operation").await;
        assert_eq!(found.len(), count, "{filter}");
    }
    let (_, found) = world
        .get(&world.all("backupJobs", "operation eq 'Backup'"))
        .await;
    let job = &found["value"][0];
    assert_eq!(job["stillpoint"]["vaultName"], "v1");
    let item = job["stillpoint"]["itemId"].as_str().unwrap();
    let of_item = format!("itemId eq '{}'", item.to_uppercase());
    let found = world.of_all("backupJobs", &of_item, "operation").await;
    assert_eq!(found, ["Backup", "ConfigureBackup"]);
    let (status, one) = world.get(job["id"].as_str().unwrap()).await;
    assert_eq!(status, 200, "{one}");
    assert_eq!(one["name"], job["name"]);
    let first = |one: &Value| one["properties"]["startTime"].as_str().unwrap().to_owned();
    assert_eq!(first(&one), first(job));
}
