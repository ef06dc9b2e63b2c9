//! The words of rules that protect machines by themselves, and of the tags that they go by.

use clap::{Args, Subcommand};

/// `stillpoint protection-rule …`
#[derive(Debug, Subcommand)]
pub enum ProtectionRuleCommand {
    /// List the rules
    List,
    /// Show a rule, and what keeps it from protecting machines
    Show {
        /// The rule's name.
        name: String,
    },
    /// List the machines that a rule is for, and how each stands
    #[command(after_help = "\
Examples:
  stillpoint protection-rule machines tagged
  stillpoint protection-rule machines audit --state Unprotected -o tsv")]
    Machines {
        /// The rule's name.
        name: String,
        /// Only those that stand so: Protected, Stopped, Unprotected, Pending or Refused.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
    },
    /// Make or change a rule
    Create(Box<ProtectionRuleCreate>),
    /// Delete a rule; what it has protected stays protected
    Delete {
        /// The rule's name.
        name: String,
    },
}

/// `stillpoint protection-rule create`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint protection-rule create tagged --with-tag backup --tag-value daily -v vault1
  stillpoint protection-rule create rest --without-tag nobackup --new-vault-group rg1 --remediate
  stillpoint protection-rule create audit --audit-only

A machine whose protection somebody has stopped, or whose backups somebody has deleted, is left
alone.")]
pub struct ProtectionRuleCreate {
    /// The rule's name.
    pub name: String,
    /// Only for machines with this tag [default: for all].
    #[arg(long, value_name = "TAG", conflicts_with = "without_tag")]
    pub with_tag: Option<String>,
    /// Only for machines without this tag.
    #[arg(long, value_name = "TAG")]
    pub without_tag: Option<String>,
    /// A value of the tag that counts [default: any]; may be given several times.
    #[arg(long, value_name = "VALUE")]
    pub tag_value: Vec<String>,
    /// Only for machines of this location; with a vault that is the vault's.
    #[arg(long, value_name = "LOCATION")]
    pub location: Option<String>,
    /// Only for machines of this resource group.
    #[arg(long, value_name = "GROUP")]
    pub resource_group: Option<String>,
    /// Protect nothing: `protection-rule machines` tells which machines are not protected.
    #[arg(long, conflicts_with_all = ["new_vault_group", "policy", "remediate"])]
    pub audit_only: bool,
    /// Make a vault for each location in this group, in place of using the vault of -v.
    #[arg(long, value_name = "GROUP")]
    pub new_vault_group: Option<String>,
    /// The policy's name [default: DefaultPolicy].
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<String>,
    /// Protect machines too that were there before the rule.
    #[arg(long)]
    pub remediate: bool,
}

/// `stillpoint vm tag`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint vm tag web backup=daily owner=ann
  stillpoint vm tag web --remove owner")]
pub struct VmTag {
    /// The machine's name or UUID.
    pub machine: String,
    /// Tags to set, each as NAME=VALUE.
    #[arg(value_name = "NAME=VALUE", required_unless_present = "remove")]
    pub tags: Vec<String>,
    /// A tag to take away; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub remove: Vec<String>,
}
