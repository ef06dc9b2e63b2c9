//! Hosts, machines, networks and restore folders, as clients see them.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::sync::Arc;

use api::App;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use base::{ManualClock, SeededRandom};
use control::plane::{Discovered, FoundNetwork};
use control::scripted::{Scripted, machine};
use control::{Control, FirstStart, Start};
use hypervisor::{AgentStatus, MachineState};
use jiff::Timestamp;
use serde_json::{Value, json};
use state::networks::NetworkSource;
use tower::ServiceExt;
use uuid::Uuid;

use crate::document;

pub const HOST: &str = "test:///host1";

pub struct World {
    _folder: tempfile::TempDir,
    pub service: Router,
    pub control: Arc<Control>,
    pub clock: Arc<ManualClock>,
    pub plane: Arc<Scripted>,
    pub token: String,
    first: FirstStart,
    pub subscription: String,
}

impl World {
    /// A server whose host has the machines `web` and `db`, and a vault `v1`.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(now));
        let plane = Arc::new(Scripted::new(clock.clone()));
        let mut first = None;
        let start = Start {
            data: folder.path().to_owned(),
            state: None,
            pool: None,
            names: vec!["here".to_owned()],
            host: "host1".to_owned(),
            connection: HOST.to_owned(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
            plane: plane.clone(),
            options: control::Options::default(),
        };
        let keep = async |shown: &FirstStart, _: &str| {
            first = Some(shown.clone());
            Ok(())
        };
        let (control, ..) = Control::open(start, keep).await.unwrap();
        let control = Arc::new(control);
        let mut world = Self {
            _folder: folder,
            service: api::service(App::new(control.clone(), "https://here:1")),
            subscription: format!("/subscriptions/{}", control.subscription().id),
            control,
            clock,
            plane,
            token: String::new(),
            first: first.unwrap(),
        };
        world.log_in().await;
        world.set(&[("web", 1), ("db", 2)]);
        world.control.discover().await.unwrap();
        let vault = world.vault();
        let (status, _, answer) = world
            .ask("PUT", &vault, &json!({"location": "onprem"}))
            .await;
        assert_eq!(status, 201, "{answer}");
        world
    }

    fn set(&self, machines: &[(&str, u128)]) {
        let gib = 1 << 30;
        let one = |m: &(&str, u128)| machine(Uuid::from_u128(m.1), m.0, &[10 * gib, gib + 1]);
        let network = FoundNetwork {
            source: NetworkSource::Libvirt("default".to_owned()),
            addresses: Some("192.168.122.0/24".to_owned()),
        };
        let found = Discovered {
            machines: machines.iter().map(one).collect(),
            networks: Some(vec![network]),
        };
        self.plane.set(HOST, found);
    }

    pub fn vault(&self) -> String {
        self.within("Microsoft.RecoveryServices/vaults/v1")
    }

    pub fn within(&self, what: &str) -> String {
        format!(
            "{}/resourceGroups/default/providers/{what}",
            self.subscription
        )
    }

    /// Takes a token of this hour.
    pub async fn log_in(&mut self) {
        let first = &self.first;
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            first.client_id, first.secret
        );
        let request = Request::post("/adfs/oauth2/token").body(Body::from(form));
        let (_, _, answer) = self.send(request.unwrap()).await;
        self.token = answer["access_token"].as_str().unwrap().to_owned();
    }

    /// The answer, which is one that the OpenAPI document tells of.
    pub async fn send(&self, request: Request<Body>) -> (u16, HeaderMap, Value) {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let service = self.service.clone();
        let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let value = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).unwrap(),
        };
        document::check(&method, &path, parts.status, &parts.headers, &value);
        (parts.status.as_u16(), parts.headers, value)
    }

    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, HeaderMap, Value) {
        let joined = if path.contains('?') { '&' } else { '?' };
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}{joined}api-version=1"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let (status, _, answer) = self.ask("GET", path, &json!({})).await;
        (status, answer)
    }

    /// The names of a list.
    pub async fn names(&self, path: &str) -> Vec<String> {
        let (status, answer) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        let all = answer["value"].as_array().unwrap().iter();
        all.map(|v| v["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn g9_machines_have_the_shape_and_the_case_that_clients_cut_up() {
    let world = World::new().await;
    let machines = "Microsoft.Compute/virtualMachines";
    let all = format!("{}/providers/{machines}", world.subscription);
    assert_eq!(world.names(&all).await, ["db", "web"]);
    assert_eq!(world.names(&world.within(machines)).await, ["db", "web"]);
    let (status, web) = world.get(&world.within(&format!("{machines}/WEB"))).await;
    assert_eq!(status, 200, "{web}");
    let id = world.within(&format!("{machines}/web"));
    assert_eq!(web["id"], id);
    assert_eq!(web["type"], machines);
    assert_eq!(web["location"], "onprem");
    assert_eq!(
        web["properties"]["vmId"],
        "00000000-0000-0000-0000-000000000001"
    );
    let storage = &web["properties"]["storageProfile"];
    assert_eq!(storage["osDisk"]["name"], "web-vda");
    assert_eq!(storage["osDisk"]["diskSizeGB"], 10);
    assert!(storage["osDisk"].get("lun").is_none());
    let data = &storage["dataDisks"][0];
    assert_eq!((&data["lun"], &data["diskSizeGB"]), (&json!(0), &json!(2)));
    assert_eq!(
        data["managedDisk"]["id"],
        world.within("Microsoft.Compute/disks/web-vdb")
    );
    let (status, missing) = world.get(&world.within(&format!("{machines}/x"))).await;
    assert_eq!(status, 404);
    assert_eq!(missing["error"]["code"], "ResourceNotFound");
}

#[tokio::test]
async fn disc_2_a_machine_tells_whether_it_runs_and_whether_its_agent_answers() {
    let world = World::new().await;
    let path = world.within("Microsoft.Compute/virtualMachines/web");
    let answers = AgentStatus::Responding {
        version: "9.0".to_owned(),
    };
    for (state, agent, power, shown) in [
        (MachineState::Running, &answers, "running", json!("Ready")),
        (
            MachineState::Running,
            &AgentStatus::NotResponding,
            "running",
            json!("Not Ready"),
        ),
        (
            MachineState::Running,
            &AgentStatus::NotConfigured,
            "running",
            json!("Not Ready"),
        ),
        // What is off has no agent that could answer.
        (
            MachineState::Stopped,
            &AgentStatus::NotResponding,
            "stopped",
            Value::Null,
        ),
    ] {
        let mut found = machine(Uuid::from_u128(1), "web", &[1 << 30]);
        (found.state, found.agent) = (state, agent.clone());
        let found = Discovered {
            machines: vec![found],
            networks: None,
        };
        world.plane.set(HOST, found);
        world.control.discover().await.unwrap();
        let (_, web) = world.get(&path).await;
        let view = &web["properties"]["instanceView"];
        let code = format!("PowerState/{power}");
        assert_eq!(view["statuses"][0]["code"], code, "{agent:?}: {web}");
        let status = &view["vmAgent"]["statuses"][0];
        assert_eq!(status["displayStatus"], shown, "{agent:?}: {web}");
        let absent = status["message"].as_str().map(|m| m.contains("no channel"));
        let is_absent = *agent == AgentStatus::NotConfigured;
        assert_eq!(absent.unwrap_or(false), is_absent, "{web}");
    }
}

#[tokio::test]
async fn a_restore_finds_its_folder_and_its_network_and_no_classic_ones() {
    let world = World::new().await;
    let group = format!("{}/resourcegroups/default", world.subscription);
    let classic = format!("{group}/providers/Microsoft.ClassicStorage/storageAccounts//restores");
    let (status, answer) = world.get(&classic).await;
    assert_eq!(status, 404);
    assert_eq!(answer["error"]["code"], "InvalidResourceType");
    let path = format!("{group}/providers/Microsoft.Storage/storageAccounts//restores");
    let (status, account) = world.get(&path).await;
    assert_eq!(status, 200, "{account}");
    let id = world.within("Microsoft.Storage/storageAccounts/restores");
    assert_eq!(account["id"], id);
    let path = format!("{group}/providers/Microsoft.Network/virtualNetworks//default");
    let (status, network) = world.get(&path).await;
    assert_eq!(status, 200, "{network}");
    let id = world.within("Microsoft.Network/virtualNetworks/default");
    assert_eq!(network["id"], id);
    let subnet = &network["properties"]["subnets"][0];
    assert_eq!(subnet["id"], format!("{id}/subnets/default"));
    assert_eq!(subnet["name"], "default");
    assert_eq!(subnet["properties"]["addressPrefix"], "192.168.122.0/24");
    for (what, name) in [
        ("Microsoft.Storage/storageAccounts", "restores"),
        ("Microsoft.Network/virtualNetworks", "default"),
    ] {
        let all = format!("{}/providers/{what}", world.subscription);
        assert_eq!(world.names(&all).await, [name]);
        assert_eq!(world.names(&world.within(what)).await, [name]);
    }
}

#[tokio::test]
async fn all_resources_are_listed_by_group_and_by_type() {
    let world = World::new().await;
    let all = format!("{}/resources", world.subscription);
    let names = ["host1", "default", "db", "web", "default", "v1", "restores"];
    assert_eq!(world.names(&all).await, names);
    let of_group = format!("{all}?%24filter=resourceGroup+eq+%27DEFAULT%27&$expand=createdTime");
    assert_eq!(world.names(&of_group).await, names[2..]);
    let vaults = format!("{all}?$filter=resourceType%20eq%20'microsoft.recoveryservices/vaults'");
    assert_eq!(world.names(&vaults).await, ["v1"]);
    let nowhere = format!("{all}?$filter=resourceGroup%20eq%20'nowhere'");
    let (status, answer) = world.get(&nowhere).await;
    assert_eq!(status, 404);
    assert_eq!(answer["error"]["code"], "ResourceGroupNotFound");
    let (status, answer) = world.get(&format!("{all}?$filter=x")).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (400, &json!("BadArgument"))
    );
}

#[tokio::test]
async fn disc_8_a_refresh_is_202_and_then_204() {
    let world = World::new().await;
    let items = format!("{}/backupProtectableItems", world.vault());
    world.set(&[("web", 1), ("new", 3)]);
    let path = format!("{}/backupFabrics/Azure/refreshContainers", world.vault());
    let (status, headers, answer) = world.ask("POST", &path, &json!({})).await;
    assert_eq!((status, answer), (202, Value::Null));
    let location = headers[header::LOCATION].to_str().unwrap();
    let path = location.strip_prefix("https://here:1").unwrap();
    let operations = format!("{}/backupFabrics/Azure/operationResults/", world.vault());
    assert!(path.starts_with(&operations), "{path}");
    assert!(headers.contains_key(header::RETRY_AFTER));
    assert_eq!(world.get(path).await, (204, Value::Null));
    let other = format!("{operations}{}", Uuid::nil());
    assert_eq!(world.get(&other).await.0, 404);
    let filter = "$filter=backupManagementType%20eq%20%27AzureIaasVM%27";
    let (_, answer) = world.get(&format!("{items}?{filter}")).await;
    let web = &answer["value"][1];
    assert_eq!(answer["value"][0]["properties"]["friendlyName"], "new");
    // DISC-9.
    let name = "iaasvmcontainerv2;default;web";
    let container = format!("protectionContainers/IaasVMContainer;{name}");
    let id = format!("{}/backupFabrics/Azure/{container}", world.vault());
    assert_eq!(web["id"], format!("{id}/protectableItems/vm;{name}"));
    assert_eq!(web["name"], name);
    let properties = &web["properties"];
    assert_eq!(properties["protectionState"], "NotProtected");
    assert_eq!(properties["resourceGroup"], "default");
    let machine = world.within("Microsoft.Compute/virtualMachines/web");
    assert_eq!(properties["virtualMachineId"], machine);
    let other = format!("{items}?$filter=backupManagementType%20eq%20'AzureWorkload'");
    assert!(world.names(&other).await.is_empty());
}

#[tokio::test]
async fn hosts_are_shown_added_and_changed() {
    let world = World::new().await;
    let hosts = format!("{}/providers/Stillpoint.Fabric/hosts", world.subscription);
    assert_eq!(world.names(&hosts).await, ["host1"]);
    let (_, host) = world.get(&format!("{hosts}/HOST1")).await;
    assert_eq!(host["properties"]["connection"], HOST);
    assert_eq!(host["properties"]["group"], "default");
    assert_eq!(host["properties"]["seen"], "2026-03-01T12:00:00Z");
    let one = format!("{hosts}/host2");
    let new = json!({"location": "onprem", "properties": {
        "connection": "test:///host2",
        "group": format!("{}/resourceGroups/default", world.subscription),
        "scratchLimit": 5,
    }});
    let (status, _, answer) = world.ask("PUT", &one, &new).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["properties"]["scratchLimit"], 5);
    assert_eq!(answer["properties"]["seen"], Value::Null);
    let (status, _, same) = world.ask("PUT", &one, &answer).await;
    assert_eq!((status, &same), (200, &answer));
    let taken =
        json!({"location": "onprem", "properties": {"connection": HOST, "group": "default"}});
    let (status, _, answer) = world.ask("PUT", &format!("{hosts}/host3"), &taken).await;
    assert_eq!(status, 409, "{answer}");
    assert_eq!(world.ask("DELETE", &one, &Value::Null).await.0, 200);
    assert_eq!(world.ask("DELETE", &one, &Value::Null).await.0, 204);
    let own = format!("{hosts}/host1");
    let (status, _, answer) = world.ask("DELETE", &own, &Value::Null).await;
    assert_eq!(status, 409, "{answer}");
}

#[tokio::test]
async fn nothing_of_it_is_answered_without_a_token() {
    let world = World::new().await;
    let hosts = format!("{}/providers/Stillpoint.Fabric/hosts", world.subscription);
    let vault = world.vault();
    for (method, path) in [
        ("GET", world.within("Microsoft.Compute/virtualMachines")),
        (
            "GET",
            world.within("Microsoft.Storage/storageAccounts/restores"),
        ),
        (
            "GET",
            world.within("Microsoft.Network/virtualNetworks/default"),
        ),
        ("GET", format!("{}/resources", world.subscription)),
        ("GET", hosts.clone()),
        ("PUT", format!("{hosts}/host2")),
        ("GET", format!("{vault}/backupProtectableItems")),
        (
            "POST",
            format!("{vault}/backupFabrics/Azure/refreshContainers"),
        ),
        (
            "GET",
            format!("{vault}/backupFabrics/Azure/operationResults/x"),
        ),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}?api-version=1"))
            .body(Body::empty());
        let (status, _, _) = world.send(request.unwrap()).await;
        assert_eq!(status, 401, "{method} {path}");
    }
}
