//! What the service has around its vaults: checks before protection, usages, snapshot groups,
//! rules, locations.

use axum::body::Body;
use axum::http::{Request, header};
use base::Code;
use control::plane::Discovered;
use control::scripted::machine;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fabric::{HOST, World};

impl World {
    async fn validate(&self, machine: &str, vault: &str) -> Value {
        let path = format!(
            "{}/providers/Microsoft.RecoveryServices/locations/onprem/backupPreValidateProtection",
            self.subscription
        );
        let body = json!({
            "resourceType": "VM",
            "resourceId": self.within(&format!("Microsoft.Compute/virtualMachines/{machine}")),
            "vaultId": vault,
            "properties": "",
        });
        let (status, _, answer) = self.ask("POST", &path, &body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Protects a machine and backs it up; gives its item's path.
    pub async fn backed_up(&self, machine: &str) -> String {
        self.protect(machine).await;
        let name = format!("iaasvmcontainerv2;default;{machine}");
        let item = format!(
            "{}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}/protectedItems/VM;{name}",
            self.vault()
        );
        let (status, _, answer) = self
            .ask("POST", &format!("{item}/backup"), &json!({}))
            .await;
        assert_eq!(status, 202, "{answer}");
        self.control.tick().await;
        let jobs = format!(
            "{}/backupJobs?$filter=operation%20eq%20'Backup'",
            self.vault()
        );
        loop {
            tokio::task::yield_now().await;
            let (_, all) = self.get(&jobs).await;
            match all["value"][0]["properties"]["status"].as_str() {
                Some("InProgress") => {}
                ended => {
                    assert_eq!(ended, Some("Completed"), "{all}");
                    return item;
                }
            }
        }
    }

    /// An application: its object id, and a token of it.
    pub async fn application(&self) -> (String, String) {
        let path = format!(
            "{}/providers/Stillpoint.Fabric/applications",
            self.subscription
        );
        let body = json!({"properties": {"displayName": "operator"}});
        let (status, _, made) = self.ask("POST", &path, &body).await;
        assert_eq!(status, 201, "{made}");
        let text = |name: &str| made["properties"][name].as_str().unwrap().to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            text("clientId"),
            text("secret")
        );
        let request = Request::post("/adfs/oauth2/token").body(Body::from(form));
        let (_, _, answer) = self.send(request.unwrap()).await;
        let token = answer["access_token"].as_str().unwrap().to_owned();
        (text("objectId"), token)
    }

    pub async fn give(&self, number: u8, scope: &str, who: &str, role: &str) {
        let authorization = "providers/Microsoft.Authorization";
        let path = format!(
            "{scope}/{authorization}/roleAssignments/00000000-0000-0000-0000-00000000000{number}"
        );
        let role = format!(
            "{}/{authorization}/roleDefinitions/{role}",
            self.subscription
        );
        let body = json!({"properties": {"roleDefinitionId": role, "principalId": who}});
        let (status, _, answer) = self.ask("PUT", &path, &body).await;
        assert_eq!(status, 201, "{answer}");
    }

    pub async fn ask_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.to_string()));
        let (status, _, answer) = self.send(request.unwrap()).await;
        (status, answer)
    }

    async fn protect(&self, machine: &str) {
        let vault = self.vault();
        let container = format!("IaasVMContainer;iaasvmcontainerv2;default;{machine}");
        let path = format!(
            "{vault}/backupFabrics/Azure/protectionContainers/{container}/protectedItems/VM;iaasvmcontainerv2;default;{machine}"
        );
        let body = json!({"properties": {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "policyId": format!("{vault}/backupPolicies/DefaultPolicy"),
            "sourceResourceId": self.within(&format!("Microsoft.Compute/virtualMachines/{machine}")),
        }});
        let (status, headers, answer) = self.ask("PUT", &path, &body).await;
        assert_eq!(status, 202, "{answer}");
        // One operation answers wherever clients look for it.
        let operation = headers["azure-asyncoperation"].to_str().unwrap();
        let operation = operation.split('?').next().unwrap();
        let operation = operation.rsplit('/').next().unwrap();
        let container = format!("{vault}/backupFabrics/Azure/protectionContainers/{container}");
        for (path, expected) in [
            (format!("{container}/operationResults/{operation}"), 204),
            (format!("{container}/operationsStatus/{operation}"), 200),
            (
                format!("{vault}/backupPolicies/DefaultPolicy/operations/{operation}"),
                200,
            ),
            (
                format!("{vault}/backupPolicies/DefaultPolicy/operationResults/{operation}"),
                204,
            ),
        ] {
            assert_eq!(self.get(&path).await.0, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn disc_6_a_machine_is_checked_with_code_and_remedy_before_it_is_protected() {
    let world = World::new().await;
    let vault = world.vault();
    let good = world.validate("web", &vault).await;
    assert_eq!(good["status"], "Succeeded");
    assert_eq!(
        good["containerName"],
        "IaasVMContainer;iaasvmcontainerv2;default;web"
    );
    assert_eq!(
        good["protectedItemName"],
        "VM;iaasvmcontainerv2;default;web"
    );
    world.protect("web").await;
    let bad = world.validate("web", "").await;
    assert_eq!(bad["status"], "Failed");
    assert_eq!(bad["errorCode"], Code::AlreadyProtected.name());
    assert_eq!(bad["recommendation"], Code::AlreadyProtected.remedy());
    let path = format!(
        "{}/providers/Microsoft.RecoveryServices/locations/onprem/backupPreValidateProtection",
        world.subscription
    );
    for (body, status) in [
        (json!({"resourceType": "SQL", "resourceId": "/x"}), 400),
        (json!({"resourceType": "VM"}), 400),
        (
            json!({"resourceId": world.within("Microsoft.Compute/virtualMachines/no")}),
            404,
        ),
    ] {
        assert_eq!(world.ask("POST", &path, &body).await.0, status, "{body}");
    }
    let elsewhere = path.replace("onprem", "moon");
    let body = json!({"resourceId": "/x"});
    assert_eq!(world.ask("POST", &elsewhere, &body).await.0, 400);
}

#[tokio::test]
async fn limit_3_4_the_check_advises_of_small_machines_and_those_of_32_bits() {
    let world = World::new().await;
    let mut small = machine(Uuid::from_u128(1), "web", &[1 << 30]);
    small.hardware.memory = Some(512 << 20);
    let mut old = machine(Uuid::from_u128(2), "db", &[1 << 30]);
    old.hardware.architecture = Some("i686".to_owned());
    let large = machine(Uuid::from_u128(3), "new", &[1 << 30]);
    let found = Discovered {
        machines: vec![small, old, large],
        networks: None,
    };
    world.plane.set(HOST, found);
    world.control.discover().await.unwrap();
    for (name, advice) in [("web", "1 GiB"), ("db", "32 bits"), ("new", "")] {
        let checked = world.validate(name, &world.vault()).await;
        assert_eq!(checked["status"], "Succeeded", "{checked}");
        assert_eq!(checked["errorCode"], "Success", "{checked}");
        let told = checked["recommendation"].as_str().unwrap();
        assert!(told.contains(advice), "{told}");
        assert_eq!(told.is_empty(), advice.is_empty(), "{told}");
    }
}

#[tokio::test]
async fn usages_count_what_a_vault_has_and_lists_of_what_there_is_none_of_are_empty() {
    let world = World::new().await;
    world.protect("web").await;
    let vault = world.vault();
    let (_, usages) = world.get(&format!("{vault}/usages")).await;
    let named = |name: &str| {
        let all = usages["value"].as_array().unwrap();
        all.iter().find(|u| u["name"]["value"] == name).unwrap()
    };
    let items = named("ProtectedItems");
    assert_eq!(
        (&items["currentValue"], &items["limit"]),
        (&json!(1), &json!(1000))
    );
    assert_eq!(named("BackupPolicies")["currentValue"], 2);
    assert_eq!(named("SoftDeletedItems")["currentValue"], 0);
    for kind in [
        "BackupProtectedItemCountSummary",
        "BackupProtectionContainerCountSummary",
    ] {
        let path = format!("{vault}/backupUsageSummaries?$filter=type%20eq%20'{kind}'");
        let (_, summary) = world.get(&path).await;
        assert_eq!(summary["value"][0]["currentValue"], 1, "{summary}");
    }
    let provider = "providers/Microsoft.RecoveryServices/locations/onprem";
    for path in [
        format!("{vault}/replicationUsages"),
        format!("{}/{provider}/deletedVaults", world.subscription),
    ] {
        assert_eq!(
            world.get(&path).await,
            (200, json!({"value": []})),
            "{path}"
        );
    }
}

#[tokio::test]
async fn rules_for_groups_are_made_obeyed_listed_and_deleted() {
    let world = World::new().await;
    let all = format!(
        "{}/providers/Stillpoint.Fabric/admissionRules",
        world.subscription
    );
    let rule = format!("{all}/names");
    let nothing = json!({"properties": {}});
    assert_eq!(world.ask("PUT", &rule, &nothing).await.0, 400);
    let body = json!({"properties": {"namePattern": "team-*", "requiredTags": ["owner"]}});
    let (status, _, made) = world.ask("PUT", &rule, &body).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["properties"]["exemptServiceGroups"], true);
    assert_eq!(world.ask("PUT", &rule, &body).await.0, 200);
    assert_eq!(world.get(&rule).await, (200, made));
    assert_eq!(world.names(&all).await, ["names"]);
    let group = |name: &str| format!("{}/resourcegroups/{name}", world.subscription);
    let plain = json!({"location": "onprem"});
    let tagged = json!({"location": "onprem", "tags": {"owner": "ann"}});
    for (name, body, status) in [
        ("other", &tagged, 403),
        ("team-a", &plain, 403),
        ("team-a", &tagged, 201),
    ] {
        let (was, _, answer) = world.ask("PUT", &group(name), body).await;
        assert_eq!(was, status, "{name}: {answer}");
        if status == 403 {
            assert_eq!(answer["error"]["code"], "RequestDisallowedByPolicy");
        }
    }
    assert_eq!(world.ask("DELETE", &rule, &json!({})).await.0, 200);
    assert_eq!(world.ask("DELETE", &rule, &json!({})).await.0, 204);
    assert_eq!(world.ask("PUT", &group("other"), &plain).await.0, 201);
}

/// LIMIT-1, CONF-14.
#[tokio::test]
async fn limits_are_listed_set_obeyed_and_reset() {
    let world = World::new().await;
    let all = format!("{}/providers/Stillpoint.Fabric/limits", world.subscription);
    assert!(
        world
            .names(&all)
            .await
            .contains(&"vaults_per_location".to_owned())
    );
    let one = format!("{all}/Vaults_per_location");
    let (status, was) = world.get(&one).await;
    assert_eq!((status, &was["properties"]["most"]), (200, &json!(500)));
    for wrong in [json!({}), json!({"properties": {"most": -1}})] {
        assert_eq!(world.ask("PUT", &one, &wrong).await.0, 400, "{wrong}");
    }
    let two = json!({"properties": {"most": 2}});
    assert_eq!(world.ask("PUT", &format!("{all}/moons"), &two).await.0, 404);
    let (status, _, set) = world.ask("PUT", &one, &two).await;
    assert_eq!((status, &set["properties"]["most"]), (200, &json!(2)));
    assert_eq!(set["properties"]["default"], 500);
    let vault = json!({"location": "onprem", "sku": {"name": "Standard"}, "properties": {}});
    let put = |name: &str| {
        let path = world.within(&format!("Microsoft.RecoveryServices/vaults/{name}"));
        let vault = vault.clone();
        let world = &world;
        async move { world.ask("PUT", &path, &vault).await }
    };
    assert_eq!(put("second").await.0, 201);
    let (status, _, answer) = put("third").await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(answer["error"]["code"], "BMSUserErrorLimitReached");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("limit set vaults_per_location"),
        "{message}"
    );
    assert_eq!(world.ask("DELETE", &one, &json!({})).await.0, 200);
    assert_eq!(world.ask("DELETE", &one, &json!({})).await.0, 204);
    assert_eq!(world.get(&one).await, (200, was));
    assert_eq!(put("third").await.0, 201);
}

#[tokio::test]
async fn locations_are_added_and_paired() {
    let world = World::new().await;
    let of = |name: &str| {
        format!(
            "{}/providers/Stillpoint.Fabric/locations/{name}",
            world.subscription
        )
    };
    let north = json!({"properties": {"displayName": "The north", "pairedLocation": "onprem"}});
    let (status, _, made) = world.ask("PUT", &of("north"), &north).await;
    assert_eq!(status, 201, "{made}");
    let pair = json!({"properties": {"pairedLocation": "The North"}});
    let (status, _, first) = world.ask("PUT", &of("onprem"), &pair).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["properties"]["pairedLocation"], "north");
    for (name, body) in [
        ("No Name", json!({})),
        ("south", json!({"properties": {"pairedLocation": "moon"}})),
        ("south", json!({"properties": {"pairedLocation": "south"}})),
    ] {
        let name = name.replace(' ', "%20");
        assert_eq!(world.ask("PUT", &of(&name), &body).await.0, 400, "{name}");
    }
    let path = format!("{}/locations", world.subscription);
    assert_eq!(world.names(&path).await, ["onprem", "north"]);
    let (_, all) = world.get(&path).await;
    let pair = &all["value"][0]["metadata"]["pairedRegion"][0]["name"];
    assert_eq!(pair, "north");
}

#[tokio::test]
async fn if_match_lets_a_vault_change_that_is_as_it_was_seen_and_no_other() {
    let world = World::new().await;
    let vault = world.vault();
    let ask = async |method: &str, tag: &str, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(format!("{vault}?api-version=1"))
            .header(header::AUTHORIZATION, format!("Bearer {}", world.token))
            .header(header::IF_MATCH, tag)
            .body(Body::from(body.to_string()));
        world.send(request.unwrap()).await.0
    };
    let (_, seen) = world.get(&vault).await;
    let seen = seen["etag"].as_str().unwrap();
    let tags = |value: &str| json!({"location": "onprem", "tags": {"a": value}});
    assert_eq!(ask("PATCH", seen, tags("1")).await, 200);
    for method in ["PATCH", "PUT", "DELETE"] {
        assert_eq!(ask(method, seen, tags("2")).await, 412, "{method}");
    }
    assert_eq!(world.get(&vault).await.1["tags"]["a"], "1");
    assert_eq!(ask("PUT", "*", tags("3")).await, 200);
    let (_, now) = world.get(&vault).await;
    let now = now["etag"].as_str().unwrap().to_owned();
    assert_eq!(ask("DELETE", &now, json!({})).await, 204);
    assert_eq!(ask("PUT", &now, tags("4")).await, 412);
}

#[tokio::test]
async fn srg_12_collections_are_listed_on_the_wire_and_deleted() {
    let world = World::new().await;
    let kind = "Microsoft.Compute/restorePointCollections";
    let all = format!("{}/providers/{kind}", world.subscription);
    assert!(world.names(&all).await.is_empty());
    world.backed_up("web").await;
    let name = world.names(&all).await.remove(0);
    assert!(name.starts_with("AzureBackup_web_"), "{name}");
    let group = format!(
        "{}/resourceGroups/AzureBackupRG_onprem_1",
        world.subscription
    );
    let one = format!("{group}/providers/{kind}/{name}");
    let (_, shown) = world.get(&one).await;
    assert_eq!(shown["id"], one);
    let source = &shown["properties"]["source"]["id"];
    assert_eq!(
        *source,
        world.within("Microsoft.Compute/virtualMachines/web")
    );
    assert_eq!(world.names(&format!("{one}/restorePoints")).await.len(), 1);
    let (_, owner) = world.get(&group).await;
    assert_eq!(owner["managedBy"], "Microsoft.RecoveryServices");
    let lock = format!("{group}/providers/Microsoft.Authorization/locks/keep");
    let level = json!({"properties": {"level": "CanNotDelete"}});
    assert_eq!(world.ask("PUT", &lock, &level).await.0, 201);
    let (status, _, locked) = world.ask("DELETE", &one, &json!({})).await;
    assert_eq!(
        (status, &locked["error"]["code"]),
        (409, &json!("ScopeLocked"))
    );
    assert_eq!(world.ask("DELETE", &lock, &json!({})).await.0, 200);
    assert_eq!(world.ask("DELETE", &one, &json!({})).await.0, 202);
    assert_eq!(
        world.get(&one).await.1["properties"]["provisioningState"],
        "Deleting"
    );
    world.control.maintain().await;
    assert_eq!(world.get(&one).await.0, 404);
    assert_eq!(world.ask("DELETE", &one, &json!({})).await.0, 204);
}

#[tokio::test]
async fn restore_18_a_restore_needs_rights_on_the_machine_and_where_it_goes() {
    let world = World::new().await;
    let item = world.backed_up("web").await;
    let point = world
        .names(&format!("{item}/recoveryPoints"))
        .await
        .remove(0);
    let (who, token) = world.application().await;
    world
        .give(
            1,
            &world.vault(),
            &who,
            "00c29273-979b-4161-815c-10b084fb9324",
        )
        .await;
    // DISC-11: the list needs no rights on the machines.
    let listed = format!("{}/backupProtectableItems?api-version=1", world.vault());
    let (_, listed) = world.ask_as(&token, "GET", &listed, &json!({})).await;
    assert_eq!(listed["value"][0]["properties"]["friendlyName"], "db");
    // Of a list of all it sees what it has a role at.
    let vaults = format!(
        "{}/providers/Microsoft.RecoveryServices/vaults?api-version=1",
        world.subscription
    );
    let other = world.within("Microsoft.RecoveryServices/vaults/v2");
    world
        .ask("PUT", &other, &json!({"location": "onprem"}))
        .await;
    let (_, listed) = world.ask_as(&token, "GET", &vaults, &json!({})).await;
    let listed = listed["value"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]["name"]), (1, &json!("v1")));
    let account = world
        .names(&world.within("Microsoft.Storage/storageAccounts"))
        .await;
    let account = world.within(&format!("Microsoft.Storage/storageAccounts/{}", account[0]));
    let group = world.within("").replace("/providers/", "");
    let body = json!({"properties": {
        "recoveryType": "RestoreDisks",
        "storageAccountId": account,
        "targetResourceGroupId": group,
    }});
    let restore = format!("{item}/recoveryPoints/{point}/restore?api-version=1");
    let machine = world.within("Microsoft.Compute/virtualMachines/web");
    // Virtual Machine Contributor, then Contributor.
    for (number, lacks, scope, role) in [
        (
            2,
            "virtualMachines/write",
            &machine,
            "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
        ),
        (
            3,
            "storageAccounts/write",
            &account,
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
        ),
        (
            4,
            "resourceGroups/write",
            &group,
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
        ),
    ] {
        let (status, answer) = world.ask_as(&token, "POST", &restore, &body).await;
        assert_eq!(status, 403, "{answer}");
        let text = answer["error"]["message"].as_str().unwrap();
        assert!(text.contains(lacks), "{text}");
        world.give(number, scope, &who, role).await;
    }
    let (status, answer) = world.ask_as(&token, "POST", &restore, &body).await;
    assert_eq!(status, 202, "{answer}");
}
