//! Jobs, and operations: what a 202 is followed up with.

use serde_json::Value;

use super::{item, vault};
use crate::jobs::{OPERATIONS, STATUSES};
use crate::openapi::schema::{
    and, choices, duration, flag, guid, list, map, maybe, number, object, one_of, only, resource,
    text, time, whole,
};
use crate::openapi::{Routes, op};
use crate::{jobs, operations};

const JOBS: &str = "Microsoft.RecoveryServices/vaults/backupJobs";

pub(super) fn routes() -> Routes {
    let one = vault("/backupJobs/{job}");
    Routes::new()
        .get(
            &vault("/backupJobs"),
            jobs::list,
            op("BackupJobs_List", "The jobs of a vault, newest first.")
                .pages_of("Job")
                .filters(&["operation", "status", "startTime", "endTime"]),
        )
        .get(
            &one,
            jobs::show,
            op("JobDetails_Get", "A job with its tasks.").is("JobDetails"),
        )
        .post(
            &format!("{one}/cancel"),
            jobs::cancel,
            op("JobCancellations_Trigger", "Cancels a job.").accepted(),
        )
        .merge(followed())
        .model("Job", resource(JOBS, job()))
        .model("JobDetails", {
            let more = object([("extendedInfo", details()), ("duration", duration())]);
            resource(JOBS, and(job(), more))
        })
        .model(
            "Operation",
            object([
                ("id", guid()),
                ("name", guid()),
                (
                    "status",
                    one_of(["InProgress", "Succeeded", "Failed", "Canceled"]),
                ),
                ("startTime", time()),
                ("endTime", text()),
                (
                    "?properties",
                    object([
                        ("objectType", only("OperationStatusJobExtendedInfo")),
                        ("jobId", maybe(guid())),
                    ]),
                ),
                ("?error", object([("code", text()), ("message", text())])),
            ]),
        )
}

/// An operation answers at every path that clients make of a 202.
fn followed() -> Routes {
    let job = "/backupJobs/{job}";
    let mut routes = Routes::new();
    for (at, status, result) in [
        (
            "",
            vault("/backupOperations/{operation}"),
            vault("/backupOperationResults/{operation}"),
        ),
        (
            "OfItem",
            item("/operationsStatus/{operation}"),
            item("/operationResults/{operation}"),
        ),
        (
            "OfJob",
            vault(&format!("{job}/operationsStatus/{{operation}}")),
            vault(&format!("{job}/operationResults/{{operation}}")),
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
            .get(&status, operations::status, shown.at(at).is("Operation"))
            .get(
                &result,
                operations::result,
                ended.at(at).nothing(202).nothing(204),
            );
    }
    routes
}

fn job() -> Value {
    object([
        ("jobType", only("AzureIaaSVMJob")),
        ("operation", choices(&OPERATIONS)),
        ("status", choices(&STATUSES)),
        ("entityFriendlyName", text()),
        ("backupManagementType", only("AzureIaasVM")),
        ("containerName", maybe(text())),
        ("virtualMachineVersion", only("Compute")),
        ("actionsInfo", list(only("Cancellable"))),
        ("isUserTriggered", flag()),
        ("startTime", time()),
        ("?endTime", time()),
        ("?duration", duration()),
        ("activityId", maybe(guid())),
        (
            "errorDetails",
            maybe(list(object([
                ("errorCode", whole()),
                ("errorTitle", text()),
                ("errorString", text()),
                ("recommendations", list(text())),
            ]))),
        ),
    ])
}

fn details() -> Value {
    let statuses = [
        "NotStarted",
        "InProgress",
        "Completed",
        "Failed",
        "Cancelled",
        "Skipped",
    ];
    object([
        (
            "tasksList",
            list(object([
                ("taskId", text()),
                ("status", one_of(statuses)),
                ("duration", duration()),
                ("?startTime", time()),
                ("?endTime", time()),
                ("?progressPercentage", number()),
                ("?taskExecutionDetails", text()),
            ])),
        ),
        ("propertyBag", map(text())),
        ("internalPropertyBag", map(text())),
        ("dynamicErrorMessage", maybe(text())),
        ("?progressPercentage", number()),
        ("?estimatedRemainingDuration", duration()),
    ])
}
