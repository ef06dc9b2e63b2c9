//! Records that lack what stores hold, and stores that lack what records say.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Clock, Code, ManualClock, PointId, SeededRandom};
use control::plane::Tier;
use control::scripted::Scripted;
use control::{
    AttachInput, AttachKey, Control, FirstStart, ItemChange, KeySource, Offline, Protect, Start,
    restore_server,
};
use jiff::SignedDuration;
use state::activity::Filter;
use state::jobs::JobStatus;
use state::protected_items::ProtectionState;
use state::recovery_points::{Keep, RecoveryPoint, Tiers};
use vault::keys::{EscrowIdentity, EscrowRecipient, export_age, new_age_identity};

use crate::world::{HOST, World, at, host, records};

/// Who opens the backups of these tests.
pub struct Seal {
    identity: EscrowIdentity,
    recipient: EscrowRecipient,
}

pub fn seal() -> Seal {
    let (identity, recipient) = new_age_identity();
    Seal {
        identity: EscrowIdentity::Age(identity),
        recipient: EscrowRecipient::Age(vec![recipient]),
    }
}

/// A server in `data` over the vaults in `pool`: the world's stores and clock, other records.
async fn another(
    data: &Path,
    pool: PathBuf,
    clock: Arc<ManualClock>,
    plane: Arc<Scripted>,
) -> Arc<Control> {
    let start = Start {
        data: data.to_owned(),
        state: None,
        pool: Some(pool),
        names: vec!["there".to_owned()],
        host: "a".to_owned(),
        connection: HOST.to_owned(),
        clock,
        random: Arc::new(SeededRandom::new(77)),
        plane,
        options: control::Options::default(),
    };
    let keep = async |_: &FirstStart, _: &str| Ok(());
    Arc::new(Control::open(start, keep).await.unwrap().0)
}

async fn offline(data: &Path, clock: &Arc<ManualClock>) -> Offline {
    let random = Arc::new(SeededRandom::new(5));
    let opened = Offline::open(
        data,
        None,
        &control::KeySource::Folder,
        clock.clone(),
        random,
    )
    .await;
    opened.unwrap()
}

/// A backup of the world's server, in a file of this name.
pub async fn backed_up(world: &World, name: &str, seal: &Seal) -> PathBuf {
    let file = world.folder.path().join(name);
    let offline = offline(world.folder.path(), &world.clock).await;
    let recipient = Some(seal.recipient.clone());
    offline.backup(&file, recipient).await.unwrap();
    file
}

/// A world whose server was restored from `file` into a folder of its own.
pub async fn restored(world: &World, file: &Path, seal: &Seal) -> World {
    let folder = tempfile::tempdir().unwrap();
    let (clock, random) = (world.clock.clone(), Arc::new(SeededRandom::new(6)));
    let identity = seal.identity.clone();
    let key = &KeySource::Folder;
    let data = folder.path();
    restore_server(file, data, None, key, identity, clock.clone(), random)
        .await
        .unwrap();
    let pool = world.folder.path().join("pool");
    let control = another(folder.path(), pool, clock.clone(), world.plane.clone()).await;
    let state = records(folder.path(), clock.clone()).await;
    let plane = world.plane.clone();
    World {
        folder,
        clock,
        plane,
        control,
        state,
    }
}

/// What a point is, without its revision.
fn plain(points: Vec<RecoveryPoint>) -> Vec<RecoveryPoint> {
    let same = |p| RecoveryPoint {
        revision: 1,
        item: 0,
        ..p
    };
    let mut points: Vec<RecoveryPoint> = points.into_iter().map(same).collect();
    for point in &mut points {
        // The store does not know the guest's system, nor who had its snapshot.
        point.body.os = None;
        point.body.host = None;
        point.body.collection = None;
    }
    points
}

async fn stored(world: &World, tier: Tier) -> Vec<PointId> {
    let all = world.plane.points(world.vault_id().await, tier);
    all.iter().map(|p| p.facts.point).collect()
}

#[tokio::test]
async fn a_restored_server_lists_what_was_made_since_and_no_more_what_is_gone() {
    let world = World::protecting().await;
    let seal = seal();
    world
        .backup_now("web", Some("2031-01-01T00:00:00Z"))
        .await
        .unwrap();
    world.minutes(5).await;
    let early = world.points("web").await;
    let file = backed_up(&world, "backup", &seal).await;
    // One job is under way when it is taken, as far as the next backup tells.
    world
        .backup_now("web", Some("2032-01-01T00:00:00Z"))
        .await
        .unwrap();
    let late = backed_up(&world, "late", &seal).await;
    world.days(9).await;
    let before = plain(world.points("web").await);
    assert!(before.len() > 9, "{}", before.len());

    let again = restored(&world, &file, &seal).await;
    assert_eq!(again.points("web").await.len(), 1);
    again.control.maintain().await;
    assert_eq!(plain(again.points("web").await), before);
    again.check(&["web"]).await;
    let item = again.item("web").await;
    assert_eq!(item.body.last_point, before.last().map(|p| p.taken_at));
    assert_eq!(item.state, ProtectionState::Protected);

    // The lost server is not lost: it leaves the vault alone.
    world.clock.advance(SignedDuration::from_secs(31));
    world.control.maintain().await;
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let job = world.backups().await.pop().unwrap();
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(job.body.errors[0].code, Code::StoreTakenOver.name());
    assert_eq!(plain(again.points("web").await), before);
    // Nor does it take what a command has taken from the server that it belongs to.
    world
        .plane
        .take_over(world.vault_id().await, Tier::Vault, &[]);
    world.clock.advance(SignedDuration::from_secs(31));
    world.control.maintain().await;
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let job = world.backups().await.pop().unwrap();
    assert_eq!(job.body.errors[0].code, Code::StoreTakenOver.name());

    // Another one, from the backup with a job under way, after a point is gone from all tiers.
    let (vault, lost) = (world.vault_id().await, early[0].point);
    again.plane.take_over(vault, Tier::Vault, &[lost]);
    again.plane.take_over(vault, Tier::Snapshot, &[lost]);
    let third = restored(&world, &late, &seal).await;
    let job = third.backups().await.pop().unwrap();
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(job.body.errors[0].code, Code::ServerRestored.name());
    third.control.maintain().await;
    third.check(&["web"]).await;
    let left = plain(third.points("web").await);
    assert_eq!(left, before[1..]);
    let log = third
        .control
        .activity(&Filter::default(), None, 10)
        .await
        .unwrap();
    let gone = &log[0].body["properties"]["gone"];
    assert_eq!(gone, &serde_json::json!([lost.to_string()]));
}

#[tokio::test]
async fn a_vault_that_the_backup_knew_as_empty_is_not_deleted_with_what_is_in_it() {
    let world = World::new().await;
    let seal = seal();
    let file = backed_up(&world, "backup", &seal).await;
    world.protect("web", "DefaultPolicy").await.unwrap();
    world.backup_now("web", None).await.unwrap();
    world.settle().await;

    let again = restored(&world, &file, &seal).await;
    let early = again.control.delete_vault("default", "v1", None).await;
    assert_eq!(early.unwrap_err().code(), Code::AdoptionPending);
    again.control.maintain().await;
    let late = again.control.delete_vault("default", "v1", None).await;
    assert_eq!(late.unwrap_err().code(), Code::VaultNotEmpty);
    assert_eq!(stored(&again, Tier::Vault).await.len(), 1);
}

#[tokio::test]
async fn nothing_expires_before_the_stores_were_looked_at_and_a_day_has_passed() {
    let world = World::protecting().await;
    let seal = seal();
    world
        .backup_now("web", Some("2026-03-03T00:00:00Z"))
        .await
        .unwrap();
    world.minutes(5).await;
    let file = backed_up(&world, "backup", &seal).await;
    world.change("web", ItemChange::Stop).await.unwrap();
    world.clock.advance(SignedDuration::from_hours(24 * 40));
    // Its records say that protection goes on, and that the point is over.
    let again = restored(&world, &file, &seal).await;
    let all = stored(&again, Tier::Vault).await;
    assert_eq!(all.len(), 1);
    again.pass(SignedDuration::from_hours(23)).await;
    let now = stored(&again, Tier::Vault).await;
    assert!(now.len() > 1 && now.contains(&all[0]), "{now:?}");
    again.days(3).await;
    assert!(!stored(&again, Tier::Vault).await.contains(&all[0]));
    again.check(&["web"]).await;
}

#[tokio::test]
async fn what_a_command_did_with_take_over_is_adopted() {
    let world = World::protecting().await;
    for _ in 0..2 {
        world
            .backup_now("web", Some("2031-01-01T00:00:00Z"))
            .await
            .unwrap();
        world.minutes(5).await;
    }
    let both = world.points("web").await;
    let [first, second] = &both[..] else {
        panic!("two points")
    };
    let vault = world.vault_id().await;
    world.plane.take_over(vault, Tier::Vault, &[first.point]);
    world.minutes(1).await;
    let points = world.points("web").await;
    assert_eq!(points[0].tiers, Tiers::Snapshot);
    assert_eq!(points[0].expires_at, None);
    assert_eq!(points[1], *second);
    world
        .plane
        .take_over(vault, Tier::Snapshot, &[first.point, second.point]);
    world.minutes(1).await;
    let points = world.points("web").await;
    assert_eq!(points.len(), 1);
    assert_eq!(
        (points[0].point, points[0].tiers),
        (second.point, Tiers::Vault)
    );
    world.check(&["web"]).await;
    let calls = world.plane.calls();
    world.minutes(10).await;
    assert_eq!(world.plane.calls(), calls, "nothing is new");
}

#[tokio::test]
async fn store_and_key_alone_make_items_and_points_again() {
    let world = World::protecting().await;
    let until = at("2031-01-01T00:00:00Z");
    world
        .backup_now("web", Some("2031-01-01T00:00:00Z"))
        .await
        .unwrap();
    world.days(4).await;
    let before = world.points("web").await;
    let seal = seal();
    let offline = offline(world.folder.path(), &world.clock).await;
    let keys = offline.vault_keys("V1", None).await.unwrap();
    let export = export_age(&keys, &seal.recipient, world.clock.now()).unwrap();
    let pool = world.folder.path().join("pool");
    let vault = world.control.vault("default", "v1").await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let (clock, plane) = (world.clock.clone(), world.plane.clone());
    let own_pool = folder.path().join("pool");
    let control = another(folder.path(), own_pool, clock.clone(), plane.clone()).await;
    let attach = |key: EscrowIdentity| AttachInput {
        location: None,
        store: pool.join(&vault.body.pool),
        key: AttachKey::Export {
            export: export.clone(),
            identity: key,
        },
    };
    let wrong = EscrowIdentity::Age(new_age_identity().0);
    let refused = control.attach_vault("default", "v1", attach(wrong)).await;
    assert_eq!(refused.unwrap_err().code(), Code::PassphraseWrong);
    let own = || attach(seal.identity.clone());
    let (_, adopted) = control.attach_vault("default", "v1", own()).await.unwrap();
    assert_eq!(adopted.points, before.len() as u64);
    let twice = control
        .attach_vault("default", "v2", own())
        .await
        .unwrap_err();
    assert_eq!(twice.code(), Code::ResourceExists);

    let state = records(folder.path(), clock.clone()).await;
    let again = World {
        folder,
        clock,
        plane,
        control,
        state,
    };
    again.check(&["web"]).await;
    let item = again.item("web").await;
    assert_eq!(item.state, ProtectionState::ProtectionStopped);
    assert_eq!(item.policy, None);
    let points = again.points("web").await;
    assert_eq!(points.len(), before.len());
    for (old, new) in before.iter().zip(&points) {
        assert_eq!((old.number, old.taken_at), (new.number, new.taken_at));
        // What was promised holds without the policy.
        let promised = match &old.body.keep {
            Keep::Until(_) => until,
            Keep::Marks(_) => old.expires_at.unwrap(),
        };
        assert_eq!(new.body.keep, Keep::Until(promised), "{old:?}");
    }
    // Its machine is gone until it is found, and is then protected again as the same item.
    let machine = again.control.machine("default", "web").await.unwrap();
    assert!(machine.body.vanished.is_some());
    host(&again.plane);
    again.control.discover().await.unwrap();
    let machine = again.control.machine("default", "web").await.unwrap();
    assert_eq!(machine.body.vanished, None);
    let with = Protect {
        policy: again.policy_id("DefaultPolicy"),
        source: None,
        disks: None,
    };
    again
        .change("web", ItemChange::Protect(with))
        .await
        .unwrap();
    again.days(2).await;
    assert!(again.points("web").await.len() > points.len());
    again.check(&["web"]).await;
}

#[tokio::test]
async fn a_machine_that_is_protected_anew_keeps_its_old_backups_beside() {
    let world = World::protecting().await;
    world
        .backup_now("web", Some("2031-01-01T00:00:00Z"))
        .await
        .unwrap();
    world.minutes(5).await;
    let seal = seal();
    let offline = offline(world.folder.path(), &world.clock).await;
    let keys = offline.vault_keys("v1", None).await.unwrap();
    let export = export_age(&keys, &seal.recipient, world.clock.now()).unwrap();
    let store = world
        .control
        .vault("default", "v1")
        .await
        .unwrap()
        .body
        .pool;
    let store = world.folder.path().join("pool").join(store);

    let new = World::protecting().await;
    let plane = world.plane.clone();
    // The new server has the old stores within reach.
    let folder = tempfile::tempdir().unwrap();
    let pool = folder.path().join("pool");
    let control = another(folder.path(), pool, new.clock.clone(), plane).await;
    control.discover().await.unwrap();
    let input = control::VaultInput {
        location: Some("onprem".to_owned()),
        ..control::VaultInput::default()
    };
    control.put_vault("default", "v1", input).await.unwrap();
    let state = records(folder.path(), new.clock.clone()).await;
    let (clock, plane) = (new.clock.clone(), world.plane.clone());
    let here = World {
        folder,
        clock,
        plane,
        control,
        state,
    };
    here.protect("web", "DefaultPolicy").await.unwrap();
    let key = AttachKey::Export {
        export,
        identity: seal.identity,
    };
    let input = AttachInput {
        location: None,
        store,
        key,
    };
    here.control
        .attach_vault("default", "old", input)
        .await
        .unwrap();
    let which = control::Which::default();
    let items = here
        .control
        .items("default", "old", which, None, 10)
        .await
        .unwrap();
    assert_eq!(items.len(), 1);
    assert!(items[0].id.contains(";attached-old;web"), "{}", items[0].id);
    let all = state::recovery_points::Range::default();
    let points = here.control.recovery_points(&items[0], all, None, 10).await;
    assert_eq!(points.unwrap().len(), 1);
    assert_eq!(
        here.item("web").await.state,
        ProtectionState::InitialBackupPending
    );
}
