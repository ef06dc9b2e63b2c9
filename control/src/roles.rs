//! Who may do what, where (RBAC-1 to 6): role definitions and assignments as Azure has them.
//!
//! An action is named by what it is done to, and ends in `read`, `write`, `delete` or
//! `<verb>/action`. A role allows the actions that one of its `actions` matches and none of its
//! `not_actions`. An assignment gives a role to a principal at a scope, and holds for all that is
//! below it. What any of a principal's assignments allows is allowed.

use uuid::Uuid;

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleDefinition {
    /// Its id, the same as Azure's.
    pub id: Uuid,
    /// Its name, as people see it.
    pub name: &'static str,
    /// For whom it is.
    pub description: &'static str,
    /// What it allows; `*` stands for any characters.
    pub actions: &'static [&'static str],
    /// What it does not.
    pub not_actions: &'static [&'static str],
}

const GROUPS: &str = "Microsoft.Resources/subscriptions/resourceGroups/read";

/// The roles that there are.
pub const ROLES: &[RoleDefinition] = &[
    RoleDefinition {
        id: Uuid::from_u128(0x8e3a_f657_a8ff_443c_a75c_2fe8_c4bc_b635),
        name: "Owner",
        description: "Everything, and may give roles to others",
        actions: &["*"],
        not_actions: &[],
    },
    RoleDefinition {
        id: Uuid::from_u128(0xb249_88ac_6180_42a0_ab88_20f7_382d_d24c),
        name: "Contributor",
        description: "Everything but giving roles",
        actions: &["*"],
        not_actions: &[
            "Microsoft.Authorization/*/delete",
            "Microsoft.Authorization/*/write",
            "Stillpoint.Fabric/hosts/*/delete",
            "Stillpoint.Fabric/hosts/*/write",
            "Stillpoint.Fabric/hosts/delete",
            "Stillpoint.Fabric/hosts/write",
            "Stillpoint.Fabric/principals/*",
            "Stillpoint.Fabric/protectionRules/makeVaults/action",
            "Stillpoint.Fabric/restoreFolders/delete",
            "Stillpoint.Fabric/restoreFolders/write",
            "Stillpoint.Fabric/vaultAttachments/write",
            "Stillpoint.Fabric/vaultPools/delete",
            "Stillpoint.Fabric/vaultPools/write",
        ],
    },
    RoleDefinition {
        id: Uuid::from_u128(0xacdd_72a7_3385_48ef_bd42_f606_fba8_1ae7),
        name: "Reader",
        description: "Sees everything and changes nothing",
        actions: &["*/read"],
        not_actions: &[],
    },
    RoleDefinition {
        id: Uuid::from_u128(0x5e46_7623_bb1f_42f4_a55d_6e52_5e11_384b),
        name: "Backup Contributor",
        description: "All of backup but deleting vaults and giving others access",
        actions: &[
            "Microsoft.AlertsManagement/*",
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/virtualMachines/read",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.RecoveryServices/*",
            "Microsoft.Storage/storageAccounts/read",
            GROUPS,
            "Stillpoint.Fabric/*/read",
            "Stillpoint.Fabric/vaultUsages/count/action",
        ],
        not_actions: &[
            "Microsoft.RecoveryServices/vaults/backupconfig/lowerSoftDelete/action",
            "Microsoft.RecoveryServices/vaults/delete",
        ],
    },
    RoleDefinition {
        id: Uuid::from_u128(0x00c2_9273_979b_4161_815c_10b0_84fb_9324),
        name: "Backup Operator",
        description: "Backs up and restores; neither removes backups nor changes policies",
        actions: &[
            "Microsoft.AlertsManagement/*",
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/virtualMachines/read",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.RecoveryServices/*/read",
            "Microsoft.RecoveryServices/*/action",
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/write",
            "Microsoft.Storage/storageAccounts/read",
            GROUPS,
            "Stillpoint.Fabric/*/read",
            "Stillpoint.Fabric/vaultUsages/count/action",
        ],
        not_actions: &[
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/stop/action",
            "Microsoft.RecoveryServices/vaults/backupconfig/lowerSoftDelete/action",
        ],
    },
    RoleDefinition {
        id: Uuid::from_u128(0xa795_c7a0_d4a2_40c1_ae25_d81f_0120_2912),
        name: "Backup Reader",
        description: "Sees all of backup and changes nothing",
        actions: &[
            "Microsoft.AlertsManagement/*/read",
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/virtualMachines/read",
            "Microsoft.RecoveryServices/*/read",
            GROUPS,
            "Stillpoint.Fabric/*/read",
        ],
        not_actions: &[],
    },
    RoleDefinition {
        id: Uuid::from_u128(0x9980_e02c_c2be_4d73_94e8_173b_1dc7_cf3c),
        name: "Virtual Machine Contributor",
        description: "Manages machines, and may have them backed up",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/*",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.RecoveryServices/locations/*",
            "Microsoft.RecoveryServices/vaults/*/read",
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/write",
            "Microsoft.RecoveryServices/vaults/backupPolicies/read",
            "Microsoft.RecoveryServices/vaults/backupPolicies/write",
            "Microsoft.RecoveryServices/vaults/read",
            "Microsoft.RecoveryServices/vaults/write",
            "Microsoft.Storage/storageAccounts/read",
            GROUPS,
        ],
        not_actions: &[],
    },
];

impl RoleDefinition {
    /// Whether it allows an action.
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        let any = |patterns: &[&str]| patterns.iter().any(|p| matches(p, action));
        any(self.actions) && !any(self.not_actions)
    }
}

/// The role of this id.
#[must_use]
pub fn role(id: Uuid) -> Option<&'static RoleDefinition> {
    ROLES.iter().find(|r| r.id == id)
}

/// Whether a role that is given at `scope` holds for the resource `id`: it is that or below it. Ids
/// are compared as records are found by them: what leads to a record is what a lock on it covers.
#[must_use]
pub fn covers(scope: &str, id: &str) -> bool {
    let (scope, id) = (state::fold(scope), state::fold(id));
    let rest = id
        .trim_end_matches('/')
        .strip_prefix(scope.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether all of `text` is as the pattern says; case does not count.
/// The work grows with the product of the two lengths at most.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let first = pattern.find('*').unwrap_or(pattern.len());
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let Some(mut rest) = text.strip_prefix(&pattern[..first]) else {
        return false;
    };
    let mut parts = pattern[first..].split('*').skip(1).peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        // The earliest place leaves most for those that follow.
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_many_stars_costs_no_more_than_a_plain_one() {
        let table = [
            ("a*b", "a/x/b", true),
            ("a*b", "ab", true),
            ("a*b", "abc", false),
            ("*", "", true),
            ("*b*", "abc", true),
            ("a*a", "a", false),
            ("A*C", "abc", true),
            ("ab", "abc", false),
            ("*/read", "x/y/READ", true),
            ("**a**", "bab", true),
        ];
        for (pattern, text, is) in table {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
        let pattern = format!("{}b", "*a".repeat(2000));
        assert!(!matches(&pattern, &"a".repeat(10_000)));
    }

    fn named(name: &str) -> &'static RoleDefinition {
        ROLES.iter().find(|r| r.name == name).unwrap()
    }

    const VAULTS: &str = "Microsoft.RecoveryServices/vaults/";
    const ITEMS: &str = "backupFabrics/protectionContainers/protectedItems";

    #[test]
    fn rbac_1_to_4_what_each_role_may() {
        let table = [
            // What                          Owner  Contributor  B. Contributor  B. Operator  B. Reader
            ("read".to_owned(), [true, true, true, true, true]),
            ("write".to_owned(), [true, true, true, false, false]),
            ("delete".to_owned(), [true, true, false, false, false]),
            (
                "backupPolicies/write".to_owned(),
                [true, true, true, false, false],
            ),
            ("backupJobs/read".to_owned(), [true, true, true, true, true]),
            (
                "backupJobs/cancel/action".to_owned(),
                [true, true, true, true, false],
            ),
            (format!("{ITEMS}/write"), [true, true, true, true, false]),
            (format!("{ITEMS}/delete"), [true, true, true, false, false]),
            (
                format!("{ITEMS}/stop/action"),
                [true, true, true, false, false],
            ),
            (
                format!("{ITEMS}/backup/action"),
                [true, true, true, true, false],
            ),
            (
                format!("{ITEMS}/recoveryPoints/restore/action"),
                [true, true, true, true, false],
            ),
        ];
        let roles = [
            "Owner",
            "Contributor",
            "Backup Contributor",
            "Backup Operator",
            "Backup Reader",
        ];
        for (what, expected) in table {
            for (name, allowed) in roles.iter().zip(expected) {
                let action = format!("{VAULTS}{what}");
                assert_eq!(named(name).allows(&action), allowed, "{name}: {action}");
            }
        }
        let give = "Microsoft.Authorization/roleAssignments/write";
        for role in ROLES {
            assert_eq!(role.allows(give), role.name == "Owner", "{}", role.name);
        }
    }

    #[test]
    fn a_role_holds_at_its_scope_and_below_it() {
        let group = "/subscriptions/S/resourceGroups/G";
        assert!(covers(group, group));
        // Letters beyond ASCII, and one that becomes an ASCII letter in lower case.
        assert!(covers(
            "/s/resourceGroups/GR\u{dc}N",
            "/s/resourcegroups/gr\u{fc}n/a"
        ));
        assert!(covers("/s/vaults/backups", "/s/vaults/bac\u{212a}ups"));
        assert!(covers(
            group,
            "/Subscriptions/s/resourcegroups/g/providers/A.B/c/d"
        ));
        assert!(covers("/", group));
        assert!(!covers(group, "/subscriptions/S/resourceGroups/G2"));
        assert!(!covers(group, "/subscriptions/S"));
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, whether) in [
            ("*", "", true),
            ("a/*/c", "A/b/b/C", true),
            ("a/*/c", "a/c", false),
            ("*/read", "x/read", true),
            ("*/read", "x/reads", false),
            ("ä*", "äb", true),
            ("a*", "ä", false),
        ] {
            assert_eq!(matches(pattern, text), whether, "{pattern} {text}");
        }
    }
}
