//! A backup's two phases, what is skipped, what waits, and what is tried again.

use base::Code;
use control::plane::Tier;
use control::scripted::{Act, Ends, Phase};
use jiff::SignedDuration;
use policy::TaskStatus as T;
use state::jobs::JobStatus as J;
use state::protected_items::ProtectionState;
use state::recovery_points::{Consistency, Tiers};

use crate::time::stands;
use crate::world::{WEB, World};

#[tokio::test]
async fn job_2_a_backup_is_seen_in_its_snapshot_then_in_its_transfer_then_completed() {
    let world = World::protecting().await;
    world.play(Phase::Snapshot, &[Act::well(10)]);
    world.play(Phase::Transfer, &[Act::well(3 * 24 * 60)]);
    let job = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let began = world.job(job).await;
    assert_eq!(
        stands(&began),
        (T::InProgress, T::NotStarted, J::InProgress)
    );
    assert!(world.points("web").await.is_empty());
    assert_eq!(
        world.item("web").await.state,
        ProtectionState::InitialBackupPending
    );
    world.minutes(10).await;
    let sending = world.job(job).await;
    assert_eq!(
        stands(&sending),
        (T::Completed, T::InProgress, J::InProgress)
    );
    assert_eq!(world.points("web").await[0].tiers, Tiers::Snapshot);
    world.days(3).await;
    let done = world.job(job).await;
    assert_eq!(stands(&done), (T::Completed, T::Completed, J::Completed));
    let took = done.ended_at.unwrap().duration_since(done.started_at);
    assert_eq!(took, SignedDuration::from_mins(3 * 24 * 60 + 10));
    assert_eq!(world.item("web").await.state, ProtectionState::Protected);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn job_2_a_snapshot_that_fails_fails_both_tasks_and_a_transfer_only_warns() {
    let world = World::protecting().await;
    world.ends(Phase::Snapshot, &[Ends::Fails(Code::FreezeFailed)]);
    let job = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let failed = world.job(job).await;
    assert_eq!(stands(&failed), (T::Failed, T::Failed, J::Failed));
    assert_eq!(failed.body.errors[0].code, Code::FreezeFailed.name());
    assert!(world.points("web").await.is_empty());
    world.ends(Phase::Transfer, &[Ends::Fails(Code::NoSpace)]);
    let job = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let warned = world.job(job).await;
    let row = (T::Completed, T::Failed, J::CompletedWithWarnings);
    assert_eq!(stands(&warned), row);
    assert_eq!(warned.body.errors[0].code, Code::NoSpace.name());
    assert_eq!(world.points("web").await[0].tiers, Tiers::Snapshot);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn job_21_cancelled_in_the_snapshot_no_point_stays_in_the_transfer_its_snapshot_does() {
    let world = World::protecting().await;
    world.ends(Phase::Snapshot, &[Ends::Hangs]);
    let job = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    world.cancel(job).await.unwrap();
    assert_eq!(world.job(job).await.status, J::Cancelling);
    let again = world.cancel(job).await.unwrap_err();
    assert_eq!(again.code(), Code::JobNotCancellable);
    world.settle().await;
    let row = (T::Cancelled, T::NotStarted, J::Cancelled);
    assert_eq!(stands(&world.job(job).await), row);
    assert!(world.points("web").await.is_empty());
    world.ends(Phase::Transfer, &[Ends::Hangs]);
    let job = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    world.cancel(job).await.unwrap();
    world.settle().await;
    let row = (T::Completed, T::Cancelled, J::Cancelled);
    assert_eq!(stands(&world.job(job).await), row);
    assert_eq!(world.points("web").await[0].tiers, Tiers::Snapshot);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn job_7_a_later_days_transfer_is_skipped_and_its_churn_goes_with_the_next() {
    let world = World::protecting().await;
    // The first transfer takes a day and a half.
    world.play(Phase::Transfer, &[Act::well(36 * 60)]);
    world.plane.write(WEB, 100 << 20);
    world.days(1).await;
    world.plane.write(WEB, 7 << 20);
    world.days(1).await;
    world.plane.write(WEB, 5 << 20);
    world.days(1).await;
    let jobs = world.backups().await;
    let rows: Vec<_> = jobs.iter().map(stands).collect();
    let done = (T::Completed, T::Completed, J::Completed);
    let skipped = (T::Completed, T::Skipped, J::Completed);
    assert_eq!(rows, [done, skipped, done]);
    assert_eq!(world.dates("web").await, ["03-01 V", "03-02 S", "03-03 SV"]);
    let sizes: Vec<_> = jobs
        .iter()
        .map(|j| j.body.properties.get("Backup Size").map(|s| &**s))
        .collect();
    assert_eq!(sizes, [Some("100 MB"), None, Some("12 MB")]);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn job_18_on_demand_waits_for_the_transfer_that_runs_and_keeps_its_date() {
    let world = World::protecting().await;
    world.play(Phase::Snapshot, &[Act::well(5)]);
    world.play(Phase::Transfer, &[Act::well(60), Act::well(60)]);
    let until = "2027-01-01T00:00:00Z";
    let first = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let same_phase = world.backup_now("web", None).await.unwrap_err();
    assert_eq!(same_phase.code(), Code::BackupInProgress);
    world.minutes(6).await;
    let second = world.backup_now("web", Some(until)).await.unwrap();
    world.minutes(1).await;
    let row = (T::Completed, T::InProgress, J::InProgress);
    assert_eq!(stands(&world.job(second).await), row);
    let waits = world.backup_now("web", None).await.unwrap_err();
    assert_eq!(waits.code(), Code::BackupInProgress);
    world.minutes(60).await;
    assert_eq!(stands(&world.job(first).await).2, J::Completed);
    assert_eq!(stands(&world.job(second).await), row);
    // It is sent by now: another may wait behind it.
    let third = world.backup_now("web", None).await.unwrap();
    world.minutes(60).await;
    assert_eq!(stands(&world.job(second).await).2, J::Completed);
    world.minutes(5).await;
    assert_eq!(stands(&world.job(third).await).2, J::Completed);
    let kept = world.points("web").await[1].expires_at;
    assert_eq!(kept, Some(crate::world::at(until)));
    world.check(&["web"]).await;
}

#[tokio::test]
async fn a_waiting_transfer_can_be_cancelled_and_the_running_one_goes_on() {
    let world = World::protecting().await;
    world.play(Phase::Transfer, &[Act::well(60)]);
    let first = world.backup_now("web", None).await.unwrap();
    world.minutes(1).await;
    let second = world.backup_now("web", None).await.unwrap();
    world.minutes(1).await;
    world.cancel(second).await.unwrap();
    world.settle().await;
    let row = (T::Completed, T::Cancelled, J::Cancelled);
    assert_eq!(stands(&world.job(second).await), row);
    world.minutes(60).await;
    assert_eq!(stands(&world.job(first).await).2, J::Completed);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn a_downgrade_is_named_in_the_job_and_at_the_point() {
    let world = World::protecting().await;
    let code = Code::AgentUnavailable;
    world.ends(Phase::Snapshot, &[Ends::Downgraded(code)]);
    let job = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let job = world.job(job).await;
    assert_eq!(stands(&job), (T::Completed, T::Completed, J::Completed));
    let said = &job.body.properties;
    assert_eq!(said["Consistency downgrade"], code.name());
    assert_eq!(said["Recovery point consistency"], "CrashConsistent");
    let point = &world.points("web").await[0];
    assert_eq!(point.body.consistency, Consistency::CrashConsistent);
    assert_eq!(point.body.downgrade.as_deref(), Some(code.name()));
}

#[tokio::test]
async fn a_scheduled_run_that_fails_is_tried_after_5_15_and_60_minutes_and_then_the_next_day() {
    let world = World::protecting().await;
    world.ends(
        Phase::Snapshot,
        &[Ends::Fails(Code::HypervisorUnavailable); 4],
    );
    world.days(1).await;
    let jobs = world.backups().await;
    let starts: Vec<i64> = jobs.iter().map(|j| j.started_at.as_second() / 60).collect();
    let waits: Vec<i64> = starts.windows(2).map(|w| w[1] - w[0]).collect();
    assert_eq!(waits, [5, 15, 60]);
    assert!(jobs.iter().all(|j| j.status == J::Failed));
    world.days(1).await;
    assert_eq!(world.backups().await.len(), 5);
    assert_eq!(world.dates("web").await, ["03-02 SV"]);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn a_transfer_to_a_vault_that_does_not_answer_is_tried_three_times() {
    let world = World::protecting().await;
    let down = Ends::Fails(Code::StoreUnavailable);
    world.ends(Phase::Transfer, &[down, down]);
    let job = world.backup_now("web", None).await.unwrap();
    world.minutes(3).await;
    assert_eq!(stands(&world.job(job).await).2, J::Completed);
    world.ends(Phase::Transfer, &[down, down, down]);
    let job = world.backup_now("web", None).await.unwrap();
    world.minutes(3).await;
    let row = (T::Completed, T::Failed, J::CompletedWithWarnings);
    assert_eq!(stands(&world.job(job).await), row);
    let there = world.plane.points(world.vault_id().await, Tier::Vault);
    assert_eq!(there.len(), 1);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn a_snapshot_that_is_there_although_its_store_failed_is_not_left_behind() {
    let world = World::protecting().await;
    world.ends(Phase::Snapshot, &[Ends::FailsAfter(Code::Io)]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    world.check(&["web"]).await;
    world.ends(Phase::Transfer, &[Ends::FailsAfter(Code::Io)]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    world.days(3).await;
    world.check(&["web"]).await;
}

#[tokio::test]
async fn job_6_a_transfer_of_weeks_is_never_joined_by_another() {
    let world = World::new().await;
    world
        .put_policy("often", policy::Policy::enhanced_default())
        .await;
    world.protect("web", "often").await.unwrap();
    world.play(Phase::Transfer, &[Act::well(12 * 24 * 60)]);
    world.days(13).await;
    let jobs = world.backups().await;
    assert!(jobs.len() > 70, "{}", jobs.len());
    assert!(jobs.iter().all(|j| stands(j).2 == J::Completed));
    world.check(&["web"]).await;
}
