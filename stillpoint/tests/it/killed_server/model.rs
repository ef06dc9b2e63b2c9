//! What must be there after a kill: what was acknowledged, and of what was asked for last either
//! what was or what would have become.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::victim::{Answered, Victim};

/// What a machine's item may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    There,
    Gone,
}

#[derive(Debug)]
struct Machine {
    may_be: BTreeSet<Item>,
    /// Asked to be deleted since the last look.
    deleted: bool,
    /// Jobs of items that are gone.
    over: BTreeSet<String>,
    /// Before which kill each of its points was made.
    made: BTreeMap<String, u64>,
}

/// See the module.
#[derive(Debug)]
pub struct Model {
    machines: Vec<Machine>,
    /// The days that each policy may keep points for; `None`: it may be gone.
    policies: BTreeMap<usize, BTreeSet<Option<u64>>>,
    /// Operations that were acknowledged since the last look.
    operations: Vec<String>,
    acknowledged: BTreeMap<&'static str, usize>,
    jobs: BTreeMap<String, usize>,
    compared: usize,
}

impl Model {
    pub fn new(machines: usize) -> Self {
        let gone = || Machine {
            may_be: BTreeSet::from([Item::Gone]),
            deleted: false,
            over: BTreeSet::new(),
            made: BTreeMap::new(),
        };
        Self {
            machines: std::iter::repeat_with(gone).take(machines).collect(),
            policies: BTreeMap::new(),
            operations: Vec::new(),
            acknowledged: BTreeMap::new(),
            jobs: BTreeMap::new(),
            compared: 0,
        }
    }

    fn count(&mut self, what: &'static str, answered: &Answered) {
        if let Answered::Yes(_, operation) = answered {
            *self.acknowledged.entry(what).or_default() += 1;
            self.operations.extend(operation.clone());
        }
    }

    /// Whether a machine's item was asked to be deleted since the last look.
    pub fn is_deleted(&self, machine: usize) -> bool {
        self.machines[machine].deleted
    }

    pub fn backup(&mut self, _: usize, answered: &Answered) {
        self.count("backups", answered);
    }

    pub fn protect(&mut self, machine: usize, answered: &Answered) {
        self.count("protected", answered);
        let machine = &mut self.machines[machine];
        match answered {
            Answered::Yes(..) => machine.may_be = BTreeSet::from([Item::There]),
            Answered::Gone => {
                machine.may_be.insert(Item::There);
            }
            Answered::No(..) => {}
        }
    }

    pub fn delete_item(&mut self, machine: usize, answered: &Answered) {
        self.count("items deleted", answered);
        let machine = &mut self.machines[machine];
        match answered {
            Answered::Yes(..) => {
                machine.may_be = BTreeSet::from([Item::Gone]);
                machine.deleted = true;
            }
            Answered::Gone => {
                machine.may_be.insert(Item::Gone);
            }
            Answered::No(..) => {}
        }
    }

    pub fn policy(&mut self, policy: usize, days: Option<u64>, answered: &Answered) {
        let what = match days {
            Some(_) => "policies put",
            None => "policies deleted",
        };
        self.count(what, answered);
        let may_be = self
            .policies
            .entry(policy)
            .or_insert_with(|| BTreeSet::from([None]));
        match answered {
            Answered::Yes(..) => *may_be = BTreeSet::from([days]),
            Answered::Gone => {
                may_be.insert(days);
            }
            Answered::No(..) => {}
        }
    }

    /// Fails if something is not as it may be after the kill of this number. All jobs have ended.
    pub fn check(&mut self, victim: &Victim, kill: u64) {
        for (policy, may_be) in &mut self.policies {
            let found = victim.get(&victim.vault(&format!("/backupPolicies/p{policy}")));
            let daily = &found["properties"]["retentionPolicy"]["dailySchedule"];
            let days = daily["retentionDuration"]["count"].as_u64();
            assert!(
                may_be.contains(&days),
                "p{policy}: {may_be:?}, and it is {found}"
            );
            *may_be = BTreeSet::from([days]);
        }
        let jobs = victim.wait_for_jobs();
        for operation in self.operations.drain(..) {
            let job = victim.job_of(&operation);
            assert!(
                jobs.contains_key(&job),
                "an acknowledged job is lost: {job}"
            );
        }
        self.jobs.clear();
        for job in jobs.values() {
            let properties = &job["properties"];
            let text = |name: &str| properties[name].as_str().unwrap().to_owned();
            let ended = format!("{} {}", text("operation"), text("status"));
            if text("status") == "Failed" {
                let why = properties["errorDetails"][0]["errorTitle"].as_str();
                let detail = victim
                    .get(&victim.vault(&format!("/backupJobs/{}", job["name"].as_str().unwrap())));
                assert!(why.is_some_and(truthful), "{detail}");
            }
            *self.jobs.entry(ended).or_default() += 1;
        }
        for number in 0..self.machines.len() {
            self.check_machine(victim, number, kill, &jobs);
        }
    }

    fn check_machine(
        &mut self,
        victim: &Victim,
        number: usize,
        kill: u64,
        jobs: &BTreeMap<String, Value>,
    ) {
        let machine = &mut self.machines[number];
        let item = victim.get(&victim.item(number, ""));
        let is = if item.is_null() {
            Item::Gone
        } else {
            Item::There
        };
        assert!(
            machine.may_be.contains(&is),
            "m{number}: {machine:?}, and it is {item}"
        );
        machine.may_be = BTreeSet::from([is]);
        machine.deleted = false;
        let own = jobs.iter().filter(|(_, job)| {
            job["properties"]["entityFriendlyName"] == format!("m{number}").as_str()
        });
        if is == Item::Gone {
            machine.over.extend(own.map(|(name, _)| name.clone()));
            machine.made.clear();
            return;
        }
        // Each backup that says that it took its snapshot has its point, and no other.
        let mut taken = 0;
        for (name, _) in own.filter(|(name, job)| {
            !machine.over.contains(*name) && job["properties"]["operation"] == "Backup"
        }) {
            let job = victim.get(&victim.vault(&format!("/backupJobs/{name}")));
            let tasks = &job["properties"]["extendedInfo"]["tasksList"];
            taken += usize::from(tasks[0]["status"] == "Completed");
        }
        let points = victim.list(&victim.item(number, "/recoveryPoints"));
        assert_eq!(points.len(), taken, "m{number}: {points:#?}");
        for point in &points {
            let name = point["name"].as_str().unwrap().to_owned();
            machine.made.entry(name).or_insert(kill);
        }
    }

    /// Restores the newest and the oldest point of each machine: each holds what the machine held
    /// when it was made.
    pub fn compare(&mut self, victim: &Victim) {
        for number in 0..self.machines.len() {
            if self.machines[number].may_be != BTreeSet::from([Item::There]) {
                continue;
            }
            let points = victim.list(&victim.item(number, "/recoveryPoints"));
            for point in points.iter().take(1).chain(points.iter().skip(1).last()) {
                let point = point["name"].as_str().unwrap();
                victim.restore(number, point, self.machines[number].made[point]);
                self.compared += 1;
            }
        }
    }

    pub fn tally(&self) -> String {
        format!(
            "acknowledged {:?}, jobs {:?}, {} points compared",
            self.acknowledged, self.jobs, self.compared
        )
    }

    /// Fails if the attack was none.
    pub fn all_was_done(&self) {
        for what in [
            "backups",
            "policies put",
            "policies deleted",
            "items deleted",
            "protected",
        ] {
            assert!(
                self.acknowledged.get(what).is_some_and(|n| *n > 0),
                "{}",
                self.tally()
            );
        }
        assert!(self.compared > 0 && self.jobs.contains_key("Backup Completed"));
    }
}

/// Whether a job may fail so: its item was deleted meanwhile, or another job held the machine.
fn truthful(code: &str) -> bool {
    [
        "BMSUserErrorObjectNotFound",
        "UserErrorBcmDatasourceNotPresent",
        // Many are made in a short time, all on demand (SNAP-10).
        "UserErrorRpCollectionLimitReached",
    ]
    .contains(&code)
}
