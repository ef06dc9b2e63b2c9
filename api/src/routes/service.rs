//! What is around vaults: alerts, usages, checks, collections of snapshots, rules, locations,
//! limits.

use state::collections::Collection;

use super::fabric::found_type;
use super::{GROUP, SUBSCRIPTION, vault};
use crate::found::Found;
use crate::openapi::schema::{
    about, choices, flag, guid, input, list, maybe, number, object, one_of, only, resource, text,
    text_about, time, tracked, whole, whole_or_text,
};
use crate::openapi::{Routes, op};
use crate::{
    admission_rules, alerts, collections, limits, locations, operations, protection_rules, usages,
    validation,
};

pub(super) fn routes() -> Routes {
    alerts()
        .merge(usages())
        .merge(validation())
        .merge(collections())
        .merge(admission_rules())
        .merge(protection_rules())
        .merge(locations())
        .merge(limits())
        .merge(operations())
}

fn alerts() -> Routes {
    let severities = || one_of(["Sev0", "Sev1", "Sev2", "Sev3", "Sev4"]);
    let states = || one_of(["New", "Acknowledged", "Closed"]);
    let conditions = || one_of(["Fired", "Resolved"]);
    let essentials = object([
        ("severity", severities()),
        ("signalType", only("Log")),
        ("alertState", states()),
        ("monitorCondition", conditions()),
        ("monitorService", only("Azure Backup")),
        ("targetResource", text()),
        ("targetResourceName", text()),
        ("targetResourceGroup", text()),
        ("targetResourceType", text()),
        ("alertRule", text()),
        ("description", text()),
        ("startDateTime", time()),
        ("lastModifiedDateTime", time()),
        ("lastModifiedUserName", text()),
        ("monitorConditionResolvedDateTime", maybe(time())),
    ]);
    let context = object([
        ("level", one_of(["Critical", "Warning", "Informational"])),
        ("vaultId", text()),
        ("vaultName", text()),
        ("jobId", maybe(guid())),
        ("errorCode", maybe(text())),
        ("cause", maybe(text())),
        ("recommendedAction", maybe(text())),
        ("occurrences", whole()),
    ]);
    let properties = object([("essentials", essentials), ("context", context)]);
    let mut routes = Routes::new().model(
        "Alert",
        resource("Microsoft.AlertsManagement/alerts", properties),
    );
    let resource = format!("{GROUP}/providers/{{namespace}}/{{kind}}/{{resource}}");
    for (scope, at) in [
        (SUBSCRIPTION, "AtSubscription"),
        (GROUP, "AtGroup"),
        (&resource, "AtResource"),
    ] {
        let all = format!("{scope}/providers/Microsoft.AlertsManagement/alerts");
        let one = format!("{all}/{{name}}");
        let listed = op("Alerts_GetAll", "Alerts at the scope, newest first.").at(at);
        let listed = ["targetResource", "targetResourceGroup", "alertRule"]
            .into_iter()
            .chain(["monitorService", "timeRange", "customTimeRange"])
            .fold(listed, |listed, name| listed.query(name, text()));
        routes = routes
            .get(
                &all,
                alerts::list,
                listed
                    .query("severity", severities())
                    .query("alertState", states())
                    .query("monitorCondition", conditions())
                    .pages_of("Alert"),
            )
            .get(
                &one,
                alerts::show,
                op("Alerts_GetById", "An alert.").at(at).is("Alert"),
            )
            .post(
                &format!("{one}/changestate"),
                alerts::change,
                op(
                    "Alerts_ChangeState",
                    "What people make of an alert (MON-6).",
                )
                .at(at)
                .query("newState", states())
                .is("Alert"),
            );
    }
    routes
}

fn usages() -> Routes {
    let name = object([("value", text()), ("localizedValue", text())]);
    let limit = about(number(), "-1: there is none.");
    let usage = object([
        ("unit", only("Count")),
        ("quotaPeriod", text()),
        ("nextResetTime", time()),
        ("currentValue", whole()),
        ("limit", limit),
        ("name", name),
    ]);
    let deleted = format!(
        "{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/{{location}}/deletedVaults"
    );
    Routes::new()
        .model("Usage", usage)
        .get(
            &vault("/usages"),
            usages::list,
            op(
                "Usages_ListByVaults",
                "What a vault has, beside its limits.",
            )
            .list_of("Usage"),
        )
        .get(
            &vault("/backupUsageSummaries"),
            usages::summaries,
            op("BackupUsageSummaries_List", "Items or containers, counted.")
                .list_of("Usage")
                .filters(&["type"]),
        )
        .get(
            &vault("/replicationUsages"),
            usages::replication,
            op("ReplicationUsages_List", "Always empty.").list_of("Usage"),
        )
        .get(
            &deleted,
            usages::deleted_vaults,
            op(
                "DeletedVaults_List",
                "Always empty: what is deleted is gone.",
            )
            .list_of("Usage"),
        )
}

fn validation() -> Routes {
    let path = format!(
        "{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/{{location}}/backupPreValidateProtection"
    );
    let asked = input([
        ("resourceType", only("VM")),
        ("!resourceId", text()),
        ("vaultId", text()),
        ("properties", text()),
    ]);
    let found = object([
        ("status", one_of(["Succeeded", "Failed"])),
        ("errorCode", text()),
        ("errorMessage", text()),
        ("recommendation", text_about("What to do about it.")),
        ("containerName", text()),
        ("protectedItemName", text()),
    ]);
    Routes::new()
        .model("PreValidateInput", asked)
        .model("PreValidated", found)
        .post(
            &path,
            validation::validate,
            op(
                "ProtectionIntent_Validate",
                "What keeps a machine from being protected.",
            )
            .takes("PreValidateInput")
            .is("PreValidated"),
        )
}

fn collections() -> Routes {
    let reads = [
        "RestorePointCollections_ListAll",
        "RestorePointCollections_List",
        "RestorePointCollections_Get",
    ];
    let source = object([("id", text()), ("location", text())]);
    let properties = object([
        ("source", source),
        ("provisioningState", one_of(["Succeeded", "Deleting"])),
        ("restorePointCollectionId", text()),
    ]);
    let consistency = one_of([
        "ApplicationConsistent",
        "FileSystemConsistent",
        "CrashConsistent",
    ]);
    let point = object([
        ("timeCreated", time()),
        ("consistencyMode", consistency),
        ("provisioningState", only("Succeeded")),
    ]);
    let one = format!("{GROUP}/providers/{}/{{name}}", Collection::TYPE);
    let points = format!("{}/restorePoints", Collection::TYPE);
    found_type::<Collection>("RestorePointCollection", reads)
        .model(
            "RestorePointCollection",
            tracked(Collection::TYPE, properties),
        )
        .model("RestorePoint", resource(&points, point))
        .delete(
            &one,
            collections::delete,
            op(
                "RestorePointCollections_Delete",
                "Takes the snapshots of a machine, soon after (SRG-12).",
            )
            .accepted_with(&[])
            .nothing(204),
        )
        .get(
            &format!("{one}/restorePoints"),
            collections::points,
            op("RestorePoints_List", "The snapshots, newest first.").list_of("RestorePoint"),
        )
}

fn admission_rules() -> Routes {
    let all = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/admissionRules");
    let one = format!("{all}/{{name}}");
    let properties = object([
        ("namePattern", maybe(text())),
        ("requiredTags", list(text())),
        ("exemptServiceGroups", flag()),
    ]);
    let asked = input([
        ("namePattern", text_about("`*` stands for any characters.")),
        ("requiredTags", list(text())),
        ("exemptServiceGroups", flag()),
    ]);
    Routes::new()
        .model(
            "AdmissionRule",
            resource("Stillpoint.Fabric/admissionRules", properties),
        )
        .model("AdmissionRuleInput", input([("properties", asked)]))
        .get(
            &all,
            admission_rules::list,
            op("AdmissionRules_List", "Rules for names and tags of groups.")
                .list_of("AdmissionRule"),
        )
        .get(
            &one,
            admission_rules::show,
            op("AdmissionRules_Get", "A rule.").is("AdmissionRule"),
        )
        .put(
            &one,
            admission_rules::put,
            op("AdmissionRules_CreateOrUpdate", "Makes or changes a rule.")
                .puts("AdmissionRuleInput", "AdmissionRule"),
        )
        .delete(
            &one,
            admission_rules::delete,
            op("AdmissionRules_Delete", "Removes a rule.")
                .nothing(200)
                .nothing(204),
        )
}

fn protection_rules() -> Routes {
    use crate::protection_rules::{EFFECTS, MACHINES, STATES};
    let all = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/protectionRules");
    let one = format!("{all}/{{name}}");
    let failure = object([
        ("location", text()),
        ("code", text()),
        ("message", text()),
        ("recommendation", text_about("What to do about it.")),
    ]);
    let properties = object([
        ("machines", choices(&MACHINES)),
        ("tagName", maybe(text())),
        ("tagValues", list(text())),
        ("location", maybe(text())),
        ("resourceGroup", maybe(text())),
        ("effect", choices(&EFFECTS)),
        ("vaultId", maybe(text())),
        ("newVaultGroup", maybe(text())),
        ("policyName", maybe(text())),
        ("remediate", flag()),
        ("since", time()),
        ("failures", list(failure)),
    ]);
    let group = "The group in which the rule makes a vault for each location, instead of vaultId.";
    let before = "Whether machines that were there before the rule are protected too.";
    let asked = input([
        ("machines", choices(&MACHINES)),
        ("tagName", text()),
        ("tagValues", about(list(text()), "None: any value.")),
        ("location", text()),
        ("resourceGroup", text_about("Only machines of this group.")),
        ("effect", choices(&EFFECTS)),
        ("vaultId", text()),
        ("newVaultGroup", text_about(group)),
        ("policyName", text()),
        ("remediate", about(flag(), before)),
    ]);
    let machine = object([
        ("name", text()),
        ("machineId", text()),
        ("state", choices(&STATES)),
        ("protectedItemId", maybe(text())),
        ("code", maybe(text())),
        ("message", maybe(text())),
        ("recommendation", maybe(text())),
    ]);
    Routes::new()
        .model(
            "ProtectionRule",
            resource("Stillpoint.Fabric/protectionRules", properties),
        )
        .model("ProtectionRuleInput", input([("properties", asked)]))
        .model("RuledMachine", machine)
        .get(
            &all,
            protection_rules::list,
            op(
                "ProtectionRules_List",
                "Rules that protect machines by themselves.",
            )
            .list_of("ProtectionRule"),
        )
        .get(
            &one,
            protection_rules::show,
            op(
                "ProtectionRules_Get",
                "A rule, and what keeps it from protecting.",
            )
            .is("ProtectionRule"),
        )
        .put(
            &one,
            protection_rules::put,
            op("ProtectionRules_CreateOrUpdate", "Makes or changes a rule.")
                .puts("ProtectionRuleInput", "ProtectionRule"),
        )
        .delete(
            &one,
            protection_rules::delete,
            op(
                "ProtectionRules_Delete",
                "Removes a rule; what it protected stays protected.",
            )
            .nothing(200)
            .nothing(204),
        )
        .get(
            &format!("{one}/machines"),
            protection_rules::machines,
            op(
                "ProtectionRules_ListMachines",
                "The machines that a rule is for, and how each stands.",
            )
            .pages_of("RuledMachine")
            .filters(&["state"]),
        )
}

fn locations() -> Routes {
    let one = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/locations/{{name}}");
    let properties = object([("displayName", text()), ("pairedLocation", maybe(text()))]);
    let asked = input([("displayName", text()), ("pairedLocation", text())]);
    Routes::new()
        .model(
            "FabricLocation",
            resource("Stillpoint.Fabric/locations", properties),
        )
        .model("FabricLocationInput", input([("properties", asked)]))
        .get(
            &one,
            locations::show,
            op("FabricLocations_Get", "A location.").is("FabricLocation"),
        )
        .put(
            &one,
            locations::put,
            op(
                "FabricLocations_CreateOrUpdate",
                "Adds or pairs a location.",
            )
            .puts("FabricLocationInput", "FabricLocation"),
        )
}

fn limits() -> Routes {
    let all = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/limits");
    let one = format!("{all}/{{name}}");
    let most = || about(maybe(whole()), "The most there may be; null: no limit.");
    let properties = object([
        ("most", most()),
        ("default", most()),
        ("description", text()),
    ]);
    let asked = input([("!most", whole_or_text())]);
    Routes::new()
        .model("Limit", resource("Stillpoint.Fabric/limits", properties))
        .model("LimitInput", input([("!properties", asked)]))
        .get(
            &all,
            limits::list,
            op("Limits_List", "How many of a thing there may be.").list_of("Limit"),
        )
        .get(&one, limits::show, op("Limits_Get", "A limit.").is("Limit"))
        .put(
            &one,
            limits::put,
            op(
                "Limits_Update",
                "Sets a limit; what there is beyond it stays.",
            )
            .takes("LimitInput")
            .is("Limit"),
        )
        .delete(
            &one,
            limits::delete,
            op("Limits_Reset", "Goes back to the default.")
                .nothing(200)
                .nothing(204),
        )
}

/// Operations, at further paths where clients look for them.
fn operations() -> Routes {
    let container = "/backupFabrics/{fabric}/protectionContainers/{container}";
    let policy = "/backupPolicies/{policy}";
    let at = |path: &str, what: &str| vault(&format!("{path}/{what}/{{operation}}"));
    let mut routes = Routes::new();
    for (of, status, result) in [
        (
            "OfContainer",
            at(container, "operationsStatus"),
            at(container, "operationResults"),
        ),
        (
            "OfPolicy",
            at(policy, "operations"),
            at(policy, "operationResults"),
        ),
    ] {
        let shown = op(
            "BackupOperationStatuses_Get",
            "How work that was accepted goes on.",
        );
        let ended = op(
            "BackupOperationResults_Get",
            "Whether work that was accepted has ended.",
        );
        routes = routes
            .get(&status, operations::status, shown.at(of).is("Operation"))
            .get(
                &result,
                operations::result,
                ended.at(of).nothing(202).nothing(204),
            );
    }
    routes
}
