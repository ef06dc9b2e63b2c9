//! Single things.

use anyhow::Result;
use state::recovery_points::number_of;

use super::Answers;
use crate::names::{GROUP, PER_VAULT, job_id, machine_name, point_id};

type Path = fn(&Answers<'_>) -> String;

const ALL: [(&str, Path); 7] = [
    ("an item", |answers| answers.item(answers.machine())),
    ("a point", |answers| {
        let (machine, day) = (answers.machine(), answers.dice.below(answers.size.points));
        let number = number_of(point_id(machine, day));
        format!("{}/recoveryPoints/{number}", answers.item(machine))
    }),
    ("a job", |answers| {
        let (machine, day) = (answers.machine(), answers.dice.below(answers.size.jobs));
        let vault = answers.server.vault(machine / PER_VAULT);
        format!("{vault}/backupJobs/{}", job_id(machine, day))
    }),
    ("a machine", |answers| {
        let name = machine_name(answers.machine());
        answers.server.control.machine_id(GROUP, &name)
    }),
    ("a vault", |answers| answers.vault()),
    ("usages of a vault", |answers| {
        format!("{}/usages", answers.vault())
    }),
    ("policies of a vault", |answers| {
        format!("{}/backupPolicies", answers.vault())
    }),
];

impl Answers<'_> {
    pub(super) async fn single(&mut self) -> Result<()> {
        for (what, path) in ALL {
            self.ask(what, path, |answer| answer.is_object()).await?;
        }
        Ok(())
    }
}
