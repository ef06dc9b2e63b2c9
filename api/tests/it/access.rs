//! Applications, roles and locks, and the log of what was done with them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

/// A server, its owner's token, and the subscription's id.
pub struct Access {
    pub world: World,
    owner: String,
    subscription: String,
}

impl Access {
    pub async fn new() -> Self {
        let world = World::new().await;
        let owner = world.log_in().await;
        let subscription = world
            .group
            .split("/resourceGroups")
            .next()
            .unwrap()
            .to_owned();
        Self {
            world,
            owner,
            subscription,
        }
    }

    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        self.ask_as(&self.owner, method, path, body).await
    }

    pub async fn ask_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let joined = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{joined}api-version=2026-01-01");
        self.world
            .ask(method, &path, token, &body.to_string())
            .await
    }

    /// A new application: its object id, and a token of it.
    pub async fn application(&self, name: &str) -> (String, String) {
        let path = format!(
            "{}/providers/Stillpoint.Fabric/applications",
            self.subscription
        );
        let body = json!({"properties": {"displayName": name}});
        let (status, made) = self.ask("POST", &path, &body).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let text = |name: &str| made["properties"][name].as_str().unwrap().to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            text("clientId"),
            text("secret")
        );
        let (status, answer) = self.world.token(&form).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let token = answer["access_token"].as_str().unwrap().to_owned();
        (text("objectId"), token)
    }

    /// Gives a role at a scope.
    pub async fn give(&self, scope: &str, name: u8, who: &str, role: &str) -> (StatusCode, Value) {
        let role = role.replace(' ', "%20");
        let all = format!(
            "{scope}/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName%20eq%20'{role}'"
        );
        let (_, found) = self.ask("GET", &all, &Value::Null).await;
        let role = found["value"][0]["id"].clone();
        let body = json!({"properties": {"roleDefinitionId": role, "principalId": who}});
        let path = assignment(scope, name);
        self.ask("PUT", &path, &body).await
    }
}

fn assignment(scope: &str, name: u8) -> String {
    format!(
        "{scope}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-0000000000{name:02}"
    )
}

#[tokio::test]
async fn rbac_5_an_application_may_what_its_roles_allow_where_they_were_given() {
    let access = Access::new().await;
    let (who, token) = access.application("Reader of one group").await;
    let group = access.world.group.clone();
    let see = async || access.ask_as(&token, "GET", &group, &Value::Null).await.0;
    assert_eq!(see().await, StatusCode::FORBIDDEN);
    let (status, given) = access.give(&group, 1, &who, "Reader").await;
    assert_eq!(status, StatusCode::CREATED, "{given}");
    assert_eq!(given["properties"]["scope"], group);
    assert_eq!(see().await, StatusCode::OK);
    let tags = json!({"tags": {"a": "b"}});
    let (status, refused) = access.ask_as(&token, "PUT", &group, &tags).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(refused["error"]["code"], "AuthorizationFailed");
    let (status, _) = access
        .ask_as(&token, "GET", &access.subscription, &Value::Null)
        .await;
    assert_eq!(
        status,
        StatusCode::OK,
        "every principal sees its subscription"
    );

    // Twice the same is once.
    let (status, _) = access.give(&group, 1, &who, "Reader").await;
    assert_eq!(status, StatusCode::OK);
    let (status, twice) = access.give(&group, 2, &who, "Reader").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(twice["error"]["code"], "RoleAssignmentExists");
    let nobody = "11111111-1111-1111-1111-111111111111";
    let (status, none) = access.give(&group, 3, nobody, "Reader").await;
    assert_eq!(
        (status, &none["error"]["code"]),
        (StatusCode::BAD_REQUEST, &json!("PrincipalNotFound"))
    );
    let (status, _) = access
        .ask("DELETE", &assignment(&group, 1), &Value::Null)
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(see().await, StatusCode::FORBIDDEN);

    // A removed application's tokens are good no more.
    let path = format!(
        "{}/providers/Stillpoint.Fabric/applications/{who}",
        access.subscription
    );
    assert_eq!(
        access.ask("DELETE", &path, &Value::Null).await.0,
        StatusCode::OK
    );
    assert_eq!(see().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let access = Access::new().await;
    let scope = access.subscription.clone();
    let user = format!("{scope}/providers/Stillpoint.Fabric/users/admin");
    // Two are Owners at first; with the user goes its role.
    let (status, gone) = access.ask("DELETE", &user, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{gone}");
    let all = format!("{scope}/providers/Microsoft.Authorization/roleAssignments");
    let (_, found) = access
        .ask("GET", &format!("{all}?$filter=atScope()"), &Value::Null)
        .await;
    assert_eq!(found["value"].as_array().unwrap().len(), 1, "{found}");
    let first = found["value"][0]["id"].as_str().unwrap().to_owned();
    let owner = found["value"][0]["properties"]["principalId"]
        .as_str()
        .unwrap()
        .to_owned();
    let application = format!("{scope}/providers/Stillpoint.Fabric/applications/{owner}");
    for path in [&first, &application] {
        let (status, refused) = access.ask("DELETE", path, &Value::Null).await;
        assert_eq!(status, StatusCode::CONFLICT, "{refused}");
        assert_eq!(refused["error"]["code"], "LastOwnerCannotBeRemoved");
    }
    let (other, _) = access.application("Second owner").await;
    assert_eq!(
        access.give(&scope, 1, &other, "Owner").await.0,
        StatusCode::CREATED
    );
    assert_eq!(
        access.ask("DELETE", &first, &Value::Null).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_lock_keeps_what_it_is_on_and_all_below_it() {
    let access = Access::new().await;
    let group = access.world.group.clone();
    let vault = format!("{group}/providers/Microsoft.RecoveryServices/vaults/v1");
    let made = access
        .ask("PUT", &vault, &json!({"location": "onprem"}))
        .await;
    assert_eq!(made.0, StatusCode::CREATED);
    let lock = |name: &str| format!("{group}/providers/Microsoft.Authorization/locks/{name}");
    let level = |level: &str| json!({"properties": {"level": level, "notes": "mine"}});
    let put = access.ask("PUT", &lock("l1"), &level("cannotdelete")).await;
    assert_eq!(
        (put.0, &put.1["properties"]["level"]),
        (StatusCode::CREATED, &json!("CanNotDelete"))
    );
    let (status, kept) = access.ask("DELETE", &vault, &Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT, "{kept}");
    assert_eq!(kept["error"]["code"], "ScopeLocked");
    let tags = json!({"tags": {"a": "b"}});
    assert_eq!(access.ask("PATCH", &vault, &tags).await.0, StatusCode::OK);
    assert_eq!(
        access.ask("PUT", &lock("l1"), &level("ReadOnly")).await.0,
        StatusCode::OK
    );
    assert_eq!(
        access.ask("PATCH", &vault, &tags).await.0,
        StatusCode::CONFLICT
    );
    assert_eq!(
        access.ask("GET", &vault, &Value::Null).await.0,
        StatusCode::OK
    );
    let at_vault = format!("{vault}/providers/Microsoft.Authorization/locks");
    let (_, seen) = access.ask("GET", &at_vault, &Value::Null).await;
    assert_eq!(seen["value"][0]["name"], "l1", "{seen}");
    let bad = access.ask("PUT", &lock("l2"), &level("Sometimes")).await;
    assert_eq!(bad.0, StatusCode::BAD_REQUEST);
    let nothing = format!("{vault}2/providers/Microsoft.Authorization/locks/l1");
    let (status, _) = access.ask("PUT", &nothing, &level("ReadOnly")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        access.ask("DELETE", &lock("l1"), &Value::Null).await.0,
        StatusCode::OK
    );
    assert_eq!(
        access.ask("DELETE", &vault, &Value::Null).await.0,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn every_change_is_in_the_activity_log_and_so_is_every_refusal() {
    let access = Access::new().await;
    let group = access.world.group.clone();
    let (_, token) = access.application("Nobody").await;
    let tags = json!({"tags": {"a": "b"}});
    assert_eq!(
        access.ask_as(&token, "PUT", &group, &tags).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(access.ask("PUT", &group, &tags).await.0, StatusCode::OK);
    access.ask("GET", &group, &Value::Null).await;
    let log = format!(
        "{}/providers/Microsoft.Insights/eventtypes/management/values?$filter=\
         eventTimestamp%20ge%20'2026-01-01T00:00:00Z'%20and%20eventTimestamp%20le%20'2027-01-01T00:00:00Z'\
         %20and%20resourceGroupName%20eq%20'DEFAULT'",
        access.subscription
    );
    let (status, found) = access.ask("GET", &log, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    let entries = found["value"].as_array().unwrap();
    let seen: Vec<(&str, &str)> = entries
        .iter()
        .map(|e| {
            let status = e["status"]["value"].as_str().unwrap();
            (e["caller"].as_str().unwrap(), status)
        })
        .collect();
    assert_eq!(seen.len(), 2, "{found}");
    assert!(
        seen.contains(&("First application", "Succeeded")),
        "{seen:?}"
    );
    assert!(seen.contains(&("Nobody", "Failed")), "{seen:?}");
    assert_eq!(
        entries[0]["operationName"]["value"],
        "Microsoft.Resources/subscriptions/resourceGroups/write"
    );
}

#[tokio::test]
async fn vault_20_the_activity_log_keeps_why_backups_were_deleted() {
    let access = Access::new().await;
    let vault = format!(
        "{}/providers/Microsoft.RecoveryServices/vaults/v1",
        access.world.group
    );
    let new = json!({"location": "onprem"});
    let (status, made) = access.ask("PUT", &vault, &new).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let name = "iaasvmcontainerv2;default;web";
    let item = format!(
        "{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}/protectedItems/VM;{name}"
    );
    // Refused or not: whoever asked for it said why.
    for asked in ["?reason=no%20longer%20used%21%00", "?reason=", ""] {
        access
            .ask("DELETE", &format!("{item}{asked}"), &Value::Null)
            .await;
    }
    let log = format!(
        "{}/providers/Microsoft.Insights/eventtypes/management/values?$filter=\
         eventTimestamp%20ge%20'2026-01-01T00:00:00Z'%20and%20resourceUri%20eq%20'{item}'",
        access.subscription
    );
    let (status, found) = access.ask("GET", &log, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    let entries = found["value"].as_array().unwrap().iter();
    let mut said: Vec<&Value> = entries.map(|e| &e["properties"]["reason"]).collect();
    said.sort_by_key(|said| said.to_string());
    assert_eq!(
        said,
        [&json!("no longer used!"), &Value::Null, &Value::Null],
        "{found}"
    );
}

#[tokio::test]
async fn rbac_4_a_backup_contributor_lowers_soft_delete_by_no_way() {
    let access = Access::new().await;
    let group = access.world.group.clone();
    let (who, token) = access.application("Backup Contributor").await;
    access.give(&group, 1, &who, "Backup Contributor").await;
    let vault = format!("{group}/providers/Microsoft.RecoveryServices/vaults/v1");
    let new = json!({"location": "onprem"});
    let (status, made) = access.ask_as(&token, "PUT", &vault, &new).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let soft = |state: &str| json!({"properties": {"securitySettings": {"softDeleteSettings": {"softDeleteState": state}}}});
    let config = json!({"properties": {"softDeleteFeatureState": "Disabled"}});
    let config_path = format!("{vault}/backupconfig/vaultconfig");
    for (method, path, body) in [
        ("PUT", &vault, soft("Disabled")),
        ("PATCH", &vault, soft("Disabled")),
        ("PATCH", &config_path, config.clone()),
        ("PUT", &config_path, config),
    ] {
        let (status, refused) = access.ask_as(&token, method, path, &body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}: {refused}");
    }
    let (status, _) = access
        .ask_as(&token, "PATCH", &vault, &soft("AlwaysOn"))
        .await;
    assert_eq!(status, StatusCode::OK);
    let owners = access.ask("PUT", &vault, &soft("Disabled")).await;
    assert_eq!(owners.0, StatusCode::OK, "{}", owners.1);
}

#[tokio::test]
async fn soft_6_always_on_is_for_good_where_it_is_meant_and_elsewhere_only_on() {
    let access = Access::new().await;
    let always = json!({"location": "onprem", "properties": {
        "securitySettings": {"softDeleteSettings": {"softDeleteState": "AlwaysOn"}},
    }});
    let config = |state: &str| json!({"properties": {"softDeleteFeatureState": state}});
    for (vault, method) in [("v1", "PATCH"), ("v2", "PUT")] {
        let vault = format!(
            "{}/providers/Microsoft.RecoveryServices/vaults/{vault}",
            access.world.group
        );
        let path = format!("{vault}/backupconfig/vaultconfig");
        let (status, made) = access.ask("PUT", &vault, &always).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let is = async || {
            let shown = access.ask("GET", &path, &Value::Null).await.1;
            let properties = &shown["properties"];
            let state = properties["softDeleteFeatureState"].as_str().unwrap();
            let editable = properties["isSoftDeleteFeatureStateEditable"] == true;
            (state.to_owned(), editable)
        };
        // Clients ask for it at each creation.
        assert_eq!(is().await, ("Enabled".to_owned(), true));
        for state in ["Disabled", "Enabled", "AlwaysON"] {
            let (status, done) = access.ask(method, &path, &config(state)).await;
            assert_eq!(status, StatusCode::OK, "{state}: {done}");
        }
        for method in ["PATCH", "PUT"] {
            let (status, refused) = access.ask(method, &path, &config("Disabled")).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
            assert_eq!(
                refused["error"]["code"],
                "BMSUserErrorDisablingSoftDeleteStateNotAllowed"
            );
            // Not an error, and no way down.
            access.ask(method, &path, &config("Enabled")).await;
            assert_eq!(is().await, ("AlwaysON".to_owned(), false));
        }
    }
}

#[tokio::test]
async fn roles_and_locks_go_with_what_they_were_given_at() {
    let access = Access::new().await;
    let group = format!("{}/resourceGroups/short", access.subscription);
    let new = json!({"location": "onprem"});
    access.ask("PUT", &group, &new).await;
    let (who, token) = access.application("Of a group").await;
    access.give(&group, 1, &who, "Contributor").await;
    let see = async || access.ask_as(&token, "GET", &group, &Value::Null).await.0;
    assert_eq!(see().await, StatusCode::OK);
    assert_eq!(
        access.ask("DELETE", &group, &Value::Null).await.0,
        StatusCode::OK
    );
    access.ask("PUT", &group, &new).await;
    assert_eq!(see().await, StatusCode::FORBIDDEN);
}
