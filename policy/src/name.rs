//! Which names are allowed (VAULT-3, SRG-2, SRG-6 to 10).

use serde::{Deserialize, Serialize};

use crate::Refusal;

/// The code of a name that breaks its rule.
const INVALID_NAME: &str = "InvalidResourceName";

/// Letters, digits, hyphens; a letter first; 2 to 50 of them (VAULT-3).
///
/// # Errors
/// The rule that the name breaks.
pub fn check_vault_name(name: &str) -> Result<(), Refusal> {
    let good = (2..=50).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    refuse_unless(
        good,
        "vaultName",
        name,
        "Use 2 to 50 letters, digits and hyphens, a letter first",
    )
}

/// Letters, digits, hyphens, underscores and periods; a letter or digit first; up to 150.
///
/// # Errors
/// The rule that the name breaks.
pub fn check_policy_name(name: &str) -> Result<(), Refusal> {
    let good = name.len() <= 150
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    refuse_unless(
        good,
        "policyName",
        name,
        "Use 1 to 150 letters, digits, hyphens, underscores and periods, a letter or digit first",
    )
}

/// Letters, digits, periods, underscores, hyphens, parentheses; no period at the end; up to 90.
///
/// # Errors
/// The rule that the name breaks.
pub fn check_group_name(name: &str) -> Result<(), Refusal> {
    let good = (1..=90).contains(&name.len()) && of_groups(name) && !name.ends_with('.');
    refuse_unless(
        good,
        "resourceGroupName",
        name,
        "Use 1 to 90 letters, digits and `.`, `_`, `-`, `(`, `)`, and no period at the end",
    )
}

/// Letters, digits, hyphens; 1 to 63 of them. For names that Azure has no rule for: of hosts,
/// vault pools and rules.
///
/// # Errors
/// The rule that the name breaks.
pub fn check_fabric_name(name: &str) -> Result<(), Refusal> {
    let good = (1..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let remedy = "Use 1 to 63 letters, digits and hyphens";
    refuse_unless(good, "name", name, remedy)
}

fn of_groups(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-()".contains(c))
}

fn refuse_unless(good: bool, field: &str, name: &str, remedy: &str) -> Result<(), Refusal> {
    if good {
        return Ok(());
    }
    let message = format!("the name `{name}` isn't allowed");
    Err(Refusal::new(INVALID_NAME, field, message, remedy))
}

/// A policy's own pattern for the names of snapshot groups: prefix, number, suffix (SRG-7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPattern {
    /// Before the number; required.
    pub prefix: String,
    /// After the number; may be empty.
    pub suffix: String,
}

impl GroupPattern {
    /// The characters of [`check_group_name`], up to 74 in both parts together (SRG-8).
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check(&self) -> Result<(), Refusal> {
        let Self { prefix, suffix } = self;
        let fits = prefix.len() + suffix.len() <= 74;
        refuse_unless(
            !prefix.is_empty() && of_groups(prefix) && fits,
            "instantRPDetails.azureBackupRGNamePrefix",
            prefix,
            "Use letters, digits and `.`, `_`, `-`, `(`, `)`, with the suffix up to 74; leave \
             both empty for the default name",
        )?;
        refuse_unless(
            of_groups(suffix) && !suffix.ends_with('.'),
            "instantRPDetails.azureBackupRGNameSuffix",
            suffix,
            "Use letters, digits and `.`, `_`, `-`, `(`, `)`, and no period at the end",
        )
    }

    /// The name of the snapshot group with this number, counted from 1, of a geography (SRG-2,
    /// 6, 7): by the pattern, or the default one.
    #[must_use]
    pub fn group_name(pattern: Option<&Self>, geo: &str, number: u32) -> String {
        match pattern {
            Some(Self { prefix, suffix }) => format!("{prefix}{number}{suffix}"),
            None => format!("AzureBackupRG_{geo}_{number}"),
        }
    }

    /// Whether a name is that of a snapshot group of a geography by the pattern, whatever its
    /// number; in any case of letters.
    #[must_use]
    pub fn is_group_name(pattern: Option<&Self>, geo: &str, name: &str) -> bool {
        let digits = match pattern {
            Some(Self { prefix, suffix }) => part_of(name, prefix, suffix),
            None => part_of(name, &format!("AzureBackupRG_{geo}_"), ""),
        };
        match digits.parse::<u32>() {
            Ok(number) => Self::group_name(pattern, geo, number).eq_ignore_ascii_case(name),
            Err(_) => false,
        }
    }

    /// The name of a machine's collection of snapshots (SRG-10).
    #[must_use]
    pub fn collection_name(machine: &str, number: u32) -> String {
        format!("AzureBackup_{machine}_{number}")
    }
}

/// What is between a beginning and an end; empty if a name has them not.
fn part_of<'a>(name: &'a str, prefix: &str, suffix: &str) -> &'a str {
    let end = name.len().checked_sub(suffix.len());
    let inner = end.and_then(|end| name.get(prefix.len()..end));
    inner.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// VAULT-3.
    #[test]
    fn a_vaults_name_has_2_to_50_characters_and_a_letter_first() {
        let longest = format!("a{}", "-".repeat(49));
        for good in ["ab", "A1", "a-", "vault-1", &longest] {
            assert!(check_vault_name(good).is_ok(), "{good}");
        }
        let long = "a".repeat(51);
        for bad in [
            "", "a", "1a", "-a", "a_b", "a.b", "a b", "aü", "ab\n", &long,
        ] {
            let refusal = check_vault_name(bad).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.field.as_str()),
                (INVALID_NAME, "vaultName")
            );
        }
    }

    #[test]
    fn groups_and_policies_have_their_characters() {
        for good in ["rg", "1", "(x)_y-z.w", &"g".repeat(90)] {
            assert!(check_group_name(good).is_ok(), "{good}");
        }
        for bad in ["", "rg.", "a/b", "a b", &"g".repeat(91)] {
            assert!(check_group_name(bad).is_err(), "{bad}");
        }
        for good in ["p1", "DefaultPolicy", "a.b_c-d", &"p".repeat(150)] {
            assert!(check_policy_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "-p", "a/b", "a%2fb", &"p".repeat(151)] {
            assert!(check_policy_name(bad).is_err(), "{bad}");
        }
        for good in ["1", "-", "Host-2", &"h".repeat(63)] {
            assert!(check_fabric_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a.b", "a_b", "ü", "a\n", &"h".repeat(64)] {
            assert!(check_fabric_name(bad).is_err(), "{bad}");
        }
    }

    /// SRG-2, 7, 8, 10.
    #[test]
    fn snapshot_groups_are_named_by_default_or_by_the_policys_pattern() {
        let name = |pattern| GroupPattern::group_name(pattern, "northeurope", 1);
        assert_eq!(name(None), "AzureBackupRG_northeurope_1");
        assert_eq!(GroupPattern::collection_name("vm1", 2), "AzureBackup_vm1_2");
        let is = |pattern, name| GroupPattern::is_group_name(pattern, "northeurope", name);
        assert!(is(None, "azurebackuprg_NorthEurope_17"));
        for other in [
            "AzureBackupRG_northeurope_",
            "AzureBackupRG_northeurope_017",
            "AzureBackupRG_westeurope_1",
            "AzureBackupRG_northeurope_1x",
            "1",
            "",
        ] {
            assert!(!is(None, other), "{other}");
        }
        let pattern = |prefix: &str, suffix: &str| GroupPattern {
            prefix: prefix.into(),
            suffix: suffix.into(),
        };
        assert_eq!(name(Some(&pattern("snap-", ".x"))), "snap-1.x");
        for good in [
            pattern("a.", ""),
            pattern("(a)", "_b"),
            pattern(&"a".repeat(70), "bbbb"),
        ] {
            assert!(good.check().is_ok(), "{good:?}");
            let longest = GroupPattern::group_name(Some(&good), "", u32::MAX);
            assert!(check_group_name(&longest).is_ok(), "{longest}");
        }
        for bad in [
            pattern("", "b"),
            pattern("a", "b."),
            pattern("a b", ""),
            pattern("a", "b/"),
            pattern(&"a".repeat(70), "bbbbb"),
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
