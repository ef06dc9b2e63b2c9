//! Vault pools, snapshot stores and restore folders: made, used, and not taken away while they are.

use std::path::{Path, PathBuf};

use base::{Code, Result};
use control::plane::ScratchRule;
use control::scripted::{Act, Phase};
use control::{
    PoolInput, Restore, RestoreFolderInput, RestoreTo, ShownPool, SnapshotStoreInput, VaultInput,
};
use state::Record;
use state::vaults::{SoftDeleteState, Vault};

use crate::world::{World, name};

fn folder(path: &Path) -> PoolInput {
    PoolInput {
        location: Some("onprem".to_owned()),
        folder: Some(path.display().to_string()),
        ..PoolInput::default()
    }
}

impl World {
    async fn pool(&self, name: &str, input: PoolInput) -> Result<ShownPool> {
        self.control.put_vault_pool(name, input).await.map(|p| p.0)
    }

    async fn takes(&self, pool: &str, takes: bool) {
        let input = PoolInput {
            takes_vaults: Some(takes),
            ..PoolInput::default()
        };
        self.pool(pool, input).await.unwrap();
    }

    async fn vault(&self, name: &str, location: &str) -> Result<Record<Vault>> {
        let input = VaultInput {
            location: Some(location.to_owned()),
            ..VaultInput::default()
        };
        self.control
            .put_vault("default", name, input)
            .await
            .map(|v| v.0)
    }

    async fn counts(&self) -> Vec<(String, u64)> {
        let all = self.control.vault_pools().await.unwrap();
        all.into_iter().map(|p| (p.record.name, p.vaults)).collect()
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap();
    let mut all: Vec<PathBuf> = all.map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_vault_goes_to_a_pool_of_its_location_and_works_there() {
    let world = World::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let base = elsewhere.path().canonicalize().unwrap();
    assert_eq!(world.counts().await, [("default".to_owned(), 1)]);
    let big = world.pool("big", folder(&base.join("big"))).await.unwrap();
    assert!(big.space.is_some_and(|s| s.free > 0 && s.free <= s.total));
    // Only one takes vaults, so there is no doubt.
    world.takes("default", false).await;
    let made = world.vault("v2", "onprem").await.unwrap();
    let place = base.join("big").join(&made.body.pool);
    assert!(place.is_dir());
    let counts = [("big".to_owned(), 1), ("default".to_owned(), 1)];
    assert_eq!(world.counts().await, counts);
    // Another location: its own pool, if it has one, else the server's.
    let control = &world.control;
    control.put_location("moon", None, None).await.unwrap();
    control.put_location("mars", None, None).await.unwrap();
    let moon = PoolInput {
        location: Some("moon".to_owned()),
        ..folder(&base.join("moon"))
    };
    world.pool("moon", moon).await.unwrap();
    let there = world.vault("v3", "moon").await.unwrap();
    assert!(base.join("moon").join(&there.body.pool).is_dir());
    let none = world.vault("v4", "mars").await.unwrap_err();
    assert_eq!(none.code(), Code::NoPoolForVault);
    world.takes("default", true).await;
    let own = world.vault("v4", "mars").await.unwrap();
    assert_eq!(own.body.pool_folder, None);
    // A pool whose folder is away takes none, and nothing is made in its place.
    std::fs::rename(base.join("moon"), base.join("away")).unwrap();
    let away = world.vault("v5", "moon").await.unwrap_err();
    assert_eq!(away.code(), Code::NoPoolForVault);
    std::fs::create_dir(base.join("moon")).unwrap();
    let unmounted = world.vault("v5", "moon").await.unwrap_err();
    assert_eq!(unmounted.code(), Code::NoPoolForVault);
    assert_eq!(entries(&base.join("moon")), Vec::<PathBuf>::new());
    // A vault of the pool is deleted with its store, and then the pool can be.
    let held = control.delete_vault_pool("big", None).await.unwrap_err();
    assert_eq!(held.code(), Code::ResourceInUse);
    world.settle().await;
    control.delete_vault("default", "v2", None).await.unwrap();
    let leaving = control.delete_vault_pool("big", None).await.unwrap_err();
    assert_eq!(leaving.code(), Code::ResourceInUse);
    world.minutes(1).await;
    assert!(!place.exists());
    assert!(control.delete_vault_pool("big", None).await.unwrap());
    assert!(!control.delete_vault_pool("big", None).await.unwrap());
    let own = control
        .delete_vault_pool("default", None)
        .await
        .unwrap_err();
    assert_eq!(own.code(), Code::ResourceInUse);
}

#[tokio::test]
async fn a_pools_folder_is_tried_before_and_nothing_of_a_bad_one_stays() {
    let world = World::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let base = elsewhere.path().canonicalize().unwrap();
    world.pool("p", folder(&base.join("p"))).await.unwrap();
    std::fs::write(base.join("file"), "x").unwrap();
    let data = world.folder.path();
    let before = entries(&base);
    for bad in [
        base.join("p"),
        base.join("p/inside"),
        base.clone(),
        base.join("file"),
        base.join("file/below"),
        data.to_owned(),
        data.join("pool/x"),
        data.join("elsewhere"),
        PathBuf::from("/"),
        PathBuf::from("p"),
        base.join("a/../b"),
    ] {
        let refused = world.pool("q", folder(&bad)).await.unwrap_err();
        assert_eq!(refused.code(), Code::FolderUnusable, "{}", bad.display());
    }
    // A link is what it leads to.
    std::os::unix::fs::symlink(base.join("p"), base.join("link")).unwrap();
    let refused = world.pool("q", folder(&base.join("link/x"))).await;
    assert_eq!(refused.unwrap_err().code(), Code::FolderUnusable);
    std::fs::remove_file(base.join("link")).unwrap();
    // What is wrong otherwise leaves no folder either.
    let nowhere = PoolInput {
        location: None,
        ..folder(&base.join("new/deep"))
    };
    let refused = world.pool("q", nowhere).await.unwrap_err();
    assert_eq!(refused.code(), Code::BadArgument);
    let old = PoolInput {
        if_match: Some("W/\"0.0\"".to_owned()),
        ..folder(&base.join("new/deep"))
    };
    let refused = world.pool("p", old).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    assert_eq!(entries(&base), before);
    assert_eq!(world.counts().await.len(), 2);
    // While it holds no vault it may move; with one it stays.
    let moved = world.pool("p", folder(&base.join("new/deep"))).await;
    assert!(moved.unwrap().folder.ends_with("new/deep"));
    world.takes("default", false).await;
    world.vault("v2", "onprem").await.unwrap();
    let held = world.pool("p", folder(&base.join("third"))).await;
    assert_eq!(held.unwrap_err().code(), Code::ResourceInUse);
    assert!(!base.join("third").exists());
    let own = world.pool("default", folder(&base.join("third"))).await;
    assert_eq!(own.unwrap_err().code(), Code::BadArgument);
}

#[tokio::test]
async fn a_snapshot_store_with_snapshots_stays_where_it_is() {
    let world = World::new().await;
    let control = &world.control;
    let elsewhere = tempfile::tempdir().unwrap();
    let base = elsewhere.path().canonicalize().unwrap();
    let to = |name: &str| SnapshotStoreInput {
        folder: Some(base.join(name).display().to_string()),
        scratch_limit: Some(400),
        scratch_keep_free: Some(10),
    };
    let set = control.set_snapshot_store("a", to("first")).await.unwrap();
    assert!(set.body.snapshot_store.ends_with("/first"));
    assert_eq!(set.body.scratch_limit, Some(400));
    assert_eq!(set.body.scratch_keep_free, Some(10));
    assert!(control.reset_snapshot_store("a").await.unwrap());
    assert!(!control.reset_snapshot_store("a").await.unwrap());
    let back = control.host(&control.host_id("a")).await.unwrap();
    assert!(back.body.snapshot_store.ends_with("/snapshots"));
    assert_eq!(back.body.scratch_limit, None);
    let wrong = SnapshotStoreInput {
        scratch_keep_free: Some(96),
        ..SnapshotStoreInput::default()
    };
    let refused = control.set_snapshot_store("a", wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::BadArgument);
    let nobody = control.set_snapshot_store("z", to("x")).await.unwrap_err();
    assert_eq!(nobody.code(), Code::ResourceNotFound);
    let limits = SnapshotStoreInput {
        scratch_limit: Some(400),
        scratch_keep_free: Some(10),
        folder: None,
    };
    control.set_snapshot_store("a", limits).await.unwrap();
    // A machine that was backed up and is stopped has its snapshots there.
    world.soft_delete(SoftDeleteState::Disabled, 14).await;
    world.protect("web", "DefaultPolicy").await.unwrap();
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let rule = ScratchRule {
        limit: Some(400),
        keep_free: Some(10),
        among: 4,
    };
    assert_eq!(world.plane.last_scratch(), Some(rule));
    for refused in [
        control
            .set_snapshot_store("a", to("second"))
            .await
            .map(drop),
        control.reset_snapshot_store("a").await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().code(), Code::ResourceInUse);
    }
    assert!(!base.join("second").exists());
    // Its limits may change at any time.
    let limits = SnapshotStoreInput {
        scratch_limit: Some(800),
        ..SnapshotStoreInput::default()
    };
    control.set_snapshot_store("a", limits).await.unwrap();
    world.delete("web").await.unwrap();
    world.minutes(5).await;
    assert!(world.no_item("web").await);
    control.set_snapshot_store("a", to("second")).await.unwrap();
}

#[tokio::test]
async fn a_restore_folder_stays_while_a_restore_goes_to_it() {
    let world = World::protecting().await;
    let control = &world.control;
    let elsewhere = tempfile::tempdir().unwrap();
    let base = elsewhere.path().canonicalize().unwrap();
    let at = |name: &str| RestoreFolderInput {
        folder: Some(base.join(name).display().to_string()),
        ..RestoreFolderInput::default()
    };
    let put = async |name, input| control.put_restore_folder("default", name, input).await;
    let (made, new) = put("fast", at("fast")).await.unwrap();
    assert!(new);
    assert_eq!(made.body.host, control.host_id("a").to_lowercase());
    for (name, input, code) in [
        ("Fast!", at("x"), Code::NameInvalid),
        ("slow", RestoreFolderInput::default(), Code::BadArgument),
        ("slow", at("fast/inside"), Code::FolderUnusable),
    ] {
        assert_eq!(put(name, input).await.unwrap_err().code(), code, "{name}");
    }
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let number = world.points("web").await[0].number;
    world.play(Phase::Restore, &[Act::well(30)]);
    let asked = Restore {
        point: number,
        disks: None,
        to: RestoreTo::Disks {
            account: made.id.clone(),
            group: None,
        },
    };
    let restored = control.restore("default", "v1", &name("web"), asked).await;
    restored.unwrap();
    world.minutes(1).await;
    let gone = async || control.delete_restore_folder("default", "fast", None).await;
    assert_eq!(gone().await.unwrap_err().code(), Code::ResourceInUse);
    let moved = put("fast", at("moved")).await.unwrap_err();
    assert_eq!(moved.code(), Code::ResourceInUse);
    assert!(!base.join("moved").exists());
    world.minutes(60).await;
    let stale = Some("W/\"0.0\"");
    let stale = control
        .delete_restore_folder("default", "fast", stale)
        .await;
    assert_eq!(stale.unwrap_err().code(), Code::PreconditionFailed);
    assert!(gone().await.unwrap());
    assert!(!gone().await.unwrap());
    assert!(base.join("fast").is_dir(), "what was restored stays");
}

#[tokio::test]
async fn the_server_backs_itself_up_into_every_pool() {
    let world = World::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let base = elsewhere.path().canonicalize().unwrap();
    world.pool("p", folder(&base.join("p"))).await.unwrap();
    let away = world.pool("away", folder(&base.join("away"))).await;
    std::fs::remove_dir_all(away.unwrap().folder).unwrap();
    let file = world.control.back_up_daily().await.unwrap().unwrap();
    let same = base
        .join("p/server-backups")
        .join(file.file_name().unwrap());
    assert!(file.is_file() && same.is_file());
    assert!(!base.join("away").exists());
}
