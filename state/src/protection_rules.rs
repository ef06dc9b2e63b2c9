//! Rules that protect machines by themselves, or tell which are not protected (DISC-12). Their
//! parent is the subscription.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Resource;

/// A rule, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectionRule {
    /// What was asked for.
    pub rule: Rule,
    /// Since when it is for the machines that it is for: without `remediate` only those are
    /// protected that were found or tagged later.
    pub since: Timestamp,
    /// The ids of the vaults that it has made, by location.
    #[serde(default)]
    pub made: BTreeMap<String, String>,
    /// What keeps it from protecting any machine of a location, as the last round found.
    pub failures: Vec<RuleFailure>,
}

/// What is asked of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Which machines it is for, by their tags.
    pub machines: RuleMachines,
    /// The tag's name, in any case; `None` with [`RuleMachines::All`].
    pub tag_name: Option<String>,
    /// Values of the tag that count; none: any.
    pub tag_values: Vec<String>,
    /// Only machines of this location; with `vault_id` the vault's.
    pub location: Option<String>,
    /// Only machines of the resource group of this name.
    pub resource_group: Option<String>,
    /// What it does.
    pub effect: RuleEffect,
    /// The id of the vault that machines are protected in.
    pub vault_id: Option<String>,
    /// The name of the group in which the rule makes a vault for each location, in place of
    /// `vault_id`.
    pub new_vault_group: Option<String>,
    /// The name of the policy in the vault.
    pub policy_name: String,
    /// Whether machines that were there before the rule are protected too.
    pub remediate: bool,
}

/// Which machines a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleMachines {
    /// All.
    All,
    /// Those with the tag, and one of the values if any are named.
    WithTag,
    /// All others.
    WithoutTag,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleEffect {
    /// It protects machines.
    Protect,
    /// It only tells which are not protected.
    AuditOnly,
}

/// Why no machine of a location can be protected by a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFailure {
    /// The location.
    pub location: String,
    /// The name of the error's code, which has cause and remedy.
    pub code: String,
    /// What was wrong in this case.
    pub detail: String,
}

impl Resource for ProtectionRule {
    const KIND: &'static str = "protection rule";
}
