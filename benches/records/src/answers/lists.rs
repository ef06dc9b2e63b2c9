//! Lists of machines, items and what can be protected, as Azure's clients ask for them.

use anyhow::Result;

use super::{Answers, PAGE};
use crate::names::GROUP;

const KIND: &str = "$filter=backupManagementType%20eq%20'AzureIaasVM'";

impl Answers<'_> {
    pub(super) async fn lists(&mut self) -> Result<()> {
        let vault = self.server.vault(0);
        let machines = "providers/Microsoft.Compute/virtualMachines";
        let vaults = "providers/Microsoft.RecoveryServices/vaults";
        for (what, first) in [
            (
                "200 items of a vault",
                format!("{vault}/backupProtectedItems?{KIND}"),
            ),
            (
                "200 containers of a vault",
                format!("{vault}/backupProtectionContainers?{KIND}"),
            ),
            (
                "200 machines of a group",
                self.within(&format!("resourceGroups/{GROUP}/{machines}")),
            ),
            ("200 machines of the subscription", self.within(machines)),
            ("all vaults", self.within(vaults)),
            (
                "200 machines that can be protected",
                format!("{vault}/backupProtectableItems"),
            ),
        ] {
            self.ask_pages(what, &first, PAGE).await?;
        }
        Ok(())
    }
}
