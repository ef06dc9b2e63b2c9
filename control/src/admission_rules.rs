//! Rules for the names and tags of resource groups (SRG-5; CONF-5). The groups that the service
//! makes for snapshots are left out, unless a rule says otherwise.

use std::collections::BTreeMap;

use base::{Code, Error, Result};
use state::Tx;
use state::admission_rules::AdmissionRule;
use state::resources::{self, Record};

use crate::Control;
use crate::roles::matches;
use crate::vaults::refused;

impl Control {
    /// All rules, by name.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn admission_rules(&self) -> Result<Vec<Record<AdmissionRule>>> {
        resources::all(&mut self.state.read().await?).await
    }

    /// The rule of this name.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn admission_rule(&self, name: &str) -> Result<Record<AdmissionRule>> {
        let what = format!("admission rule `{name}`");
        self.one(&self.admission_rule_id(name), &what).await
    }

    /// Makes a rule or changes one; and whether it was made. Groups that are there stay. Durable
    /// when this returns.
    ///
    /// # Errors
    /// `NameInvalid`; `BadArgument` for a rule that asks for nothing; those of the records.
    pub async fn put_admission_rule(
        &self,
        name: &str,
        rule: AdmissionRule,
    ) -> Result<(Record<AdmissionRule>, bool)> {
        policy::check_fabric_name(name).map_err(|r| refused(Code::NameInvalid, &r))?;
        if rule.name_pattern.is_none() && rule.required_tags.is_empty() {
            let detail = "a rule needs a pattern of names, or tags that must be there";
            return Err(Error::new(Code::BadArgument, detail));
        }
        let id = self.admission_rule_id(name);
        let mut tx = self.state.write().await?;
        let done = match resources::get::<AdmissionRule>(&mut tx, &id).await? {
            Some(mut there) => {
                there.body = rule;
                (resources::update(&mut tx, there).await?, false)
            }
            None => {
                let parent = self.subscription_id();
                (resources::create(&mut tx, &id, &parent, rule).await?, true)
            }
        };
        tx.commit().await?;
        Ok(done)
    }

    /// Removes a rule; and whether there was one. Durable when this returns.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn delete_admission_rule(&self, name: &str) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let id = self.admission_rule_id(name);
        let Some(rule) = resources::get::<AdmissionRule>(&mut tx, &id).await? else {
            return Ok(false);
        };
        resources::delete(&mut tx, &rule).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The id of a rule.
    #[must_use]
    pub fn admission_rule_id(&self, name: &str) -> String {
        let subscription = self.subscription_id();
        format!("{subscription}/providers/Stillpoint.Fabric/admissionRules/{name}")
    }
}

/// Refuses a group's name and tags that break a rule, with this code.
pub(crate) async fn admit(
    tx: &mut Tx,
    code: Code,
    name: &str,
    tags: &BTreeMap<String, String>,
    of_service: bool,
) -> Result<()> {
    for rule in resources::all::<AdmissionRule>(tx).await? {
        if of_service && rule.body.exempt_service_groups {
            continue;
        }
        let named = rule.body.name_pattern.as_deref();
        if let Some(pattern) = named.filter(|pattern| !matches(pattern, name)) {
            let detail = format!(
                "the rule {} wants names like `{pattern}`; that of the resource group is `{name}`",
                rule.name
            );
            return Err(Error::new(code, detail));
        }
        let has = |tag: &String| tags.keys().any(|name| name.eq_ignore_ascii_case(tag));
        if let Some(tag) = rule.body.required_tags.iter().find(|tag| !has(tag)) {
            let detail = format!(
                "the rule {} wants the tag `{tag}`, which the resource group {name} lacks",
                rule.name
            );
            return Err(Error::new(code, detail));
        }
    }
    Ok(())
}
