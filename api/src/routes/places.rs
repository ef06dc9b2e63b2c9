//! Where data lies on the server's hosts: vault pools, snapshot stores, restore folders.

use serde_json::Value;

use super::{GROUP, SUBSCRIPTION};
use crate::openapi::schema::{
    about, and, flag, input, maybe, object, read_only, resource, succeeded, text, text_about,
    whole, whole_or_text,
};
use crate::openapi::{Routes, op};
use crate::{restore_folders, snapshot_stores, vault_pools};

const FOLDER: &str = "An absolute path; the folder is made if it is not there.";

pub(super) fn routes() -> Routes {
    pools().merge(stores()).merge(folders())
}

/// What a resource has beside its properties.
fn more() -> Value {
    let etag = read_only(text_about("Changes whenever the resource does."));
    object([("etag", etag), ("location", text())])
}

fn pools() -> Routes {
    let all = format!("{SUBSCRIPTION}/providers/{}", vault_pools::TYPE);
    let one = format!("{all}/{{name}}");
    let takes = "Whether new vaults of the location are put in it.";
    let properties = object([
        ("provisioningState", succeeded()),
        ("folder", text_about(FOLDER)),
        ("takesVaults", about(flag(), takes)),
        ("vaults", read_only(whole())),
        ("totalBytes", read_only(maybe(whole()))),
        ("freeBytes", read_only(maybe(whole()))),
    ]);
    let asked = input([
        ("folder", text_about(FOLDER)),
        ("takesVaults", about(flag(), takes)),
    ]);
    Routes::new()
        .model(
            "VaultPool",
            and(resource(vault_pools::TYPE, properties), more()),
        )
        .model(
            "VaultPoolInput",
            input([("location", text()), ("properties", asked)]),
        )
        .get(
            &all,
            vault_pools::list,
            op("VaultPools_List", "Folders that new vaults are put in.").list_of("VaultPool"),
        )
        .get(
            &one,
            vault_pools::show,
            op("VaultPools_Get", "A vault pool.").is("VaultPool"),
        )
        .put(
            &one,
            vault_pools::put,
            op(
                "VaultPools_CreateOrUpdate",
                "Makes or changes a vault pool.",
            )
            .puts("VaultPoolInput", "VaultPool"),
        )
        .delete(
            &one,
            vault_pools::delete,
            op("VaultPools_Delete", "Takes away a pool without vaults.")
                .nothing(200)
                .nothing(204),
        )
}

fn stores() -> Routes {
    let all = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/hosts/{{host}}/snapshotStores");
    let one = format!("{all}/default");
    let limit = "Bytes of scratch that snapshots may take together; 0: as the disks suggest.";
    let free = "Percent of scratch's file system that stay free, up to 95; 0: none.";
    let properties = object([
        ("provisioningState", succeeded()),
        ("folder", text_about(FOLDER)),
        ("scratchLimit", maybe(about(whole(), limit))),
        ("scratchKeepFree", maybe(about(whole(), free))),
    ]);
    let asked = input([
        ("folder", text_about(FOLDER)),
        ("scratchLimit", about(whole_or_text(), limit)),
        ("scratchKeepFree", about(whole_or_text(), free)),
    ]);
    Routes::new()
        .model("SnapshotStore", resource(snapshot_stores::TYPE, properties))
        .model("SnapshotStoreInput", input([("properties", asked)]))
        .get(
            &all,
            snapshot_stores::list,
            op("SnapshotStores_List", "The snapshot store of a host.").list_of("SnapshotStore"),
        )
        .get(
            &one,
            snapshot_stores::show,
            op("SnapshotStores_Get", "Where a host's snapshots are.").is("SnapshotStore"),
        )
        .put(
            &one,
            snapshot_stores::put,
            op("SnapshotStores_CreateOrUpdate", "Changes it.")
                .takes("SnapshotStoreInput")
                .is("SnapshotStore"),
        )
        .delete(
            &one,
            snapshot_stores::delete,
            op("SnapshotStores_Delete", "Sets it back, if it is empty.")
                .nothing(200)
                .nothing(204),
        )
}

fn folders() -> Routes {
    let group = format!("{GROUP}/providers/{}", restore_folders::TYPE);
    let one = format!("{group}/{{name}}");
    let host = "The name of its host; needed where there are several.";
    let properties = object([
        ("provisioningState", succeeded()),
        ("host", text_about(host)),
        ("folder", text_about(FOLDER)),
        ("storageAccountId", read_only(text())),
    ]);
    let asked = input([("host", text_about(host)), ("folder", text_about(FOLDER))]);
    Routes::new()
        .model(
            "RestoreFolder",
            and(resource(restore_folders::TYPE, properties), more()),
        )
        .model("RestoreFolderInput", input([("properties", asked)]))
        .get(
            &format!("{SUBSCRIPTION}/providers/{}", restore_folders::TYPE),
            restore_folders::list,
            op(
                "RestoreFolders_ListAll",
                "Folders that disks are restored into.",
            )
            .pages_of("RestoreFolder"),
        )
        .get(
            &group,
            restore_folders::list_in_group,
            op("RestoreFolders_List", "Those of a group.").pages_of("RestoreFolder"),
        )
        .get(
            &one,
            restore_folders::show,
            op("RestoreFolders_Get", "A restore folder.").is("RestoreFolder"),
        )
        .put(
            &one,
            restore_folders::put,
            op("RestoreFolders_CreateOrUpdate", "Makes or changes one.")
                .puts("RestoreFolderInput", "RestoreFolder"),
        )
        .delete(
            &one,
            restore_folders::delete,
            op(
                "RestoreFolders_Delete",
                "Takes one away; what is in it stays.",
            )
            .nothing(200)
            .nothing(204),
        )
}
