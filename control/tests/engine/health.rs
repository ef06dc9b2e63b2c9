//! The check in the background flags an item before its next backup fails, and takes that back
//! when it is over (PROT-14).

use base::Code;
use control::Protect;
use control::plane::Discovered;
use control::scripted::{Act, Ends, Phase, machine};
use hypervisor::AgentStatus;
use jiff::SignedDuration;
use state::admission_rules::AdmissionRule;
use state::locks::{Lock, LockLevel};
use state::policies::PolicySettings;
use state::protected_items::DiskSelection;
use uuid::Uuid;

use crate::adoption::{backed_up, restored, seal};
use crate::world::{DB, HOST, WEB, World, host};

impl World {
    /// A look at the hosts each minute, for so many; what is then found at `web`: codes, those of
    /// critical findings with a `!`.
    async fn found(&self, minutes: i64) -> Vec<String> {
        for _ in 0..minutes {
            self.control.discover().await.unwrap();
            self.minutes(1).await;
        }
        let health = self.item("web").await.body.health;
        let word = |f: &state::protected_items::HealthFinding| {
            let mark = if f.critical { "!" } else { "" };
            format!("{}{mark}", f.code)
        };
        health.iter().map(word).collect()
    }

    fn agent(&self, agent: AgentStatus) {
        let mut web = machine(WEB, "web", &[1 << 30]);
        web.agent = agent;
        let machines = vec![web, machine(DB, "db", &[5, 6])];
        let networks = None;
        self.plane.set(HOST, Discovered { machines, networks });
    }
}

fn critical(code: Code) -> [String; 1] {
    [format!("{}!", code.name())]
}

const NOTHING: [String; 0] = [];

#[tokio::test]
async fn prot_14_a_silent_host_is_told_of_after_minutes_and_no_longer_when_it_answers() {
    let world = World::protecting().await;
    assert_eq!(world.found(6).await, NOTHING);
    let before = world.item("web").await.revision;
    assert_eq!(world.found(30).await, NOTHING);
    assert_eq!(world.item("web").await.revision, before, "nothing to write");
    world.plane.silence(HOST);
    assert_eq!(world.found(3).await, NOTHING, "it may be a moment");
    let silent = critical(Code::HypervisorUnavailable);
    assert_eq!(world.found(12).await, silent);
    let before = world.item("web").await.revision;
    assert_eq!(world.found(15).await, silent);
    assert_eq!(world.item("web").await.revision, before, "nothing to write");
    host(&world.plane);
    assert_eq!(world.found(6).await, NOTHING);
}

#[tokio::test]
async fn prot_14_a_machine_that_is_gone_or_twice_is_told_of_while_it_is() {
    let world = World::protecting().await;
    let set = |machines| {
        let networks = None;
        world.plane.set(HOST, Discovered { machines, networks });
    };
    set(vec![machine(DB, "db", &[5, 6])]);
    assert_eq!(world.found(6).await, critical(Code::MachineNotFound));
    host(&world.plane);
    assert_eq!(world.found(6).await, NOTHING);
    let machines = vec![machine(WEB, "web", &[1 << 30])];
    let networks = None;
    let twin = Discovered { machines, networks };
    world.plane.set("test:///b", twin);
    let input = control::HostInput {
        location: Some("onprem".to_owned()),
        connection: Some("test:///b".to_owned()),
        group: Some("default".to_owned()),
        ..control::HostInput::default()
    };
    world.control.put_host("b", input).await.unwrap();
    assert_eq!(world.found(6).await, critical(Code::MachineInConflict));
    let machines = vec![machine(Uuid::from_u128(9), "other", &[1])];
    world.plane.set(
        "test:///b",
        Discovered {
            machines,
            networks: None,
        },
    );
    assert_eq!(world.found(6).await, NOTHING);
}

#[tokio::test]
async fn prot_14_an_agent_that_does_not_answer_is_a_warning_or_critical_where_it_is_needed() {
    let world = World::protecting().await;
    world.agent(AgentStatus::NotResponding);
    assert_eq!(world.found(3).await, NOTHING);
    let code = Code::AgentUnavailable;
    assert_eq!(world.found(12).await, [code.name()]);
    let control = &world.control;
    let settings = PolicySettings {
        refuse_downgrades: true,
        ..PolicySettings::default()
    };
    let set = control.set_policy_settings("default", "v1", "DefaultPolicy", settings);
    set.await.unwrap();
    assert_eq!(world.found(6).await, critical(code));
    let mut crash = policy::Policy::enhanced_default();
    crash.consistency = policy::Consistency::OnlyCrash;
    world.put_policy("crash", crash).await;
    world.protect("web", "crash").await.unwrap();
    assert_eq!(world.found(6).await, NOTHING, "it asks no agent");
    world.protect("web", "EnhancedPolicy").await.unwrap();
    world.agent(AgentStatus::NotConfigured);
    assert_eq!(world.found(6).await, [code.name()]);
    let version = "9.0".to_owned();
    world.agent(AgentStatus::Responding { version });
    assert_eq!(world.found(6).await, NOTHING);
}

#[tokio::test]
async fn prot_14_locks_and_rules_that_the_next_snapshot_meets_are_told_of() {
    let world = World::protecting().await;
    let control = &world.control;
    let rule = AdmissionRule {
        name_pattern: Some("team-*".to_owned()),
        required_tags: Vec::new(),
        exempt_service_groups: false,
    };
    control.put_admission_rule("names", rule).await.unwrap();
    let ruled = critical(Code::SnapshotGroupDisallowed);
    assert_eq!(world.found(6).await, ruled);
    control.delete_admission_rule("names").await.unwrap();
    assert_eq!(world.found(6).await, NOTHING);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let group = control.group_id("AzureBackupRG_onprem_1");
    let lock = async |level| {
        let notes = None;
        let lock = Lock { level, notes };
        control.put_lock(&group, "l", lock).await.unwrap();
    };
    lock(LockLevel::CanNotDelete).await;
    let code = Code::ScopeLocked;
    assert_eq!(world.found(6).await, [code.name()]);
    lock(LockLevel::ReadOnly).await;
    assert_eq!(world.found(6).await, critical(code));
    control.delete_lock(&group, "l").await.unwrap();
    assert_eq!(world.found(6).await, NOTHING);
}

#[tokio::test]
async fn prot_14_points_that_are_a_day_late_are_told_of_until_one_is_made() {
    let world = World::protecting().await;
    world.days(1).await;
    assert_eq!(world.points("web").await.len(), 1);
    // The next run hangs, and everything else behind it.
    world.play(Phase::Snapshot, &[Act::ends(Ends::Hangs)]);
    world.days(1).await;
    assert_eq!(world.found(6).await, NOTHING);
    world.pass(SignedDuration::from_hours(30)).await;
    assert_eq!(world.found(6).await, critical(Code::BackupOverdue));
    let hangs = world.backups().await.pop().unwrap();
    world.cancel(hangs.id).await.unwrap();
    world.settle().await;
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    // A backup that goes well takes it away itself.
    assert_eq!(world.found(0).await, NOTHING);
}

#[tokio::test]
async fn prot_14_what_a_failed_backup_left_stays_beside_what_the_check_finds() {
    let world = World::protecting().await;
    world.ends(Phase::Snapshot, &[Ends::Fails(Code::ScratchFull)]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let failed = Code::ScratchFull.name().to_owned();
    assert_eq!(world.found(6).await, std::slice::from_ref(&failed));
    world.plane.silence(HOST);
    let [silent] = critical(Code::HypervisorUnavailable);
    assert_eq!(world.found(15).await, [failed.clone(), silent]);
    host(&world.plane);
    assert_eq!(world.found(6).await, [failed]);
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    assert_eq!(world.found(6).await, NOTHING);
    // Who is not backed up is not told of anything.
    world.plane.silence(HOST);
    world
        .change("web", control::ItemChange::Stop)
        .await
        .unwrap();
    assert_eq!(world.found(15).await, NOTHING);
}

#[tokio::test]
async fn prot_14_a_vault_that_another_server_has_taken_is_told_of() {
    let world = World::protecting().await;
    let seal = seal();
    let file = backed_up(&world, "backup", &seal).await;
    assert_eq!(world.found(6).await, NOTHING);
    let again = restored(&world, &file, &seal).await;
    again.control.maintain().await;
    assert_eq!(world.found(6).await, critical(Code::StoreTakenOver));
    assert_eq!(again.found(6).await, NOTHING);
}

#[tokio::test]
async fn prot_14_a_vault_whose_key_the_server_can_not_open_is_told_of() {
    let world = World::protecting().await;
    let mut vault = world.control.vault("default", "v1").await.unwrap();
    vault.body.wrapped_key = "of another server".to_owned();
    let mut tx = world.state.write().await.unwrap();
    state::resources::update(&mut tx, vault).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.found(6).await, critical(Code::ServerKeyInvalid));
}

#[tokio::test]
async fn prot_14_disks_chosen_by_numbers_that_are_gone_are_told_of() {
    let world = World::new().await;
    let with = Protect {
        policy: world.policy_id("DefaultPolicy"),
        source: None,
        disks: Some(Some(DiskSelection {
            luns: vec![0],
            include: true,
        })),
    };
    let disks = |sizes: &[u64]| {
        let machines = vec![machine(WEB, "web", sizes), machine(DB, "db", &[5, 6])];
        let networks = None;
        world.plane.set(HOST, Discovered { machines, networks });
    };
    disks(&[1 << 30, 1 << 20]);
    world.control.discover().await.unwrap();
    world
        .change("web", control::ItemChange::Protect(with))
        .await
        .unwrap();
    assert_eq!(world.found(6).await, NOTHING);
    disks(&[1 << 30]);
    assert_eq!(world.found(6).await, [Code::DiskNotFound.name()]);
    disks(&[1 << 30, 1 << 20]);
    assert_eq!(world.found(6).await, NOTHING);
}
