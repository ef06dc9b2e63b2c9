//! Protected items: which machines are backed up, and what is asked of them (PROT-1 to 19).

mod all;
mod backup;
mod changes;
mod enable;
mod validate;

use base::{Code, Error, Result};
use jiff::Timestamp;
use state::Tx;
use state::protected_items::{self as items, Filter, ProtectedItem};

use crate::Control;

pub use all::AllItems;
pub(crate) use backup::{in_the_way, is_active};
pub use changes::ItemChange;
pub use enable::Protect;
pub(crate) use enable::{check_enabling, check_machine, group_of, machine};
pub use validate::Validated;

/// Which item of a vault: its machine's group and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName {
    /// The machine's group.
    pub group: String,
    /// The machine's name.
    pub machine: String,
}

/// Which items of a vault to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Which<'a> {
    /// Those with the policy of this name.
    pub policy: Option<&'a str>,
    /// Those that are soft-deleted, or those that are live.
    pub deleted: Option<bool>,
}

impl ItemName {
    /// Of the names of a container and an item, such as
    /// `IaasVMContainer;iaasvmcontainerv2;GROUP;NAME` and `VM;iaasvmcontainerv2;GROUP;NAME`
    /// (DISC-9). Either may lack its first part.
    ///
    /// # Errors
    /// `ObjectNotFound` if they are no such names, or differ.
    pub fn parse(container: &str, item: &str) -> Result<Self> {
        let of_container = Self::one(container);
        match of_container {
            Some(name) if Self::one(item).is_some_and(|i| i.matches(&name)) => Ok(name),
            _ => {
                let detail = format!("`{container}` and `{item}` name no item");
                Err(Error::new(Code::ObjectNotFound, detail))
            }
        }
    }

    /// Of an item's id.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        Self::one(id.rsplit('/').next()?)
    }

    fn one(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(4, ';');
        let (machine, group, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = !machine.is_empty() && !group.is_empty();
        (kind.eq_ignore_ascii_case("iaasvmcontainerv2") && whole).then(|| Self {
            group: group.to_owned(),
            machine: machine.to_owned(),
        })
    }

    fn matches(&self, other: &Self) -> bool {
        let same = |a: &str, b: &str| state::fold(a) == state::fold(b);
        same(&self.group, &other.group) && same(&self.machine, &other.machine)
    }

    /// The item's id in the vault of this id.
    pub(crate) fn id(&self, vault: &str) -> String {
        format!(
            "{vault}/backupFabrics/Azure/protectionContainers/{}/protectedItems/{}",
            self.container(),
            self.item()
        )
    }

    /// The container's name.
    #[must_use]
    pub fn container(&self) -> String {
        format!("IaasVMContainer;{}", self.plain())
    }

    /// The item's name.
    #[must_use]
    pub fn item(&self) -> String {
        format!("VM;{}", self.plain())
    }

    /// Both names without their first part.
    #[must_use]
    pub fn plain(&self) -> String {
        format!("iaasvmcontainerv2;{};{}", self.group, self.machine)
    }
}

impl Control {
    /// The id of an item.
    #[must_use]
    pub fn item_id(&self, group: &str, vault: &str, name: &ItemName) -> String {
        name.id(&self.vault_id(group, vault))
    }

    /// At most `limit` items of a vault, by id, beginning after the id `after`.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn items(
        &self,
        group: &str,
        vault: &str,
        which: Which<'_>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ProtectedItem>> {
        let vault = self.vault(group, vault).await?;
        let filter = Filter {
            policy: which
                .policy
                .map(|name| format!("{}/backupPolicies/{name}", vault.id)),
            vault: Some(vault.id),
            deleted: which.deleted,
            ..Filter::default()
        };
        let mut tx = self.state.read().await?;
        items::page(&mut tx, &filter, after, limit).await
    }

    /// The item of this name in a vault.
    ///
    /// # Errors
    /// `ObjectNotFound`; those of the records.
    pub async fn item(&self, group: &str, vault: &str, name: &ItemName) -> Result<ProtectedItem> {
        let mut tx = self.state.read().await?;
        find(&mut tx, &self.item_id(group, vault, name)).await
    }

    /// The live item of a machine, in whichever vault; `None` if it is not protected.
    ///
    /// # Errors
    /// `ResourceNotFound` if there is no such machine; those of the records.
    pub async fn item_of_machine(&self, machine: &str) -> Result<Option<ProtectedItem>> {
        let mut tx = self.state.read().await?;
        let found = enable::machine(&mut tx, machine).await?;
        items::live(&mut tx, found.body.uuid, &found.parent).await
    }
}

pub(crate) async fn find(tx: &mut Tx, id: &str) -> Result<ProtectedItem> {
    let found = items::get(tx, id).await?;
    found.ok_or_else(|| {
        Error::new(
            Code::ObjectNotFound,
            format!("there is no protected item {id}"),
        )
    })
}

/// All items of a vault, live and soft-deleted.
pub(crate) async fn items_of(tx: &mut Tx, vault: &str) -> Result<Vec<ProtectedItem>> {
    let filter = Filter {
        vault: Some(vault.to_owned()),
        ..Filter::default()
    };
    items::page(tx, &filter, None, u32::MAX).await
}

/// When the newest of their points was taken.
pub(crate) fn newest_point(all: &[ProtectedItem]) -> Option<Timestamp> {
    all.iter().filter_map(|i| i.body.last_point).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disc_9_both_names_are_read_in_any_case_and_must_agree() {
        let name = ItemName::parse(
            "iaasvmcontainer;iaasvmcontainerv2;Rg;Vm1",
            "vm;IaaSVMContainerV2;rg;vm1",
        )
        .unwrap();
        assert_eq!(name.container(), "IaasVMContainer;iaasvmcontainerv2;Rg;Vm1");
        assert_eq!(name.item(), "VM;iaasvmcontainerv2;Rg;Vm1");
        let plain = ItemName::parse("iaasvmcontainerv2;Rg;Vm1", "iaasvmcontainerv2;Rg;Vm1");
        assert_eq!(plain.unwrap(), name);
        for (container, item) in [
            ("x", "y"),
            (
                "IaasVMContainer;iaasvmcontainerv2;rg;a",
                "VM;iaasvmcontainerv2;rg;b",
            ),
            (
                "IaasVMContainer;iaasvmcontainer;rg;a",
                "VM;iaasvmcontainer;rg;a",
            ),
            ("iaasvmcontainerv2;;a", "iaasvmcontainerv2;;a"),
        ] {
            let error = ItemName::parse(container, item).unwrap_err();
            assert_eq!(error.code(), Code::ObjectNotFound);
        }
    }
}
