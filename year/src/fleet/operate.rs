//! What an operator does by chance, and what the auditor is told of it.

use std::rc::Rc;
use std::sync::Arc;

use base::{Code, Error};
use control::{Control, ItemChange, Protect};
use state::protected_items::ProtectionState;

use super::{DAY, Fleet, GROUP, POLICIES, item_name, put, told};
use crate::audit::Auditor;
use crate::choose;
use crate::dice::Dice;
use crate::item::Deed;
use crate::rules::{Version, at};

impl Fleet {
    /// What an operator does at the end of a step, `steps` of which make a day.
    pub(crate) async fn operate(
        &mut self,
        control: &Arc<Control>,
        auditor: &mut Auditor,
        dice: &mut Dice,
        steps: u64,
    ) -> Result<(), String> {
        for place in 0..self.vaults.len() {
            for policy in 0..POLICIES {
                if dice.chance(25_000 / steps) {
                    self.edit(control, auditor, dice, place, policy).await?;
                }
            }
        }
        for number in 0..self.machines.len() {
            self.operate_one(control, auditor, dice, number, steps)
                .await?;
        }
        Ok(())
    }

    async fn operate_one(
        &mut self,
        control: &Arc<Control>,
        auditor: &mut Auditor,
        dice: &mut Dice,
        number: usize,
        steps: u64,
    ) -> Result<(), String> {
        let machine = &mut self.machines[number];
        // What is done to it from now on is done to another item, once the auditor has seen it go.
        machine.is_going &= auditor.has(number);
        if machine.is_going {
            return Ok(());
        }
        let known = auditor.state(machine.uuid);
        let now = control.now().as_second();
        // In a million, a day.
        let mut often = |n: u64| dice.chance(n / steps);
        match known {
            None => {
                // The first day nearly all are protected.
                let often = often(if auditor.is_first_day() {
                    5_000_000
                } else {
                    200_000
                });
                if often && !auditor.has(number) {
                    self.protect(control, auditor, dice, number).await?;
                }
            }
            Some((_, true)) => {
                if often(30_000) {
                    self.change(
                        control,
                        auditor,
                        number,
                        ItemChange::Undelete,
                        Deed::Undelete,
                    )
                    .await?;
                }
            }
            Some((ProtectionState::ProtectionStopped | ProtectionState::BackupsSuspended, _)) => {
                if often(80_000) {
                    self.protect(control, auditor, dice, number).await?;
                } else if often(20_000) {
                    self.delete(control, auditor, number).await?;
                }
            }
            Some(_) => {
                if often(30_000) {
                    let until = now + dice.range(1, 100) * DAY / 2;
                    self.on_demand(control, auditor, number, until).await?;
                } else if often(7_000) {
                    self.protect(control, auditor, dice, number).await?;
                } else if often(4_000) {
                    self.change(control, auditor, number, ItemChange::Stop, Deed::Stop)
                        .await?;
                } else if often(3_000) {
                    self.change(control, auditor, number, ItemChange::Suspend, Deed::Suspend)
                        .await?;
                } else if often(3_000) {
                    self.delete(control, auditor, number).await?;
                } else if often(10_000) {
                    self.cancel(control, number).await?;
                }
            }
        }
        Ok(())
    }

    /// Enables, resumes, or changes to another policy.
    async fn protect(
        &mut self,
        control: &Arc<Control>,
        auditor: &mut Auditor,
        dice: &mut Dice,
        number: usize,
    ) -> Result<(), String> {
        let machine = &self.machines[number];
        let vault = &self.vaults[machine.vault];
        let chosen = dice.place(POLICIES);
        let policy = &vault.policies[chosen];
        let version = Rc::clone(&policy.version);
        let with = Protect {
            policy: control.policy_id(GROUP, &vault.name, &policy.name),
            source: None,
            disks: None,
        };
        let change = ItemChange::Protect(with);
        if auditor.has(number) {
            self.change(control, auditor, number, change, Deed::Protect(version))
                .await?;
        } else {
            let name = item_name(machine);
            let done = control.change_item(GROUP, &vault.name, &name, change).await;
            if let Err(error) = done {
                return self.refusal(&error);
            }
            let item = control
                .item(GROUP, &vault.name, &name)
                .await
                .map_err(|e| told(&e))?;
            let next = item
                .next_run
                .ok_or("a new item has no next run")?
                .as_second();
            auditor.begin(
                number,
                &machine.name,
                version,
                next,
                control.now().as_second(),
            )?;
            self.deeds += 1;
        }
        self.machines[number].policy = Some(chosen);
        Ok(())
    }

    async fn change(
        &mut self,
        control: &Arc<Control>,
        auditor: &mut Auditor,
        number: usize,
        change: ItemChange,
        deed: Deed,
    ) -> Result<(), String> {
        let machine = &self.machines[number];
        let vault = &self.vaults[machine.vault].name;
        let done = control
            .change_item(GROUP, vault, &item_name(machine), change)
            .await;
        match done {
            Ok(_) => {
                auditor.deed(number, control.now().as_second(), deed);
                self.deeds += 1;
                Ok(())
            }
            Err(error) => self.refusal(&error),
        }
    }

    async fn delete(
        &mut self,
        control: &Arc<Control>,
        auditor: &mut Auditor,
        number: usize,
    ) -> Result<(), String> {
        let machine = &self.machines[number];
        let vault = &self.vaults[machine.vault];
        let done = control
            .delete_item(GROUP, &vault.name, &item_name(machine))
            .await;
        match done {
            Ok(_) => {
                auditor.deed(
                    number,
                    control.now().as_second(),
                    Deed::Delete(vault.kept * DAY),
                );
                self.machines[number].is_going = vault.kept == 0;
                self.deeds += 1;
                Ok(())
            }
            Err(error) => self.refusal(&error),
        }
    }

    async fn on_demand(
        &mut self,
        control: &Arc<Control>,
        auditor: &mut Auditor,
        number: usize,
        until: i64,
    ) -> Result<(), String> {
        let machine = &self.machines[number];
        let vault = &self.vaults[machine.vault].name;
        let asked = control
            .backup_now(GROUP, vault, &item_name(machine), Some(at(until)))
            .await;
        match asked {
            Ok(accepted) => {
                auditor.promise(number, accepted.job, until);
                self.deeds += 1;
                Ok(())
            }
            Err(error) => self.refusal(&error),
        }
    }

    async fn cancel(&mut self, control: &Arc<Control>, number: usize) -> Result<(), String> {
        let machine = &self.machines[number];
        let vault = &self.vaults[machine.vault].name.clone();
        let item = control.item_id(GROUP, vault, &item_name(machine));
        let filter = state::jobs::Filter {
            item: Some(item),
            unfinished: true,
            ..state::jobs::Filter::default()
        };
        let jobs = control
            .jobs(GROUP, vault, filter, None, 10)
            .await
            .map_err(|e| told(&e))?;
        for job in jobs {
            match control.cancel_job(GROUP, vault, job.id).await {
                Ok(_) => self.deeds += 1,
                Err(error) => self.refusal(&error)?,
            }
        }
        Ok(())
    }

    async fn edit(
        &mut self,
        control: &Arc<Control>,
        auditor: &mut Auditor,
        dice: &mut Dice,
        place: usize,
        policy: usize,
    ) -> Result<(), String> {
        let now = control.now().as_second();
        let vault = &mut self.vaults[place];
        let own = &mut vault.policies[policy];
        let mut rules = choose::rules(dice, own.version.rules.enhanced);
        if dice.chance(500_000) {
            // The schedule stays.
            let mut all = own.version.rules.clone();
            all.kept = rules.kept;
            all.snapshot_days = rules.snapshot_days;
            rules = all;
        }
        if let Err(error) = put(control, &vault.name, &own.name, &rules).await {
            return self.refusal(&error);
        }
        own.version = Version::new(rules, now);
        for (number, machine) in self.machines.iter().enumerate() {
            if machine.vault == place && machine.policy == Some(policy) {
                auditor.deed(number, now, Deed::Edit(Rc::clone(&own.version)));
            }
        }
        self.edits += 1;
        Ok(())
    }

    /// A refusal is no failure if the operator's wish came at a bad time.
    fn refusal(&mut self, error: &Error) -> Result<(), String> {
        self.refused += 1;
        match error.code() {
            Code::BackupInProgress
            | Code::ItemStateWrong
            | Code::ItemSoftDeleted
            | Code::JobNotCancellable
            | Code::ObjectNotFound
            | Code::AlreadyProtected
            | Code::NotProtected
            | Code::PolicyInvalid
            | Code::SnapshotsOutliveVault => Ok(()),
            _ => Err(told(error)),
        }
    }
}
