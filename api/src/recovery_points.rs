//! Recovery points of a protected item, and restoring from them.

mod shape;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use base::{Code, Error};
use control::actions::MACHINE_WRITE;
use control::{Restore, RestoreTo, RestoredMachine};
use serde::Deserialize;
use serde_json::Value;
use state::protected_items::ProtectedItem;
use state::recovery_points::{Range, RecoveryPoint};

use crate::app::App;
use crate::body::{self, Body, Flexible};
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::operations::accepted;
use crate::page::{Page, Paged};
use crate::protected_items;

const ACCOUNT_WRITE: &str = "Microsoft.Storage/storageAccounts/write";
const NETWORK_READ: &str = "Microsoft.Network/virtualNetworks/read";
const GROUP_WRITE: &str = "Microsoft.Resources/subscriptions/resourceGroups/write";

/// Names in a point's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    group: String,
    vault: String,
    container: String,
    item: String,
    point: String,
}

/// What a restore may say (RESTORE-22).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    recoverytype: Option<String>,
    storageaccountid: Option<String>,
    targetresourcegroupid: Option<String>,
    targetvirtualmachineid: Option<String>,
    virtualnetworkid: Option<String>,
    restoredisklunlist: Option<Vec<Flexible<u16>>>,
}

/// `GET …/recoveryPoints`: newest first.
pub(crate) async fn list(
    State(app): State<App>,
    Path(names): Path<protected_items::Names>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let item = names.find(&app, &caller, "recoveryPoints/read").await?;
    let range = Range {
        from: filter.time("startDate")?,
        to: filter.time("endDate")?,
    };
    let after = page.after_time::<i64>()?;
    let found = app
        .control
        .recovery_points(&item, range, after, Paged::ASKED);
    let found = found.await?;
    let key = |p: &RecoveryPoint| Page::time_key(p.taken_at, p.number);
    Ok(Json(
        page.answer(&app, found, key, |p| shape::point(&item, p)),
    ))
}

/// `GET …/recoveryPoints/{point}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let (item, number) = names.find(&app, &caller, "recoveryPoints/read").await?;
    let point = app.control.recovery_point(&item, number).await?;
    Ok(Json(shape::point(&item, &point)))
}

/// `POST …/recoveryPoints/{point}/restore`
pub(crate) async fn restore(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Response> {
    let verb = "recoveryPoints/restore/action";
    let (item, number) = names.find(&app, &caller, verb).await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let restore = asked.restore(number)?;
    // RBAC-5, RESTORE-18: also on the machine, and where it goes.
    caller.may(&app, MACHINE_WRITE, &item.body.source).await?;
    let (account, group) = match &restore.to {
        RestoreTo::Disks { account, group } => (Some(account), group.as_ref()),
        RestoreTo::Machine(new) => (Some(&new.account), Some(&new.group)),
        RestoreTo::Original => (None, None),
    };
    if let Some(account) = account {
        caller.may(&app, ACCOUNT_WRITE, account).await?;
    }
    if let RestoreTo::Machine(new) = &restore.to {
        caller.may(&app, NETWORK_READ, &new.network).await?;
    }
    if let Some(group) = group {
        let id = app.control.group_id(group);
        caller.may(&app, GROUP_WRITE, &id).await?;
    }
    let (group, vault, name) = (&names.group, &names.vault, names.of_item().name()?);
    let done = app.control.restore(group, vault, &name, restore).await?;
    Ok(accepted(&app, &item.id, done.operation))
}

impl Properties {
    fn restore(self, point: i64) -> Answer<Restore> {
        let wrong = |detail: String| Error::new(Code::InvalidRequestContent, detail);
        let needed = |value: Option<String>, name: &str| {
            let value = value.filter(|v| !v.is_empty());
            value.ok_or_else(|| wrong(format!("properties.{name} is missing")))
        };
        let kind = self.recoverytype.unwrap_or_default();
        let to = match kind.to_ascii_lowercase().as_str() {
            "restoredisks" => RestoreTo::Disks {
                account: needed(self.storageaccountid, "storageAccountId")?,
                group: self
                    .targetresourcegroupid
                    .as_deref()
                    .and_then(|id| id.rsplit('/').next())
                    .map(str::to_owned),
            },
            "originallocation" => RestoreTo::Original,
            "alternatelocation" => {
                let id = needed(self.targetvirtualmachineid, "targetVirtualMachineId")?;
                let segments: Vec<&str> = id.split('/').filter(|s| !s.is_empty()).collect();
                let (group, name) = match segments[..] {
                    [_, _, groups, group, _, _, machines, name]
                        if groups.eq_ignore_ascii_case("resourceGroups")
                            && machines.eq_ignore_ascii_case("virtualMachines") =>
                    {
                        (group.to_owned(), name.to_owned())
                    }
                    _ => {
                        let detail = format!(
                            "properties.targetVirtualMachineId is `{id}`, not the id of a \
                             virtual machine in a resource group"
                        );
                        return Err(wrong(detail).into());
                    }
                };
                RestoreTo::Machine(RestoredMachine {
                    account: needed(self.storageaccountid, "storageAccountId")?,
                    group,
                    name,
                    network: needed(self.virtualnetworkid, "virtualNetworkId")?,
                })
            }
            _ => {
                let detail = format!(
                    "properties.recoveryType is `{kind}`, not one of RestoreDisks, \
                     OriginalLocation and AlternateLocation"
                );
                return Err(wrong(detail).into());
            }
        };
        let luns = self.restoredisklunlist;
        Ok(Restore {
            point,
            disks: luns.map(|all| all.into_iter().map(|lun| lun.0).collect()),
            to,
        })
    }
}

impl Names {
    fn of_item(&self) -> protected_items::Names {
        protected_items::Names {
            subscription: self.subscription.clone(),
            group: self.group.clone(),
            vault: self.vault.clone(),
            container: self.container.clone(),
            item: self.item.clone(),
        }
    }

    /// The item, and the point's number.
    async fn find(&self, app: &App, caller: &Caller, verb: &str) -> Answer<(ProtectedItem, i64)> {
        let item = self.of_item().find(app, caller, verb).await?;
        let wrong = |_| {
            let detail = format!(
                "{} has no recovery point `{}`",
                item.body.friendly_name, self.point
            );
            Error::new(Code::RecoveryPointNotFound, detail)
        };
        let number = self.point.parse().map_err(wrong)?;
        Ok((item, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Answer<Restore> {
        let asked: Properties = body::properties(text.as_bytes()).unwrap();
        asked.restore(7)
    }

    /// RESTORE-22
    #[test]
    fn a_restore_says_where_to_and_an_empty_list_is_the_disk_of_the_operating_system() {
        let disks = r#"{"properties":{"recoveryType":"restoredisks","storageAccountId":"/a",
            "targetResourceGroupId":"/subscriptions/s/resourceGroups/rg","restoreDiskLunList":["0",2]}}"#;
        let expected = Restore {
            point: 7,
            disks: Some(vec![0, 2]),
            to: RestoreTo::Disks {
                account: "/a".to_owned(),
                group: Some("rg".to_owned()),
            },
        };
        assert_eq!(read(disks).unwrap(), expected);
        let original =
            |luns: &str| format!(r#"{{"properties":{{"recoveryType":"OriginalLocation"{luns}}}}}"#);
        let all = read(&original("")).unwrap();
        assert_eq!((all.disks, all.to), (None, RestoreTo::Original));
        let system = read(&original(r#","restoreDiskLunList":[]"#)).unwrap();
        assert_eq!(system.disks, Some(Vec::new()));
    }

    /// RESTORE-2
    #[test]
    fn a_new_machine_is_named_by_its_id() {
        let text = r#"{"properties":{"recoveryType":"AlternateLocation","storageAccountId":"/a",
            "targetVirtualMachineId":"/subscriptions/s/resourceGroups/rg2/providers/Microsoft.Compute/virtualMachines/new",
            "virtualNetworkId":"/n","subnetId":"/n/subnets/default"}}"#;
        let expected = RestoredMachine {
            account: "/a".to_owned(),
            group: "rg2".to_owned(),
            name: "new".to_owned(),
            network: "/n".to_owned(),
        };
        assert_eq!(read(text).unwrap().to, RestoreTo::Machine(expected));
        let odd = text.replace("virtualMachines/new", "disks/new");
        let refused = read(&odd).unwrap_err();
        assert_eq!(refused.code(), Code::InvalidRequestContent);
    }

    #[test]
    fn what_the_server_cannot_restore_is_refused_at_once() {
        for text in [
            "{}",
            r#"{"properties":{"recoveryType":"AlternateLocation","storageAccountId":"/a"}}"#,
            r#"{"properties":{"recoveryType":"RestoreDisks"}}"#,
        ] {
            let refused = read(text).unwrap_err();
            assert_eq!(refused.code(), Code::InvalidRequestContent, "{text}");
        }
    }
}
