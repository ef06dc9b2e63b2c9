//! The watchdog as a real process, against a scripted agent.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base::Code;
use hypervisor::agent::AgentChannel;
use hypervisor::watchdog::{ThawedBy, Watchdog};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::bench::watchdog_program;
use crate::fake_agent::FakeAgent;
use crate::guests::guest;

const LONG: Duration = Duration::from_secs(60);

async fn start(agent: &FakeAgent) -> Watchdog {
    let channel = AgentChannel::Socket { path: agent.path() };
    Watchdog::start(&watchdog_program(), Some(channel))
        .await
        .unwrap()
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

#[tokio::test]
async fn a_freeze_lasts_until_the_thaw_is_asked_for_and_its_time_is_told() {
    let agent = FakeAgent::start();
    let mut watchdog = start(&agent).await;
    assert_eq!(watchdog.probe(LONG).await.unwrap(), "10.0.2");
    watchdog.freeze(LONG).await.unwrap();
    assert!(agent.is_frozen());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let thaw = watchdog.thaw().await.unwrap();
    assert_eq!(thaw.by, ThawedBy::Request);
    let truth = agent.wait_thawed(LONG);
    let off = thaw.frozen.abs_diff(truth);
    assert!(
        off < Duration::from_millis(100),
        "{:?} and not {truth:?}",
        thaw.frozen
    );
}

#[tokio::test]
async fn the_budget_ends_a_freeze_that_nobody_ends() {
    let agent = FakeAgent::start();
    let mut watchdog = start(&agent).await;
    let begin = Instant::now();
    watchdog.freeze(Duration::from_millis(700)).await.unwrap();
    let frozen = agent.wait_thawed(LONG);
    assert!(frozen < Duration::from_millis(1500), "{frozen:?}");
    assert!(
        begin.elapsed() > Duration::from_millis(600),
        "thawed before the budget's end"
    );
    assert_eq!(watchdog.thaw().await.unwrap().by, ThawedBy::Budget);
}

#[tokio::test]
async fn a_freeze_that_comes_after_its_budget_is_thawed() {
    let agent = FakeAgent::start();
    agent.script(|a| a.freeze_takes = Duration::from_millis(1500));
    let mut watchdog = start(&agent).await;
    let begin = Instant::now();
    let error = watchdog
        .freeze(Duration::from_millis(300))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::FreezeFailed, "{error}");
    assert!(
        begin.elapsed() < Duration::from_millis(1200),
        "the budget was not kept"
    );
    watchdog.settle().await.unwrap();
    let frozen = agent.wait_thawed(LONG);
    assert!(frozen < Duration::from_secs(2), "{frozen:?}");
}

#[tokio::test]
async fn a_hook_that_fails_is_told_in_its_own_words() {
    let agent = FakeAgent::start();
    agent.script(|a| a.freeze_fails = Some("hook failed with exit status 3"));
    let mut watchdog = start(&agent).await;
    let error = watchdog.freeze(LONG).await.unwrap_err();
    assert_eq!(error.code(), Code::FreezeFailed);
    assert!(error.detail().contains("exit status 3"), "{error}");
    watchdog.settle().await.unwrap();
}

#[tokio::test]
async fn an_agent_that_goes_deaf_while_frozen_is_asked_until_it_thaws() {
    let agent = FakeAgent::start();
    let mut watchdog = start(&agent).await;
    watchdog.freeze(LONG).await.unwrap();
    agent.script(|a| a.deaf_until = Some(Instant::now() + Duration::from_secs(12)));
    assert_eq!(watchdog.thaw().await.unwrap().by, ThawedBy::Request);
    assert!(!agent.is_frozen());
}

#[tokio::test]
async fn a_machine_that_is_switched_off_while_frozen_ends_the_watch() {
    let agent = FakeAgent::start();
    let mut watchdog = start(&agent).await;
    watchdog.freeze(LONG).await.unwrap();
    agent.script(|a| a.deaf_until = Some(Instant::now() + LONG));
    std::fs::remove_file(agent.path()).unwrap();
    let error = watchdog.thaw().await.unwrap_err();
    assert_eq!(error.code(), Code::MachineVanished, "{error}");
    let pid = watchdog.process().unwrap();
    drop(watchdog);
    wait_gone(pid, Duration::from_secs(5)).await;
}

#[tokio::test]
async fn signals_that_end_programs_do_not_end_a_freeze_early() {
    let agent = FakeAgent::start();
    let mut watchdog = start(&agent).await;
    watchdog.freeze(LONG).await.unwrap();
    let pid = watchdog.process().unwrap();
    for s in [
        Signal::INT,
        Signal::TERM,
        Signal::HUP,
        Signal::PIPE,
        Signal::QUIT,
    ] {
        signal(pid, s);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(agent.is_frozen());
    assert_eq!(watchdog.thaw().await.unwrap().by, ThawedBy::Request);
}

#[tokio::test]
async fn a_watchdog_that_is_killed_is_replaced_for_the_thaw() {
    let agent = FakeAgent::start();
    let mut watchdog = start(&agent).await;
    watchdog.freeze(LONG).await.unwrap();
    signal(watchdog.process().unwrap(), Signal::KILL);
    watchdog.thaw().await.unwrap();
    assert!(!agent.is_frozen());
}

#[tokio::test]
async fn a_guest_that_a_dead_watchdog_left_frozen_is_thawed_by_the_next_probe() {
    let agent = FakeAgent::start();
    agent.script(|a| {
        a.frozen = true;
        a.froze.push(Instant::now());
    });
    start(&agent).await.probe(LONG).await.unwrap();
    agent.wait_thawed(Duration::ZERO);
}

// The tests below kill or stop the process that started the watchdog. That process is this
// test program again, running only `the_process_that_is_killed`.

const ROLE: &str = "STILLPOINT_TEST_AGENT";
const BUDGET: &str = "STILLPOINT_TEST_BUDGET_MS";
const MONITOR: &str = "STILLPOINT_TEST_MONITOR";

#[tokio::test]
async fn the_process_that_is_killed() {
    let Ok(path) = std::env::var(ROLE) else {
        return;
    };
    let budget = std::env::var(BUDGET).unwrap().parse().unwrap();
    let channel = AgentChannel::Socket { path: path.into() };
    let mut watchdog = Watchdog::start(&watchdog_program(), Some(channel))
        .await
        .unwrap();
    println!("\nSTAGE freezing");
    let frozen = watchdog.freeze(Duration::from_millis(budget)).await;
    println!("\nSTAGE frozen {}", frozen.is_ok());
    if let Ok(monitor) = std::env::var(MONITOR) {
        watchdog.hold(Path::new(&monitor)).await.unwrap();
        println!("\nSTAGE holding");
        std::thread::sleep(LONG);
    }
    std::thread::sleep(Duration::from_millis(300));
    let thaw = watchdog.thaw().await;
    println!("\nSTAGE thawed {:?}", thaw.map(|t| t.by));
    std::thread::sleep(LONG);
}

struct Victim {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Victim {
    fn start(agent: &Path, budget: Duration, monitor: Option<&Path>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "watchdog::the_process_that_is_killed",
                "--nocapture",
            ])
            .env(ROLE, agent)
            .env(BUDGET, budget.as_millis().to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(monitor) = monitor {
            command.env(MONITOR, monitor);
        }
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn wait(&mut self, stage: &str) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        lines
            .find(|l| l.starts_with(&format!("STAGE {stage}")))
            .expect("it came to the stage")
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_killed_parent_leaves_no_frozen_guest() {
    let agent = FakeAgent::start();
    let mut parent = Victim::start(&agent.path(), LONG, None);
    parent.wait("frozen true");
    drop(parent);
    let frozen = agent.wait_thawed(Duration::from_secs(10));
    assert!(frozen < Duration::from_secs(3), "{frozen:?}");
}

#[test]
fn a_parent_killed_while_the_freeze_is_on_its_way_leaves_no_frozen_guest() {
    let agent = FakeAgent::start();
    agent.script(|a| a.freeze_takes = Duration::from_millis(1000));
    let mut parent = Victim::start(&agent.path(), LONG, None);
    parent.wait("freezing");
    std::thread::sleep(Duration::from_millis(300));
    drop(parent);
    let frozen = agent.wait_thawed(Duration::from_secs(20));
    assert!(frozen < Duration::from_secs(3), "{frozen:?}");
}

#[test]
fn a_stopped_parent_does_not_outlast_the_budget_and_learns_of_it() {
    let agent = FakeAgent::start();
    let mut parent = Victim::start(&agent.path(), Duration::from_secs(1), None);
    parent.wait("frozen true");
    signal(parent.child.id(), Signal::STOP);
    let frozen = agent.wait_thawed(Duration::from_secs(10));
    assert!(frozen < Duration::from_millis(2500), "{frozen:?}");
    signal(parent.child.id(), Signal::CONT);
    assert_eq!(parent.wait("thawed"), "STAGE thawed Ok(Budget)");
}

#[test]
fn processors_held_by_a_killed_parent_run_again() {
    let agent = FakeAgent::start();
    let monitor = FakeMonitor::start(agent.dir.path());
    let mut parent = Victim::start(&agent.path(), LONG, Some(&monitor.path));
    parent.wait("holding");
    assert!(monitor.said.lock().unwrap().is_empty());
    drop(parent);
    agent.wait_thawed(Duration::from_secs(10));
    let said = monitor.said.lock().unwrap();
    assert_eq!(*said, ["qmp_capabilities", "query-status", "cont"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_guest_is_thawed_when_its_backup_is_killed_or_stopped() {
    let guest = guest("dog").await;
    let status = || guest.agent("guest-fsfreeze-status", json!({})).unwrap();
    let write = "echo alive > /proof; sync; cat /proof";

    let mut parent = Victim::start(&guest.agent_socket(), LONG, None);
    parent.wait("frozen true");
    drop(parent);
    assert_eq!(
        guest.run(write).unwrap().trim(),
        "alive",
        "the watchdog lets go of the channel"
    );
    assert_eq!(status(), "thawed");

    let budget = Duration::from_secs(3);
    let mut parent = Victim::start(&guest.agent_socket(), budget, None);
    parent.wait("frozen true");
    signal(parent.child.id(), Signal::STOP);
    assert_eq!(guest.run(write).unwrap().trim(), "alive");
    assert_eq!(status(), "thawed");
    signal(parent.child.id(), Signal::CONT);
    assert_eq!(parent.wait("thawed"), "STAGE thawed Ok(Budget)");

    // Killed while it holds the processors.
    let mut parent = Victim::start(&guest.agent_socket(), LONG, Some(&guest.qmp_socket()));
    parent.wait("holding");
    guest.qmp("stop", Value::Null).unwrap();
    drop(parent);
    assert_eq!(
        guest.run(write).unwrap().trim(),
        "alive",
        "the processors run again"
    );
    assert_eq!(status(), "thawed");
}

/// A QEMU monitor that says that the machine is paused.
struct FakeMonitor {
    path: std::path::PathBuf,
    said: Arc<Mutex<Vec<String>>>,
}

impl FakeMonitor {
    fn start(dir: &Path) -> Self {
        use std::io::Write;
        let path = dir.join("qmp.sock");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"{\"QMP\": {}}\n").unwrap();
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
                heard
                    .lock()
                    .unwrap()
                    .push(request["execute"].as_str().unwrap().to_owned());
                let id = &request["id"];
                let answer = format!("{{\"return\": {{\"status\": \"paused\"}}, \"id\": {id}}}\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { path, said }
    }
}

async fn wait_gone(pid: u32, limit: Duration) {
    let start = Instant::now();
    let stat = format!("/proc/{pid}/stat");
    // One that has ended and is not waited for yet is in state Z.
    while std::fs::read_to_string(&stat).is_ok_and(|s| !s.contains(") Z ")) {
        assert!(start.elapsed() < limit, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
