//! The whole life of a protected machine, by the unmodified Azure command line on a real guest.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::azure::Az;
use testkit::{DiskSpec, Guest, disk};

use crate::host::{Restored, copies, web};
use crate::serving::{Server, free_port, log_in, texts};

/// An `az` with a vault `v1` in the group `default`.
struct World {
    az: Az,
    guest: Guest,
    data: PathBuf,
    _server: Server,
    folder: tempfile::TempDir,
}

const VAULT: &str = "-g default -v v1";
const ITEM: &str = "-g default -v v1 -c web -i web";
const OF_VM: &str = "--backup-management-type AzureIaasVM";

impl World {
    fn new() -> Self {
        let (guest, connection) = web([DiskSpec::qcow2(64 << 20), DiskSpec::raw(32 << 20)]);
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let server = Server::start(&data, free_port(), &connection);
        let az = log_in(&server, folder.path(), &data);
        Self {
            az,
            guest,
            data,
            _server: server,
            folder,
        }
    }

    fn ok(&self, words: &str) -> Value {
        self.az.json(words).unwrap()
    }

    fn refused(&self, words: &str) -> String {
        self.az.refused(words).unwrap().err
    }

    fn item(&self) -> Value {
        self.ok(&format!(
            "backup item show {VAULT} -c web -n web {OF_VM} --workload-type VM"
        ))["properties"]
            .clone()
    }

    /// The job that a command's answer names, once it has ended.
    fn ended(&self, job: &Value) -> Value {
        let name = job["name"].as_str().unwrap_or_else(|| panic!("{job}"));
        let began = Instant::now();
        loop {
            let job = self.ok(&format!("backup job show {VAULT} -n {name}"));
            let status = job["properties"]["status"].as_str().unwrap();
            if !["InProgress", "Cancelling"].contains(&status) {
                return job["properties"].clone();
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{job}");
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    fn backup(&self) -> Value {
        self.ok(&format!(
            "backup protection backup-now {ITEM} {OF_VM} --workload-type VM --retain-until 31-12-2030"
        ))
    }

    fn restore(&self, point: &str, more: &str) -> Value {
        self.ok(&format!(
            "backup restore restore-disks {VAULT} -c web -i web -r {point} \
             --storage-account restores {more}"
        ))
    }

    fn points(&self) -> Vec<Value> {
        let all = self.ok(&format!(
            "backup recoverypoint list {ITEM} {OF_VM} --workload-type VM"
        ));
        all.as_array().unwrap().clone()
    }
}

fn tasks(job: &Value) -> Vec<(String, String)> {
    let all = job["extendedInfo"]["tasksList"].as_array().unwrap().iter();
    all.map(|t| {
        let text = |name: &str| t[name].as_str().unwrap().to_owned();
        (text("taskId"), text("status"))
    })
    .collect()
}

/// The images that a restore made, by their disks' names.
fn restored(job: &Value) -> Vec<PathBuf> {
    let bag = job["extendedInfo"]["propertyBag"].as_object().unwrap();
    let paths = bag
        .iter()
        .filter(|(name, _)| name.starts_with("Restored disk "));
    paths
        .map(|(_, path)| PathBuf::from(path.as_str().unwrap()))
        .collect()
}

#[test]
fn az_protects_a_real_guest_backs_it_up_restores_it_and_deletes_everything() {
    let world = World::new();
    let guest = &world.guest;
    world.ok("backup vault create -g default -n v1 -l onprem");
    // REPL-5: before there is an item.
    let update = "backup vault update -g default -n v1 --backup-storage-redundancy";
    let local = world.ok(&format!("{update} LocallyRedundant"));
    let redundancy = "/properties/redundancySettings/standardTierStorageRedundancy";
    assert_eq!(local.pointer(redundancy).unwrap(), "LocallyRedundant");
    policy_of_the_template(&world);
    // DISC-2, 6.
    let machine = world.ok("vm show -g default -n web");
    let id = machine["id"].as_str().unwrap().to_owned();
    let free = world.ok(&format!("backup protection check-vm --vm {id}"));
    assert_eq!(free, "");
    let unknown = world.refused(&format!(
        "backup protection enable-for-vm {VAULT} --vm web -p Nothing"
    ));
    assert!(unknown.contains("BMSUserErrorPolicyNotFound"), "{unknown}");

    // PROT-1, 3, 4, 18: enabled, and nothing is backed up yet.
    let job = world.ok(&format!(
        "backup protection enable-for-vm {VAULT} --vm web -p p1"
    ));
    assert_eq!(job["properties"]["operation"], "ConfigureBackup", "{job}");
    let item = world.item();
    assert_eq!(item["policyName"], "p1");
    assert_eq!(item["protectionState"], "IRPending");
    assert_eq!(item["lastBackupStatus"], "");
    assert!(world.points().is_empty());
    let there = world.ok(&format!("backup protection check-vm --vm {id}"));
    assert!(there.as_str().unwrap().ends_with("/vaults/v1"), "{there}");
    // REPL-4: the redundancy is locked from now on.
    let locked = world.refused(&format!("{update} GeoRedundant"));
    assert!(locked.contains("CannotBeModified"), "{locked}");
    let containers = world.ok(&format!("backup container list {VAULT} {OF_VM}"));
    assert_eq!(containers[0]["properties"]["friendlyName"], "web");
    let used = world.refused(&format!("backup policy delete {VAULT} -n p1"));
    assert!(used.contains("BMSUserErrorPolicyInUse"), "{used}");

    // JOB-1 to 4: both phases.
    guest
        .write_file("/data1/a", &disk::noise(1, 3_000_000))
        .unwrap();
    let first_sum = guest.sha256("/data1/a").unwrap();
    let job = world.ended(&world.backup());
    assert_eq!(job["status"], "Completed", "{job}");
    let done = |name: &str| (name.to_owned(), "Completed".to_owned());
    assert_eq!(
        tasks(&job),
        [done("Take Snapshot"), done("Transfer data to vault")]
    );
    let bag = &job["extendedInfo"]["propertyBag"];
    assert_eq!(
        bag["Recovery Point Expiry Time in UTC"],
        "12/31/2030 12:00:00 AM"
    );
    let item = world.item();
    assert_eq!(item["protectionState"], "Protected");
    assert_eq!(item["lastBackupStatus"], "Completed");
    let points = world.points();
    assert_eq!(points.len(), 1);
    let first = &points[0]["properties"];
    assert_eq!(
        first["recoveryPointType"], "FileSystemConsistent",
        "{first}"
    );
    assert_eq!(points[0]["tierType"], "SnapshotAndVaultStandard");
    assert_eq!(
        first["recoveryPointDiskConfiguration"]["numberOfDisksIncludedInBackup"],
        3
    );
    assert_eq!(
        first["recoveryPointProperties"]["expiryTime"],
        "2030-12-31T00:00:00Z"
    );

    // XFER-1: a second, incremental point.
    guest.write_file("/data2/b", b"second").unwrap();
    let job = world.ended(&world.backup());
    assert_eq!(job["status"], "Completed", "{job}");
    let points = world.points();
    assert_eq!(points.len(), 2);
    let oldest = points[1]["name"].as_str().unwrap();
    cancel(&world);
    let files = world.refused(&format!(
        "backup restore files mount-rp {VAULT} -c web -i web -r {oldest}"
    ));
    assert!(files.contains("InvalidResourceType"), "{files}");

    // RESTORE-5: disks, and they hold what they held.
    let restore = |more: &str| world.restore(oldest, more);
    let job = world.ended(&restore("--target-resource-group default"));
    assert_eq!(job["status"], "Completed", "{job}");
    let images = restored(&job);
    assert_eq!(images.len(), 3, "{job}");
    assert!(
        images
            .iter()
            .all(|i| i.starts_with(&world.data) && i.is_file())
    );
    // What defines the machine is beside them.
    for file in ["web.json", "web.sh"] {
        let file = images[0].with_file_name(file);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(images[0].to_str().unwrap()), "{text}");
    }
    let copy = Guest::builder("copy")
        .host(guest.host())
        .firmware_boot()
        .boot_from(&sorted(&images))
        .start()
        .unwrap();
    copy.wait_agent().unwrap();
    assert_eq!(copy.sha256("/data1/a").unwrap(), first_sum);
    drop(copy);
    new_machine(&world, &restore, &first_sum);

    // RESTORE-7: in place, only if it is off.
    let running = world.ended(&restore("--restore-mode OriginalLocation"));
    assert_eq!(running["status"], "Failed", "{running}");
    assert_eq!(
        running["errorDetails"][0]["errorTitle"],
        "UserErrorVmNotShutDown"
    );
    guest.write_file("/data1/a", b"damaged").unwrap();
    guest.shutdown().unwrap();
    let sources = copies(guest, world.folder.path());
    let job = world.ended(&restore("--restore-mode OriginalLocation"));
    assert_eq!(job["status"], "Completed", "{job}");
    let backup = &job["extendedInfo"]["propertyBag"]["Backup before the restore"];
    let backup = backup.as_str().unwrap();
    let backup = world.ok(&format!("backup job show {VAULT} -n {backup}"));
    assert_eq!(backup["properties"]["operation"], "Backup", "{backup}");
    guest.start_again().unwrap();
    assert_eq!(guest.sha256("/data1/a").unwrap(), first_sum);

    chosen_disks(&world, &backup, &sources);
    stop_and_delete(&world);
}

/// JOB-16, 21: cancelled in its snapshot a backup leaves no point.
fn cancel(world: &World) {
    let before = world.points().len();
    let mut late = 0;
    let job = loop {
        // Whoever holds the guest's agent keeps a backup in its snapshot for ten seconds.
        let held = UnixStream::connect(world.guest.agent_socket()).unwrap();
        let job = world.backup();
        let name = job["name"].as_str().unwrap();
        let stopped = world.az.json(&format!("backup job stop {VAULT} -n {name}"));
        drop(held);
        let job = world.ended(&job);
        if stopped.is_ok() {
            break job;
        }
        late += 1;
        assert!(late < 3, "too late to stop it: {job}");
    };
    assert_eq!(job["status"], "Cancelled", "{job}");
    let task = |name: &str, status: &str| (name.to_owned(), status.to_owned());
    assert_eq!(
        tasks(&job),
        [
            task("Take Snapshot", "Cancelled"),
            task("Transfer data to vault", "NotStarted")
        ]
    );
    assert_eq!(world.points().len(), before + late);
}

/// RESTORE-2, 4, 14: a machine beside the old one, in a group of its own.
fn new_machine(world: &World, restore: &dyn Fn(&str) -> Value, first_sum: &str) {
    world.ok("group create -n lab -l onprem");
    let beside = |name: &str| {
        restore(&format!(
            "--target-resource-group lab --target-vm-name {name} --target-vnet-name user \
             --target-vnet-resource-group default --target-subnet-name default"
        ))
    };
    let job = world.ended(&beside("beside"));
    assert_eq!(job["status"], "Completed", "{job}");
    let copy = Restored::new(&world.guest, "beside");
    let machine = world.ok("vm show -g lab -n beside");
    let old = world.ok("vm show -g default -n web");
    assert_ne!(machine["vmId"], old["vmId"]);
    assert_eq!(copy.sha256("/data1/a"), first_sum);
    // Its name is taken from now on.
    let words = "--target-resource-group lab --target-vm-name beside --target-vnet-name user \
                 --target-vnet-resource-group default --target-subnet-name default";
    let taken = world.refused(&format!(
        "backup restore restore-disks {VAULT} -c web -i web -r {} --storage-account restores {words}",
        world.points()[1]["name"].as_str().unwrap()
    ));
    assert!(taken.contains("MachineExists"), "{taken}");
}

/// POLICY-1, 2: the policy `p1`, of the template of the vault's own, and then changed.
fn policy_of_the_template(world: &World) {
    let file = world.folder.path().join("policy.json");
    let days = "/properties/retentionPolicy/dailySchedule/retentionDuration/count";
    let write = |mut policy: Value, count: u32| {
        *policy.pointer_mut(days).unwrap() = json!(count);
        std::fs::write(&file, policy.to_string()).unwrap();
        format!("--policy @{}", file.display())
    };
    let template = world.ok(&format!("backup policy get-default-for-vm {VAULT}"));
    let made = world.ok(&format!(
        "backup policy create {VAULT} -n p1 --backup-management-type AzureIaasVM {}",
        write(template, 45)
    ));
    assert_eq!(made.pointer(days), Some(&json!(45)), "{made}");
    let set = format!("backup policy set {VAULT} {}", write(made, 60));
    assert_eq!(world.ok(&set).pointer(days), Some(&json!(60)));
}

/// RESTORE-5, 22: the disk of the operating system alone, and that with another one, from the
/// point of a backup that was taken while the machine was off; its disks held what `sources` do.
fn chosen_disks(world: &World, backup: &Value, sources: &[PathBuf]) {
    let backup = world.ended(backup);
    assert_eq!(backup["status"], "Completed", "{backup}");
    let points = world.points();
    let newest = points[0]["name"].as_str().unwrap();
    for (more, disks) in [
        ("--restore-only-osdisk true", &[0][..]),
        ("--diskslist 1 --target-resource-group default", &[0, 2]),
    ] {
        let job = world.ended(&world.restore(newest, more));
        assert_eq!(job["status"], "Completed", "{more}: {job}");
        let images = sorted(&restored(&job));
        assert_eq!(images.len(), disks.len(), "{more}: {job}");
        for (image, disk) in images.iter().zip(disks) {
            disk::assert_same(image, &sources[*disk]).unwrap();
        }
    }
}

fn sorted(images: &[PathBuf]) -> Vec<PathBuf> {
    let mut all = images.to_vec();
    all.sort_by_key(|path| path.file_name().map(Path::new).map(Path::to_owned));
    all
}

/// PROT-11 to 13; SOFT-1 to 5; VAULT-18.
fn stop_and_delete(world: &World) {
    let points = world.points().len();
    assert!(points >= 3, "{points}");
    let disable = format!("backup protection disable {ITEM} {OF_VM} --workload-type VM --yes");
    let job = world.ok(&disable);
    assert_eq!(job["properties"]["operation"], "DisableBackup", "{job}");
    assert_eq!(world.item()["protectionState"], "ProtectionStopped");
    let stopped = world.refused(&format!(
        "backup protection backup-now {ITEM} {OF_VM} --workload-type VM --retain-until 31-12-2030"
    ));
    assert!(
        stopped.contains("UserErrorBcmDatasourceNotPresent"),
        "{stopped}"
    );
    world.ok(&format!(
        "backup protection resume {ITEM} {OF_VM} --workload-type VM -p EnhancedPolicy"
    ));
    assert_eq!(world.item()["protectionState"], "Protected");
    assert_eq!(world.item()["policyName"], "EnhancedPolicy");
    let suspended = world.ok(&format!(
        "{disable} --retain-recovery-points-as-per-policy true"
    ));
    assert_eq!(suspended["properties"]["status"], "Completed");
    assert_eq!(world.item()["protectionState"], "BackupsSuspended");

    let live = world.refused("backup vault delete -g default -n v1 --yes");
    assert!(
        live.contains("existing resources within the vault"),
        "{live}"
    );
    let job = world.ok(&format!("{disable} --delete-backup-data true"));
    assert_eq!(job["properties"]["operation"], "DeleteBackupData", "{job}");
    let item = world.item();
    assert_eq!(item["isScheduledForDeferredDelete"], true, "{item}");
    assert_eq!(world.points().len(), points);
    let deleted = format!("backup vault list-soft-deleted-containers -g default -n v1 {OF_VM}");
    let containers = world.ok(&deleted);
    assert_eq!(containers[0]["properties"]["friendlyName"], "web");
    let kept = world.refused("backup vault delete -g default -n v1 --yes");
    assert!(kept.contains("soft-deleted"), "{kept}");
    let job = world.ok(&format!(
        "backup protection undelete {ITEM} {OF_VM} --workload-type VM"
    ));
    assert_eq!(job["properties"]["operation"], "Undelete", "{job}");
    assert_eq!(world.ok(&deleted), json!([]));
    assert_eq!(world.item()["protectionState"], "ProtectionStopped");

    // SOFT-4: without soft delete it goes at once.
    world.ok(
        "backup vault backup-properties set -g default -n v1 --soft-delete-feature-state Disable",
    );
    let job = world.ended(&world.ok(&format!("{disable} --delete-backup-data true")));
    assert_eq!(job["status"], "Completed", "{job}");
    let items = world.ok(&format!("backup item list {VAULT}"));
    assert_eq!(items, json!([]));
    let jobs = world.ok(&format!("backup job list {VAULT}"));
    assert!(jobs.as_array().unwrap().len() >= 12, "{jobs}");
    world.ok("backup vault delete -g default -n v1 --yes");
    assert_eq!(
        texts(&world.ok("backup vault list"), "name"),
        Vec::<String>::new()
    );
}
