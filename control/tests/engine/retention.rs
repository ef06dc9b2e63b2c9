//! Which points are kept, where, until when.

use base::Code;
use control::ItemChange;
use control::plane::Tier;
use control::scripted::{Act, Ends, Phase};
use policy::{Policy, Range, Retention, Weekday, Weekly};
use state::recovery_points::Keep;

use crate::world::World;

fn kept(days: u32) -> Policy {
    Policy {
        retention: Retention {
            daily: Some(days),
            ..Retention::default()
        },
        ..Policy::standard_default()
    }
}

async fn world(policy: Policy) -> World {
    let world = World::new().await;
    world.put_policy("p", policy).await;
    world.protect("web", "p").await.unwrap();
    world
}

#[tokio::test]
async fn snap_9_snapshots_go_after_their_days_and_points_after_theirs() {
    let world = world(kept(7)).await;
    world.days(10).await;
    let dates = world.dates("web").await;
    let expected = [
        "03-04 V", "03-05 V", "03-06 V", "03-07 V", "03-08 V", "03-09 SV", "03-10 SV",
    ];
    assert_eq!(dates[dates.len() - 7..], expected);
    assert!(dates.len() <= 8, "{dates:?}");
    world.check(&["web"]).await;
}

#[tokio::test]
async fn snap_9_prot_15_the_latest_snapshot_and_the_last_point_stay_when_backups_fail() {
    let world = world(kept(7)).await;
    world.days(3).await;
    world
        .plane
        .direct(|_, _| Act::ends(Ends::Fails(Code::MachineNotFound)));
    world.days(30).await;
    assert_eq!(world.dates("web").await, ["03-03 SV"]);
    assert!(world.item("web").await.body.health[0].critical);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn policy_21_shorter_retention_removes_and_longer_keeps_points_that_exist() {
    let world = world(kept(20)).await;
    world.days(15).await;
    world.put_policy("p", kept(40)).await;
    world.days(15).await;
    assert_eq!(world.dates("web").await.len(), 30);
    world.put_policy("p", kept(7)).await;
    world.days(1).await;
    let left = world.dates("web").await;
    assert!(left.len() <= 8, "{left:?}");
    world.check(&["web"]).await;
}

#[tokio::test]
async fn policy_22_a_range_that_is_added_touches_no_point_that_exists() {
    let world = world(kept(7)).await;
    world.days(3).await;
    let weekly = Weekly {
        days: [Weekday::Sunday].into(),
        weeks: 10,
    };
    let mut more = kept(7);
    more.retention.weekly = Some(weekly);
    world.put_policy("p", more).await;
    world.days(14).await;
    let dates = world.dates("web").await;
    // Sunday the first was before; the eighth and the fifteenth are marked.
    assert_eq!(dates[0], "03-08 V");
    world.check(&["web"]).await;
}

#[tokio::test]
async fn a_mark_whose_transfer_was_skipped_goes_to_the_next_point_in_the_vault() {
    let mut policy = kept(7);
    policy.retention.weekly = Some(Weekly {
        days: [Weekday::Monday].into(),
        weeks: 10,
    });
    let world = world(policy).await;
    world.play(Phase::Transfer, &[Act::well(36 * 60)]);
    world.days(3).await;
    let points = world.points("web").await;
    let Keep::Marks(marks) = &points[2].body.keep else {
        panic!("{points:?}")
    };
    let ranges: Vec<Range> = marks.0.keys().copied().collect();
    assert_eq!(ranges, [Range::Daily, Range::Weekly]);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn job_5_a_snapshot_stays_while_its_transfer_goes_on_however_long() {
    let world = world(kept(7)).await;
    world.play(Phase::Transfer, &[Act::well(10 * 24 * 60)]);
    world.days(9).await;
    assert_eq!(world.dates("web").await[0], "03-01 S");
    world.check(&["web"]).await;
    world.days(4).await;
    assert!(
        world
            .backups()
            .await
            .iter()
            .all(|j| j.body.errors.is_empty())
    );
    world.check(&["web"]).await;
}

#[tokio::test]
async fn prot_11_stopped_all_points_stay_and_resumed_they_expire() {
    let world = world(kept(7)).await;
    // It is stopped while a transfer goes on, which ends as it began.
    world.days(4).await;
    world.play(Phase::Transfer, &[Act::well(24 * 60)]);
    world.days(1).await;
    world.change("web", ItemChange::Stop).await.unwrap();
    let before = world.dates("web").await;
    assert_eq!(before.len(), 5);
    world.days(100).await;
    let after = world.points("web").await;
    assert_eq!(after.len(), 5);
    assert_eq!(crate::retention::daily(&after[4].body.keep), 1);
    world.protect("web", "p").await.unwrap();
    world.days(4).await;
    assert_eq!(world.dates("web").await.len(), 4);
    world.check(&["web"]).await;
}

/// How many daily marks there are.
pub fn daily(keep: &Keep) -> usize {
    match keep {
        Keep::Marks(marks) => usize::from(marks.0.contains_key(&Range::Daily)),
        Keep::Until(_) => 0,
    }
}

#[tokio::test]
async fn suspended_all_points_expire_but_the_last() {
    let world = world(kept(7)).await;
    world.days(5).await;
    world.change("web", ItemChange::Suspend).await.unwrap();
    world.days(30).await;
    assert_eq!(world.dates("web").await, ["03-05 SV"]);
    assert_eq!(world.backups().await.len(), 5);
    world.check(&["web"]).await;
}

/// SNAP-8: a transfer that failed may have left its point in the vault.
#[tokio::test]
async fn a_point_that_may_be_left_in_a_vault_out_of_reach_keeps_its_snapshot_until_it_is_back() {
    let world = World::protecting().await;
    let vault = world.vault_id().await;
    world.ends(Phase::Transfer, &[Ends::Fails(Code::NoSpace)]);
    world.days(1).await;
    let first = world.points("web").await[0].point;
    let pool = world.folder.path().join("pool");
    world.plane.lose(&pool);
    world.days(5).await;
    let has = |tier| {
        world
            .plane
            .ids(vault, tier)
            .iter()
            .any(|(_, id)| *id == first)
    };
    assert!(has(Tier::Snapshot));
    world.check(&["web"]).await;
    world.plane.find(&pool);
    world.days(1).await;
    assert!(!has(Tier::Snapshot));
    assert!(world.points("web").await.iter().all(|p| p.point != first));
    world.check(&["web"]).await;
}
