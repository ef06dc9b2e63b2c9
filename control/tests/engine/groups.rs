//! Snapshots in groups of the service, their locks, rules and limits (SRG-1 to 12; SNAP-10;
//! CONF-5), and what one host's dead store keeps.

use base::Code;
use control::plane::{Discovered, Tier};
use control::scripted::{Act, Phase, machine};
use control::{HostInput, VaultInput};
use policy::{GroupPattern, Policy};
use state::admission_rules::AdmissionRule;
use state::jobs::JobStatus;
use state::locks::{Lock, LockLevel};
use state::recovery_points::Tiers;

use crate::world::{DB, World};

const GROUP: &str = "AzureBackupRG_onprem_1";

impl World {
    async fn lock(&self, level: LockLevel) {
        let id = self.control.group_id(GROUP);
        let lock = Lock { level, notes: None };
        self.control.put_lock(&id, "keep", lock).await.unwrap();
    }

    async fn unlock(&self) {
        let id = self.control.group_id(GROUP);
        assert!(self.control.delete_lock(&id, "keep").await.unwrap());
    }

    /// The names of the collections of a group.
    async fn collections(&self, group: &str) -> Vec<String> {
        let found = self.control.collections(Some(group), None, 100).await;
        found.unwrap().into_iter().map(|c| c.name).collect()
    }

    async fn codes(&self) -> Vec<String> {
        let jobs = self.backups().await;
        let errors = jobs.iter().flat_map(|j| &j.body.errors);
        errors.map(|e| e.code.clone()).collect()
    }
}

#[tokio::test]
async fn srg_1_2_10_a_snapshot_is_in_its_machines_collection_in_a_group_of_the_service() {
    let world = World::protecting().await;
    let none = world.control.group(GROUP).await.unwrap_err();
    assert_eq!(none.code(), Code::GroupNotFound);
    world.days(2).await;
    let group = world.control.group(GROUP).await.unwrap();
    let owner = group.body.managed_by.as_deref();
    assert_eq!(owner, Some("Microsoft.RecoveryServices"));
    let item = world.item("web").await;
    let expected = format!("AzureBackup_web_{}", item.data_id);
    let held = world.collections(GROUP).await;
    assert_eq!(held, std::slice::from_ref(&expected));
    let collection = world.control.collection(GROUP, &expected).await.unwrap();
    let held = world.control.points_of_collection(&collection).await;
    let held: Vec<_> = held.unwrap().iter().map(|p| p.number).collect();
    let mut all: Vec<_> = world.points("web").await.iter().map(|p| p.number).collect();
    all.reverse();
    assert_eq!(held, all);
    // What holds collections stays.
    let kept = world.control.delete_group(GROUP).await.unwrap_err();
    assert_eq!(kept.code(), Code::ResourceInUse);
}

#[tokio::test]
async fn srg_6_a_group_that_is_full_is_followed_by_the_next_number() {
    let world = World::protecting().await;
    world.protect("db", "DefaultPolicy").await.unwrap();
    let mut tx = world.state.write().await.unwrap();
    let limits = serde_json::json!({"collections_per_snapshot_group": 1});
    state::settings::set(&mut tx, "limits", &limits)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.days(2).await;
    let mut held = world.collections(GROUP).await;
    held.extend(world.collections("AzureBackupRG_onprem_2").await);
    held.sort_unstable();
    assert!(held[0].starts_with("AzureBackup_db_"), "{held:?}");
    assert!(held[1].starts_with("AzureBackup_web_"), "{held:?}");
    assert_eq!(held.len(), 2);
    let third = world.control.group("AzureBackupRG_onprem_3").await;
    assert_eq!(third.unwrap_err().code(), Code::GroupNotFound);
}

#[tokio::test]
async fn srg_6_a_machine_stays_in_its_group_though_an_earlier_one_has_room_again() {
    let world = World::protecting().await;
    world.protect("db", "DefaultPolicy").await.unwrap();
    let limit = async |limit: u64| {
        let mut tx = world.state.write().await.unwrap();
        let limits = serde_json::json!({"collections_per_snapshot_group": limit});
        let set = state::settings::set(&mut tx, "limits", &limits).await;
        set.unwrap();
        tx.commit().await.unwrap();
    };
    limit(1).await;
    world.days(2).await;
    let second = "AzureBackupRG_onprem_2";
    let (held, there) = (
        world.collections(GROUP).await,
        world.collections(second).await,
    );
    assert_eq!((held.len(), there.len()), (1, 1));
    limit(600).await;
    world.days(2).await;
    assert_eq!(world.collections(GROUP).await, held);
    assert_eq!(world.collections(second).await, there);
    for machine in ["web", "db"] {
        let points = world.points(machine).await;
        let of = |at: usize| points[at].body.collection.clone().unwrap();
        assert_eq!(of(0), of(points.len() - 1), "{machine}");
    }
}

#[tokio::test]
async fn srg_7_9_another_pattern_counts_for_new_snapshots_only() {
    let world = World::protecting().await;
    world.days(1).await;
    let mut policy = Policy::standard_default();
    policy.snapshot_group = Some(GroupPattern {
        prefix: "snaps".to_owned(),
        suffix: "x".to_owned(),
    });
    world.put_policy("p", policy).await;
    world.protect("web", "p").await.unwrap();
    world.days(1).await;
    let points = world.points("web").await;
    let group = |at: usize| points[at].body.collection.clone().unwrap();
    assert!(group(0).contains("/resourcegroups/azurebackuprg_onprem_1/"));
    assert!(group(1).contains("/resourcegroups/snaps1x/"));
    world.check(&["web"]).await;
}

#[tokio::test]
async fn srg_4_snap_10_a_lock_keeps_snapshots_until_backups_fail_and_srg_11_without_it_they_go() {
    let world = World::protecting().await;
    world.days(1).await;
    world.lock(LockLevel::CanNotDelete).await;
    world.days(18).await;
    // The default keeps two days of snapshots; the lock kept eighteen.
    let snapshots = async || {
        let all = world.points("web").await;
        all.iter().filter(|p| p.tiers != Tiers::Vault).count()
    };
    assert_eq!(snapshots().await, 18);
    let codes = world.codes().await;
    assert!(!codes.is_empty());
    let limit = Code::SnapshotLimitReached.name();
    assert!(codes.iter().all(|c| c == limit), "{codes:?}");
    world.check(&["web"]).await;
    world.unlock().await;
    world.minutes(1).await;
    assert!(snapshots().await <= 3);
    let job = world.backup_now("web", None).await.unwrap();
    world.minutes(1).await;
    assert_eq!(world.job(job).await.status, JobStatus::Completed);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn srg_11_without_a_lock_deleting_the_collection_cleans_up_too() {
    let world = World::protecting().await;
    world.days(1).await;
    world.lock(LockLevel::CanNotDelete).await;
    world.days(18).await;
    world.unlock().await;
    let name = world.collections(GROUP).await.remove(0);
    assert!(world.control.delete_collection(GROUP, &name).await.unwrap());
    world.minutes(5).await;
    let all = world.points("web").await;
    assert_eq!(all.len(), 18);
    assert!(all.iter().all(|p| p.tiers == Tiers::Vault));
    assert!(world.collections(GROUP).await.is_empty());
    let job = world.backup_now("web", None).await.unwrap();
    world.minutes(1).await;
    assert_eq!(world.job(job).await.status, JobStatus::Completed);
    assert_eq!(world.collections(GROUP).await, [name]);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn conf_5_a_read_only_lock_makes_backups_fail_at_once() {
    let world = World::protecting().await;
    world.days(1).await;
    world.lock(LockLevel::ReadOnly).await;
    let job = world.backup_now("web", None).await.unwrap();
    world.minutes(1).await;
    let job = world.job(job).await;
    assert_eq!(job.body.errors[0].code, Code::ScopeLocked.name());
    assert_eq!(world.points("web").await.len(), 1);
}

#[tokio::test]
async fn srg_12_a_deleted_collection_takes_snapshots_and_nothing_of_the_vault() {
    let world = World::protecting().await;
    world.days(2).await;
    // One that is being sent stays until it is.
    world.play(Phase::Transfer, &[Act::well(30)]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let name = world.collections(GROUP).await.remove(0);
    assert!(world.control.delete_collection(GROUP, &name).await.unwrap());
    world.minutes(5).await;
    let tiers = |points: &[state::recovery_points::RecoveryPoint]| {
        points.iter().map(|p| p.tiers).collect::<Vec<_>>()
    };
    assert_eq!(
        tiers(&world.points("web").await),
        [Tiers::Vault, Tiers::Vault, Tiers::Snapshot]
    );
    let held = world.collections(GROUP).await;
    assert_eq!(held, std::slice::from_ref(&name));
    world.minutes(60).await;
    let all = world.points("web").await;
    assert_eq!(tiers(&all), [Tiers::Vault; 3]);
    assert!(world.collections(GROUP).await.is_empty());
    assert!(!world.control.delete_collection(GROUP, &name).await.unwrap());
    world.check(&["web"]).await;
    // The next backup makes it again.
    world.backup_now("web", None).await.unwrap();
    world.minutes(5).await;
    assert_eq!(world.collections(GROUP).await, [name]);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn srg_12_a_collection_that_a_backup_fills_while_it_is_deleted_stays() {
    let world = World::protecting().await;
    world.days(1).await;
    world.play(Phase::Snapshot, &[Act::well(30)]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let name = world.collections(GROUP).await.remove(0);
    assert!(world.control.delete_collection(GROUP, &name).await.unwrap());
    world.minutes(5).await;
    let there = world.control.collection(GROUP, &name).await.unwrap();
    assert_eq!(there.body.deleting, None);
    let before = world.control.points_of_collection(&there).await.unwrap();
    assert!(before.is_empty(), "what was there before is gone");
    world.minutes(60).await;
    let held = world.control.points_of_collection(&there).await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(world.collections(GROUP).await, [name]);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn srg_5_rules_leave_groups_of_the_service_out_unless_they_say_otherwise() {
    let world = World::protecting().await;
    let mut rule = AdmissionRule {
        name_pattern: Some("team-*".to_owned()),
        required_tags: Vec::new(),
        exempt_service_groups: true,
    };
    let put = async |rule| world.control.put_admission_rule("names", rule).await;
    put(rule.clone()).await.unwrap();
    let input = || control::GroupInput {
        location: Some("onprem".to_owned()),
        tags: None,
    };
    let refused = world.control.put_group("g1", input()).await.unwrap_err();
    assert_eq!(refused.code(), Code::RequestDisallowed);
    world.control.put_group("team-1", input()).await.unwrap();
    world.days(1).await;
    assert_eq!(world.points("web").await.len(), 1);

    // The machine's group is there; that of another pattern is not.
    rule.exempt_service_groups = false;
    put(rule.clone()).await.unwrap();
    let mut policy = Policy::standard_default();
    policy.snapshot_group = Some(GroupPattern {
        prefix: "snaps".to_owned(),
        suffix: String::new(),
    });
    world.put_policy("p", policy).await;
    world.protect("web", "p").await.unwrap();
    world.backup_now("web", None).await.unwrap();
    world.minutes(1).await;
    let code = "UserErrorRequestDisallowedByPolicy";
    assert_eq!(world.codes().await, [code]);
    // One that was made beforehand will do.
    rule.name_pattern = None;
    rule.required_tags = vec!["owner".to_owned()];
    put(rule).await.unwrap();
    let mut tagged = input();
    tagged.tags = Some([("Owner".to_owned(), "ann".to_owned())].into());
    world.control.put_group("snaps1", tagged).await.unwrap();
    world.backup_now("web", None).await.unwrap();
    world.minutes(1).await;
    assert_eq!(world.codes().await, [code]);
    assert_eq!(world.collections("snaps1").await.len(), 1);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn vault_8_disc_4_a_machine_of_another_location_is_neither_listed_nor_protected() {
    let world = World::new().await;
    let control = &world.control;
    control.put_location("north", None, None).await.unwrap();
    let machines = vec![machine(uuid::Uuid::from_u128(9), "far", &[1 << 30])];
    let networks = None;
    let far = Discovered { machines, networks };
    world.plane.set("test:///far", far);
    let input = HostInput {
        location: Some("north".to_owned()),
        connection: Some("test:///far".to_owned()),
        group: Some("default".to_owned()),
        ..HostInput::default()
    };
    control.put_host("far", input).await.unwrap();
    control.discover().await.unwrap();
    let vault = control.vault("default", "v1").await.unwrap();
    let listed = control.protectable(&vault, None, 100).await.unwrap();
    let mut names: Vec<_> = listed.iter().map(|m| m.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["db", "web"]);
    let refused = world.protect("far", "DefaultPolicy").await.unwrap_err();
    assert_eq!(refused.code(), Code::WrongRegion);
    // A vault of its location takes it, and its snapshots are in a group of that.
    let input = VaultInput {
        location: Some("North".to_owned()),
        ..VaultInput::default()
    };
    control.put_vault("default", "v2", input).await.unwrap();
    let far = control.machine_id("default", "far");
    let there = control.vault_id("default", "v2");
    let checked = control.validate(&far, Some(&there)).await.unwrap();
    assert!(checked.refusal.is_none());
    let checked = control.validate(&far, Some(&vault.id)).await.unwrap();
    let code = checked.refusal.map(|e| e.code());
    assert_eq!(code, Some(Code::WrongRegion));
}

#[tokio::test]
async fn vault_7_a_vault_stays_in_its_location() {
    let world = World::new().await;
    let control = &world.control;
    control.put_location("north", None, None).await.unwrap();
    let input = |location: &str| VaultInput {
        location: Some(location.to_owned()),
        ..VaultInput::default()
    };
    let moved = control.put_vault("default", "v1", input("north")).await;
    assert_eq!(moved.unwrap_err().code(), Code::LocationFixed);
    control
        .put_vault("default", "v1", input("OnPrem"))
        .await
        .unwrap();
    let vault = control.vault("default", "v1").await.unwrap();
    assert_eq!(vault.body.location, "onprem");
}

#[tokio::test]
async fn a_hosts_snapshot_store_is_in_a_folder_of_its_own() {
    let world = World::new().await;
    let put = async |folder: &str| {
        let input = HostInput {
            location: Some("onprem".to_owned()),
            connection: Some("test:///b".to_owned()),
            group: Some("default".to_owned()),
            snapshot_store: Some(folder.to_owned()),
            ..HostInput::default()
        };
        world.control.put_host("b", input).await
    };
    let data = world.folder.path().display().to_string();
    for bad in ["", "snapshots", "/", "/a/../b", &data] {
        let refused = put(bad).await.unwrap_err();
        assert_eq!(refused.code(), Code::FolderUnusable, "{bad}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("snapshots");
    put(&folder.display().to_string()).await.unwrap();
    assert!(folder.join(".stillpoint-snapshots").exists());
}

#[tokio::test]
async fn a_hosts_dead_store_keeps_its_own_snapshots_and_no_others() {
    let world = World::protecting().await;
    world.protect("db", "DefaultPolicy").await.unwrap();
    world.days(3).await;
    // From now on `db` is on another host, whose store dies.
    let host = |found| Discovered {
        machines: found,
        networks: None,
    };
    let (web, db) = (
        machine(crate::world::WEB, "web", &[1 << 30]),
        machine(DB, "db", &[5, 6]),
    );
    world.plane.set(crate::world::HOST, host(vec![web]));
    world.plane.set("test:///b", host(vec![db]));
    let input = HostInput {
        location: Some("onprem".to_owned()),
        connection: Some("test:///b".to_owned()),
        group: Some("default".to_owned()),
        ..HostInput::default()
    };
    let (other, _) = world.control.put_host("b", input).await.unwrap();
    world.control.discover().await.unwrap();
    world.days(2).await;
    let before = world.points("db").await;
    assert_ne!(before[0].body.host, before[4].body.host);
    world.plane.lose(&other.body.snapshot_store);
    world.days(6).await;
    // Those of the first host went, those of the dead one stay.
    let dates = world.dates("db").await;
    assert_eq!(dates[..3], ["03-01 V", "03-02 V", "03-03 V"]);
    assert!(dates[3..5].iter().all(|d| d.ends_with("SV")), "{dates:?}");
    let web = world.dates("web").await;
    let kept = web.iter().filter(|d| d.ends_with("SV")).count();
    assert!(kept <= 3, "{web:?}");
    world.plane.find(&other.body.snapshot_store);
    world.minutes(5).await;
    let dates = world.dates("db").await;
    assert!(dates[3].ends_with(" V"), "{dates:?}");
    let vault = world.vault_id().await;
    assert!(!world.plane.points(vault, Tier::Snapshot).is_empty());
    world.check(&["web", "db"]).await;
}
