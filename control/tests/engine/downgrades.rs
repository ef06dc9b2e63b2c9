//! A policy whose settings refuse what is less consistent than it asks for, and other settings
//! that Azure's body lacks.

use base::Code;
use control::scripted::{Ends, Phase};
use policy::{Consistency, Policy};
use state::jobs::JobStatus;
use state::policies::PolicySettings;
use state::protected_items::ProtectionState;
use state::recovery_points::Consistency as Got;

use crate::world::World;

const REFUSING: PolicySettings = PolicySettings {
    refuse_downgrades: true,
    refuse_standard_items: false,
};

impl World {
    async fn set(&self, policy: &str, settings: PolicySettings) -> bool {
        let control = &self.control;
        let set = control.set_policy_settings("default", "v1", policy, settings);
        set.await.unwrap()
    }

    async fn settings(&self, policy: &str) -> PolicySettings {
        let found = self.control.policy_settings("default", "v1", policy).await;
        found.unwrap()
    }
}

#[tokio::test]
async fn a_policy_that_refuses_downgrades_fails_the_job_and_has_it_tried_again() {
    let world = World::protecting().await;
    assert!(world.set("DefaultPolicy", REFUSING).await);
    assert!(!world.set("DefaultPolicy", REFUSING).await);
    let code = Code::AgentUnavailable;
    world.ends(Phase::Snapshot, &[Ends::Downgraded(code)]);
    let id = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let job = world.job(id).await;
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(job.body.errors[0].code, code.name());
    let asked = &job.body.properties["Recovery point consistency asked"];
    assert_eq!(asked, "FileSystemConsistent");
    assert!(world.points("web").await.is_empty());
    world.check(&["web"]).await;
    // An agent that answers again is enough.
    let id = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    assert_eq!(world.job(id).await.status, JobStatus::Completed);
    assert_eq!(world.item("web").await.state, ProtectionState::Protected);
    // A scheduled one is tried again until it answers.
    world.ends(Phase::Snapshot, &[Ends::Downgraded(code); 2]);
    world.days(1).await;
    let jobs = world.backups().await;
    let ends: Vec<JobStatus> = jobs.iter().skip(2).map(|j| j.status).collect();
    use JobStatus::{Completed, Failed};
    assert_eq!(ends, [Failed, Failed, Completed]);
    let points = world.points("web").await;
    assert_eq!(points.len(), 2);
    let whole =
        |p: &state::recovery_points::RecoveryPoint| p.body.consistency == Got::FileSystemConsistent;
    assert!(points.iter().all(whole));
    // Without the setting such a point is kept, and says what it is.
    assert!(world.set("DefaultPolicy", PolicySettings::default()).await);
    world.ends(Phase::Snapshot, &[Ends::Downgraded(code)]);
    let id = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let job = world.job(id).await;
    assert_eq!(job.status, JobStatus::Completed);
    let said = &job.body.properties;
    assert_eq!(
        said["Recovery point consistency asked"],
        "FileSystemConsistent"
    );
    assert_eq!(said["Recovery point consistency"], "CrashConsistent");
    assert_eq!(said["Consistency downgrade"], code.name());
    world.check(&["web"]).await;
}

#[tokio::test]
async fn a_policys_settings_outlive_its_changes_and_go_with_it() {
    let world = World::new().await;
    let long = |days| {
        let mut policy = Policy::standard_default();
        policy.retention.daily = Some(days);
        policy
    };
    world.put_policy("p", Policy::standard_default()).await;
    assert_eq!(world.settings("p").await, PolicySettings::default());
    world.set("p", REFUSING).await;
    world.put_policy("p", long(45)).await;
    assert_eq!(world.settings("p").await, REFUSING);
    let control = &world.control;
    assert!(control.delete_policy("default", "v1", "p").await.unwrap());
    let gone = control.policy_settings("default", "v1", "p").await;
    assert_eq!(gone.unwrap_err().code(), Code::PolicyNotFound);
    world.put_policy("p", long(45)).await;
    assert_eq!(world.settings("p").await, PolicySettings::default());
}

#[tokio::test]
async fn policy_31_a_policy_that_asks_no_guest_has_nothing_to_refuse() {
    let world = World::new().await;
    let mut crash = Policy::enhanced_default();
    crash.consistency = Consistency::OnlyCrash;
    world.put_policy("crash", crash).await;
    world.set("crash", REFUSING).await;
    world.protect("web", "crash").await.unwrap();
    let id = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let job = world.job(id).await;
    assert_eq!(job.status, JobStatus::Completed);
    let said = &job.body.properties;
    assert_eq!(said["Recovery point consistency asked"], "CrashConsistent");
    assert_eq!(said["Recovery point consistency"], "CrashConsistent");
    assert!(!said.contains_key("Consistency downgrade"));
}

#[tokio::test]
async fn policy_30_an_enhanced_policy_may_refuse_machines_of_a_standard_one() {
    let world = World::protecting().await;
    let refusing = PolicySettings {
        refuse_downgrades: false,
        refuse_standard_items: true,
    };
    world.set("EnhancedPolicy", refusing).await;
    let refused = world.protect("web", "EnhancedPolicy").await.unwrap_err();
    assert_eq!(refused.code(), Code::PolicyKindRefused);
    assert_eq!(world.item("web").await.body.policy_name, "DefaultPolicy");
    // A machine that no standard policy has protected is welcome, and may come back.
    world.protect("db", "EnhancedPolicy").await.unwrap();
    world.protect("db", "EnhancedPolicy").await.unwrap();
    world.set("EnhancedPolicy", PolicySettings::default()).await;
    world.protect("web", "EnhancedPolicy").await.unwrap();
    assert_eq!(world.item("web").await.body.policy_name, "EnhancedPolicy");
}
