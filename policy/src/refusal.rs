//! What a broken rule says.

use std::fmt;

/// The code of a policy that breaks a rule.
pub const INVALID_POLICY: &str = "BMSUserErrorInvalidPolicyInput";
/// The code of another input that breaks a rule.
pub const INVALID_INPUT: &str = "BMSUserErrorInvalidInput";
/// The code of snapshots that would be kept longer than the vault's points.
pub const EXCEEDS_VAULTED: &str = "BMSUserErrorInstantRPRetentionExceedsVaultedRetention";

/// One broken rule: where, what was wrong, what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code that clients see.
    pub code: &'static str,
    /// The field, named as in the API's bodies.
    pub field: String,
    /// What was wrong.
    pub message: String,
    /// What is allowed.
    pub remedy: String,
}

impl Refusal {
    pub(crate) fn new(
        code: &'static str,
        field: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code,
            field: field.into(),
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    /// A refusal of a policy.
    pub(crate) fn of_policy(
        field: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(INVALID_POLICY, field, message, remedy)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}.", self.field, self.message, self.remedy)
    }
}

impl std::error::Error for Refusal {}
