//! What a protected item tells of itself, what keeps a machine from becoming one, and what a
//! restore from it tells as it goes on.

use axum::body::Body;
use axum::http::{Request, header};
use base::Code;
use control::plane::Discovered;
use control::scripted::{Act, Ends, Phase, machine};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fabric::{HOST, World};

const WEB: Uuid = Uuid::from_u128(1);

impl World {
    /// The path of a machine's item in a vault.
    fn item_in(&self, vault: &str, machine: &str) -> String {
        let name = format!("iaasvmcontainerv2;default;{machine}");
        format!(
            "{}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}/protectedItems/VM;{name}",
            self.within(&format!("Microsoft.RecoveryServices/vaults/{vault}"))
        )
    }

    /// Asks for a machine to be protected in a vault.
    async fn enable(&self, vault: &str, machine: &str) -> (u16, Value) {
        let policy =
            format!("Microsoft.RecoveryServices/vaults/{vault}/backupPolicies/DefaultPolicy");
        let body = json!({"properties": {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "policyId": self.within(&policy),
            "sourceResourceId": self.within(&format!("Microsoft.Compute/virtualMachines/{machine}")),
        }});
        let (status, _, answer) = self.ask("PUT", &self.item_in(vault, machine), &body).await;
        (status, answer)
    }

    async fn add_vault(&self, name: &str, location: &str) {
        let path = self.within(&format!("Microsoft.RecoveryServices/vaults/{name}"));
        let (status, _, answer) = self.ask("PUT", &path, &json!({"location": location})).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Backs an item up, however it ends; gives the item.
    async fn after_backup(&self, item: &str) -> Value {
        let backup = format!("{item}/backup");
        let (status, _, answer) = self.ask("POST", &backup, &json!({})).await;
        assert_eq!(status, 202, "{answer}");
        self.control.tick().await;
        while self.newest_job("Backup").await["status"] == "InProgress" {
            tokio::task::yield_now().await;
        }
        self.get(item).await.1["properties"].take()
    }

    /// Begins a restore that takes half an hour.
    async fn begin_restore(&self, item: &str) {
        let points = format!("{item}/recoveryPoints");
        let point = self.names(&points).await.remove(0);
        self.plane.play(WEB, Phase::Restore, &[Act::well(30)]);
        let asked = json!({"properties": {
            "recoveryType": "RestoreDisks",
            "storageAccountId": self.within("Microsoft.Storage/storageAccounts/restores"),
        }});
        let restore = format!("{points}/{point}/restore");
        let (status, _, answer) = self.ask("POST", &restore, &asked).await;
        assert_eq!(status, 202, "{answer}");
        self.control.tick().await;
        while self.plane.waiting() == 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn newest_job(&self, operation: &str) -> Value {
        let filter = format!("$filter=operation%20eq%20'{operation}'");
        let jobs = format!("{}/backupJobs?{filter}", self.vault());
        let (_, mut all) = self.get(&jobs).await;
        let id = all["value"][0]["name"].take();
        let one = format!("{}/backupJobs/{}", self.vault(), id.as_str().unwrap());
        self.get(&one).await.1["properties"].take()
    }
}

#[tokio::test]
async fn vault_8_9_a_machine_of_another_region_or_with_another_vault_is_refused_by_its_code() {
    let world = World::new().await;
    let moon = format!(
        "{}/providers/Stillpoint.Fabric/locations/moon",
        world.subscription
    );
    assert_eq!(world.ask("PUT", &moon, &json!({})).await.0, 201);
    world.add_vault("far", "moon").await;
    let (status, refused) = world.enable("far", "web").await;
    assert_eq!(status, 400, "{refused}");
    assert_eq!(refused["error"]["code"], "BMSUserErrorRegionMismatch");
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("moon") && message.contains("onprem"),
        "{message}"
    );

    assert_eq!(world.enable("v1", "web").await.0, 202);
    world.add_vault("v2", "onprem").await;
    let (status, refused) = world.enable("v2", "web").await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["error"]["code"], "BMSUserErrorAlreadyProtected");
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("/vaults/v1/"), "{message}");
    for vault in ["far", "v2"] {
        let item = world.item_in(vault, "web");
        assert_eq!(world.get(&item).await.0, 404, "{vault}");
    }
    // Its neighbour is free.
    assert_eq!(world.enable("v2", "db").await.0, 202);
}

#[tokio::test]
async fn api_7_an_item_tells_its_points_next_run_and_disks() {
    let world = World::new().await;
    let item = world.item_in("v1", "web");
    assert_eq!(world.enable("v1", "web").await.0, 202);
    let info = |item: &Value| item["properties"]["extendedInfo"].clone();
    let fresh = info(&world.get(&item).await.1);
    assert_eq!(fresh["recoveryPointCount"], 0);
    assert_eq!(fresh["oldestRecoveryPoint"], Value::Null);
    assert_eq!(fresh["newestRecoveryPoint"], Value::Null);
    // At 19:30, and up to two hours later (POLICY-24).
    let next: Timestamp = fresh["stillpointNextRun"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let due: Timestamp = "2026-03-01T19:30:00Z".parse().unwrap();
    assert!(
        (0..=7200).contains(&next.duration_since(due).as_secs()),
        "{next}"
    );

    world.after_backup(&item).await;
    world.clock.advance(SignedDuration::from_mins(20));
    let properties = world.after_backup(&item).await;
    let info = &properties["extendedInfo"];
    assert_eq!(info["recoveryPointCount"], 2);
    assert_eq!(info["oldestRecoveryPoint"], "2026-03-01T12:00:00Z");
    assert_eq!(info["newestRecoveryPoint"], "2026-03-01T12:20:00Z");
    assert_eq!(info["stillpointNextRun"], fresh["stillpointNextRun"]);
    assert_eq!(info["policyInconsistent"], false);
    assert_eq!(properties["lastBackupStatus"], "Completed");
    assert_eq!(properties["lastBackupTime"], "2026-03-01T12:20:00Z");
    assert_eq!(properties["lastRecoveryPoint"], "2026-03-01T12:20:00Z");
    assert!(properties["extendedProperties"].is_null(), "{properties}");

    let chosen = json!({"diskLunList": [0], "isInclusionList": false});
    let change = json!({"properties": {
        "policyId": format!("{}/backupPolicies/EnhancedPolicy", world.vault()),
        "sourceResourceId": world.within("Microsoft.Compute/virtualMachines/web"),
        "extendedProperties": {"diskExclusionProperties": chosen},
    }});
    assert_eq!(world.ask("PUT", &item, &change).await.0, 202);
    let shown = world.get(&item).await.1["properties"].take();
    assert_eq!(
        shown["extendedProperties"]["diskExclusionProperties"],
        chosen
    );
    assert_eq!(shown["policyName"], "EnhancedPolicy");
    // Every four hours from 08:00, and so sooner.
    let sooner = &shown["extendedInfo"]["stillpointNextRun"];
    let sooner: Timestamp = sooner.as_str().unwrap().parse().unwrap();
    assert!(sooner < next, "{sooner}");
}

/// The three that tell how an item is: its state, and its health in two forms.
fn health(item: &Value) -> [&str; 3] {
    let names = ["protectionState", "protectionStatus", "healthStatus"];
    names.map(|name| item[name].as_str().unwrap())
}

#[tokio::test]
async fn prot_10_an_item_whose_backups_fail_says_so_and_what_to_do_until_one_succeeds() {
    let world = World::new().await;
    let item = world.backed_up("web").await;
    let well = world.get(&item).await.1["properties"].take();
    assert_eq!(health(&well), ["Protected", "Healthy", "Passed"]);
    assert_eq!(well["healthDetails"], json!([]));

    let code = Code::StoreUnavailable;
    let fails = Act::ends(Ends::Fails(code));
    world.plane.play(WEB, Phase::Snapshot, &[fails]);
    let failed = world.after_backup(&item).await;
    assert_eq!(
        health(&failed),
        ["ProtectionError", "Healthy", "ActionSuggested"]
    );
    assert_eq!(failed["lastBackupStatus"], "Failed");
    let told = &failed["healthDetails"][0];
    assert_eq!(told["title"], code.name(), "{told}");
    assert_eq!(told["recommendations"], json!([code.remedy()]));

    // PROT-14: a backup of what is gone makes it critical.
    let only = |machines| {
        let networks = None;
        world.plane.set(HOST, Discovered { machines, networks });
    };
    let db = || machine(Uuid::from_u128(2), "db", &[1 << 30]);
    only(vec![db()]);
    let gone = world.after_backup(&item).await;
    assert_eq!(
        health(&gone),
        ["ProtectionError", "Unhealthy", "ActionRequired"]
    );
    assert_eq!(
        gone["healthDetails"][0]["title"],
        Code::MachineNotFound.name()
    );

    only(vec![machine(WEB, "web", &[1 << 30]), db()]);
    let again = world.after_backup(&item).await;
    assert_eq!(health(&again), ["Protected", "Healthy", "Passed"]);
    assert_eq!(again["healthDetails"], json!([]));
}

#[tokio::test]
async fn vault_21_a_lock_on_the_group_keeps_an_items_backups() {
    let world = World::new().await;
    let item = world.backed_up("web").await;
    let lock = world.within("Microsoft.Authorization/locks/keep");
    let level = json!({"properties": {"level": "CanNotDelete"}});
    assert_eq!(world.ask("PUT", &lock, &level).await.0, 201);
    let (status, _, kept) = world.ask("DELETE", &item, &json!({})).await;
    assert_eq!(
        (status, &kept["error"]["code"]),
        (409, &json!("ScopeLocked"))
    );
    let there = world.get(&item).await.1["properties"].take();
    assert_eq!(there["isScheduledForDeferredDelete"], false);
    assert_eq!(there["protectionState"], "Protected");
    // What deletes nothing is not kept from anybody.
    let stop = json!({"properties": {
        "protectionState": "ProtectionStopped",
        "sourceResourceId": world.within("Microsoft.Compute/virtualMachines/web"),
    }});
    assert_eq!(world.ask("PUT", &item, &stop).await.0, 202);
    assert_eq!(
        world.names(&format!("{item}/recoveryPoints")).await.len(),
        1
    );
    assert_eq!(world.ask("DELETE", &lock, &json!({})).await.0, 200);
    assert_eq!(world.ask("DELETE", &item, &json!({})).await.0, 202);
    let there = world.get(&item).await.1["properties"].take();
    assert_eq!(there["isScheduledForDeferredDelete"], true);
}

#[tokio::test]
async fn vault_18_a_deletion_of_data_goes_on_until_the_vault_can_be_deleted() {
    let world = World::new().await;
    let item = world.backed_up("web").await;
    let config = format!("{}/backupconfig/vaultconfig", world.vault());
    let off = json!({"properties": {"softDeleteFeatureState": "Disabled"}});
    assert_eq!(world.ask("PATCH", &config, &off).await.0, 200);
    world.begin_restore(&item).await;
    // It waits for the restore, which reads what is to be deleted.
    let (status, headers, _) = world.ask("DELETE", &item, &json!({})).await;
    assert_eq!(status, 202);
    let link = |name: &str| {
        let link = headers[name].to_str().unwrap();
        let path = link.strip_prefix("https://here:1").unwrap();
        path.split('?').next().unwrap().to_owned()
    };
    let (asked, result) = (link("azure-asyncoperation"), link("location"));
    let nothing = json!({});
    world.control.tick().await;
    let (_, shown) = world.get(&asked).await;
    assert_eq!(shown["status"], "InProgress", "{shown}");
    let job = shown["properties"]["jobId"].as_str().unwrap();
    assert_eq!(world.get(&result).await.0, 202);
    assert_eq!(world.ask("DELETE", &world.vault(), &nothing).await.0, 400);

    world.clock.advance(SignedDuration::from_mins(30));
    world.plane.sleeper().wake();
    while world.get(&asked).await.1["status"] == "InProgress" {
        world.clock.advance(SignedDuration::from_secs(5));
        world.control.tick().await;
        tokio::task::yield_now().await;
    }
    let (_, shown) = world.get(&asked).await;
    assert_eq!(shown["status"], "Succeeded", "{shown}");
    assert_eq!(shown["properties"]["jobId"], job);
    assert_eq!(world.get(&result).await.0, 204);
    assert_eq!(world.ask("DELETE", &world.vault(), &nothing).await.0, 204);
}

#[tokio::test]
async fn restore_16_a_restore_that_goes_on_tells_percent_bytes_and_the_time_that_is_left() {
    let world = World::new().await;
    let item = world.backed_up("web").await;
    world.begin_restore(&item).await;
    // A quarter of 11 GiB, at 1 MiB a second.
    let job = world.newest_job("Restore").await;
    assert_eq!(job["status"], "InProgress", "{job}");
    let info = &job["extendedInfo"];
    assert_eq!(info["progressPercentage"], 25.0, "{job}");
    assert_eq!(info["estimatedRemainingDuration"], "PT2H20M48.00S");
    let task = &info["tasksList"][0];
    assert_eq!(task["taskId"], "Transfer data from vault");
    assert_eq!(task["progressPercentage"], 25.0);
    assert_eq!(
        task["taskExecutionDetails"],
        "2.8 GiB / 11.0 GiB Transferred"
    );

    world.clock.advance(SignedDuration::from_mins(30));
    world.plane.sleeper().wake();
    let ended = loop {
        let job = world.newest_job("Restore").await;
        if job["status"] != "InProgress" {
            break job;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(ended["status"], "Completed", "{ended}");
    let info = &ended["extendedInfo"];
    assert_eq!(info["tasksList"][0]["status"], "Completed");
    assert!(info["progressPercentage"].is_null(), "{ended}");
}

#[tokio::test]
async fn links_are_of_the_public_url_whatever_host_a_request_names() {
    let world = World::new().await;
    let strange = |method: &str, path: &str, token: &str, body: &Value| {
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}?api-version=1"))
            .header(header::HOST, "evil.example:666")
            .header("x-forwarded-host", "evil.example")
            .header("forwarded", "host=evil.example;proto=http")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.to_string()));
        world.send(request.unwrap())
    };
    let none = json!({});
    let (_, _, told) = strange("GET", "/metadata/endpoints", "", &none).await;
    assert_eq!(told["resourceManager"], "https://here:1");
    assert!(!told.to_string().contains("evil"), "{told}");
    let openid = "/adfs/.well-known/openid-configuration";
    let (_, _, told) = strange("GET", openid, "", &none).await;
    assert_eq!(told["token_endpoint"], "https://here:1/adfs/oauth2/token");
    assert!(!told.to_string().contains("evil"), "{told}");

    let (status, headers, _) = strange("GET", "/subscriptions", "no", &none).await;
    assert_eq!(status, 401);
    let challenge = headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("\"https://here:1/adfs\""), "{challenge}");

    let body = json!({"properties": {
        "policyId": format!("{}/backupPolicies/DefaultPolicy", world.vault()),
        "sourceResourceId": world.within("Microsoft.Compute/virtualMachines/web"),
    }});
    let item = world.item_in("v1", "web");
    let (status, headers, answer) = strange("PUT", &item, &world.token, &body).await;
    assert_eq!(status, 202, "{answer}");
    for name in ["azure-asyncoperation", "location"] {
        let link = headers[name].to_str().unwrap();
        let begins = "https://here:1/subscriptions/";
        assert!(link.starts_with(begins), "{name}: {link}");
    }
}
