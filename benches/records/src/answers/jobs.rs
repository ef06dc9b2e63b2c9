//! Jobs of a vault, and of all vaults.

use anyhow::Result;

use super::{Answers, PAGE, count, is_full};

const FAILED: &str = "status%20eq%20'Failed'";
const RESTORES: &str = "operation%20eq%20'Restore'";
const CANCELLED: &str = "status%20eq%20'Cancelled'";
const WELL: &str = "status%20eq%20'Completed'";
const UNDELETED: &str = "operation%20eq%20'Undelete'";

impl Answers<'_> {
    pub(super) async fn jobs(&mut self) -> Result<()> {
        let all = self.within("providers/Stillpoint.Fabric/backupJobs");
        let first = format!("{}/backupJobs", self.server.vault(0));
        self.ask_pages("200 jobs of a vault", &first, PAGE).await?;
        self.ask_pages("200 jobs of all vaults", &all, PAGE).await?;
        for (what, filter) in [
            ("jobs that failed", FAILED.to_owned()),
            ("restores", RESTORES.to_owned()),
            (
                "restores that failed",
                format!("{RESTORES}%20and%20{FAILED}"),
            ),
            (
                "restores that went well",
                format!("{RESTORES}%20and%20{WELL}"),
            ),
        ] {
            self.ask(
                &format!("{what}, of a vault"),
                |answers| format!("{}/backupJobs?$filter={filter}", answers.vault()),
                |page| count(page).is_ok_and(|count| count > 0),
            )
            .await?;
            let path = format!("{all}?$filter={filter}");
            self.ask(
                &format!("200 {what}, of all vaults"),
                |_| path.clone(),
                is_full,
            )
            .await?;
        }
        for (what, filter) in [
            ("jobs that were cancelled", CANCELLED.to_owned()),
            (
                "restores that were cancelled",
                format!("{RESTORES}%20and%20{CANCELLED}"),
            ),
            (
                "undeletions that went well",
                format!("{UNDELETED}%20and%20{WELL}"),
            ),
        ] {
            let path = format!("{all}?$filter={filter}");
            self.ask(
                &format!("{what}, of all vaults: none"),
                |_| path.clone(),
                |page| count(page).is_ok_and(|count| count == 0),
            )
            .await?;
        }
        Ok(())
    }
}
