//! Settings of a policy that Azure's body has no word for: a resource of their own beside it, so
//! that they outlive whatever client changes the policy, and go with it.

use base::{Code, Error, Result};
use state::policies::{Policy, PolicySettings};
use state::resources::{self, Record};

use crate::Control;
use crate::limits::check_policies;

impl Control {
    /// The settings of a policy. Those that nobody has set are off.
    ///
    /// # Errors
    /// `ResourceNotFound` without the vault, `PolicyNotFound`; those of the records.
    pub async fn policy_settings(
        &self,
        group: &str,
        vault: &str,
        policy: &str,
    ) -> Result<PolicySettings> {
        let found = self.policy(group, vault, policy).await?;
        Ok(found.record.body.extension)
    }

    /// Changes the settings of a policy; and whether they differ from what they were. They count
    /// from the next backup on. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound` without the vault, `PolicyNotFound`; `LimitReached`; those of the
    /// records.
    pub async fn set_policy_settings(
        &self,
        group: &str,
        vault: &str,
        policy: &str,
        settings: PolicySettings,
    ) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let mut found = self.policy_in(&mut tx, group, vault, policy).await?;
        if found.body.extension == settings {
            return Ok(false);
        }
        let now = tx.now();
        let vault = found.parent.clone();
        check_policies(&mut tx, &vault, now, false).await?;
        // The times of points rest on the policy's rules alone, so no item has to follow.
        found.body.extension = settings;
        resources::update(&mut tx, found).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Refuses to give an item that had a policy of one sub-type an enhanced one, if that says so
/// (POLICY-30).
///
/// # Errors
/// `PolicyKindRefused`.
pub(crate) fn check_change(
    name: &str,
    before: Option<&policy::Policy>,
    after: &Record<Policy>,
) -> Result<()> {
    use policy::PolicyType::{Enhanced, Standard};
    let kinds = (before.map(|p| p.kind), after.body.policy.kind);
    if kinds == (Some(Standard), Enhanced) && after.body.extension.refuse_standard_items {
        let detail = format!(
            "{name} is protected by a standard policy, and the enhanced policy {} takes no such \
             machines",
            after.name
        );
        return Err(Error::new(Code::PolicyKindRefused, detail));
    }
    Ok(())
}
