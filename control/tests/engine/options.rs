//! What the one who runs the server has set.

use base::Code;
use control::scripted::{Act, Phase};
use control::{ItemChange, Options, Protect, VaultChange, VaultInput};
use jiff::SignedDuration;
use state::recovery_points::{Range, Tiers};
use state::vaults::SoftDeleteState;

use crate::world::{DB, WEB, World, at, name};

#[tokio::test]
async fn without_a_spread_runs_start_when_they_are_due() {
    let world = World::with(Options {
        start_spread: SignedDuration::ZERO,
        ..Options::default()
    })
    .await;
    for machine in ["web", "db"] {
        world.protect(machine, "DefaultPolicy").await.unwrap();
        let next = world.item(machine).await.next_run;
        assert_eq!(next, Some(at("2026-03-01T19:30:00Z")), "{machine}");
    }
    world.days(2).await;
    let started: Vec<i64> = world
        .backups()
        .await
        .iter()
        .map(|j| j.started_at.as_second().rem_euclid(86_400) - (19 * 3600 + 1800))
        .collect();
    assert_eq!(started.len(), 4);
    assert!(
        started.iter().all(|late| (0..300).contains(late)),
        "{started:?}"
    );
}

#[tokio::test]
async fn as_many_snapshots_are_taken_at_once_on_a_host_as_were_set() {
    for (limit, working) in [(1, 1), (2, 2)] {
        let world = World::with(Options {
            snapshots_per_host: limit,
            ..Options::default()
        })
        .await;
        for (machine, uuid) in [("web", WEB), ("db", DB)] {
            world.protect(machine, "DefaultPolicy").await.unwrap();
            world.plane.play(uuid, Phase::Snapshot, &[Act::well(10)]);
            world.backup_now(machine, None).await.unwrap();
        }
        world.settle().await;
        let load = world.control.load();
        assert_eq!((load.working, load.queued), (working, 2 - working));
        world.minutes(30).await;
        assert_eq!(world.points("web").await.len(), 1);
        assert_eq!(world.points("db").await.len(), 1);
    }
}

#[tokio::test]
async fn as_many_transfers_go_on_at_once_into_a_vault_as_were_set() {
    for (limit, vaults, working) in [
        (1, ["v1", "v1"], 1),
        (2, ["v1", "v1"], 2),
        (1, ["v1", "v2"], 2),
    ] {
        let world = World::with(Options {
            transfers_per_vault: limit,
            ..Options::default()
        })
        .await;
        let control = &world.control;
        let input = VaultInput {
            location: Some("onprem".to_owned()),
            ..VaultInput::default()
        };
        control.put_vault("default", "v2", input).await.unwrap();
        for (machine, uuid, vault) in [("web", WEB, vaults[0]), ("db", DB, vaults[1])] {
            let with = ItemChange::Protect(Protect {
                policy: control.policy_id("default", vault, "DefaultPolicy"),
                source: None,
                disks: None,
            });
            let item = name(machine);
            let changed = control.change_item("default", vault, &item, with).await;
            changed.unwrap();
            world.plane.play(uuid, Phase::Transfer, &[Act::well(10)]);
            let backup = control.backup_now("default", vault, &item, None).await;
            backup.unwrap();
        }
        world.settle().await;
        let load = control.load();
        let expected = (working, 2 - working);
        assert_eq!((load.working, load.queued), expected, "{limit} {vaults:?}");
        world.minutes(30).await;
        for (machine, vault) in [("web", vaults[0]), ("db", vaults[1])] {
            let item = control
                .item("default", vault, &name(machine))
                .await
                .unwrap();
            let all = Range::default();
            let points = control.recovery_points(&item, all, None, 10).await.unwrap();
            assert_eq!(points.len(), 1, "{machine}");
            assert_eq!(points[0].tiers, Tiers::SnapshotAndVault, "{machine}");
        }
    }
}

#[tokio::test]
async fn soft_6_always_on_is_taken_as_it_is_said_only_where_that_was_set() {
    for (honour_always_on, is) in [
        (false, SoftDeleteState::Enabled),
        (true, SoftDeleteState::AlwaysOn),
    ] {
        let world = World::with(Options {
            honour_always_on,
            ..Options::default()
        })
        .await;
        world.soft_delete(SoftDeleteState::AlwaysOn, 14).await;
        let vault = world.control.vault("default", "v1").await.unwrap();
        assert_eq!(vault.body.soft_delete.state, is);
        // What was taken as it is said can't be taken back.
        let off = VaultChange {
            soft_delete: Some(SoftDeleteState::Disabled),
            ..VaultChange::default()
        };
        let changed = world.control.change_vault("default", "v1", off).await;
        match honour_always_on {
            true => assert_eq!(changed.unwrap_err().code(), Code::SoftDeleteAlwaysOn),
            false => assert_eq!(
                changed.unwrap().body.soft_delete.state,
                SoftDeleteState::Disabled
            ),
        }
    }
}
