//! Deletion, its taking back, and the end of a vault.

use base::Code;
use control::ItemChange;
use control::plane::Tier;
use control::scripted::{Act, Phase};
use state::jobs::{JobOperation, JobStatus};
use state::protected_items::ProtectionState;
use state::vaults::SoftDeleteState;

use crate::world::World;

async fn no_points(world: &World) {
    let vault = world.vault_id().await;
    for tier in [Tier::Snapshot, Tier::Vault] {
        assert!(world.plane.points(vault, tier).is_empty());
    }
}

#[tokio::test]
async fn soft_1_deleted_backups_are_purged_after_the_days_that_counted_at_deletion() {
    let world = World::protecting().await;
    world.days(3).await;
    world.soft_delete(SoftDeleteState::Enabled, 20).await;
    world.delete("web").await.unwrap();
    world.soft_delete(SoftDeleteState::Enabled, 14).await;
    let again = world.delete("web").await.unwrap_err();
    assert_eq!(again.code(), Code::ItemSoftDeleted);
    let refused = world.control.delete_vault("default", "v1", None).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::VaultNotEmpty);
    let said = "soft-deleted backups of web (purged on 2026-03-24 12:00 UTC)";
    assert!(refused.detail().contains(said), "{refused}");
    world.days(19).await;
    assert_eq!(world.points("web").await.len(), 3);
    world.check(&["web"]).await;
    world.days(2).await;
    assert!(world.no_item("web").await);
    no_points(&world).await;
    let vault = world.control.vault("default", "v1").await.unwrap();
    let stores = world.folder.path().join("pool");
    assert!(stores.join(&vault.body.pool).is_dir());
    world
        .control
        .delete_vault("default", "v1", None)
        .await
        .unwrap();
    world.minutes(1).await;
    assert!(!stores.join(&vault.body.pool).exists());
}

#[tokio::test]
async fn soft_3_what_is_undeleted_is_stopped_and_keeps_all_until_it_is_resumed() {
    let world = World::protecting().await;
    world.days(3).await;
    world.delete("web").await.unwrap();
    let restored = world.restore(world.to_folder()).await.unwrap_err();
    assert_eq!(restored.code(), Code::ItemSoftDeleted);
    world.days(13).await;
    world.change("web", ItemChange::Undelete).await.unwrap();
    assert_eq!(
        world.item("web").await.state,
        ProtectionState::ProtectionStopped
    );
    world.days(60).await;
    assert_eq!(world.points("web").await.len(), 3);
    // PROT-11: what is stopped can be restored.
    let restore = world.restore(world.to_folder()).await.unwrap();
    world.settle().await;
    assert_eq!(world.job(restore).await.status, JobStatus::Completed);
    let twice = world.change("web", ItemChange::Undelete).await.unwrap_err();
    assert_eq!(twice.code(), Code::ItemStateWrong);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn soft_4_what_was_deleted_before_soft_delete_is_off_keeps_its_days() {
    let world = World::protecting().await;
    world.days(3).await;
    world.delete("web").await.unwrap();
    world.soft_delete(SoftDeleteState::Disabled, 14).await;
    world.days(13).await;
    assert_eq!(world.points("web").await.len(), 3);
    let snapshots = world.plane.points(world.vault_id().await, Tier::Snapshot);
    assert!(!snapshots.is_empty(), "SOFT-5: they are kept as well");
    world.days(2).await;
    assert!(world.no_item("web").await);
    no_points(&world).await;
}

#[tokio::test]
async fn without_soft_delete_all_goes_at_once_and_a_running_backup_is_cancelled() {
    let world = World::protecting().await;
    world.days(2).await;
    world.soft_delete(SoftDeleteState::Disabled, 14).await;
    world.play(Phase::Transfer, &[Act::well(600)]);
    let running = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let refused = world.control.delete_vault("default", "v1", None).await;
    let text = refused.unwrap_err().detail().to_owned();
    assert!(
        text.contains("existing resources within the vault"),
        "{text}"
    );
    world.delete("web").await.unwrap();
    // What is being purged can't be taken back.
    let late = world.change("web", ItemChange::Undelete).await.unwrap_err();
    assert_eq!(late.code(), Code::ItemStateWrong);
    world.minutes(1).await;
    assert_eq!(world.job(running).await.status, JobStatus::Cancelled);
    assert!(world.no_item("web").await);
    no_points(&world).await;
    let jobs = world.jobs(JobOperation::DeleteBackupData).await;
    assert_eq!(jobs[0].status, JobStatus::Completed);
    // The machine can be protected anew.
    world.protect("web", "DefaultPolicy").await.unwrap();
    world.days(1).await;
    assert_eq!(world.points("web").await.len(), 1);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn what_is_due_to_be_purged_can_not_be_undeleted() {
    let world = World::protecting().await;
    world.days(1).await;
    world.delete("web").await.unwrap();
    world
        .clock
        .advance(jiff::SignedDuration::from_hours(24 * 14));
    let late = world.change("web", ItemChange::Undelete).await.unwrap_err();
    assert_eq!(late.code(), Code::ItemStateWrong);
    world.minutes(1).await;
    assert!(world.no_item("web").await);
    no_points(&world).await;
}

#[tokio::test]
async fn what_was_never_backed_up_is_deleted_at_once_although_soft_delete_is_on() {
    let world = World::protecting().await;
    world.delete("web").await.unwrap();
    world.settle().await;
    assert!(world.no_item("web").await);
}
