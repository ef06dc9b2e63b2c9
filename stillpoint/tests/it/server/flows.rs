//! What `az backup` can do beside the life that a real guest goes through
//! (`guest::azure`): other policies, other disks, jobs that are found, awaited and stopped, and
//! a vault that is deleted with what is in it.

use std::fs::File;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use testkit::azure::Az;
use testkit::disk;
use testkit::scripted::ScriptedFolder;

use crate::serving::{Server, free_port, log_in, texts};
use crate::user::User;

const VAULT: &str = "-g default -v v1";
const ITEM: &str = "-g default -v v1 -c web -i web";
const OF_CONTAINER: &str = "--backup-management-type AzureIaasVM";
const OF_VM: &str = "--backup-management-type AzureIaasVM --workload-type VM";

/// How each of a job's tasks ended.
fn tasks(job: &Value) -> Vec<&str> {
    let all = job.pointer("/properties/extendedInfo/tasksList").unwrap();
    let all = all.as_array().unwrap().iter();
    all.map(|task| task["status"].as_str().unwrap()).collect()
}

#[test]
fn az_changes_a_policy_and_disks_finds_and_stops_jobs_and_forces_a_vault_away() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let host = ScriptedFolder::new(&folder.path().join("host")).unwrap();
    let disks = [disk::noise(1, 16 << 20), disk::noise(2, 4 << 20)];
    let disks: Vec<&[u8]> = disks.iter().map(Vec::as_slice).collect();
    host.machine("web", &disks, 0).unwrap();
    let server = Server::start(&data, free_port(), &host.connection());
    let az = log_in(&server, folder.path(), &data);
    let ok = |words: &str| az.json(words).unwrap();

    // Groups and machines.
    assert_eq!(ok("group exists -n default"), true);
    assert_eq!(ok("group exists -n none"), false);
    assert_eq!(texts(&ok("vm list -g default"), "name"), ["web"]);
    let locations = ok("account list-locations");
    assert_eq!(locations[0]["name"], "onprem");
    ok("backup vault create -g default -n v1 -l onprem");
    let vm = ok("vm show -g default -n web")["id"].clone();
    let vm = vm.as_str().unwrap();
    ok(&format!(
        "backup protection enable-for-vm {VAULT} --vm {vm} -p DefaultPolicy"
    ));
    assert_eq!(
        ok(&format!("backup protection check-vm --vm {vm}")),
        ok("backup vault show -g default -n v1")["id"]
    );

    // Another policy; it names who has it.
    let item = || ok(&format!("backup item show {VAULT} -c web -n web {OF_VM}"));
    ok(&format!(
        "backup item set-policy {VAULT} -c web -n web -p EnhancedPolicy {OF_VM} --yes"
    ));
    let policy = item()["properties"]["policyId"].clone();
    assert!(
        policy.as_str().unwrap().ends_with("/EnhancedPolicy"),
        "{policy}"
    );
    let having = |policy: &str| {
        let words = format!("backup policy list-associated-items {VAULT} -n {policy}");
        ok(&words).as_array().unwrap().len()
    };
    assert_eq!((having("EnhancedPolicy"), having("DefaultPolicy")), (1, 0));

    // DISK-1: without the data disk from now on, and with all again.
    let back_up = || {
        let words =
            format!("backup protection backup-now {ITEM} --backup-management-type AzureIaasVM");
        let job = ok(&words)["name"].as_str().unwrap().to_owned();
        ok(&format!("backup job wait {VAULT} -n {job}"));
        let job = ok(&format!("backup job show {VAULT} -n {job}"));
        assert_eq!(job["properties"]["status"], "Completed", "{job}");
        job
    };
    let update = format!("backup protection update-for-vm {ITEM}");
    ok(&format!(
        "{update} --disk-list-setting exclude --diskslist 0"
    ));
    let job = back_up();
    let told = |name: &str| job["properties"]["extendedInfo"]["propertyBag"][name].clone();
    assert_eq!(told("Backed-up disks"), "vda", "{job}");
    assert_eq!(told("Excluded disks"), "vdb", "{job}");
    let points = || ok(&format!("backup recoverypoint list {ITEM} {OF_VM}"));
    let disks_of = |point: &Value| {
        let disks = &point["properties"]["recoveryPointDiskConfiguration"];
        disks["numberOfDisksIncludedInBackup"].as_u64()
    };
    assert_eq!(disks_of(&points()[0]), Some(1), "{}", points());
    let left_out =
        points()[0]["properties"]["recoveryPointDiskConfiguration"]["excludedDiskList"].take();
    assert_eq!(left_out, json!([{"lun": 0, "name": "vdb"}]));
    ok(&format!(
        "{update} --disk-list-setting resetexclusionsettings"
    ));
    back_up();
    assert_eq!(disks_of(&points()[0]), Some(2), "{}", points());

    // Jobs by what they did and how they ended.
    let found = |filter: &str| {
        let jobs = ok(&format!("backup job list {VAULT} {filter}"));
        jobs.as_array().unwrap().len()
    };
    assert_eq!(found("--operation Backup --status Completed"), 2);
    assert_eq!(found("--operation Backup --status Failed"), 0);
    assert_eq!(found("--operation Restore"), 0);

    one_by_one_and_between_times(&az);

    // JOB-21: stopped in its transfer, the snapshot stays. Whoever has the lock of a machine's
    // transfers keeps it there.
    let other = [disk::noise(5, 16 << 20), disk::noise(6, 4 << 20)];
    let other: Vec<&[u8]> = other.iter().map(Vec::as_slice).collect();
    host.machine("web", &other, 0).unwrap();
    let uuid = ok("vm show -g default -n web")["vmId"].clone();
    let lock = format!("locks/{}.transfer", uuid.as_str().unwrap());
    let lock = File::create(data.join(lock)).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let words = format!("backup protection backup-now {ITEM} --backup-management-type AzureIaasVM");
    let name = ok(&words)["name"].as_str().unwrap().to_owned();
    let shown = || ok(&format!("backup job show {VAULT} -n {name}"));
    let until = |ready: &dyn Fn(&Value) -> bool| {
        let began = Instant::now();
        loop {
            let job = shown();
            if ready(&job) {
                return job;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{job}");
        }
    };
    until(&|job| tasks(job) == ["Completed", "InProgress"]);
    ok(&format!("backup job stop {VAULT} -n {name}"));
    let job = until(&|job| job["properties"]["endTime"].is_string());
    assert_eq!(job["properties"]["status"], "Cancelled", "{job}");
    assert_eq!(tasks(&job), ["Completed", "Cancelled"], "{job}");
    assert_eq!(texts(&points(), "tierType")[0], "Snapshot", "{}", points());
    drop(lock);

    // JOB-16: stopped in its snapshot, no point stays.
    let changed = [disk::noise(3, 16 << 20), disk::noise(4, 4 << 20)];
    let changed: Vec<&[u8]> = changed.iter().map(Vec::as_slice).collect();
    host.machine("web", &changed, 60_000).unwrap();
    let words = format!("backup protection backup-now {ITEM} --backup-management-type AzureIaasVM");
    let name = ok(&words)["name"].as_str().unwrap().to_owned();
    let shown = || ok(&format!("backup job show {VAULT} -n {name}"));
    assert_eq!(tasks(&shown())[0], "InProgress");
    // VAULT-16: not while it works.
    ok("group create -n g2 -l onprem");
    let vault = ok("backup vault show -g default -n v1")["id"].clone();
    let to_g2 = format!(
        "resource move --destination-group g2 --ids {}",
        vault.as_str().unwrap()
    );
    let busy = az.refused(&to_g2).unwrap().err;
    assert!(busy.contains(&name), "{busy}");
    let done = az.run(&[
        "backup", "job", "stop", "-g", "default", "-v", "v1", "-n", &name,
    ]);
    let done = done.unwrap();
    assert_eq!(done.code, 0, "{}", done.err);
    ok(&format!("backup job wait {VAULT} -n {name}"));
    let job = shown();
    assert_eq!(job["properties"]["status"], "Cancelled", "{job}");
    assert_eq!(tasks(&job)[0], "Cancelled", "{job}");
    assert_eq!(points().as_array().unwrap().len(), 3);

    // VAULT-16: with all that it has, and by our command back again.
    let moved = az.run(&to_g2.split(' ').collect::<Vec<_>>()).unwrap();
    assert_eq!(moved.code, 0, "{}", moved.err);
    assert_eq!(ok("backup vault list -g default"), json!([]));
    let there = "-g g2 -v v1 -c web -i web";
    let all = ok(&format!("backup recoverypoint list {there} {OF_VM}"));
    assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
    let point = all[0]["name"].as_str().unwrap();
    let (group, _) = vault.as_str().unwrap().split_once("/providers/").unwrap();
    let folder_id = format!("{group}/providers/Microsoft.Storage/storageAccounts/restores");
    let job = ok(&format!(
        "backup restore restore-disks -g g2 -v v1 -c web -i web -r {point} --storage-account {folder_id}"
    ));
    let job = job["name"].as_str().unwrap();
    ok(&format!("backup job wait -g g2 -v v1 -n {job}"));
    let job = ok(&format!("backup job show -g g2 -v v1 -n {job}"));
    assert_eq!(job["properties"]["status"], "Completed", "{job}");
    let user = User::logged_in(folder.path(), &server);
    let said = user.ends(0, "vault move v1 --to default");
    assert!(said.contains("default"), "{said}");
    user.ends(2, "vault move v1 --to default");
    user.ends(4, "vault move v1 --to nowhere");
    assert_eq!(points().as_array().unwrap().len(), 3);

    // VAULT-18: with what is in it, once nothing is kept for a deletion that is taken back.
    ok("backup vault backup-properties set -g default -n v1 --soft-delete-feature-state Disable");
    let done = az.run(&[
        "backup", "vault", "delete", "-g", "default", "-n", "v1", "--force", "--yes",
    ]);
    let done = done.unwrap();
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(ok("backup vault list"), Value::Array(Vec::new()));
}

/// A whole second between two times that lie seconds apart, as `az` takes it.
fn between(early: &Value, late: &Value) -> String {
    let [early, late] = [early, late].map(|t| t.as_str().unwrap().parse::<Timestamp>().unwrap());
    let second = Timestamp::from_second(late.as_second() - 1).unwrap();
    assert!(early < second, "{early} {late}");
    second.strftime("%d-%m-%Y-%H:%M:%S").to_string()
}

/// One point, one container and one item of `web`; and of its two points and two backups those
/// before and after a time.
fn one_by_one_and_between_times(az: &Az) {
    let ok = |words: &str| az.json(words).unwrap();
    let points = |more: &str| ok(&format!("backup recoverypoint list {ITEM} {OF_VM} {more}"));
    let all = points("");
    let [late, early] = &all.as_array().unwrap()[..] else {
        panic!("{all}")
    };
    let name = early["name"].as_str().unwrap();
    let shown = ok(&format!(
        "backup recoverypoint show {ITEM} {OF_VM} -n {name}"
    ));
    assert_eq!(shown["id"], early["id"]);
    assert_eq!(shown["properties"], early["properties"]);
    let missing = az.refused(&format!("backup recoverypoint show {ITEM} {OF_VM} -n 77"));
    let missing = missing.unwrap();
    let code = "BMSUserErrorRecoveryPointNotFound";
    assert!(missing.err.contains(code), "{}", missing.err);
    let time = |point: &Value| point["properties"]["recoveryPointTime"].clone();
    let middle = between(&time(early), &time(late));
    let names = |list: &Value| texts(list, "name");
    let of = |one: &Value| vec![one["name"].as_str().unwrap().to_owned()];
    assert_eq!(names(&points(&format!("--start-date {middle}"))), of(late));
    assert_eq!(names(&points(&format!("--end-date {middle}"))), of(early));
    let none = points("--start-date 01-01-2020 --end-date 02-01-2020");
    assert_eq!(none, json!([]));

    let jobs = |more: &str| {
        ok(&format!(
            "backup job list {VAULT} --operation Backup {more}"
        ))
    };
    let all = jobs("");
    let [late, early] = &all.as_array().unwrap()[..] else {
        panic!("{all}")
    };
    let time = |job: &Value| job["properties"]["startTime"].clone();
    let middle = between(&time(early), &time(late));
    assert_eq!(names(&jobs(&format!("--start-date {middle}"))), of(late));
    assert_eq!(names(&jobs(&format!("--end-date {middle}"))), of(early));

    let container = ok(&format!(
        "backup container show {VAULT} -n web {OF_CONTAINER}"
    ));
    let container = container["name"].as_str().unwrap();
    assert_eq!(container, "IaasVMContainer;iaasvmcontainerv2;default;web");
    let native = ok(&format!(
        "backup item show {VAULT} -c {container} -n VM;iaasvmcontainerv2;default;web"
    ));
    let properties = &native["properties"];
    assert_eq!(properties["friendlyName"], "web", "{native}");
    // What only the item by itself tells (API-7).
    assert_eq!(properties["extendedInfo"]["recoveryPointCount"], 2);
    let other = az.refused(&format!(
        "backup item show {VAULT} -c {container} -n VM;iaasvmcontainerv2;default;db"
    ));
    assert_ne!(other.unwrap().code, 0);

    // Nothing is mounted ever, so there is nothing that `unmount-rp` would have to ask for; of
    // a point that is not there it says so.
    let unmount = |point: &str| format!("backup restore files unmount-rp {ITEM} -r {point}");
    assert_eq!(ok(&unmount(name)), Value::Null);
    let missing = az.refused(&unmount("77")).unwrap();
    assert!(missing.err.contains(code), "{}", missing.err);
}
