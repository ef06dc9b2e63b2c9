//! When runs start.

use control::ItemChange;
use control::scripted::{Act, Phase};
use jiff::SignedDuration;
use jiff::civil::time;
use policy::{Policy, Schedule};
use state::recovery_points::Tiers;

use crate::world::{World, at};

fn daily(hour: i8) -> Policy {
    let time = time(hour, 0, 0, 0);
    Policy {
        schedule: Schedule::Daily { time },
        ..Policy::standard_default()
    }
}

#[tokio::test]
async fn policy_24_runs_start_within_two_hours_and_each_item_always_as_late() {
    let world = World::protecting().await;
    world.protect("db", "DefaultPolicy").await.unwrap();
    world.days(3).await;
    let mut late = Vec::new();
    for job in world.backups().await {
        let day = job.started_at.as_second().rem_euclid(86_400);
        let after = day - (19 * 3600 + 1800);
        assert!((0..=7200 + 300).contains(&after), "{after}");
        late.push((job.body.entity, after / 300));
    }
    late.sort();
    assert_eq!(late.len(), 6);
    assert!(late[..3].iter().all(|l| *l == late[0]), "{late:?}");
    assert!(late[3..].iter().all(|l| *l == late[3]), "{late:?}");
    assert_ne!(late[0].1, late[3].1);
}

#[tokio::test]
async fn prot_3_protection_alone_makes_no_point_and_an_outage_is_caught_up_by_one_run() {
    let world = World::protecting().await;
    world.settle().await;
    assert!(world.backups().await.is_empty());
    world.days(1).await;
    assert_eq!(world.backups().await.len(), 1);
    // Nobody ticks for nine days.
    world.clock.advance(SignedDuration::from_hours(9 * 24));
    world.settle().await;
    assert_eq!(world.backups().await.len(), 2);
    world.days(1).await;
    assert_eq!(world.backups().await.len(), 3);
}

#[tokio::test]
async fn prot_13_who_resumes_owes_nothing_of_the_time_before() {
    let world = World::protecting().await;
    world.days(1).await;
    world.change("web", ItemChange::Stop).await.unwrap();
    world.days(5).await;
    assert_eq!(world.backups().await.len(), 1);
    world.protect("web", "DefaultPolicy").await.unwrap();
    world.settle().await;
    assert_eq!(world.backups().await.len(), 1);
    world.days(1).await;
    assert_eq!(world.backups().await.len(), 2);
}

#[tokio::test]
async fn policy_17_an_edit_moves_the_next_run_at_once_and_owes_nothing_of_earlier() {
    let world = World::new().await;
    world.put_policy("p", daily(2)).await;
    world.protect("web", "p").await.unwrap();
    world.minutes(17 * 60).await;
    assert_eq!(world.backups().await.len(), 1);
    // It is five o'clock: neither three o'clock's run nor a second one now.
    world.put_policy("p", daily(3)).await;
    world.minutes(60).await;
    assert_eq!(world.backups().await.len(), 1);
    world.put_policy("p", daily(8)).await;
    world.minutes(5 * 60).await;
    assert_eq!(world.backups().await.len(), 2);
    let next = world.item("web").await.next_run.unwrap();
    let due = at("2026-03-03T08:00:00Z");
    assert!(next >= due && next <= due + SignedDuration::from_hours(2));
}

#[tokio::test]
async fn a_run_that_is_due_and_not_yet_started_is_not_lost_by_an_edit() {
    let world = World::new().await;
    world.put_policy("p", daily(13)).await;
    world.protect("web", "p").await.unwrap();
    world.clock.advance(SignedDuration::from_secs(3601));
    world.put_policy("p", daily(12)).await;
    world.minutes(180).await;
    let later = world.backups().await.len();
    world.put_policy("p", daily(14)).await;
    world.days(1).await;
    let all = world.backups().await.len();
    assert!((1..=2).contains(&all), "{later} {all}");
}

#[tokio::test]
async fn policy_29_of_a_days_runs_the_last_goes_to_the_vault() {
    let world = World::new().await;
    world.put_policy("often", Policy::enhanced_default()).await;
    world.protect("web", "often").await.unwrap();
    world.days(2).await;
    let all = world.points("web").await;
    // The last may start within two hours from now.
    assert!((11..=12).contains(&all.len()), "{}", all.len());
    let vaulted = all.iter().filter(|p| p.tiers != Tiers::Snapshot);
    let hours: Vec<i8> = vaulted
        .map(|p| p.taken_at.to_zoned(jiff::tz::TimeZone::UTC).hour())
        .collect();
    assert_eq!(hours.len(), 2);
    assert!(hours.iter().all(|h| (20..=22).contains(h)), "{hours:?}");
    world.check(&["web"]).await;
}

#[tokio::test]
async fn job_6_a_run_waits_for_the_snapshot_of_the_one_before() {
    let world = World::protecting().await;
    world.play(Phase::Snapshot, &[Act::well(30 * 60)]);
    world.days(3).await;
    assert_eq!(world.backups().await.len(), 3);
    world.check(&["web"]).await;
}
