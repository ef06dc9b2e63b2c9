//! How many of a thing there may be (LIMIT-1, 2; POLICY-25, 26; RESTORE-17; CONF-14).

use base::{Code, Result};
use control::RestoreTo;
use control::scripted::{Ends, Phase};
use policy::Policy;
use state::jobs::JobStatus as J;

use crate::world::World;

impl World {
    async fn limit(&self, name: &str, most: u64) {
        self.control.set_limit(name, Some(most)).await.unwrap();
    }

    /// Backs `web` up; tells how it ended.
    async fn backed_up(&self) -> Result<J> {
        let job = self.backup_now("web", None).await?;
        self.settle().await;
        Ok(self.job(job).await.status)
    }
}

fn reached<T: std::fmt::Debug>(answer: Result<T>, limit: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error.code(), Code::LimitReached, "{error}");
    assert!(error.to_string().contains(limit), "{error}");
}

/// POLICY-25: what failed is an attempt and no backup.
#[tokio::test]
async fn backups_on_demand_and_attempts_are_counted_over_a_day() {
    let world = World::protecting().await;
    let backups = "on_demand_backups_per_day";
    world.limit(backups, 1).await;
    world.limit("on_demand_attempts_per_day", 3).await;
    world.ends(Phase::Snapshot, &[Ends::Fails(Code::FreezeFailed)]);
    assert_eq!(world.backed_up().await.unwrap(), J::Failed);
    assert_eq!(world.backed_up().await.unwrap(), J::Completed);
    reached(world.backed_up().await, backups);
    world.limit(backups, 2).await;
    assert_eq!(world.backed_up().await.unwrap(), J::Completed);
    world.limit(backups, 9).await;
    reached(world.backed_up().await, "on_demand_attempts_per_day");
    // One by the schedule is neither, and a day later it is another day.
    world.days(1).await;
    assert_eq!(world.backed_up().await.unwrap(), J::Completed);
}

/// RESTORE-17
#[tokio::test]
async fn restores_are_counted_over_a_day() {
    let world = World::protecting().await;
    world.backed_up().await.unwrap();
    let again = async || {
        let account = world.control.storage_account_id("default", "restores");
        let group = None;
        let done = world.restore(RestoreTo::Disks { account, group }).await;
        world.settle().await;
        done
    };
    world.limit("restores_per_day", 1).await;
    again().await.unwrap();
    reached(again().await, "restores_per_day");
    world.days(1).await;
    again().await.unwrap();
}

/// POLICY-26
#[tokio::test]
async fn edits_of_policies_and_configured_machines_are_counted_over_a_day() {
    let world = World::new().await;
    world.limit("policy_edits_per_day", 3).await;
    // The vault's own two are of this day too.
    world.put_policy("p1", Policy::standard_default()).await;
    let put = async |name: &str| {
        let input = control::PolicyInput {
            policy: Policy::standard_default(),
            properties: serde_json::json!({}),
        };
        world.control.put_policy("default", "v1", name, input).await
    };
    reached(put("p2").await, "policy_edits_per_day");
    reached(put("p1").await, "policy_edits_per_day");

    world.limit("configurations_per_day", 1).await;
    world.protect("web", "DefaultPolicy").await.unwrap();
    reached(
        world.protect("db", "DefaultPolicy").await,
        "configurations_per_day",
    );
    world.days(1).await;
    put("p1").await.unwrap();
    world.protect("db", "DefaultPolicy").await.unwrap();
}

/// LIMIT-2: a point that is deleted does not count.
#[tokio::test]
async fn points_are_counted_and_a_backup_beyond_them_fails() {
    let world = World::protecting().await;
    world.limit("points_per_machine", 1).await;
    assert_eq!(world.backed_up().await.unwrap(), J::Completed);
    let job = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let job = world.job(job).await;
    assert_eq!(job.status, J::Failed);
    assert_eq!(job.body.errors[0].code, Code::LimitReached.name());
    world.check(&["web"]).await;
    // 30 days later the first is gone.
    world.limit("points_per_machine", 40).await;
    world.days(31).await;
    let there = world.points("web").await.len() as u64;
    world.limit("points_per_machine", there + 1).await;
    assert_eq!(world.backed_up().await.unwrap(), J::Completed);
}

/// LIMIT-1
#[tokio::test]
async fn a_vault_takes_as_many_machines_as_the_limit_says() {
    let world = World::new().await;
    world.limit("machines_per_vault", 1).await;
    world.protect("web", "DefaultPolicy").await.unwrap();
    reached(
        world.protect("db", "DefaultPolicy").await,
        "machines_per_vault",
    );
    world.limit("machines_per_vault", 2).await;
    world.limit("data_sources_per_vault", 1).await;
    reached(
        world.protect("db", "DefaultPolicy").await,
        "data_sources_per_vault",
    );
    world.limit("data_sources_per_vault", 2).await;
    world.protect("db", "DefaultPolicy").await.unwrap();
}
