//! Hosts and their networks, the list of all, refreshes.

use base::Code;
use control::plane::{Discovered, FoundNetwork};
use control::{HostInput, VaultInput};
use state::networks::NetworkSource;
use uuid::Uuid;

use super::{A, B, World, host, named};

#[tokio::test]
async fn networks_come_and_go_with_their_host_and_each_host_has_one() {
    let world = World::new().await;
    let network = |name: &str, addresses: Option<&str>| FoundNetwork {
        source: NetworkSource::Libvirt(name.to_owned()),
        addresses: addresses.map(str::to_owned),
    };
    let set = |connection: &str, networks| {
        let machines = Vec::new();
        world
            .plane
            .set(connection, Discovered { machines, networks });
    };
    let names = async || -> Vec<String> {
        let all = world.control.networks(Some("default"), None, 10).await;
        all.unwrap().into_iter().map(|n| n.name).collect()
    };
    set(A, None);
    world.look().await;
    assert_eq!(names().await, ["user"]);
    set(A, Some(vec![network("default", Some("10.0.0.0/24"))]));
    set(
        B,
        Some(vec![network("default", None), network("lan", None)]),
    );
    world.look().await;
    assert_eq!(names().await, ["default", "default-b", "lan"]);
    let default = world.control.network("default", "default").await.unwrap();
    assert_eq!(default.body.addresses.as_deref(), Some("10.0.0.0/24"));
    set(A, Some(vec![network("default", Some("10.0.1.0/24"))]));
    set(B, None);
    world.look().await;
    let default = world.control.network("default", "default").await.unwrap();
    assert_eq!(default.body.addresses.as_deref(), Some("10.0.1.0/24"));
    world.plane.silence(A);
    set(B, Some(Vec::new()));
    world.look().await;
    assert_eq!(names().await, ["default", "user"]);
}

#[tokio::test]
async fn a_server_begins_with_its_host_and_a_restore_folder_and_hosts_are_added() {
    let world = World::new().await;
    let control = &world.control;
    let hosts = control.hosts(None, 10).await.unwrap();
    let names: Vec<&str> = hosts.iter().map(|h| &*h.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(hosts[0].body.snapshot_store.ends_with("/snapshots"));
    assert!(hosts[1].body.snapshot_store.ends_with("/snapshots-b"));
    let folders = control.storage_accounts(None, None, 10).await.unwrap();
    let names: Vec<&str> = folders.iter().map(|f| &*f.name).collect();
    assert_eq!(names, ["restores", "restoresb"]);
    for folder in &folders {
        assert!(std::path::Path::new(&folder.body.folder).is_dir());
    }
    let restores = control
        .storage_account("default", "RESTORES")
        .await
        .unwrap();
    assert_eq!(restores.body.host, control.host_id("a").to_lowercase());

    let moon = HostInput {
        location: Some("moon".to_owned()),
        ..host("test:///c", "default")
    };
    let only = |group: Option<&str>| HostInput {
        location: Some("onprem".to_owned()),
        group: group.map(str::to_owned),
        ..HostInput::default()
    };
    for (name, input, code) in [
        ("c", moon, Code::LocationUnknown),
        ("c", host("test:///c", "nowhere"), Code::GroupNotFound),
        ("c", host(A, "default"), Code::NameTaken),
        ("c d", host("test:///c", "default"), Code::NameInvalid),
        ("c", only(None), Code::BadArgument),
        ("c", only(Some("default")), Code::BadArgument),
        ("b", host("test:///c", "default"), Code::BadArgument),
    ] {
        let error = control.put_host(name, input).await.unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
    }
    assert_eq!(control.hosts(None, 10).await.unwrap().len(), 2);

    world.set(A, &[named(1, "web")]);
    world.look().await;
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let store = |limit: u64| HostInput {
        snapshot_store: Some(place("snapshots")),
        scratch_limit: Some(limit),
        ..HostInput::default()
    };
    let (changed, made) = control.put_host("A", store(5)).await.unwrap();
    assert!(!made);
    assert_eq!(changed.body.snapshot_store, place("snapshots"));
    assert_eq!(changed.body.scratch_limit, Some(5));
    let (changed, _) = control.put_host("a", store(0)).await.unwrap();
    assert_eq!(changed.body.scratch_limit, None);
    world.protect("web").await;
    let elsewhere = HostInput {
        snapshot_store: Some(place("elsewhere")),
        ..HostInput::default()
    };
    let used = control.put_host("a", elsewhere).await.unwrap_err();
    assert_eq!(used.code(), Code::ResourceInUse);
    assert!(!folder.path().join("elsewhere").exists());
}

#[tokio::test]
async fn a_host_goes_with_what_was_found_on_it_once_nothing_of_it_is_protected() {
    let world = World::new().await;
    let control = &world.control;
    world.set(A, &[named(1, "web")]);
    world.set(B, &[named(2, "mail"), named(3, "db")]);
    world.look().await;
    let item = world.protect("mail").await;
    for (name, why) in [("a", "own host"), ("b", "mail")] {
        let refused = control.delete_host(name).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceInUse);
        assert!(refused.to_string().contains(why), "{refused}");
    }
    // Not even in part.
    assert_eq!(control.hosts(None, 10).await.unwrap().len(), 2);
    world.purge(&item.id).await;
    assert!(control.delete_host("B").await.unwrap());
    assert!(!control.delete_host("b").await.unwrap());
    // A look that began before does not bring it back.
    world.look().await;
    let all = control.inventory(None, None, None, 100).await.unwrap();
    let names: Vec<&str> = all.iter().map(|r| &*r.name).collect();
    assert_eq!(names, ["a", "default", "web", "user", "v1", "restores"]);
    // It can be added again, with its folder and its machines.
    control.put_host("b", host(B, "default")).await.unwrap();
    world.look().await;
    assert_eq!(world.protectable().await, ["db", "mail", "web"]);
}

#[tokio::test]
async fn all_resources_stand_in_one_list_in_pages() {
    let world = World::new().await;
    world.set(A, &[named(1, "web")]);
    world.look().await;
    let all = world
        .control
        .inventory(None, None, None, 100)
        .await
        .unwrap();
    let names: Vec<&str> = all.iter().map(|r| &*r.name).collect();
    assert_eq!(
        names,
        ["a", "b", "default", "web", "user", "restores", "restoresb"]
    );
    let group = Some("default");
    let mut paged = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = world
            .control
            .inventory(group, None, after.as_deref(), 2)
            .await;
        let page = page.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        paged.extend(page);
    }
    assert_eq!(paged, all[3..]);
}

#[tokio::test]
async fn disc_8_a_refresh_looks_at_once_and_is_an_operation_of_its_vault() {
    let world = World::new().await;
    world.set(A, &[named(1, "web")]);
    let none = world.control.refresh("default", "v1").await.unwrap_err();
    assert_eq!(none.code(), Code::ResourceNotFound);
    let input = VaultInput {
        location: Some("onprem".to_owned()),
        ..VaultInput::default()
    };
    world
        .control
        .put_vault("default", "v1", input)
        .await
        .unwrap();
    let operation = world.control.refresh("default", "v1").await.unwrap();
    assert_eq!(world.protectable().await, ["web"]);
    let operation = operation.to_string();
    let control = &world.control;
    control
        .refreshed("default", "v1", &operation)
        .await
        .unwrap();
    for other in [Uuid::nil().to_string(), "x".to_owned()] {
        let error = control
            .refreshed("default", "v1", &other)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::ResourceNotFound);
    }
}
