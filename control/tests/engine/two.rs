//! Two servers on one database: they share keys, certificates and work.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::SeededRandom;
use control::plane::Tier;
use control::scripted::{Act, Phase};
use control::{Control, FirstStart, Start};
use jiff::SignedDuration;
use state::jobs::JobStatus;

use crate::world::{HOST, World, at};

/// A second server on the records of a world, and the authority that it serves under.
async fn second(world: &World, folder: &std::path::Path) -> (Arc<Control>, String) {
    let own = world.folder.path();
    std::fs::copy(own.join("server.key"), folder.join("server.key")).unwrap();
    let start = Start {
        data: folder.to_owned(),
        state: Some(own.join("state.db").display().to_string()),
        pool: Some(own.join("pool")),
        names: vec!["there".to_owned()],
        host: "b".to_owned(),
        connection: HOST.to_owned(),
        clock: world.clock.clone(),
        random: Arc::new(SeededRandom::new(2)),
        plane: world.plane.clone(),
        options: control::Options::default(),
    };
    let never = async |_: &FirstStart, _: &str| -> base::Result<()> {
        panic!("the second start is a first one")
    };
    let (control, authority, _) = Control::open(start, never).await.unwrap();
    (Arc::new(control), authority)
}

/// Lets a server do what it can without time passing.
async fn work(control: &Arc<Control>) {
    for _ in 0..5 {
        control.tick().await;
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        control.maintain().await;
    }
}

async fn wait(what: impl AsyncFn() -> bool) {
    for _ in 0..2000 {
        if what().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("it does not happen");
}

#[tokio::test]
async fn what_is_made_once_is_shared_and_a_certificate_is_each_servers_own() {
    let world = World::protecting().await;
    let folder = tempfile::tempdir().unwrap();
    let (other, authority) = second(&world, folder.path()).await;
    assert_eq!(other.tenant(), world.control.tenant());
    assert_eq!(other.signing_key(), world.control.signing_key());
    let here = ["here".to_owned()];
    let there = ["there".to_owned()];
    let first = world.control.certificate(&here).await.unwrap();
    let others = other.certificate(&there).await.unwrap();
    assert_ne!(first.certified.certificate, others.certified.certificate);
    // Neither is made anew because the other server asked for its own.
    let again = other.certificate(&here).await.unwrap();
    assert_eq!(again.certified.certificate, first.certified.certificate);
    assert!(control::fingerprint(&authority).is_ok());
    // Both may remove and collect: they are one owner of the stores.
    world.control.maintain().await;
    world.clock.advance(SignedDuration::from_mins(1));
    other.maintain().await;
    world.clock.advance(SignedDuration::from_mins(1));
    let job = world.backup_now("web", None).await.unwrap();
    work(&other).await;
    wait(async || world.job(job).await.ended_at.is_some()).await;
    assert_eq!(world.points("web").await.len(), 1);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn a_stalled_servers_job_is_taken_over_and_what_it_does_later_is_fenced() {
    let world = World::protecting().await;
    let folder = tempfile::tempdir().unwrap();
    let (other, _) = second(&world, folder.path()).await;
    let slow = Act {
        takes: SignedDuration::from_mins(10),
        ..Act::well(0)
    };
    world.play(Phase::Snapshot, &[slow]);
    let job = world
        .backup_now("web", Some("2031-01-01T00:00:00Z"))
        .await
        .unwrap();
    world.control.tick().await;
    wait(async || world.plane.waiting() == 1).await;
    // While its lease lasts nobody else touches the job.
    work(&other).await;
    assert_eq!(world.points("web").await.len(), 0);
    world.clock.advance(SignedDuration::from_mins(2));
    work(&other).await;
    wait(async || {
        work(&other).await;
        world.job(job).await.status == JobStatus::Completed
    })
    .await;
    let points = world.points("web").await;
    assert_eq!(points.len(), 1);
    assert_eq!(points[0].expires_at, Some(at("2031-01-01T00:00:00Z")));
    // The stalled one goes on, and ends its snapshot; no record of it is made.
    world.clock.advance(SignedDuration::from_mins(10));
    world.plane.sleeper().wake();
    let vault = world.vault_id().await;
    wait(async || world.plane.points(vault, Tier::Snapshot).len() == 2).await;
    work(&world.control).await;
    assert_eq!(world.points("web").await, points);
    assert_eq!(world.job(job).await.status, JobStatus::Completed);
    // What it left is removed by the next backup.
    world.clock.advance(SignedDuration::from_mins(10));
    world.backup_now("web", None).await.unwrap();
    wait(async || {
        work(&other).await;
        world.points("web").await.len() == 2
    })
    .await;
    wait(async || world.plane.points(vault, Tier::Snapshot).len() == 2).await;
    for tier in [Tier::Snapshot, Tier::Vault] {
        let recorded: BTreeSet<_> = world.points("web").await.iter().map(|p| p.point).collect();
        let stored = world.plane.points(vault, tier);
        assert_eq!(
            stored
                .iter()
                .map(|p| p.facts.point)
                .collect::<BTreeSet<_>>(),
            recorded
        );
    }
}
