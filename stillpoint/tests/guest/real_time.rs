//! The clock as it is: a policy fires by itself, a run that failed is tried again, and a point
//! that has expired goes with its space. It waits for eight minutes.

use std::path::Path;
use std::time::{Duration, Instant};

use base::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp, ToSpan, Unit};
use serde_json::{Value, json};
use testkit::{DiskSpec, disk};

use crate::clock::stored;
use crate::host::web;
use crate::serving::{Server, free_port, log_in};
use crate::user::User;

/// The scheduled runs that have ended, oldest first.
fn scheduled(user: &User) -> Vec<Value> {
    let jobs = user.json("job list");
    let mut ended: Vec<Value> = jobs.as_array().unwrap().to_vec();
    ended.retain(|job| {
        let job = &job["properties"];
        let is_backup = job["operation"] == "Backup" && job["status"] != "InProgress";
        is_backup && job["isUserTriggered"] == false
    });
    ended.reverse();
    ended
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// Waits until there is something.
fn wait<T>(seconds: u64, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(seconds), "no {what}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// A policy that refuses downgrades and is due at this time, each day.
fn policy(user: &User, folder: &Path, due: Timestamp) {
    let mut policy = user.json("policy show DefaultPolicy");
    let properties = &mut policy["properties"];
    properties["schedulePolicy"]["scheduleRunTimes"] = json!([due.to_string()]);
    properties["retentionPolicy"]["dailySchedule"]["retentionTimes"] = json!([due.to_string()]);
    let file = folder.join("policy.json");
    std::fs::write(&file, policy.to_string()).unwrap();
    user.ends(0, &format!("policy set soon --file {}", file.display()));
    user.ends(0, "policy settings soon --refuse-downgrades true");
}

/// POLICY-24, PROT-6.
#[test]
#[ignore = "waits for eight minutes"]
fn a_policy_fires_a_failed_run_is_tried_again_and_an_expired_point_goes_with_its_space() {
    let (guest, connection) = web([DiskSpec::qcow2(256 << 20)]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let spread = ["--start-spread", "0"];
    let server = Server::start_with(&data, free_port(), &connection, &spread, &[]);
    let user = User::logged_in(folder.path(), &server);
    user.ends(0, "vault create -v v1");
    // At least two minutes from now, and a whole one.
    let due = SystemClock.now() + SignedDuration::from_mins(3);
    let due = due.round(Unit::Minute).unwrap() - 1.minute();
    policy(&user, folder.path(), due);
    user.ends(0, "protection enable web --policy soon");

    // One on demand, to be kept for two minutes, with what no other will hold.
    let noise = disk::noise(1, 40_000_000);
    guest.write_file("/data1/noise", &noise).unwrap();
    let until = SystemClock.now() + SignedDuration::from_secs(120);
    user.ends(0, &format!("backup now web --retain-until {until}"));
    let points = user.json("point list web");
    let first = points[0]["name"].clone();
    assert_eq!(points.as_array().unwrap().len(), 1, "{points}");
    guest
        .run("rm /data1/noise; sync; fstrim /data1 || true")
        .unwrap();
    let before = stored(&data.join("pool"));
    assert!(before > 40_000_000, "{before}");

    // The agent is silent when the run is due, and for a minute more.
    let silent = (due - SystemClock.now()).total(Unit::Second).unwrap() as u64;
    assert!(silent > 10, "the first backup took too long");
    let script = format!(
        "(sleep {}; kill -STOP $(pidof qemu-ga); sleep 80; kill -CONT $(pidof qemu-ga)) \
         > /dev/null 2>&1 &",
        silent - 5
    );
    guest.run(&script).unwrap();
    let failed = wait(silent + 150, "run by itself", || scheduled(&user).pop());
    let started = time(&failed["properties"]["startTime"]);
    assert!(started >= due && started < due + SignedDuration::from_secs(20));
    assert_eq!(failed["properties"]["status"], "Failed", "{failed}");
    let code = "UserErrorGuestAgentStatusUnavailable";
    assert!(failed.to_string().contains(code), "{failed}");
    let points = user.json("point list web");
    assert_eq!(points[0]["name"], first, "{points}");
    assert_eq!(points.as_array().unwrap().len(), 1, "{points}");

    // Five minutes after that.
    let again = wait(400, "second try", || scheduled(&user).get(1).cloned());
    assert_eq!(again["properties"]["status"], "Completed", "{again}");
    let waited = time(&again["properties"]["startTime"]) - time(&failed["properties"]["endTime"]);
    let waited = waited.total(Unit::Second).unwrap();
    assert!((295.0..330.0).contains(&waited), "{waited} s");

    // The point on demand has expired long since. A snapshot stays for a day at least (SNAP-4),
    // and no point leaves the vault before its own (SNAP-8): on a clock that nobody moves on, only
    // the deletion of the collection takes it away sooner. The point then goes by itself.
    let az = log_in(&server, folder.path(), &data);
    let groups = az.json("group list").unwrap();
    let groups = groups.as_array().unwrap();
    let snapshots = groups.iter().map(|group| group["id"].as_str().unwrap());
    let snapshots = { snapshots }
        .find(|id| id.contains("AzureBackupRG_"))
        .unwrap();
    let collections = format!("{snapshots}/providers/Microsoft.Compute/restorePointCollections");
    let version = "api-version=2024-11-01";
    let all = az.json(&format!("rest --method get --url {collections}?{version}"));
    let all = all.unwrap()["value"].take();
    let id = all[0]["id"].as_str().unwrap();
    let url = format!("{id}?{version}");
    let done = az
        .run(&["rest", "--method", "delete", "--url", &url])
        .unwrap();
    assert_eq!(done.code, 0, "{}", done.err);
    let gone = || {
        let points = user.json("point list web");
        let points = points.as_array().unwrap();
        (points.len() == 1 && points[0]["name"] != first).then_some(())
    };
    wait(90, "point that goes", gone);
    let pool = data.join("pool");
    let shrunk = || (stored(&pool) + 30_000_000 < before).then_some(());
    wait(60, "space that comes back", shrunk);
}
