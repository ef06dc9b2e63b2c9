//! Jobs, and operations: what a 202 is followed up with.

use serde_json::Value;

use super::{SUBSCRIPTION, item, vault};
use crate::jobs::{OPERATIONS, STATUSES};
use crate::openapi::schema::{
    about, and, choices, duration, flag, guid, list, map, maybe, number, object, one_of, only,
    resource, text, text_about, time, whole,
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
        .get(
            &format!("{one}/providers/Stillpoint.Fabric/progress"),
            jobs::follow,
            op(
                "JobProgress_Follow",
                "A job while it goes on: server-sent events, `job` when something has changed, at \
                 most twice a second, and `end` once it has ended. It ends after ten minutes in \
                 any case: ask anew.",
            )
            .streams("JobProgress"),
        )
        .merge(followed())
        .model("Job", resource(JOBS, job()))
        .model("JobDetails", {
            let more = object([("extendedInfo", details()), ("duration", duration())]);
            resource(JOBS, and(job(), more))
        })
        .get(
            &format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/backupJobs"),
            jobs::all::list,
            op("AllJobs_List", "The jobs of all vaults, newest first.")
                .pages_of("AnyJob")
                .filters(&jobs::all::FILTERS),
        )
        .model("AnyJob", {
            let more = object([
                ("vaultId", text()),
                ("vaultName", text()),
                ("itemId", maybe(text_about("In lower case."))),
            ]);
            and(resource(JOBS, job()), object([("stillpoint", more)]))
        })
        .model("JobProgress", {
            let more = object([("extendedInfo", details()), ("duration", duration())]);
            let told = object([("progress", maybe(progress()))]);
            and(resource(JOBS, and(job(), more)), told)
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

/// What is done for a job just now.
fn progress() -> Value {
    let disk = object([
        ("name", text()),
        ("tracker", one_of(["Bitmap", "FullRead"])),
        ("reason", maybe(text_about("Why all of it is looked at."))),
        ("bytes", about(whole(), "That will be looked at.")),
    ]);
    let here = "Where the server that answers works on the job; else null.";
    let phase = object([
        ("phase", maybe(text_about("The task that goes on."))),
        (
            "step",
            maybe(text_about("What is done for it, for people.")),
        ),
        ("bytesDone", about(whole(), "Dealt with in this step.")),
        ("bytesTotal", about(whole(), "0 while it isn't known.")),
        (
            "bytesRead",
            maybe(about(
                whole(),
                "Of the source: what is known to be empty is not read.",
            )),
        ),
        (
            "bytesChanged",
            maybe(about(
                whole(),
                "Since the last point, of what was looked at.",
            )),
        ),
        ("bytesSent", maybe(about(whole(), "Put into the store."))),
        (
            "ratePerSecond",
            about(whole(), "Bytes, over the last seconds."),
        ),
        ("secondsLeft", maybe(whole())),
        (
            "?sourceWaitPercent",
            about(
                whole(),
                "Of the last seconds the work waited so long for its source.",
            ),
        ),
        (
            "?bottleneck",
            about(
                only("Source"),
                "What limits the speed, where that was measured.",
            ),
        ),
        ("disks", list(disk)),
    ]);
    about(phase, here)
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
