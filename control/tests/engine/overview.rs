//! What needs attention first, and how many there are of all (MON-1).

use base::Code;
use control::plane::Discovered;
use control::scripted::{Ends, Phase, machine};
use control::{Attention, AttentionKind, ItemChange, Overview, OverviewOf, Sees};
use policy::AlertLevel;
use uuid::Uuid;

use crate::world::{DB, HOST, World};

impl World {
    pub async fn overview(&self) -> Overview {
        let of = OverviewOf {
            vaults: Some(Sees::All),
            machines: Some(Sees::All),
            alerts: Some(Sees::All),
            pools: false,
            hosts: true,
        };
        self.control.overview(&of).await.unwrap()
    }

    /// What needs attention, without what is full, which is the disk's that tests run on, and
    /// without the vault's key, which nobody exports here.
    async fn attention(&self) -> Vec<Attention> {
        let mut all = self.overview().await.attention;
        let keys = all.iter().filter(|one| one.kind == KeyNotExported).count();
        assert_eq!(keys, 1);
        all.retain(|one| !matches!(one.kind, AttentionKind::StorageNearlyFull | KeyNotExported));
        all
    }

    async fn kinds(&self) -> Vec<(AttentionKind, String)> {
        let all = self.attention().await.into_iter();
        all.map(|one| (one.kind, one.name)).collect()
    }
}

fn kinds<const N: usize>(all: [(AttentionKind, &str); N]) -> Vec<(AttentionKind, String)> {
    all.map(|(kind, name)| (kind, name.to_owned())).into()
}

use AttentionKind::{
    Conflict, Downgraded, HostUnreachable, InitialBackupPending, KeyNotExported, LastBackupFailed,
    PointsMissed, Unprotected,
};

#[tokio::test]
async fn mon_1_what_needs_attention_follows_what_happens_to_an_item() {
    let world = World::new().await;
    assert_eq!(
        world.kinds().await,
        kinds([(Unprotected, "db"), (Unprotected, "web")])
    );
    world.protect("web", "DefaultPolicy").await.unwrap();
    world.change("web", ItemChange::Stop).await.unwrap();
    let found = world.overview().await;
    let machines = found.machines.unwrap();
    assert_eq!((machines.total, machines.stopped), (2, 1));
    assert_eq!((machines.protected, machines.unprotected), (0, 1));
    assert_eq!((found.items.total, found.items.stopped), (1, 1));
    assert_eq!(found.items.initial_backup_pending, 0);
    world.protect("web", "DefaultPolicy").await.unwrap();
    assert_eq!(
        world.kinds().await,
        kinds([(InitialBackupPending, "web"), (Unprotected, "db")])
    );

    // A backup that fails says why, and what to do about it.
    let code = Code::HypervisorUnavailable;
    world.ends(Phase::Snapshot, &[Ends::Fails(code)]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let all = world.attention().await;
    let failed = &all[0];
    assert_eq!(
        (failed.kind, failed.severity),
        (LastBackupFailed, AlertLevel::Critical)
    );
    assert_eq!(failed.code.as_deref(), Some(code.name()));
    assert_eq!(failed.vault.as_deref(), Some("v1"));
    assert_eq!(failed.since, Some(world.control.now()));
    let found = world.overview().await;
    assert_eq!((found.items.last_backup_failed, found.jobs.failed), (1, 1));
    assert_eq!(found.alerts.unwrap()[&AlertLevel::Critical], 1);

    // A point that is less than was asked is a warning until one is whole.
    world.ends(Phase::Snapshot, &[Ends::Downgraded(Code::AgentUnavailable)]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    assert_eq!(
        world.kinds().await,
        kinds([(Downgraded, "web"), (Unprotected, "db")])
    );
    let found = world.overview().await;
    assert_eq!(
        (found.items.downgraded, found.items.protected_instances),
        (1, 1)
    );
    assert_eq!(found.items.by_state["Protected"], 1);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    assert_eq!(world.kinds().await, kinds([(Unprotected, "db")]));
    assert_eq!(world.overview().await.jobs.completed, 5);
    world.delete("web").await.unwrap();
    let found = world.overview().await;
    assert_eq!((found.items.total, found.items.soft_deleted), (0, 1));
    assert_eq!(found.machines.unwrap().unprotected, 2);
}

#[tokio::test]
async fn mon_1_points_are_missed_once_the_next_run_is_due_too() {
    let world = World::protecting().await;
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    // Nothing works on what is due.
    let hours = |n| jiff::SignedDuration::from_hours(n);
    let due = world.item("web").await.next_run.unwrap();
    world
        .clock
        .advance(due.duration_since(world.control.now()) + hours(23));
    world.control.discover().await.unwrap();
    assert_eq!(world.overview().await.items.points_missed, 0);
    world.clock.advance(hours(4));
    world.control.discover().await.unwrap();
    let found = world.overview().await;
    assert_eq!(found.items.points_missed, 1);
    assert_eq!(
        found
            .attention
            .iter()
            .filter(|a| a.kind == PointsMissed)
            .count(),
        1
    );
    world.settle().await;
    assert_eq!(world.overview().await.items.points_missed, 0);
}

#[tokio::test]
async fn mon_1_machines_that_are_gone_or_twice_and_hosts_that_are_silent_are_told_of() {
    let world = World::protecting().await;
    let set = |connection: &str, machines| {
        let networks = None;
        world
            .plane
            .set(connection, Discovered { machines, networks });
    };
    set("test:///b", vec![machine(DB, "db", &[5, 6])]);
    let input = control::HostInput {
        location: Some("onprem".to_owned()),
        connection: Some("test:///b".to_owned()),
        group: Some("default".to_owned()),
        ..control::HostInput::default()
    };
    world.control.put_host("b", input).await.unwrap();
    world.control.discover().await.unwrap();
    let found = world.overview().await.machines.unwrap();
    assert_eq!(
        (found.in_conflict, found.unprotected, found.gone),
        (1, 1, 0)
    );
    let all = world.kinds().await;
    assert_eq!(
        all,
        kinds([(Conflict, "db"), (InitialBackupPending, "web")])
    );
    // The machine that is protected is gone.
    set(HOST, vec![machine(DB, "db", &[5, 6])]);
    set(
        "test:///b",
        vec![machine(Uuid::from_u128(9), "other", &[1])],
    );
    world.control.discover().await.unwrap();
    let found = world.overview().await.machines.unwrap();
    assert_eq!((found.total, found.gone, found.protected), (3, 1, 0));
    world.plane.silence("test:///b");
    for _ in 0..3 {
        world.clock.advance(jiff::SignedDuration::from_mins(3));
        world.control.discover().await.unwrap();
    }
    assert_eq!(world.kinds().await[0], (HostUnreachable, "b".to_owned()));
}

#[tokio::test]
async fn of_fifty_at_most_the_most_urgent_come_first_with_some_of_each_kind() {
    let world = World::new().await;
    let many = (1..=70).map(|n| machine(Uuid::from_u128(n << 90), &format!("m{n:02}"), &[1]));
    let networks = None;
    let machines = many.collect();
    world.plane.set(HOST, Discovered { machines, networks });
    world.control.discover().await.unwrap();
    for n in 1..=8 {
        let name = format!("m{n:02}");
        world.protect(&name, "DefaultPolicy").await.unwrap();
    }
    let all = world.attention().await;
    let count = |kind| all.iter().filter(|one| one.kind == kind).count();
    assert!(all.len() <= 50);
    assert_eq!(count(InitialBackupPending), 8);
    assert!(count(Unprotected) >= 40);
    assert_eq!(all[0].kind, InitialBackupPending);
    let of = OverviewOf {
        vaults: Some(Sees::Only(vec!["/elsewhere".to_owned()])),
        ..OverviewOf::default()
    };
    let nothing = world.control.overview(&of).await.unwrap();
    assert_eq!((nothing.vaults, nothing.items.total), (0, 0));
    assert_eq!(nothing.attention, []);
}
