//! What the one PUT of a protected item means (API-3).

use base::{Code, Error};
use control::{ItemChange, Protect};
use serde::Deserialize;
use state::protected_items::DiskSelection;

use crate::body::{self, Flexible};
use crate::error::Answer;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    policyid: Option<String>,
    protectionstate: Option<String>,
    isrehydrate: Option<bool>,
    sourceresourceid: Option<String>,
    extendedproperties: Option<Extended>,
}

/// There and without a choice of disks, it takes back the choice that was made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Extended {
    diskexclusionproperties: Option<Disks>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Disks {
    disklunlist: Vec<Flexible<u16>>,
    isinclusionlist: bool,
}

/// What is asked for.
pub(super) fn change(bytes: &[u8]) -> Answer<ItemChange> {
    let asked = body::properties::<Properties>(bytes)?;
    if asked.isrehydrate == Some(true) {
        return Ok(ItemChange::Undelete);
    }
    let policy = asked.policyid.filter(|id| !id.is_empty());
    let state = asked.protectionstate.unwrap_or_default();
    let is = |name: &str| state.eq_ignore_ascii_case(name);
    match policy {
        Some(policy) => Ok(ItemChange::Protect(Protect {
            policy,
            source: asked.sourceresourceid.filter(|id| !id.is_empty()),
            disks: asked.extendedproperties.map(|extended| {
                extended.diskexclusionproperties.map(|disks| DiskSelection {
                    luns: disks.disklunlist.into_iter().map(|lun| lun.0).collect(),
                    include: disks.isinclusionlist,
                })
            }),
        })),
        None if is("ProtectionStopped") => Ok(ItemChange::Stop),
        None if is("BackupsSuspended") => Ok(ItemChange::Suspend),
        None => {
            let detail = "properties.policyId is missing, and properties.protectionState is \
                          neither `ProtectionStopped` nor `BackupsSuspended`";
            Err(Error::new(Code::InvalidRequestContent, detail).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ItemChange {
        change(text.as_bytes()).unwrap()
    }

    #[test]
    fn api_3_the_one_put_has_five_meanings() {
        let protect = |disks| {
            ItemChange::Protect(Protect {
                policy: "/p".to_owned(),
                source: Some("/vm".to_owned()),
                disks,
            })
        };
        let plain = r#"{"properties":{"policyId":"/p","sourceResourceId":"/vm"}}"#;
        assert_eq!(read(plain), protect(None));
        let chosen = r#"{"properties":{"policyId":"/p","sourceResourceId":"/vm",
            "extendedProperties":{"diskExclusionProperties":{"diskLunList":["0",2],"isInclusionList":true}}}}"#;
        let selection = DiskSelection {
            luns: vec![0, 2],
            include: true,
        };
        assert_eq!(read(chosen), protect(Some(Some(selection))));
        let reset = r#"{"properties":{"policyId":"/p","sourceResourceId":"/vm",
            "extendedProperties":{"diskExclusionProperties":null}}}"#;
        assert_eq!(read(reset), protect(Some(None)));
        let stop = r#"{"properties":{"policyId":"","protectionState":"protectionstopped"}}"#;
        assert_eq!(read(stop), ItemChange::Stop);
        let suspend = r#"{"properties":{"policyId":"","protectionState":"BackupsSuspended"}}"#;
        assert_eq!(read(suspend), ItemChange::Suspend);
        let undelete = r#"{"properties":{"policyId":"","protectionState":"ProtectionStopped","isRehydrate":true}}"#;
        assert_eq!(read(undelete), ItemChange::Undelete);
        for bad in [
            "{}",
            r#"{"properties":{"policyId":"","protectionState":"Protected"}}"#,
        ] {
            assert!(change(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
