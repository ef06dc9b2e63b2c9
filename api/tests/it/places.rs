//! Vault pools, snapshot stores and restore folders.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::access::Access;

/// The subscription and its group.
fn scopes(access: &Access) -> (String, String) {
    let group = access.world.group.clone();
    let (subscription, _) = group.split_once("/resourceGroups").unwrap();
    (subscription.to_owned(), group)
}

#[tokio::test]
async fn pools_are_made_listed_changed_and_deleted() {
    let access = Access::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let base = elsewhere.path().canonicalize().unwrap();
    let (subscription, group) = scopes(&access);
    let pools = format!("{subscription}/providers/Stillpoint.Fabric/vaultPools");
    let one = format!("{pools}/big");
    let none = Value::Null;
    let (_, all) = access.ask("GET", &pools, &none).await;
    assert_eq!(all["value"][0]["name"], "default");
    assert_eq!(all["value"][0]["properties"]["vaults"], 0);
    let new = json!({"location": "onprem", "properties": {"folder": base.join("big")}});
    let (status, made) = access.ask("PUT", &one, &new).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert!(made["properties"]["freeBytes"].as_u64().unwrap() > 0);
    // What was answered may be sent back.
    let (status, _) = access.ask("PUT", &one, &made).await;
    assert_eq!(status, StatusCode::OK);
    for (body, status, code) in [
        (
            json!({"location": "moon"}),
            400,
            "LocationNotAvailableForResourceType",
        ),
        (
            json!({"properties": {"folder": "relative"}}),
            400,
            "FolderUnusable",
        ),
        (
            json!({"properties": {"folder": base.join("big/in")}}),
            400,
            "FolderUnusable",
        ),
        (
            json!({"properties": {"folder": 7}}),
            400,
            "InvalidRequestContent",
        ),
    ] {
        let (got, refused) = access.ask("PUT", &format!("{pools}/x"), &body).await;
        assert_eq!(got.as_u16(), status, "{refused}");
        assert_eq!(refused["error"]["code"], code);
    }
    assert!(!base.join("big/in").exists());
    // A vault in it keeps it.
    let off = json!({"properties": {"takesVaults": false}});
    let shut = access.ask("PUT", &format!("{pools}/default"), &off).await;
    assert_eq!(shut.1["properties"]["takesVaults"], false);
    let vault = format!("{group}/providers/Microsoft.RecoveryServices/vaults/v1");
    let new = json!({"location": "onprem"});
    let (status, _) = access.ask("PUT", &vault, &new).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, shown) = access.ask("GET", &one, &none).await;
    assert_eq!(
        (status, &shown["properties"]["vaults"]),
        (StatusCode::OK, &json!(1))
    );
    let (status, refused) = access.ask("DELETE", &one, &none).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(refused["error"]["code"], "ResourceInUse");
    // An empty one goes, for who knows it as it is.
    let other = json!({"location": "onprem", "properties": {"folder": base.join("other")}});
    let path = format!("{pools}/other");
    let (_, other) = access.ask("PUT", &path, &other).await;
    let token = access.world.log_in().await;
    let delete = async |etag: &str| {
        let request = Request::delete(format!("{path}?api-version=1"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::IF_MATCH, etag)
            .body(Body::empty());
        access.world.send(request.unwrap()).await.0
    };
    assert_eq!(delete("W/\"0.0\"").await, StatusCode::PRECONDITION_FAILED);
    assert_eq!(
        delete(other["etag"].as_str().unwrap()).await,
        StatusCode::OK
    );
    assert_eq!(delete("*").await, StatusCode::NO_CONTENT);
    assert_eq!(
        access.ask("GET", &path, &none).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_hosts_snapshot_store_is_shown_changed_and_set_back() {
    let access = Access::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let base = elsewhere.path().canonicalize().unwrap();
    let (subscription, _) = scopes(&access);
    let host = format!("{subscription}/providers/Stillpoint.Fabric/hosts/host1");
    let stores = format!("{host}/snapshotStores");
    let one = format!("{stores}/default");
    let none = Value::Null;
    let (_, all) = access.ask("GET", &stores, &none).await;
    let (_, first) = access.ask("GET", &one, &none).await;
    assert_eq!(all["value"], json!([first]));
    let change = json!({"properties": {
        "folder": base.join("s"), "scratchLimit": "400", "scratchKeepFree": 10,
    }});
    let (status, set) = access.ask("PUT", &one, &change).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    assert_eq!(set["properties"]["scratchLimit"], 400);
    assert_eq!(set["properties"]["scratchKeepFree"], 10);
    let (_, shown) = access.ask("GET", &host, &none).await;
    assert_eq!(
        shown["properties"]["snapshotStore"],
        set["properties"]["folder"]
    );
    for (bad, code) in [
        (json!({"scratchKeepFree": 96}), "BadArgument"),
        (json!({"scratchKeepFree": 300}), "InvalidRequestContent"),
        (json!({"folder": "/"}), "FolderUnusable"),
    ] {
        let body = json!({"properties": bad});
        let (status, refused) = access.ask("PUT", &one, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        assert_eq!(refused["error"]["code"], code);
    }
    assert_eq!(access.ask("DELETE", &one, &none).await.0, StatusCode::OK);
    assert_eq!(
        access.ask("DELETE", &one, &none).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(access.ask("GET", &one, &none).await.1, first);
    let nobody = one.replace("host1", "host9");
    assert_eq!(
        access.ask("PUT", &nobody, &change).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_restore_folder_is_a_storage_account_as_soon_as_it_is_made() {
    let access = Access::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let base = elsewhere.path().canonicalize().unwrap();
    let (subscription, group) = scopes(&access);
    let all = format!("{subscription}/providers/Stillpoint.Fabric/restoreFolders");
    let one = format!("{group}/providers/Stillpoint.Fabric/restoreFolders/fast");
    let none = Value::Null;
    let new = json!({"properties": {"folder": base.join("fast"), "host": "host1"}});
    let (status, made) = access.ask("PUT", &one, &new).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let account = made["properties"]["storageAccountId"].as_str().unwrap();
    assert_eq!(access.ask("GET", account, &none).await.0, StatusCode::OK);
    assert_eq!(access.ask("PUT", &one, &made).await.0, StatusCode::OK);
    let (_, listed) = access.ask("GET", &all, &none).await;
    let names: Vec<&Value> = listed["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["name"])
        .collect();
    assert_eq!(names, ["fast", "restores"]);
    let in_group = one.trim_end_matches("/fast");
    assert_eq!(access.ask("GET", in_group, &none).await.1, listed);
    // A lock on the storage account holds for the folder, which is the same.
    let lock = format!("{account}/providers/Microsoft.Authorization/locks/l");
    let body = json!({"properties": {"level": "CanNotDelete"}});
    assert_eq!(access.ask("PUT", &lock, &body).await.0, StatusCode::CREATED);
    let (status, refused) = access.ask("DELETE", &one, &none).await;
    assert_eq!(refused["error"]["code"], "ScopeLocked");
    assert_eq!(status, StatusCode::CONFLICT);
    access.ask("DELETE", &lock, &none).await;
    assert_eq!(access.ask("DELETE", &one, &none).await.0, StatusCode::OK);
    assert_eq!(
        access.ask("DELETE", &one, &none).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        access.ask("GET", account, &none).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn only_an_owner_says_where_data_lies_and_readers_see_it() {
    let access = Access::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (subscription, group) = scopes(&access);
    let fabric = format!("{subscription}/providers/Stillpoint.Fabric");
    let folder =
        json!({"location": "onprem", "properties": {"folder": elsewhere.path().join("x")}});
    let paths = [
        format!("{fabric}/vaultPools/p"),
        format!("{fabric}/hosts/host1/snapshotStores/default"),
        format!("{group}/providers/Stillpoint.Fabric/restoreFolders/fast"),
    ];
    for (n, role) in ["Contributor", "Reader", "Backup Contributor"]
        .into_iter()
        .enumerate()
    {
        let (who, token) = access.application(role).await;
        access.give(&subscription, n as u8 + 1, &who, role).await;
        for path in &paths {
            for method in ["PUT", "DELETE"] {
                let (status, refused) = access.ask_as(&token, method, path, &folder).await;
                assert_eq!(
                    status,
                    StatusCode::FORBIDDEN,
                    "{role} {method} {path}: {refused}"
                );
            }
        }
        let read = access.ask_as(&token, "GET", &paths[1], &Value::Null).await;
        assert_eq!(read.0, StatusCode::OK, "{role}: {}", read.1);
    }
    assert!(!elsewhere.path().join("x").exists());
}

/// A folder of the host is the server's: who owns a group can't name one.
#[tokio::test]
async fn the_owner_of_a_group_names_no_folder_of_the_host() {
    use std::os::unix::fs::PermissionsExt;

    let access = Access::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(elsewhere.path(), mode(0o700)).unwrap();
    let (_, group) = scopes(&access);
    let (who, token) = access.application("of a group").await;
    access.give(&group, 1, &who, "Owner").await;
    let body = json!({"location": "onprem", "properties": {"folder": elsewhere.path()}});
    let path = format!("{group}/providers/Stillpoint.Fabric/restoreFolders/fast");
    let (status, refused) = access.ask_as(&token, "PUT", &path, &body).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
    // One that is there stays as it is.
    let (status, made) = access.ask("PUT", &path, &body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let now = std::fs::metadata(elsewhere.path()).unwrap().permissions();
    assert_eq!(now.mode() & 0o777, 0o700);
    // What the group's owner may do with it does not change.
    let (status, shown) = access.ask_as(&token, "GET", &path, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{shown}");
    let all = path.trim_end_matches("/fast");
    let (_, listed) = access.ask_as(&token, "GET", all, &Value::Null).await;
    assert!(listed.to_string().contains("fast"), "{listed}");
    let (status, gone) = access.ask_as(&token, "DELETE", &path, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{gone}");
}
