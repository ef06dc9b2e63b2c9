//! A server that is killed before every transaction and at every step of a store, and goes on.

use std::future::Future;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base::{Clock, ManualClock};
use control::plane::Tier;
use control::scripted::{Act, Phase, Scripted};
use control::{Control, ItemChange, Protect};
use jiff::{SignedDuration, Timestamp};
use policy::TaskStatus;
use state::jobs::JobStatus;
use uuid::Uuid;

use crate::time::stands;
use crate::world::{WEB, World, at, host, name, records, server};

/// A clock of a process with so many steps to live: each look at it is one.
#[derive(Debug)]
pub struct Mortal {
    clock: Arc<ManualClock>,
    left: AtomicI64,
}

impl Mortal {
    pub fn new(clock: Arc<ManualClock>, steps: i64) -> Arc<Self> {
        let left = AtomicI64::new(steps);
        Arc::new(Self { clock, left })
    }

    pub fn step(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.die();
        }
    }

    fn die(&self) -> ! {
        resume_unwind(Box::new("killed"))
    }

    fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }
}

impl Clock for Mortal {
    fn now(&self) -> Timestamp {
        self.step();
        self.clock.now()
    }
}

/// Runs one life of a process; whatever it has begun ends with it.
pub fn life<T: Send + 'static>(what: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::spawn(what).await.ok() })
}

/// Lets everything happen that happens now, until the process dies.
async fn settle(control: &Arc<Control>, plane: &Scripted, mortal: &Mortal) {
    loop {
        let before = control.load().taken_up;
        control.tick().await;
        while control.load().working != plane.waiting() {
            if mortal.is_dead() {
                mortal.die();
            }
            tokio::task::yield_now().await;
        }
        control.maintain().await;
        if control.load().taken_up == before {
            return;
        }
    }
}

pub async fn pass(control: &Arc<Control>, plane: &Scripted, mortal: &Mortal, hours: i64) {
    for _ in 0..hours * 2 {
        settle(control, plane, mortal).await;
        mortal.clock.advance(SignedDuration::from_mins(30));
        plane.sleeper().wake();
    }
    settle(control, plane, mortal).await;
}

/// What the server has answered.
#[derive(Debug, Default)]
struct Answers {
    protected: bool,
    job: Option<Uuid>,
}

/// Protection, a scheduled backup, one on demand, and two days in which a snapshot expires.
async fn scenario(
    control: Arc<Control>,
    plane: Arc<Scripted>,
    mortal: Arc<Mortal>,
    answers: Arc<std::sync::Mutex<Answers>>,
) {
    let with = Protect {
        policy: control.policy_id("default", "v1", "DefaultPolicy"),
        source: None,
        disks: None,
    };
    let protect = ItemChange::Protect(with);
    let web = name("web");
    let changed = control.change_item("default", "v1", &web, protect);
    changed.await.unwrap();
    answers.lock().unwrap().protected = true;
    plane.play(WEB, Phase::Snapshot, &[Act::well(20)]);
    plane.play(WEB, Phase::Transfer, &[Act::well(45)]);
    pass(&control, &plane, &mortal, 11).await;
    let asked = control.backup_now("default", "v1", &web, None);
    let job = asked.await.unwrap().job;
    answers.lock().unwrap().job = Some(job);
    pass(&control, &plane, &mortal, 60).await;
}

/// Kills a server after so many steps, starts it again, and checks. Whether it was killed.
fn killed_after(steps: i64, template: &Path) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(template.join("."))
        .arg(folder.path())
        .status();
    assert!(copied.unwrap().success());
    let clock = Arc::new(ManualClock::new(at("2026-03-01T12:00:00Z")));
    let plane = Arc::new(Scripted::new(clock.clone()));
    host(&plane);
    let answers = Arc::new(std::sync::Mutex::new(Answers::default()));
    let begin = |left| {
        let mortal = Mortal::new(clock.clone(), left);
        let watching = mortal.clone();
        plane.watch(move || watching.step());
        mortal
    };
    let mortal = begin(steps);
    let path = folder.path().to_owned();
    let first = {
        let (plane, answers) = (plane.clone(), answers.clone());
        life(async move {
            let control = server(&path, mortal.clone(), plane.clone(), 2).await;
            scenario(control, plane, mortal, answers).await;
        })
    };
    let mortal = begin(i64::MAX);
    life(async move {
        let path = folder.path().to_owned();
        let control = server(&path, mortal.clone(), plane.clone(), 3).await;
        let state = records(&path, clock.clone()).await;
        pass(&control, &plane, &mortal, 12).await;
        let world = World {
            folder,
            clock,
            plane,
            control,
            state,
        };
        check(&world, &mortal, &answers).await;
    })
    .unwrap_or_else(|| panic!("killed after {steps} steps"));
    first.is_none()
}

async fn check(world: &World, mortal: &Mortal, answers: &std::sync::Mutex<Answers>) {
    let (protected, job) = {
        let answers = answers.lock().unwrap();
        (answers.protected, answers.job)
    };
    if world.no_item("web").await {
        assert!(!protected);
        let vault = world.vault_id().await;
        assert!(world.plane.points(vault, Tier::Snapshot).is_empty());
        return;
    }
    if let Some(job) = job {
        assert_eq!(world.job(job).await.status, JobStatus::Completed);
    }
    // One more, with which goes what was given up.
    world.backup_now("web", None).await.unwrap();
    pass(&world.control, &world.plane, mortal, 2).await;
    let jobs = world.backups().await;
    let taken = jobs.iter().filter(|j| stands(j).0 == TaskStatus::Completed);
    assert_eq!(taken.count(), jobs.len(), "{jobs:?}");
    assert!(jobs.iter().all(|j| j.status == JobStatus::Completed));
    // None was removed so far but as a snapshot: each run has its one point.
    assert_eq!(world.points("web").await.len(), jobs.len());
    world.check(&["web"]).await;
}

#[test]
fn killed_at_any_step_nothing_acknowledged_is_lost_and_no_run_makes_two_points() {
    let folder = tempfile::tempdir().unwrap();
    let made = life(World::new()).unwrap();
    let template = folder.path().join("template");
    std::fs::create_dir(&template).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(made.folder.path().join("."))
        .arg(&template)
        .status();
    assert!(copied.unwrap().success());
    let all = std::env::var("STILLPOINT_EVERY_STEP").is_ok();
    // The first few are those of the start.
    let mut steps = 8;
    while killed_after(steps, &template) {
        steps += if all { 1 } else { 1 + steps / 8 };
    }
    assert!(steps > 100, "{steps}");
}
