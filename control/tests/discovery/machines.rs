//! Machines: the same, another, gone, or called as another is.

use base::Code;
use control::scripted::machine;
use control::{GroupInput, HostInput};
use hypervisor::DiskChoice;
use jiff::SignedDuration;
use state::protected_items::{self, ProtectedItem};

use super::{A, B, GIB, World, id, is, named};

#[tokio::test]
async fn disc_2_a_machine_is_recorded_with_its_disks_by_number() {
    let world = World::new().await;
    let mut web = machine(id(1), "web", &[GIB, 2 * GIB, 3 * GIB, 4 * GIB]);
    web.disks[2].choice = DiskChoice::Excluded("read-only".to_owned());
    world.set(A, &[web]);
    world.look().await;
    let record = world.control.machine("DEFAULT", "WEB").await.unwrap();
    assert!(
        record
            .id
            .ends_with("/resourceGroups/default/providers/Microsoft.Compute/virtualMachines/web")
    );
    let disks: Vec<_> = record.body.disks.iter().map(|d| (d.lun, d.bytes)).collect();
    assert_eq!(disks, [(None, GIB), (Some(0), 2 * GIB), (Some(2), 4 * GIB)]);
    assert_eq!(record.body.location, "onprem");
    assert!(record.body.running);
    assert_eq!(record.body.host, world.control.host_id("a").to_lowercase());
}

#[tokio::test]
async fn nothing_is_written_when_nothing_has_changed_but_when_it_was_seen_once_a_minute() {
    let world = World::new().await;
    world.set(A, &[named(1, "web")]);
    world.look().await;
    let first = world.control.machine("default", "web").await.unwrap();
    world.clock.advance(SignedDuration::from_secs(59));
    world.look().await;
    let same = world.control.machine("default", "web").await.unwrap();
    assert_eq!(same, first);
    world.clock.advance(SignedDuration::from_secs(1));
    world.look().await;
    let later = world.control.machine("default", "web").await.unwrap();
    assert!(later.body.seen > first.body.seen);
    let host = world
        .control
        .host(&world.control.host_id("A"))
        .await
        .unwrap();
    assert_eq!(host.body.seen, Some(later.body.seen));
}

/// A file that becomes a volume of a pool: the machine is the same, and so is what is kept of it.
#[tokio::test]
async fn limit_8_a_disk_that_moves_keeps_its_machine_and_its_item() {
    let world = World::new().await;
    let at = |path: &str| {
        let mut web = named(1, "web");
        web.disks[1].path = Some(path.into());
        web
    };
    world.set(A, &[at("/srv/web.qcow2")]);
    world.look().await;
    let before = world.control.machine("default", "web").await.unwrap();
    let item = world.protect("web").await;
    let mut moved = at("/dev/pool/web");
    moved.disks[1].format = hypervisor::ImageFormat::Raw;
    world.set(A, &[moved]);
    world.look().await;
    let after = world.control.machine("default", "web").await.unwrap();
    assert_eq!(after, before);
    let live = world.control.item_of_machine(&after.id).await.unwrap();
    assert_eq!(live, Some(item));
}

/// DISC-12: tags are the record's, and stay with it whatever the machine is called.
#[tokio::test]
async fn disc_12_tags_stay_with_a_machine_and_with_the_one_that_goes_on_for_it() {
    let world = World::new().await;
    world.set(A, &[named(1, "web")]);
    world.look().await;
    let tags: std::collections::BTreeMap<_, _> = [("a".to_owned(), "b".to_owned())].into();
    let tagged = world.control.tag_machine("default", "WEB", tags.clone());
    let tagged = tagged.await.unwrap();
    assert_eq!(tagged.body.hardware.processors, Some(2));
    world.set(A, &[named(1, "www")]);
    world.look().await;
    assert_eq!(world.machine("www").await.said.tags, tags);
    // Another machine in its place goes on with its item, and is the same to people.
    world.protect("www").await;
    world.set(A, &[named(2, "www")]);
    world.look().await;
    let heir = world.machine("www").await;
    assert_eq!((heir.uuid, heir.said.tags), (id(2), tags));
    let missing = world
        .control
        .tag_machine("default", "none", [].into())
        .await;
    assert_eq!(missing.unwrap_err().code(), Code::ResourceNotFound);
}

/// A host may leave out a machine that is there: its definition could not be read just then.
#[tokio::test]
async fn disc_12_what_people_say_of_a_machine_outlives_looks_that_leave_it_out() {
    let world = World::new().await;
    let both = [named(1, "web"), named(2, "db")];
    world.set(A, &both);
    world.look().await;
    let tags: std::collections::BTreeMap<_, _> = [("nobackup".to_owned(), String::new())].into();
    let tagged = world.control.tag_machine("default", "web", tags);
    let before = tagged.await.unwrap().body;
    world.set(A, &[]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("web", 1)]));
    assert!(world.machine("web").await.vanished.is_some());
    world.clock.advance(SignedDuration::from_hours(24 * 29));
    world.look().await;
    world.set(A, &both);
    world.look().await;
    let after = world.machine("web").await;
    assert_eq!((after.said, after.vanished), (before.said.clone(), None));
    // In another group it is another machine, and still the one that they meant.
    world
        .control
        .put_group(
            "other",
            control::GroupInput {
                location: Some("onprem".to_owned()),
                tags: None,
            },
        )
        .await
        .unwrap();
    let moved = [(id(1), "other".to_owned())].into();
    let input = HostInput {
        machine_groups: Some(moved),
        ..HostInput::default()
    };
    world.control.put_host("a", input).await.unwrap();
    world.look().await;
    let moved = world.control.machine("other", "web").await.unwrap().body;
    assert_eq!(moved.said, before.said);
    assert_eq!(world.names().await, is(&[("db", 2), ("web", 1)]));
    // The name is free for another, of which nobody has said anything.
    world.set(A, &[named(2, "db")]);
    world.look().await;
    let input = HostInput {
        machine_groups: Some([(id(3), "other".to_owned())].into()),
        ..HostInput::default()
    };
    world.control.put_host("a", input).await.unwrap();
    world.set(A, &[named(2, "db"), named(3, "web")]);
    world.look().await;
    let other = world.control.machine("other", "web").await.unwrap().body;
    assert_eq!((other.uuid, other.said.tags.len()), (id(3), 0));
    // A group is not held up by it.
    let tags = [("a".to_owned(), "b".to_owned())].into();
    world
        .control
        .tag_machine("other", "web", tags)
        .await
        .unwrap();
    let held = world.control.delete_group("other").await.unwrap_err();
    assert_eq!(held.code(), Code::ResourceInUse);
    world.set(A, &[named(2, "db")]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("db", 2), ("web", 3)]));
    world.control.delete_group("other").await.unwrap();
    assert_eq!(world.names().await, is(&[("db", 2)]));
    // And nothing is kept for good.
    let tags = [("a".to_owned(), "b".to_owned())].into();
    world
        .control
        .tag_machine("default", "db", tags)
        .await
        .unwrap();
    world.set(A, &[]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("db", 2)]));
    world.clock.advance(SignedDuration::from_hours(24 * 31));
    world.look().await;
    assert_eq!(world.names().await, is(&[]));
}

#[tokio::test]
async fn a_machine_that_moved_to_another_host_keeps_its_record_and_a_silent_host_changes_nothing() {
    let world = World::new().await;
    world.set(A, &[named(1, "web")]);
    world.set(B, &[]);
    world.look().await;
    let before = world.control.machine("default", "web").await.unwrap();
    world.set(A, &[]);
    world.set(B, &[named(1, "web")]);
    world.look().await;
    let after = world.control.machine("default", "web").await.unwrap();
    assert_eq!((&after.id, after.created), (&before.id, before.created));
    assert_eq!(after.body.host, world.control.host_id("b").to_lowercase());
    assert!(after.body.also_on.is_empty());
    world.plane.silence(B);
    world.look().await;
    world.look().await;
    assert_eq!(world.names().await, is(&[("web", 1)]));
    // It may still run there.
    world.set(A, &[named(1, "web")]);
    world.look().await;
    let two = world.machine("web").await;
    assert_eq!(two.host, world.control.host_id("b").to_lowercase());
    assert_eq!(two.also_on, [world.control.host_id("a").to_lowercase()]);
    world.set(B, &[]);
    world.look().await;
    let one = world.machine("web").await;
    assert_eq!(one.host, world.control.host_id("a").to_lowercase());
    assert!(one.also_on.is_empty());
}

#[tokio::test]
async fn a_machine_on_two_hosts_at_once_is_a_conflict_until_it_is_on_one() {
    let world = World::new().await;
    world.set(A, &[named(1, "web")]);
    world.set(B, &[named(1, "copy")]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("web", 1)]));
    let both = world.machine("web").await;
    assert_eq!(both.also_on, [world.control.host_id("b").to_lowercase()]);
    world.set(B, &[]);
    world.look().await;
    assert!(world.machine("web").await.also_on.is_empty());
}

#[tokio::test]
async fn prot_16_a_machine_in_another_group_is_another_machine() {
    let world = World::new().await;
    let here = GroupInput {
        location: Some("onprem".to_owned()),
        tags: None,
    };
    world.control.put_group("Other", here).await.unwrap();
    world.set(A, &[named(1, "web")]);
    world.look().await;
    let item = world.protect("web").await;
    let moved = HostInput {
        group: Some("other".to_owned()),
        ..HostInput::default()
    };
    world.control.put_host("a", moved).await.unwrap();
    world.look().await;
    assert!(world.machine("web").await.vanished.is_some());
    let new = world.control.machine("other", "web").await.unwrap();
    assert!(new.id.contains("/resourceGroups/Other/"), "{}", new.id);
    assert_eq!(new.body.vanished, None);
    assert_eq!(world.protectable().await, ["web"]);
    let held = world.control.delete_group("other").await.unwrap_err();
    assert_eq!(held.code(), Code::ResourceInUse);
    world.purge(&item.id).await;
    world.look().await;
    let gone = world.control.machine("default", "web").await.unwrap_err();
    assert_eq!(gone.code(), Code::ResourceNotFound);
}

#[tokio::test]
async fn a_machine_that_is_gone_stays_while_an_item_refers_to_it() {
    let world = World::new().await;
    world.set(A, &[named(1, "web"), named(2, "db")]);
    world.look().await;
    let item = world.protect("web").await;
    assert_eq!(world.protectable().await, ["db"], "DISC-5");
    world.clock.advance(SignedDuration::from_hours(1));
    world.set(A, &[]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("web", 1)]));
    let gone = world.machine("web").await;
    assert!(gone.vanished.is_some() && !gone.running);
    world.clock.advance(SignedDuration::from_hours(1));
    world.look().await;
    assert_eq!(world.machine("web").await.vanished, gone.vanished);
    // DISC-10: soft-deleted is not purged.
    let mut tx = world.state.write().await.unwrap();
    let deleted = ProtectedItem {
        purge_at: Some(world.control.now() + SignedDuration::from_hours(336)),
        ..item.clone()
    };
    protected_items::update(&mut tx, deleted).await.unwrap();
    tx.commit().await.unwrap();
    world.look().await;
    assert_eq!(world.names().await, is(&[("web", 1)]));
    world.set(A, &[named(1, "web")]);
    world.look().await;
    assert_eq!(world.machine("web").await.vanished, None);
    assert!(world.protectable().await.is_empty());
    world.set(A, &[]);
    world.purge(&item.id).await;
    world.look().await;
    assert!(world.names().await.is_empty());
}

#[tokio::test]
async fn the_second_of_a_name_gets_its_uuid_and_the_name_when_it_is_free() {
    let world = World::new().await;
    world.set(A, &[named(2, "web")]);
    world.look().await;
    world.set(B, &[named(1, "Web")]);
    world.look().await;
    let both = is(&[("web", 2), ("Web-00000001", 1)]);
    assert_eq!(world.names().await, both);
    world.look().await;
    assert_eq!(world.names().await, both);
    world.set(A, &[]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("Web", 1)]));
}

#[tokio::test]
async fn a_name_follows_the_machines_unless_an_item_refers_to_it() {
    let world = World::new().await;
    world.set(A, &[named(1, "web")]);
    world.look().await;
    world.set(A, &[named(1, "a/b")]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("a-b", 1)]));
    let item = world.protect("a-b").await;
    world.set(A, &[named(1, "shop")]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("a-b", 1)]));
    world.purge(&item.id).await;
    world.look().await;
    assert_eq!(world.names().await, is(&[("shop", 1)]));
    // PROT-18: another case is no other name.
    world.set(A, &[named(1, "SHOP")]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("shop", 1)]));
}

#[tokio::test]
async fn prot_17_a_machine_goes_on_as_the_one_that_had_its_name_and_its_group() {
    let world = World::new().await;
    world.set(A, &[named(1, "web")]);
    world.look().await;
    let item = world.protect("web").await;
    // While the first is there, the second is another one.
    world.set(A, &[named(1, "web"), named(2, "web")]);
    world.look().await;
    assert_eq!(world.names().await, is(&[("web", 1), ("web-00000002", 2)]));
    world.set(A, &[named(2, "web")]);
    world.look().await;
    // It is gone only now.
    world.look().await;
    assert_eq!(world.names().await, is(&[("web", 2)]));
    assert_eq!(world.machine("web").await.vanished, None);
    let mut tx = world.state.read().await.unwrap();
    let follows = protected_items::get(&mut tx, &item.id).await.unwrap();
    assert_eq!(follows.unwrap().machine, id(2));
    drop(tx);
    assert!(world.protectable().await.is_empty());
}
