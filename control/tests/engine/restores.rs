//! Restores: to a folder, over the machine itself, to a new machine.

use std::sync::{Arc, Mutex};

use base::{Clock, Code, Result};
use control::plane::{Discovered, Tier};
use control::scripted::{Act, Ends, Phase, machine};
use control::{
    GroupInput, HostInput, ItemChange, ItemName, Options, Protect, Restore, RestoreTo,
    RestoredMachine, VaultChange, VaultInput,
};
use hypervisor::MachineState;
use policy::TaskStatus as T;
use state::jobs::{Job, JobOperation, JobStatus as J};
use state::recovery_points::Range;
use state::vaults::{Redundancy, SoftDeleteState};
use uuid::Uuid;

use crate::crash::{Mortal, life, pass};
use crate::world::{DB, HOST, WEB, World, name};

impl World {
    /// With a point of `web`, and the group `lab`.
    async fn with_a_point() -> Self {
        let world = Self::protecting().await;
        world.backup_now("web", None).await.unwrap();
        world.settle().await;
        let location = Some("onprem".to_owned());
        let tags = None;
        let group = GroupInput { location, tags };
        world.control.put_group("lab", group).await.unwrap();
        world
    }

    pub async fn restore(&self, to: RestoreTo) -> Result<Uuid> {
        let point = self.points("web").await[0].number;
        let disks = None;
        let asked = Restore { point, disks, to };
        let web = name("web");
        let done = self.control.restore("default", "v1", &web, asked);
        Ok(done.await?.job)
    }

    /// As files in the first restore folder.
    pub fn to_folder(&self) -> RestoreTo {
        let group = None;
        RestoreTo::Disks {
            account: self.account(),
            group,
        }
    }

    fn account(&self) -> String {
        self.control.storage_account_id("default", "restores")
    }

    fn new_machine(&self, group: &str, called: &str) -> RestoreTo {
        RestoreTo::Machine(RestoredMachine {
            account: self.account(),
            group: group.to_owned(),
            name: called.to_owned(),
            network: self.control.network_id("default", "user"),
        })
    }

    /// The machine `web` is on or off.
    async fn power(&self, state: MachineState) {
        let web = hypervisor::Machine {
            state,
            ..machine(WEB, "web", &[1 << 30])
        };
        let machines = vec![web, machine(DB, "db", &[5, 6])];
        let networks = None;
        self.plane.set(HOST, Discovered { machines, networks });
        self.control.discover().await.unwrap();
    }
}

fn tasks(job: &Job) -> Vec<(&str, T)> {
    let all = job.body.tasks.iter();
    all.map(|t| (&*t.name, t.status)).collect()
}

const DATA: &str = "Transfer data from vault";
const CREATE: &str = "Create the restored virtual machine";

/// RESTORE-2, 4, 14: it is in the group that was asked for as soon as the job has ended.
#[tokio::test]
async fn a_new_machine_is_in_its_group_when_the_job_has_ended() {
    let world = World::with_a_point().await;
    let job = world.restore(world.new_machine("lab", "copy")).await;
    let job = job.unwrap();
    world.settle().await;
    let job = world.job(job).await;
    assert_eq!(job.status, J::Completed, "{job:?}");
    let expected = [(DATA, T::Completed), (CREATE, T::Completed)];
    assert_eq!(tasks(&job), expected);
    let copy = world.control.machine("lab", "copy").await.unwrap();
    assert!(copy.body.uuid != WEB && copy.body.running);
    // It stays there, and can be protected as any other.
    world.control.discover().await.unwrap();
    let again = world.control.machine("lab", "copy").await.unwrap();
    assert_eq!(again.body.uuid, copy.body.uuid);
    let vault = world.control.vault("default", "v1").await.unwrap();
    let free = world.control.protectable(&vault, None, 10).await.unwrap();
    assert!(
        free.iter()
            .any(|m| m.name == "copy" && m.parent == fold(&world, "lab"))
    );
}

fn fold(world: &World, group: &str) -> String {
    state::fold(&world.control.group_id(group))
}

/// RESTORE-19
#[tokio::test]
async fn of_two_restores_on_a_host_that_takes_one_at_a_time_the_second_waits() {
    let options = Options {
        restores_per_host: 1,
        ..Options::default()
    };
    let world = World::with(options).await;
    world.protect("web", "DefaultPolicy").await.unwrap();
    world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let begun = Arc::new(Mutex::new(0));
    let seen = begun.clone();
    world.plane.direct(move |_, phase| {
        *seen.lock().unwrap() += u32::from(phase == Phase::Restore);
        Act::well(30)
    });
    let first = world.restore(world.to_folder()).await.unwrap();
    let second = world.restore(world.to_folder()).await.unwrap();
    world.minutes(20).await;
    assert_eq!(*begun.lock().unwrap(), 1);
    assert_eq!(world.job(second).await.status, J::InProgress);
    world.minutes(20).await;
    assert_eq!(*begun.lock().unwrap(), 2);
    assert_eq!(world.job(first).await.status, J::Completed);
    world.minutes(30).await;
    assert_eq!(world.job(second).await.status, J::Completed);
}

/// RESTORE-13
#[tokio::test]
async fn a_machine_that_is_gone_is_made_anew_from_its_item() {
    let world = World::with_a_point().await;
    let machines = vec![machine(DB, "db", &[5, 6])];
    let networks = None;
    world.plane.set(HOST, Discovered { machines, networks });
    world.control.discover().await.unwrap();
    let gone = world.control.machine("default", "web").await.unwrap();
    assert!(gone.body.vanished.is_some());
    let job = world.restore(world.new_machine("lab", "web")).await;
    let job = job.unwrap();
    world.settle().await;
    assert_eq!(world.job(job).await.status, J::Completed);
    assert!(world.control.machine("lab", "web").await.is_ok());
    // Under its own name in its own group it goes on with its item (PROT-17).
    let machines = vec![machine(DB, "db", &[5, 6])];
    let networks = None;
    world.plane.set(HOST, Discovered { machines, networks });
    world.control.discover().await.unwrap();
    let job = world.restore(world.new_machine("default", "web")).await;
    let job = job.unwrap();
    world.settle().await;
    assert_eq!(world.job(job).await.status, J::Completed);
    let web = world.control.machine("default", "web").await.unwrap();
    assert_eq!(web.body.vanished, None);
    assert_eq!(world.item("web").await.machine, web.body.uuid);
}

#[tokio::test]
async fn what_can_not_become_a_machine_is_refused_before_anything_is_written() {
    let world = World::with_a_point().await;
    let refused = async |to| world.restore(to).await.unwrap_err().code();
    let taken = world.new_machine("default", "db");
    assert_eq!(refused(taken).await, Code::MachineExists);
    for bad in ["", "a/b", ".a", "a b", &"x".repeat(65)] {
        let named = world.new_machine("lab", bad);
        assert_eq!(refused(named).await, Code::NameInvalid, "{bad}");
    }
    let nowhere = world.new_machine("nowhere", "copy");
    assert_eq!(refused(nowhere).await, Code::GroupNotFound);
    let RestoreTo::Machine(good) = world.new_machine("lab", "copy") else {
        unreachable!()
    };
    for wrong in [
        RestoredMachine {
            account: world.control.storage_account_id("default", "none"),
            ..good.clone()
        },
        RestoredMachine {
            network: world.control.network_id("default", "none"),
            ..good.clone()
        },
    ] {
        let wrong = refused(RestoreTo::Machine(wrong)).await;
        assert_eq!(wrong, Code::ResourceNotFound);
    }
    assert!(world.jobs(JobOperation::Restore).await.is_empty());
    // On the host the name is taken, although not in the group: the job finds out.
    let job = world.restore(world.new_machine("lab", "db")).await.unwrap();
    world.settle().await;
    let job = world.job(job).await;
    assert_eq!(job.status, J::Failed);
    assert_eq!(job.body.errors[0].code, Code::MachineExists.name());
    assert!(world.control.machine("lab", "db").await.is_err());
}

/// RESTORE-3
#[tokio::test]
async fn if_the_machine_can_not_be_made_its_disks_stay_and_the_job_says_where() {
    let world = World::with_a_point().await;
    world.plane.direct(|_, phase| match phase {
        Phase::Machine => Act::ends(Ends::Fails(Code::HypervisorError)),
        _ => Act::well(0),
    });
    let job = world.restore(world.new_machine("lab", "copy")).await;
    let job = job.unwrap();
    world.settle().await;
    let job = world.job(job).await;
    assert_eq!(job.status, J::Failed);
    let expected = [(DATA, T::Completed), (CREATE, T::Failed)];
    assert_eq!(tasks(&job), expected);
    assert!(job.body.properties.contains_key("Restored disk vda"));
    assert!(world.control.machine("lab", "copy").await.is_err());
}

/// RESTORE-7
#[tokio::test]
async fn in_place_what_is_there_is_backed_up_first_and_only_a_machine_that_is_off_is_touched() {
    let world = World::with_a_point().await;
    let running = world.restore(RestoreTo::Original).await.unwrap();
    world.settle().await;
    let running = world.job(running).await;
    assert_eq!(running.status, J::Failed);
    assert_eq!(running.body.errors[0].code, Code::MachineRunning.name());
    assert_eq!(world.backups().await.len(), 1, "it was backed up in vain");

    world.power(MachineState::Stopped).await;
    world.ends(Phase::Snapshot, &[Ends::Fails(Code::StoreUnavailable)]);
    let failed = world.restore(RestoreTo::Original).await.unwrap();
    world.minutes(1).await;
    let failed = world.job(failed).await;
    assert_eq!(failed.status, J::Failed);
    let code = Code::BackupBeforeRestoreFailed.name();
    assert_eq!(failed.body.errors[0].code, code);
    assert_eq!(world.backups().await.len(), 2);

    let restores = Arc::new(Mutex::new(0));
    let seen = restores.clone();
    world.plane.direct(move |_, phase| {
        *seen.lock().unwrap() += u32::from(phase == Phase::Restore);
        match phase {
            Phase::Snapshot => Act::well(20),
            _ => Act::well(0),
        }
    });
    let job = world.restore(RestoreTo::Original).await.unwrap();
    world.minutes(19).await;
    assert_eq!(*restores.lock().unwrap(), 0, "before the backup");
    world.minutes(5).await;
    assert_eq!(*restores.lock().unwrap(), 1);
    let job = world.job(job).await;
    assert_eq!(job.status, J::Completed, "{job:?}");
    let backup = &job.body.properties["Backup before the restore"];
    let backup = world.job(backup.parse().unwrap()).await;
    assert_eq!(backup.status, J::Completed);
    assert_eq!(world.points("web").await.len(), 2);
    world.check(&["web"]).await;
}

#[tokio::test]
async fn a_restore_in_place_waits_for_a_snapshot_that_is_taken_and_can_be_cancelled() {
    let world = World::with_a_point().await;
    world.power(MachineState::Stopped).await;
    world.play(Phase::Snapshot, &[Act::well(30)]);
    world.backup_now("web", None).await.unwrap();
    world.minutes(1).await;
    let job = world.restore(RestoreTo::Original).await.unwrap();
    world.minutes(10).await;
    assert_eq!(world.job(job).await.status, J::InProgress);
    world.cancel(job).await.unwrap();
    world.minutes(1).await;
    let job = world.job(job).await;
    assert_eq!(job.status, J::Cancelled);
    assert_eq!(tasks(&job), [(DATA, T::Cancelled)]);
    assert_eq!(world.backups().await.len(), 2);
}

/// PROT-15; SNAP-9: the last point is kept beyond its time, and a restore in place makes a newer
/// one before it has read it.
#[tokio::test]
async fn a_point_that_has_expired_stays_for_as_long_as_a_restore_reads_it() {
    let world = World::with_a_point().await;
    let suspended = world.change("web", ItemChange::Suspend).await;
    suspended.unwrap();
    world.days(60).await;
    let old = world.points("web").await;
    assert_eq!(old.len(), 1, "the last one stays");
    assert!(old[0].expires_at.unwrap() < world.clock.now());
    world.power(MachineState::Stopped).await;
    world.play(Phase::Restore, &[Act::well(180)]);
    let job = world.restore(RestoreTo::Original).await.unwrap();
    world.minutes(120).await;
    assert_eq!(world.points("web").await.len(), 2, "what was there, too");
    assert_eq!(world.job(job).await.status, J::InProgress);
    world.minutes(90).await;
    assert_eq!(world.job(job).await.status, J::Completed);
    // Then it goes.
    world.days(1).await;
    let left = world.points("web").await;
    assert_eq!(left.len(), 1);
    assert_ne!(left[0].number, old[0].number);
    world.check(&["web"]).await;
}

/// SOFT-4
#[tokio::test]
async fn data_that_is_deleted_at_once_stays_until_a_restore_has_read_it() {
    let world = World::with_a_point().await;
    world.soft_delete(SoftDeleteState::Disabled, 14).await;
    world.play(Phase::Restore, &[Act::well(60)]);
    let account = world.account();
    let to = RestoreTo::Disks {
        account,
        group: None,
    };
    let job = world.restore(to).await.unwrap();
    world.minutes(1).await;
    world.delete("web").await.unwrap();
    world.minutes(30).await;
    let vault = world.vault_id().await;
    assert_eq!(world.plane.points(vault, Tier::Vault).len(), 1);
    world.minutes(60).await;
    assert_eq!(world.job(job).await.status, J::Completed);
    assert!(world.no_item("web").await);
    assert!(world.plane.points(vault, Tier::Vault).is_empty());
}

/// The whole way to another redundancy that keeps what there is.
#[tokio::test]
async fn prot_16_repl_9_a_machine_moved_to_another_group_starts_anew_and_its_old_points_are_restored()
 {
    let world = World::protecting().await;
    let control = &world.control;
    let size = async |job: Uuid| world.job(job).await.body.properties["Backup Size"].clone();
    for (megabytes, stored) in [(100, "100 MB"), (5, "5 MB")] {
        world.plane.write(WEB, megabytes << 20);
        let job = world.backup_now("web", None).await.unwrap();
        world.settle().await;
        assert_eq!(size(job).await, stored);
    }
    let local = || VaultChange {
        redundancy: Some(Redundancy::LocallyRedundant),
        ..VaultChange::default()
    };
    let locked = control.change_vault("default", "v1", local()).await;
    assert_eq!(locked.unwrap_err().code(), Code::RedundancyLocked);
    let new = VaultInput {
        location: Some("onprem".to_owned()),
        change: local(),
    };
    control.put_vault("default", "v2", new).await.unwrap();
    let vault = control.vault("default", "v2").await.unwrap();
    let free = async || {
        let all = control.protectable(&vault, None, 10).await.unwrap();
        all.iter().any(|m| m.name == "web")
    };
    let of_group = |group: &str| ItemName {
        group: group.to_owned(),
        machine: "web".to_owned(),
    };
    let protect = async |group: &str| {
        let with = Protect {
            policy: control.policy_id("default", "v2", "DefaultPolicy"),
            source: None,
            disks: None,
        };
        let with = ItemChange::Protect(with);
        let (item, vault) = (of_group(group), "v2");
        control.change_item("default", vault, &item, with).await
    };
    // Stopped and with its data it is still the first vault's.
    world.change("web", ItemChange::Stop).await.unwrap();
    assert!(!free().await);
    let still = protect("default").await.unwrap_err();
    assert_eq!(still.code(), Code::AlreadyProtected);

    let location = Some("onprem".to_owned());
    let tags = None;
    let group = GroupInput { location, tags };
    control.put_group("lab", group).await.unwrap();
    let moved = HostInput {
        machine_groups: Some([(WEB, "lab".to_owned())].into()),
        ..HostInput::default()
    };
    control.put_host("a", moved).await.unwrap();
    control.discover().await.unwrap();
    assert!(free().await);
    protect("lab").await.unwrap();
    let name = of_group("lab");
    let backup = control.backup_now("default", "v2", &name, None).await;
    let backup = backup.unwrap().job;
    world.settle().await;
    let backup = control.job("default", "v2", backup).await.unwrap().job;
    assert_eq!(backup.status, J::Completed, "{backup:?}");
    // A full one.
    assert_eq!(backup.body.properties["Backup Size"], "105 MB");
    let item = control.item("default", "v2", &name).await.unwrap();
    let points = control.recovery_points(&item, Range::default(), None, 10);
    assert_eq!(points.await.unwrap().len(), 1);

    // What was, stays, and is restored from.
    world.days(60).await;
    assert_eq!(world.points("web").await.len(), 2);
    let job = world.restore(world.to_folder()).await.unwrap();
    world.settle().await;
    assert_eq!(world.job(job).await.status, J::Completed);
    let job = world.restore(world.new_machine("lab", "as-it-was")).await;
    let job = job.unwrap();
    world.settle().await;
    assert_eq!(world.job(job).await.status, J::Completed);
    assert!(control.machine("lab", "as-it-was").await.is_ok());
}

/// Kills a server after so many steps of a restore, starts it again, and checks. Whether it was
/// killed.
fn killed_after(steps: i64, in_place: bool) -> bool {
    let (world, mortal) = life(async move {
        let world = World::with_a_point().await;
        if in_place {
            world.power(MachineState::Stopped).await;
        }
        let mortal = Mortal::new(world.clock.clone(), steps);
        (world, mortal)
    })
    .unwrap();
    let (plane, path) = (world.plane.clone(), world.folder.path().to_owned());
    let answered = Arc::new(Mutex::new(None));
    let watching = mortal.clone();
    plane.watch(move || watching.step());
    let first = {
        let (mortal, answered, plane, path) =
            (mortal, answered.clone(), plane.clone(), path.clone());
        let account = world.account();
        life(async move {
            let control = crate::world::server(&path, mortal.clone(), plane.clone(), 2).await;
            let to = match in_place {
                true => RestoreTo::Original,
                false => RestoreTo::Machine(RestoredMachine {
                    account,
                    group: "lab".to_owned(),
                    name: "copy".to_owned(),
                    network: control.network_id("default", "user"),
                }),
            };
            let web = name("web");
            let item = control.item("default", "v1", &web).await.unwrap();
            let all = state::recovery_points::Range::default();
            let points = control.recovery_points(&item, all, None, 1).await.unwrap();
            let (point, disks) = (points[0].number, None);
            let asked = Restore { point, disks, to };
            let done = control.restore("default", "v1", &web, asked);
            *answered.lock().unwrap() = Some(done.await.unwrap().job);
            pass(&control, &plane, &mortal, 1).await;
        })
    };
    let mortal = Mortal::new(world.clock.clone(), i64::MAX);
    let watching = mortal.clone();
    plane.watch(move || watching.step());
    life(async move {
        let control = crate::world::server(&path, mortal.clone(), plane.clone(), 3).await;
        let world = World { control, ..world };
        pass(&world.control, &plane, &mortal, 3).await;
        let jobs = world.jobs(JobOperation::Restore).await;
        assert!(jobs.iter().all(|j| j.status == J::Completed), "{jobs:?}");
        assert!(jobs.len() <= 1);
        if let Some(job) = *answered.lock().unwrap() {
            assert_eq!(jobs[0].id, job);
        }
        // A machine for the job, and no second one; a backup for the job, and no second one.
        let made = world.control.machines(Some("lab"), None, 10).await.unwrap();
        let (machines, backups) = match in_place {
            true => (0, 1 + jobs.len()),
            false => (jobs.len(), 1),
        };
        assert_eq!(made.len(), machines);
        assert_eq!(world.backups().await.len(), backups);
        world.check(&["web"]).await;
    })
    .unwrap_or_else(|| panic!("killed after {steps} steps"));
    first.is_none()
}

#[test]
fn killed_at_any_step_of_a_restore_it_ends_and_does_nothing_twice() {
    let all = std::env::var("STILLPOINT_EVERY_STEP").is_ok();
    for in_place in [false, true] {
        let mut steps = 8;
        while killed_after(steps, in_place) {
            steps += if all { 1 } else { 1 + steps / 6 };
        }
        assert!(steps > 20, "{steps}");
    }
}
