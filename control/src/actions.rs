//! What is done to resources, by the names that roles and locks know.

/// To a machine, by who protects it, tags it or restores over it.
pub const MACHINE_WRITE: &str = "Microsoft.Compute/virtualMachines/write";
/// To a vault, by who protects a machine in it.
pub const ITEM_WRITE: &str =
    "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/write";
/// To a vault, by who makes it or changes it.
pub const VAULT_WRITE: &str = "Microsoft.RecoveryServices/vaults/write";
/// To a vault, by who takes it from where it is.
pub const VAULT_DELETE: &str = "Microsoft.RecoveryServices/vaults/delete";
