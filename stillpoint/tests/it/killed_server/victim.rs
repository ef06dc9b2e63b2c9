//! The server that is killed, its scripted host, and a client that notices when it is gone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reqwest::{Certificate, Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::disk::noise;
use testkit::scripted::ScriptedFolder;

use crate::serving::{Server, free_port};
use crate::user::shown;

/// Bytes of a machine's one disk.
const SIZE: usize = 3 << 20;
/// How long a job may take that was taken up again.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a request.
#[derive(Debug)]
pub enum Answered {
    /// It was acknowledged: the body, and the operation if it goes on.
    Yes(Value, Option<String>),
    /// It was refused for a reason.
    No(
        StatusCode,
        #[allow(dead_code, reason = "shown where a test fails")] Value,
    ),
    /// The server went away before it answered.
    Gone,
}

/// See the module.
pub struct Victim {
    folder: tempfile::TempDir,
    host: ScriptedFolder,
    port: u16,
    server: Option<Server>,
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
    token: String,
    /// The path of the group.
    group: String,
    machines: usize,
    /// Of what the machines hold.
    seed: u64,
}

impl Victim {
    pub fn new(machines: usize, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = ScriptedFolder::new(&folder.path().join("host")).unwrap();
        let port = free_port();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut victim = Self {
            host,
            port,
            server: None,
            runtime,
            http: reqwest::Client::new(),
            token: String::new(),
            group: String::new(),
            machines,
            seed,
            folder,
        };
        victim.write(0);
        let server = Server::start(&victim.data(), port, &victim.host.connection());
        victim.log_in(&server);
        victim.server = Some(server);
        victim.wait_for_machines();
        let vault = json!({"location": "onprem"});
        victim.done(&victim.send(Method::PUT, &victim.vault(""), Some(vault)));
        let off = json!({"properties": {"softDeleteFeatureState": "Disabled"}});
        let config = victim.vault("/backupconfig/vaultconfig");
        victim.done(&victim.send(Method::PATCH, &config, Some(off)));
        victim
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_in(&mut self, server: &Server) {
        let (secret, words) = shown(server);
        let at = words.iter().position(|w| w == "--client-id").unwrap();
        let ca = std::fs::read(self.data().join("ca.pem")).unwrap();
        let trusted = Certificate::from_pem_bundle(&ca).unwrap();
        self.http = reqwest::Client::builder()
            .no_proxy()
            // A connection to the one that was killed is of no use.
            .pool_max_idle_per_host(0)
            .tls_certs_only(trusted)
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={secret}",
            words[at + 1]
        );
        let url = format!("https://localhost:{}/adfs/oauth2/token", self.port);
        let asked = self.http.post(url).body(form);
        let token = self.runtime.block_on(async {
            let text = asked.send().await.unwrap().text().await.unwrap();
            serde_json::from_str::<Value>(&text).unwrap()
        });
        self.token = token["access_token"].as_str().unwrap().to_owned();
        let all = self.get("/subscriptions");
        let id = all["value"][0]["id"].as_str().unwrap();
        self.group = format!("{id}/resourceGroups/default");
    }

    fn wait_for_machines(&self) {
        let path = format!("{}/providers/Microsoft.Compute/virtualMachines", self.group);
        let began = Instant::now();
        while self.list(&path).len() < self.machines {
            assert!(began.elapsed() < PATIENCE, "no machines are found");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// SIGKILL, after a while.
    pub fn kill_after(&self, after: Duration) -> JoinHandle<()> {
        let id = self.server.as_ref().unwrap().id();
        let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        std::thread::spawn(move || {
            std::thread::sleep(after);
            kill_process(pid, Signal::KILL).unwrap();
        })
    }

    pub fn start_again(&mut self) {
        self.server.take().unwrap().kill();
        let connection = self.host.connection();
        self.server = Some(Server::start(&self.data(), self.port, &connection));
    }

    /// Writes what the machines' guests write before the kill of this number.
    pub fn write(&self, kill: u64) {
        for machine in 0..self.machines {
            let held = self.held(machine, kill);
            let name = format!("m{machine}");
            // So that reading takes a while.
            self.host.machine(&name, &[&held], 15).unwrap();
        }
    }

    /// What a machine holds before the kill of this number: much of it is as before.
    pub fn held(&self, machine: usize, kill: u64) -> Vec<u8> {
        let mut held = vec![0; SIZE];
        let new = noise(self.seed + 1000 * machine as u64 + kill, 400_000);
        let at = usize::try_from(kill % 7).unwrap() * 400_000;
        held[at..at + new.len()].copy_from_slice(&new);
        held[..8].copy_from_slice(&kill.to_le_bytes());
        held
    }

    pub fn vault(&self, rest: &str) -> String {
        let group = &self.group;
        format!("{group}/providers/Microsoft.RecoveryServices/vaults/v1{rest}")
    }

    pub fn item(&self, machine: usize, rest: &str) -> String {
        let name = format!("iaasvmcontainerv2;default;m{machine}");
        self.vault(&format!(
            "/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}/protectedItems/VM;{name}{rest}"
        ))
    }

    pub fn backup(&self, machine: usize) -> Answered {
        let body = json!({"properties": {"recoveryPointExpiryTimeInUTC": "2090-01-01T00:00:00Z"}});
        self.send(Method::POST, &self.item(machine, "/backup"), Some(body))
    }

    pub fn protect(&self, machine: usize) -> Answered {
        let vm = format!(
            "{}/providers/Microsoft.Compute/virtualMachines/m{machine}",
            self.group
        );
        let policy = self.vault("/backupPolicies/DefaultPolicy");
        let body = json!({"properties": {"policyId": policy, "sourceResourceId": vm}});
        self.send(Method::PUT, &self.item(machine, ""), Some(body))
    }

    pub fn delete_item(&self, machine: usize) -> Answered {
        self.send(Method::DELETE, &self.item(machine, ""), None)
    }

    pub fn put_policy(&self, policy: usize, days: u64) -> Answered {
        let body = json!({"properties": {
            "backupManagementType": "AzureIaasVM",
            "schedulePolicy": {
                "schedulePolicyType": "SimpleSchedulePolicy",
                "scheduleRunFrequency": "Daily",
                "scheduleRunTimes": ["2026-01-01T01:00:00Z"],
            },
            "retentionPolicy": {
                "retentionPolicyType": "LongTermRetentionPolicy",
                "dailySchedule": {"retentionDuration": {"count": days}},
            },
        }});
        let path = self.vault(&format!("/backupPolicies/p{policy}"));
        self.send(Method::PUT, &path, Some(body))
    }

    pub fn delete_policy(&self, policy: usize) -> Answered {
        let path = self.vault(&format!("/backupPolicies/p{policy}"));
        self.send(Method::DELETE, &path, None)
    }

    /// What is at a path, `Null` if nothing.
    pub fn get(&self, path: &str) -> Value {
        match self.send(Method::GET, path, None) {
            Answered::Yes(body, _) => body,
            Answered::No(StatusCode::NOT_FOUND, _) => Value::Null,
            other => panic!("{path}: {other:?}"),
        }
    }

    /// All entries of a list, from all its pages.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(&path);
            all.extend(page["value"].as_array().unwrap().iter().cloned());
            next = page["nextLink"].as_str().map(str::to_owned);
        }
        all
    }

    /// All jobs of the vault by their names, once each has ended.
    pub fn wait_for_jobs(&self) -> BTreeMap<String, Value> {
        let began = Instant::now();
        loop {
            let jobs = self.list(&self.vault("/backupJobs"));
            let runs = |job: &&Value| {
                let status = job["properties"]["status"].as_str().unwrap();
                ["InProgress", "Cancelling"].contains(&status)
            };
            let Some(running) = jobs.iter().find(runs) else {
                let named = |job: Value| (job["name"].as_str().unwrap().to_owned(), job);
                return jobs.into_iter().map(named).collect();
            };
            assert!(began.elapsed() < PATIENCE, "it does not end: {running}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The job that an operation which was acknowledged names, once it is known.
    pub fn job_of(&self, operation: &str) -> String {
        let began = Instant::now();
        loop {
            let shown = self.get(operation);
            assert!(
                !shown.is_null(),
                "an acknowledged operation is lost: {operation}"
            );
            if let Some(job) = shown["properties"]["jobId"].as_str() {
                return job.to_owned();
            }
            assert_ne!(shown["status"], "Failed", "{shown}");
            assert!(began.elapsed() < PATIENCE, "{shown}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Restores a point of a machine: it holds what the machine held before the kill of this number.
    pub fn restore(&self, machine: usize, point: &str, kill: u64) {
        let account = format!(
            "{}/providers/Microsoft.Storage/storageAccounts/restores",
            self.group
        );
        let body = json!({"properties": {
            "recoveryType": "RestoreDisks",
            "storageAccountId": account,
        }});
        let path = self.item(machine, &format!("/recoveryPoints/{point}/restore"));
        let answered = self.send(Method::POST, &path, Some(body));
        let Answered::Yes(_, Some(operation)) = answered else {
            panic!("{path}: {answered:?}");
        };
        let job = self.job_of(&operation);
        self.wait_for_jobs();
        let job = self.get(&self.vault(&format!("/backupJobs/{job}")));
        let bag = &job["properties"]["extendedInfo"]["propertyBag"];
        let Some(image) = bag["Restored disk vda"].as_str() else {
            panic!("{job}");
        };
        let raw = self.folder.path().join("restored.raw");
        let mut convert = Command::new("qemu-img");
        convert.args(["convert", "-O", "raw", image]).arg(&raw);
        assert!(convert.status().unwrap().success());
        let held = std::fs::read(&raw).unwrap();
        let found = u64::from_le_bytes(held[..8].try_into().unwrap());
        assert!(
            held == self.held(machine, kill),
            "{point} of m{machine} holds {found}, not {kill}"
        );
        std::fs::remove_file(image).unwrap();
    }

    fn done(&self, answered: &Answered) {
        assert!(matches!(answered, Answered::Yes(..)), "{answered:?}");
    }

    fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answered {
        let url = match path.starts_with("https:") {
            true => path.to_owned(),
            false => format!("https://localhost:{}{path}?api-version=1", self.port),
        };
        let mut asked = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            asked = asked.body(body.to_string());
        }
        let answered = self.runtime.block_on(async {
            let answered = asked.send().await?;
            let status = answered.status();
            let operation = answered.headers().get("azure-asyncoperation");
            let operation = operation.map(|h| h.to_str().unwrap().to_owned());
            Ok::<_, reqwest::Error>((status, operation, answered.text().await?))
        });
        let Ok((status, operation, text)) = answered else {
            return Answered::Gone;
        };
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        assert!(!status.is_server_error(), "{path}: {status} {body}");
        match status.is_success() {
            true => Answered::Yes(body, operation),
            false => Answered::No(status, body),
        }
    }
}
