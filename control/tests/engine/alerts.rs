//! Alerts: what raises them, what doesn't, and how they end (MON-2, 3, 6; SOFT-2).

use base::Code;
use control::scripted::{Act, Ends, Phase};
use control::{ItemChange, VaultChange};
use policy::Policy;
use state::alerts::{Alert, AlertRule as R, AlertState, Filter};
use state::vaults::SoftDeleteState;

use crate::world::World;

impl World {
    async fn alerts(&self) -> Vec<Alert> {
        let all = Filter::default();
        let mut all = self.control.alerts(&all, None, 1000).await.unwrap();
        all.reverse();
        all
    }

    /// The rules of the alerts that fire, in their own order.
    async fn firing(&self) -> Vec<R> {
        let all = self.alerts().await;
        let fires = all.iter().filter(|a| a.resolved_at.is_none());
        let mut rules: Vec<R> = fires.map(|a| a.rule).collect();
        rules.sort_unstable();
        rules
    }
}

#[tokio::test]
async fn mon_2_a_failed_backup_is_told_of_until_one_succeeds() {
    let world = World::protecting().await;
    world.ends(Phase::Snapshot, &[Ends::Fails(Code::FreezeFailed)]);
    let failed = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let alert = world.alerts().await.remove(0);
    assert_eq!((alert.rule, alert.rule.severity()), (R::BackupFailed, 1));
    assert_eq!(alert.body.code.as_deref(), Some(Code::FreezeFailed.name()));
    assert_eq!(alert.body.job, Some(failed));
    assert_eq!(alert.body.target, world.item("web").await.id);
    // The same again is counted, and does not end it.
    world.ends(Phase::Snapshot, &[Ends::Fails(Code::FreezeFailed)]);
    world.backup_now("web", None).await.unwrap();
    world.minutes(5).await;
    assert_eq!(world.firing().await, [R::BackupFailed]);
    assert_eq!(world.alerts().await[0].body.count, 2);
    world.backup_now("web", None).await.unwrap();
    world.minutes(5).await;
    let after = world.alerts().await;
    assert_eq!(after.len(), 1);
    assert!(after[0].resolved_at.is_some());
    assert_eq!(after[0].state, AlertState::New);
}

#[tokio::test]
async fn mon_7_alerts_of_jobs_can_be_turned_off_and_those_of_deletion_can_not() {
    let world = World::protecting().await;
    let set = async |to: &str| {
        let alerts = serde_json::json!({"alertsForAllJobFailures": to});
        let monitoring = serde_json::json!({"azureMonitorAlertSettings": alerts});
        let change = VaultChange {
            settings: [("monitoringSettings".to_owned(), monitoring)].into(),
            ..VaultChange::default()
        };
        let changed = world.control.change_vault("default", "v1", change);
        changed.await.unwrap();
    };
    let fails = async || {
        world.ends(Phase::Snapshot, &[Ends::Fails(Code::FreezeFailed)]);
        world.backup_now("web", None).await.unwrap();
        world.settle().await;
    };
    set("Disabled").await;
    fails().await;
    assert_eq!(world.alerts().await, []);
    set("Enabled").await;
    fails().await;
    assert_eq!(world.firing().await, [R::BackupFailed]);
    set("Disabled").await;
    world.delete("web").await.unwrap();
    assert!(world.firing().await.contains(&R::BackupsDeleted));
}

#[tokio::test]
async fn old_alerts_go_after_thirty_days_if_they_are_over_and_after_a_year_if_not() {
    let world = World::protecting().await;
    world.ends(Phase::Snapshot, &[Ends::Fails(Code::FreezeFailed)]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    world.backup_now("web", None).await.unwrap();
    world.minutes(5).await;
    world.soft_delete(SoftDeleteState::Disabled, 14).await;
    assert_eq!(world.alerts().await.len(), 2);
    world.days(29).await;
    assert_eq!(world.alerts().await.len(), 2);
    world.days(2).await;
    let left: Vec<R> = world.alerts().await.iter().map(|a| a.rule).collect();
    assert_eq!(left, [R::SoftDeleteDisabled]);
    world.days(330).await;
    assert_eq!(world.alerts().await.len(), 1);
    world.days(10).await;
    assert_eq!(world.alerts().await, []);
}

#[tokio::test]
async fn mon_3_a_cancel_a_backup_in_the_way_and_a_machine_that_is_gone_raise_none() {
    let world = World::protecting().await;
    world.play(Phase::Snapshot, &[Act::ends(Ends::Hangs)]);
    let job = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    world.cancel(job).await.unwrap();
    world.minutes(1).await;
    for code in [Code::MachineNotFound, Code::BackupInProgress] {
        world.ends(Phase::Snapshot, &[Ends::Fails(code)]);
        world.backup_now("web", None).await.unwrap();
        world.minutes(1).await;
    }
    assert_eq!(world.backups().await.len(), 3);
    assert_eq!(world.alerts().await, []);
}

#[tokio::test]
async fn mon_2_warnings_end_when_a_point_reaches_the_vault_and_when_one_is_consistent() {
    let world = World::protecting().await;
    let denied = Ends::Fails(Code::FileAccessDenied);
    world.ends(Phase::Transfer, &[denied]);
    let downgraded = Ends::Downgraded(Code::AgentUnavailable);
    world.ends(Phase::Snapshot, &[downgraded]);
    world.backup_now("web", None).await.unwrap();
    world.minutes(5).await;
    assert_eq!(
        world.firing().await,
        [R::BackupWarning, R::ConsistencyDowngraded]
    );
    // Again a point that stays local, but a consistent one.
    world.ends(Phase::Transfer, &[denied]);
    world.backup_now("web", None).await.unwrap();
    world.minutes(5).await;
    assert_eq!(world.firing().await, [R::BackupWarning]);
    world.backup_now("web", None).await.unwrap();
    world.minutes(5).await;
    assert_eq!(world.firing().await, []);
}

#[tokio::test]
async fn mon_6_a_closed_alert_stays_closed_and_what_happens_again_is_another() {
    let world = World::protecting().await;
    let fails = [Ends::Fails(Code::FreezeFailed)];
    world.ends(Phase::Snapshot, &fails);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let first = world.alerts().await.remove(0).id;
    let closed = world
        .control
        .change_alert(first, AlertState::Closed, "ann")
        .await;
    assert_eq!(closed.unwrap().body.changed_by.as_deref(), Some("ann"));
    world.ends(Phase::Snapshot, &fails);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let all = world.alerts().await;
    assert_eq!(all.len(), 2);
    assert_eq!(all.iter().map(|a| a.body.count).sum::<u64>(), 2);
    // The first can't be opened beside the second.
    let control = &world.control;
    let opened = control.change_alert(first, AlertState::New, "ann").await;
    assert_eq!(opened.unwrap_err().code(), Code::PreconditionFailed);
    // What is stopped is not backed up: nothing is left to end it.
    world.change("web", ItemChange::Stop).await.unwrap();
    world.minutes(5).await;
    assert_eq!(world.firing().await, []);
    // Old ones go.
    world.days(40).await;
    assert_eq!(world.alerts().await, []);
}

#[tokio::test]
async fn soft_2_deletion_is_told_of_at_once_two_days_ahead_and_when_it_is_done() {
    let world = World::protecting().await;
    world.days(2).await;
    world.delete("web").await.unwrap();
    assert_eq!(world.firing().await, [R::BackupsDeleted]);
    assert_eq!(world.alerts().await[0].rule.severity(), 0);
    world.change("web", ItemChange::Undelete).await.unwrap();
    world.minutes(5).await;
    assert_eq!(world.firing().await, []);
    world.delete("web").await.unwrap();
    world.days(11).await;
    assert_eq!(world.firing().await, [R::BackupsDeleted]);
    world.days(2).await;
    assert_eq!(world.firing().await, [R::BackupsDeleted, R::PurgeUpcoming]);
    // One that was closed is not raised again.
    let ahead = world.alerts().await.pop().unwrap();
    let closed = world
        .control
        .change_alert(ahead.id, AlertState::Closed, "ann");
    closed.await.unwrap();
    world.minutes(60).await;
    assert_eq!(world.alerts().await.len(), 3);
    world.days(2).await;
    assert!(world.no_item("web").await);
    assert_eq!(world.firing().await, [R::PurgeComplete]);
}

#[tokio::test]
async fn mon_2_soft_delete_off_and_shorter_retention_are_told_of() {
    let world = World::new().await;
    let mut policy = Policy::standard_default();
    world.put_policy("p", policy.clone()).await;
    world.soft_delete(SoftDeleteState::Disabled, 14).await;
    assert_eq!(world.firing().await, [R::SoftDeleteDisabled]);
    world.soft_delete(SoftDeleteState::Enabled, 14).await;
    world.minutes(5).await;
    assert_eq!(world.firing().await, []);
    // Nobody has the policy yet.
    policy.retention.daily = Some(20);
    world.put_policy("p", policy.clone()).await;
    assert_eq!(world.firing().await, []);
    world.protect("web", "DefaultPolicy").await.unwrap();
    world.protect("web", "p").await.unwrap();
    assert_eq!(world.firing().await, [R::RetentionReduced]);
    policy.retention.daily = Some(25);
    world.put_policy("p", policy.clone()).await;
    assert_eq!(world.firing().await, [R::RetentionReduced]);
    policy.retention.daily = Some(10);
    world.put_policy("p", policy).await;
    assert_eq!(
        world.firing().await,
        [R::RetentionReduced, R::RetentionReduced]
    );
}

#[tokio::test]
async fn runs_that_were_left_out_are_told_of_until_a_point_is_made() {
    let world = World::protecting().await;
    world.days(2).await;
    assert_eq!(world.alerts().await, []);
    // The server is off for four days.
    world
        .clock
        .advance(jiff::SignedDuration::from_hours(4 * 24));
    world.control.tick().await;
    assert_eq!(world.firing().await, [R::RunsMissed]);
    let detail = world.alerts().await[0].body.detail.clone();
    assert!(detail.contains("did not run: 3"), "{detail}");
    world.minutes(5).await;
    assert_eq!(world.firing().await, []);
}
