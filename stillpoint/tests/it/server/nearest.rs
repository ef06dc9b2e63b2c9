//! Where a point is read that is in more than one place (SNAP-3).

use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::disk;
use testkit::scripted::ScriptedFolder;

use crate::serving::{Server, free_port};
use crate::user::User;

/// A folder that is elsewhere until this is dropped.
struct Away<'a>(&'a Path, PathBuf);

impl<'a> Away<'a> {
    fn new(folder: &'a Path) -> Self {
        let away = folder.with_extension("away");
        std::fs::rename(folder, &away).unwrap();
        Self(folder, away)
    }
}

impl Drop for Away<'_> {
    fn drop(&mut self) {
        // Whatever was made in its place meanwhile is none of it.
        let _ = std::fs::remove_dir_all(self.0);
        std::fs::rename(&self.1, self.0).unwrap();
    }
}

#[test]
fn snap_3_a_point_in_both_places_is_read_from_the_snapshots_and_without_them_from_the_vault() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let host = ScriptedFolder::new(&folder.path().join("host")).unwrap();
    host.machine("web", &[&disk::noise(1, 4 << 20)], 0).unwrap();
    let server = Server::start(&data, free_port(), &host.connection());
    let user = User::logged_in(folder.path(), &server);
    user.ends(0, "vault create -v v1");
    user.ends(0, "protection enable web --policy DefaultPolicy");
    user.ends(0, "backup now web");
    assert!(user.ends(0, "point list").contains("Snapshot and vault"));
    let own = user.json("host list")[0]["name"].clone();
    let folder_of = |shown: &Value| {
        let folder = shown["properties"]["folder"].as_str();
        PathBuf::from(folder.unwrap_or_else(|| panic!("{shown}")))
    };
    let pool = folder_of(&user.json("pool show default"));
    let show = format!("snapshot-store show {}", own.as_str().unwrap());
    let snapshots = folder_of(&user.json(&show));

    let restores = || {
        let job = user.json("restore disks latest:web --to restores");
        let bag = &job["properties"]["extendedInfo"]["propertyBag"];
        let image = bag["Restored disk vda"].as_str().unwrap();
        disk::assert_same(Path::new(image), &host.disk("web", "vda")).unwrap();
    };
    {
        let _vault = Away::new(&pool);
        restores();
    }
    {
        let _snapshots = Away::new(&snapshots);
        restores();
        let _vault = Away::new(&pool);
        user.ends(1, "restore disks latest:web --to restores");
    }
    restores();
}
