//! What an edit of a policy does, and what enabling again does.

use control::ItemChange;
use control::plane::Discovered;
use control::scripted::{Act, Phase, machine};
use jiff::SignedDuration;
use jiff::civil::time;
use policy::{Policy, Retention, Schedule};
use state::recovery_points::RecoveryPoint;
use uuid::Uuid;

use crate::world::{HOST, World};

fn kept(days: u32) -> Policy {
    Policy {
        retention: Retention {
            daily: Some(days),
            ..Retention::default()
        },
        ..Policy::standard_default()
    }
}

#[tokio::test]
async fn immu_3_a_backup_that_outlasts_its_suspension_ends_by_the_policy_as_it_was() {
    let world = World::new().await;
    world.put_policy("p", kept(20)).await;
    world.protect("web", "p").await.unwrap();
    world.play(Phase::Transfer, &[Act::well(20 * 60)]);
    world.days(1).await;
    world.change("web", ItemChange::Suspend).await.unwrap();
    world.put_policy("p", kept(40)).await;
    world.days(1).await;
    let points = world.points("web").await;
    let days = SignedDuration::from_hours(24 * 20);
    assert_eq!(points[0].expires_at, Some(points[0].taken_at + days));
    world.check(&["web"]).await;
}

/// POLICY-21: who ends protection in the moment after the edit has its points kept by the edit.
#[tokio::test]
async fn an_edit_that_was_saved_holds_though_its_items_have_not_followed_it_yet() {
    for end in [Some(ItemChange::Suspend), Some(ItemChange::Stop), None] {
        let world = World::new().await;
        world.put_policy("p", kept(20)).await;
        world.protect("web", "p").await.unwrap();
        world.days(1).await;
        world.put_policy("p", kept(40)).await;
        let ended = match &end {
            Some(change) => world.change("web", change.clone()).await,
            None => world.delete("web").await,
        };
        ended.unwrap();
        let points = world.points("web").await;
        let days = SignedDuration::from_hours(24 * 40);
        let expected = Some(points[0].taken_at + days);
        assert_eq!(points[0].expires_at, expected, "{end:?}");
    }
}

#[tokio::test]
async fn prot_9_the_next_run_is_shown_and_starts_when_it_was_shown() {
    let world = World::protecting().await;
    let shown = world.item("web").await.next_run.unwrap();
    world.days(1).await;
    assert_eq!(world.backups().await[0].started_at, shown);
    let day = SignedDuration::from_hours(24);
    assert_eq!(world.item("web").await.next_run, Some(shown + day));
}

#[tokio::test]
async fn prot_19_enabling_twice_is_enabling_once() {
    let world = World::protecting().await;
    let first = world.item("web").await;
    world.minutes(5).await;
    world.protect("web", "DefaultPolicy").await.unwrap();
    let again = world.item("web").await;
    assert_eq!(
        (first.data_id, first.created, first.next_run, first.state),
        (again.data_id, again.created, again.next_run, again.state)
    );
    world.days(1).await;
    assert_eq!(world.backups().await.len(), 1);
}

#[tokio::test]
async fn prot_19_an_edit_reaches_all_items_a_hundred_with_each_tick() {
    let world = World::new().await;
    world.put_policy("p", kept(20)).await;
    let names: Vec<String> = (0..150).map(|n| format!("vm{n:03}")).collect();
    let machines = names.iter().zip(1u128..);
    let machines = machines.map(|(name, n)| machine(Uuid::from_u128(n << 64), name, &[1 << 30]));
    let (machines, networks) = (machines.collect(), None);
    world.plane.set(HOST, Discovered { machines, networks });
    world.control.discover().await.unwrap();
    for name in &names {
        world.protect(name, "p").await.unwrap();
    }
    let edited = Policy {
        schedule: Schedule::Daily {
            time: time(3, 0, 0, 0),
        },
        ..kept(20)
    };
    world.put_policy("p", edited.clone()).await;
    let reached = async || {
        let mut reached = 0;
        for name in &names {
            let item = world.item(name).await;
            reached += usize::from(item.body.policy_seen.as_ref() == Some(&edited));
        }
        reached
    };
    assert_eq!(reached().await, 0);
    world.control.tick().await;
    assert_eq!(reached().await, 100);
    // The next one comes at once.
    world.control.work_is_there().await;
    world.control.tick().await;
    assert_eq!(reached().await, 150);
    // An edit that came while one was followed starts anew.
    world.put_policy("p", kept(20)).await;
    world.control.tick().await;
    world.put_policy("p", edited.clone()).await;
    for _ in 0..3 {
        world.control.tick().await;
    }
    assert_eq!(reached().await, 150);
}

/// POLICY-21: all points of an item follow an edited policy in one transaction: cut short at any
/// place, none has followed it or all have, and in the end all.
#[tokio::test]
async fn an_edit_of_an_item_with_many_points_is_followed_though_cut_short_at_any_place() {
    const POINTS: usize = 1300;
    let world = World::new().await;
    world.put_policy("p", kept(3000)).await;
    world.protect("web", "p").await.unwrap();
    world.days(1).await;
    let (item, first) = (world.item("web").await, world.points("web").await.remove(0));
    let mut tx = world.state.write().await.unwrap();
    for number in 1..POINTS as i64 {
        let mut point = first.clone();
        point.number = number;
        point.taken_at = first.taken_at - SignedDuration::from_secs(number);
        state::recovery_points::create(&mut tx, point)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let brought = async |kept: i64| {
        let all = world.points("web").await;
        assert_eq!(all.len(), POINTS);
        let is = |p: &&RecoveryPoint| p.expires_at == Some(p.taken_at + days(kept));
        all.iter().filter(is).count()
    };
    world.put_policy("p", kept(4000)).await;
    let mut seen = std::collections::BTreeSet::new();
    for polls in 1.. {
        assert!(polls < 20_000, "it never ends");
        let mut tick = std::pin::pin!(world.control.tick());
        let mut over = false;
        for _ in 0..polls * 5 {
            over = futures::poll!(&mut tick).is_ready();
            if over {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_micros(100)).await;
        }
        let so_far = brought(4000).await;
        seen.insert(so_far);
        if over && so_far == POINTS {
            break;
        }
    }
    assert_eq!(seen, [0, POINTS].into(), "whole or not at all");
    let now = world.item("web").await;
    assert_eq!((now.data_id, now.next_run), (item.data_id, item.next_run));
    // Nothing is left to do, and another policy for the item does the same.
    world.put_policy("q", kept(5000)).await;
    world.protect("web", "q").await.unwrap();
    world.settle().await;
    assert_eq!(brought(5000).await, POINTS);
    assert!(world.item("web").await.next_run.is_some());
}
