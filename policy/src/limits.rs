//! How many of a thing there may be (LIMIT-1, 2; POLICY-25, 26; SNAP-10; SRG-6; CONF-14).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Refusal;

macro_rules! limits {
    ($($variant:ident $name:literal $most:expr, $what:literal;)*) => {
        /// A limit; its name is that of its setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Limit {
            $(#[doc = $what] #[serde(rename = $name)] $variant,)*
        }

        impl Limit {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The setting's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The most if nothing is set; none: no limit.
            #[must_use]
            pub fn default_most(self) -> Option<u64> {
                match self { $(Self::$variant => $most,)* }
            }

            /// What is counted.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }
        }
    };
}

limits! {
    Vaults "vaults_per_location" Some(500), "vaults of a subscription in a location";
    Machines "machines_per_vault" Some(1000), "machines protected by a vault";
    DataSources "data_sources_per_vault" Some(2000), "data sources protected by a vault";
    Points "points_per_machine" Some(9999), "recovery points of a machine";
    Snapshots "snapshots_per_machine" Some(18), "snapshots of a machine under a standard policy";
    // 60 scheduled ones, and as much room for others as under a standard policy.
    EnhancedSnapshots "enhanced_snapshots_per_machine" Some(78),
        "snapshots of a machine under an enhanced policy";
    Collections "collections_per_snapshot_group" Some(600), "collections of a snapshot group";
    Policies "policies_per_vault" Some(200), "policies of a vault";
    OnDemand "on_demand_backups_per_day" None, "backups of a machine on demand in a day";
    OnDemandTries "on_demand_attempts_per_day" None,
        "backups of a machine on demand in a day, with their retries";
    PolicyEdits "policy_edits_per_day" None, "policies of a vault added or edited in a day";
    Configurations "configurations_per_day" None,
        "machines of a vault configured or modified in a day, each time counted";
    Restores "restores_per_day" None, "restores of a machine started in a day";
}

/// The limits in force: those set, and the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Limits(pub BTreeMap<Limit, u64>);

impl Limits {
    /// The most; none: no limit.
    #[must_use]
    pub fn most(&self, limit: Limit) -> Option<u64> {
        self.0.get(&limit).copied().or(limit.default_most())
    }

    /// Refuses one more of what there are `now` already, naming the setting.
    ///
    /// # Errors
    /// The limit is reached.
    pub fn check(&self, limit: Limit, now: u64) -> Result<(), Refusal> {
        let Some(most) = self.most(limit).filter(|most| now >= *most) else {
            return Ok(());
        };
        let code = match limit {
            Limit::Snapshots | Limit::EnhancedSnapshots => "UserErrorRpCollectionLimitReached",
            _ => "BMSUserErrorLimitReached",
        };
        Err(Refusal::new(
            code,
            limit.name(),
            format!("there are {now} {} already", limit.what()),
            format!(
                "Remove some, or raise the limit `{0}` ({most}): `stillpoint limit set {0} NUMBER`",
                limit.name()
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SNAP-10, CONF-14.
    #[test]
    fn the_nineteenth_snapshot_is_refused_and_the_refusal_names_the_setting() {
        let limits = Limits::default();
        assert!(limits.check(Limit::Snapshots, 17).is_ok());
        let refusal = limits.check(Limit::Snapshots, 18).unwrap_err();
        assert_eq!(refusal.code, "UserErrorRpCollectionLimitReached");
        assert!(refusal.remedy.contains("`snapshots_per_machine` (18)"));
        // LIMIT-2.
        assert!(limits.check(Limit::Points, 9998).is_ok());
        assert!(limits.check(Limit::Points, 9999).is_err());
    }

    /// POLICY-25, 26, RESTORE-17.
    #[test]
    fn counts_per_day_are_off_until_they_are_set() {
        let per_day = |l: &&Limit| l.name().ends_with("_per_day");
        assert_eq!(Limit::ALL.iter().filter(per_day).count(), 5);
        for limit in Limit::ALL.iter().filter(per_day) {
            assert!(Limits::default().check(*limit, u64::MAX).is_ok());
        }
        let set: Limits = serde_json::from_str(r#"{"on_demand_backups_per_day":3}"#).unwrap();
        assert!(set.check(Limit::OnDemand, 2).is_ok());
        assert!(set.check(Limit::OnDemand, 3).is_err());
        for limit in Limit::ALL {
            let name = format!("\"{}\"", limit.name());
            assert_eq!(serde_json::to_string(limit).unwrap(), name);
        }
    }
}
