//! Vaults and their settings.

use super::{SUBSCRIPTION, vault};
use crate::openapi::schema::{
    and, any_object, choices, flag, input, map, object, one_of, only, read_only, resource,
    succeeded, text, text_about, tracked, whole, whole_or_text,
};
use crate::openapi::{Routes, op};
use crate::vaults::{REDUNDANCIES, SOFT_DELETE};
use crate::{resource_guards, vault_config, vaults};

const ON_OFF: [&str; 2] = ["Enabled", "Disabled"];

pub(super) fn routes() -> Routes {
    settings(models(Routes::new()))
        .get(
            &format!("{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/vaults"),
            vaults::list,
            op(
                "Vaults_ListBySubscriptionId",
                "The vaults of a subscription.",
            )
            .pages_of("Vault"),
        )
        .get(
            vault("").trim_end_matches("/{vault}"),
            vaults::list_in_group,
            op("Vaults_ListByResourceGroup", "The vaults of a group.").pages_of("Vault"),
        )
        .get(
            &vault(""),
            vaults::show,
            op("Vaults_Get", "A vault.").is("Vault"),
        )
        .put(
            &vault(""),
            vaults::put,
            op("Vaults_CreateOrUpdate", "Makes or changes a vault.").puts("VaultInput", "Vault"),
        )
        .patch(
            &vault(""),
            vaults::patch,
            op("Vaults_Update", "Changes a vault.")
                .takes("VaultPatch")
                .is("Vault"),
        )
        .delete(
            &vault(""),
            vaults::delete,
            op("Vaults_Delete", "Deletes a vault that holds nothing.").nothing(204),
        )
}

fn settings(routes: Routes) -> Routes {
    let storage = vault("/backupstorageconfig/vaultstorageconfig");
    let config = vault("/backupconfig/vaultconfig");
    routes
        .get(
            &storage,
            vault_config::storage,
            op("BackupResourceStorageConfigs_Get", "A vault's redundancy.").is("StorageConfig"),
        )
        .put(
            &storage,
            vault_config::put_storage,
            op(
                "BackupResourceStorageConfigs_Update",
                "Changes the redundancy.",
            )
            .takes("StorageConfigInput")
            .is("StorageConfig"),
        )
        .patch(
            &storage,
            vault_config::patch_storage,
            op(
                "BackupResourceStorageConfigs_Patch",
                "Changes the redundancy.",
            )
            .takes("StorageConfigInput")
            .nothing(204),
        )
        .get(
            &config,
            vault_config::config,
            op("BackupResourceVaultConfigs_Get", "A vault's soft delete.").is("VaultConfig"),
        )
        .put(
            &config,
            vault_config::change_config,
            op("BackupResourceVaultConfigs_Put", "Changes soft delete.")
                .takes("VaultConfigInput")
                .is("VaultConfig"),
        )
        .patch(
            &config,
            vault_config::change_config,
            op("BackupResourceVaultConfigs_Update", "Changes soft delete.")
                .takes("VaultConfigInput")
                .is("VaultConfig"),
        )
        .get(
            &vault("/backupEncryptionConfigs/{config}"),
            vault_config::encryption,
            op(
                "BackupResourceEncryptionConfigs_Get",
                "Who has a vault's keys.",
            )
            .is("EncryptionConfig"),
        )
        .get(
            &vault("/backupResourceGuardProxies"),
            resource_guards::list,
            op(
                "ResourceGuardProxies_Get",
                "Resource guards: there are none.",
            )
            .list_of("ResourceGuardProxy"),
        )
        .model(
            "StorageConfig",
            resource(
                "Microsoft.RecoveryServices/vaults/backupstorageconfig",
                object([
                    ("storageModelType", choices(&REDUNDANCIES)),
                    ("storageType", choices(&REDUNDANCIES)),
                    (
                        "storageTypeState",
                        read_only(one_of(["Locked", "Unlocked"])),
                    ),
                    ("crossRegionRestoreFlag", flag()),
                    ("dedupState", only("Disabled")),
                    ("xcoolState", only("Disabled")),
                ]),
            ),
        )
        .model(
            "StorageConfigInput",
            input([(
                "properties",
                input([
                    ("storageModelType", choices(&REDUNDANCIES)),
                    ("storageType", choices(&REDUNDANCIES)),
                    ("crossRegionRestoreFlag", flag()),
                ]),
            )]),
        )
        .model(
            "VaultConfig",
            resource(
                "Microsoft.RecoveryServices/vaults/backupconfig",
                object([
                    ("storageModelType", choices(&REDUNDANCIES)),
                    ("storageType", choices(&REDUNDANCIES)),
                    (
                        "storageTypeState",
                        read_only(one_of(["Locked", "Unlocked"])),
                    ),
                    ("enhancedSecurityState", only("Enabled")),
                    ("softDeleteFeatureState", choices(&SOFT_DELETE)),
                    ("softDeleteRetentionPeriodInDays", whole()),
                    ("isSoftDeleteFeatureStateEditable", read_only(flag())),
                ]),
            ),
        )
        .model(
            "VaultConfigInput",
            input([(
                "properties",
                input([
                    ("softDeleteFeatureState", choices(&SOFT_DELETE)),
                    ("softDeleteRetentionPeriodInDays", whole_or_text()),
                ]),
            )]),
        )
        .model(
            "EncryptionConfig",
            resource(
                "Microsoft.RecoveryServices/vaults/backupEncryptionConfigs",
                object([
                    ("encryptionAtRestType", only("MicrosoftManaged")),
                    ("infrastructureEncryptionState", only("Disabled")),
                    ("lastUpdateStatus", only("NotEnabled")),
                    ("useSystemAssignedIdentity", flag()),
                ]),
            ),
        )
        .model("ResourceGuardProxy", any_object())
}

fn models(routes: Routes) -> Routes {
    let redundancy = [
        ("standardTierStorageRedundancy", choices(&REDUNDANCIES)),
        ("crossRegionRestore", one_of(ON_OFF)),
    ];
    let asked = || {
        input([
            (
                "securitySettings",
                input([(
                    "softDeleteSettings",
                    input([
                        ("softDeleteState", choices(&SOFT_DELETE)),
                        ("softDeleteRetentionPeriodInDays", whole_or_text()),
                    ]),
                )]),
            ),
            ("redundancySettings", input(redundancy.clone())),
            ("monitoringSettings", any_object()),
            ("publicNetworkAccess", one_of(ON_OFF)),
            ("costManagementSettings", any_object()),
        ])
    };
    let soft_delete = object([
        ("softDeleteState", choices(&SOFT_DELETE)),
        ("softDeleteRetentionPeriodInDays", whole()),
        ("enhancedSecurityState", only("Enabled")),
    ]);
    let cross = object([("crossSubscriptionRestoreState", one_of(ON_OFF))]);
    let properties = object([
        ("provisioningState", succeeded()),
        ("privateEndpointStateForBackup", read_only(only("None"))),
        (
            "privateEndpointStateForSiteRecovery",
            read_only(only("None")),
        ),
        ("publicNetworkAccess", one_of(ON_OFF)),
        ("redundancySettings", object(redundancy.clone())),
        (
            "securitySettings",
            object([("softDeleteSettings", soft_delete)]),
        ),
        ("monitoringSettings", any_object()),
        (
            "restoreSettings",
            object([("crossSubscriptionRestoreSettings", cross)]),
        ),
        ("costManagementSettings", any_object()),
        ("bcdrSecurityLevel", read_only(text())),
    ]);
    let more = object([
        (
            "etag",
            read_only(text_about("Changes whenever the vault does.")),
        ),
        ("sku", object([("name", only("Standard"))])),
    ]);
    routes
        .model(
            "Vault",
            and(
                tracked("Microsoft.RecoveryServices/vaults", properties),
                more,
            ),
        )
        .model(
            "VaultInput",
            input([
                ("!location", text()),
                ("tags", map(text())),
                ("properties", asked()),
            ]),
        )
        .model(
            "VaultPatch",
            input([("tags", map(text())), ("properties", asked())]),
        )
}
