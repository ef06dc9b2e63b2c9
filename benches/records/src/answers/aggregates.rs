//! What the portal asks for: of all vaults at once, and counted.

use anyhow::Result;
use serde_json::Value;

use super::{Answers, PAGE, count};
use crate::names::{PER_VAULT, machine_name};

/// Rows of a page of the heat map.
const ROWS: usize = 100;

impl Answers<'_> {
    pub(super) async fn aggregates(&mut self) -> Result<()> {
        self.overviews().await?;
        self.rows().await?;
        self.searches().await
    }

    async fn overviews(&mut self) -> Result<()> {
        let all = self.fabric("overview/default");
        let of_vault = format!(
            "{}/providers/Stillpoint.Fabric/overview/default",
            self.server.vault(0)
        );
        let machines = self.size.machines;
        for (what, path, items) in [
            ("the overview", all, machines),
            ("the overview of a vault", of_vault, machines.min(PER_VAULT)),
        ] {
            let right = |answer: &Value| answer["properties"]["items"]["total"] == items;
            self.ask(what, |_| path.clone(), right).await?;
        }
        Ok(())
    }

    async fn rows(&mut self) -> Result<()> {
        let heat_map = self.fabric("heatMap/default?days=");
        for days in [30, 92] {
            let what = format!("{days} days of 100 items on the heat map");
            self.ask_pages(&what, &format!("{heat_map}{days}"), ROWS)
                .await?;
        }
        for (what, list) in [
            ("200 machines, and how each is protected", "machines"),
            (
                "200 unprotected machines",
                "machines?$filter=protection%20eq%20'Unprotected'",
            ),
            (
                "200 protected machines",
                "machines?$filter=protection%20eq%20'Protected'",
            ),
            ("200 items of all vaults", "protectedItems"),
            (
                "200 items whose last backup failed",
                "protectedItems?$filter=lastBackupStatus%20eq%20'Failed'",
            ),
        ] {
            let first = self.fabric(list);
            self.ask_pages(what, &first, PAGE).await?;
        }
        for (what, list) in [
            (
                "stopped machines: none",
                "machines?$filter=protection%20eq%20'Stopped'",
            ),
            (
                "stopped items: none",
                "protectedItems?$filter=protectionState%20eq%20'ProtectionStopped'",
            ),
            (
                "items with another name: none",
                "protectedItems?$filter=nameContains%20eq%20'nothing'",
            ),
        ] {
            let path = self.fabric(list);
            let none = |page: &Value| count(page).is_ok_and(|count| count == 0);
            self.ask(what, |_| path.clone(), none).await?;
        }
        Ok(())
    }

    async fn searches(&mut self) -> Result<()> {
        let search = self.fabric("search?q=");
        self.ask(
            "a search for what many have in their name",
            |_| format!("{search}m0"),
            |page| count(page).is_ok_and(|count| count > 1),
        )
        .await?;
        self.ask(
            "a search for one machine",
            |answers| format!("{search}{}", machine_name(answers.machine())),
            |page| count(page).is_ok_and(|count| count >= 1),
        )
        .await?;
        self.ask(
            "a search for what nothing has in its name",
            |_| format!("{search}nothing"),
            |page| count(page).is_ok_and(|count| count == 0),
        )
        .await
    }

    fn fabric(&self, rest: &str) -> String {
        self.within(&format!("providers/Stillpoint.Fabric/{rest}"))
    }
}
