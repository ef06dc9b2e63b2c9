//! Backup policies of a vault.

use serde_json::{Value, json};

use super::{SUBSCRIPTION, vault};
use crate::openapi::schema::{
    about, and, any_object, choices, flag, input, list, maybe, model, object, one_of, only,
    read_only, resource, text, text_about, time, whole, whole_or_text,
};
use crate::openapi::{Routes, op};
use crate::policies;
use crate::policies::shape::{MONTHS, SCHEDULE_TYPES, SUB_TYPES, WEEKDAYS, WEEKS};
use crate::{policy_preview, policy_settings};

/// The ranges of retention.
const RANGES: [&str; 4] = ["Daily", "Weekly", "Monthly", "Yearly"];

pub(super) fn routes() -> Routes {
    let one = vault("/backupPolicies/{policy}");
    models(Routes::new())
        .get(
            &vault("/backupPolicies"),
            policies::list,
            op("BackupPolicies_List", "The policies of a vault.")
                .pages_of("ProtectionPolicy")
                .filters(&["backupManagementType", "workloadType"]),
        )
        .get(
            &one,
            policies::show,
            op("ProtectionPolicies_Get", "A policy of a vault.").is("ProtectionPolicy"),
        )
        .put(
            &one,
            policies::put,
            op(
                "ProtectionPolicies_CreateOrUpdate",
                "Makes or changes a policy.",
            )
            .takes("ProtectionPolicyInput")
            .is("ProtectionPolicy"),
        )
        .delete(
            &one,
            policies::delete,
            op(
                "ProtectionPolicies_Delete",
                "Deletes a policy that nothing uses.",
            )
            .nothing(200)
            .nothing(204),
        )
        .merge(settings(&one))
        .merge(preview())
}

/// What a policy will keep.
fn preview() -> Routes {
    let point = object([
        ("time", time()),
        (
            "rules",
            about(list(one_of(RANGES)), "The ranges that keep it at the end."),
        ),
        (
            "expiry",
            maybe(about(
                time(),
                "Of the vault; null if it is a snapshot only.",
            )),
        ),
        ("snapshotUntil", maybe(time())),
    ]);
    let by_rule = object(RANGES.map(|range| (range, whole())));
    let found = object([
        ("from", time()),
        ("to", time()),
        ("runs", about(whole(), "Due in that time.")),
        ("points", about(whole(), "That are there at its end.")),
        ("pointsInVault", whole()),
        ("snapshots", whole()),
        ("byRule", about(by_rule, "A point may be kept by several.")),
        (
            "timeline",
            about(
                list(point),
                "Those points, the newest first, 2,000 at most.",
            ),
        ),
        ("truncated", flag()),
    ]);
    let days =
        json!({"type": ["integer", "string"], "minimum": 1, "maximum": 3650, "default": 365});
    let asked = input([
        (
            "!properties",
            about(any_object(), "Those of a policy, as its PUT takes them."),
        ),
        ("from", about(time(), "When protection begins; else now.")),
        ("days", days),
    ]);
    Routes::new()
        .post(
            &format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/previewPolicy"),
            policy_preview::show,
            op(
                "PolicyPreviews_Get",
                "Which points a policy will have kept after some time, if every run is made.",
            )
            .takes("PolicyPreviewInput")
            .is("PolicyPreview"),
        )
        .model("PolicyPreview", found)
        .model("PolicyPreviewInput", asked)
}

/// What Azure's body has no word for.
fn settings(policy: &str) -> Routes {
    let one = format!("{policy}/providers/{}/default", policy_settings::TYPE);
    let downgrades = "Whether a backup fails whose point would be less consistent than asked.";
    let standard =
        "Of an enhanced policy: whether a machine under a standard one can't change to it.";
    let properties = || {
        [
            ("refuseDowngrades", about(flag(), downgrades)),
            ("refuseStandardItems", about(flag(), standard)),
        ]
    };
    Routes::new()
        .get(
            &one,
            policy_settings::show,
            op("PolicySettings_Get", "Settings of a policy beside Azure's.").is("PolicySettings"),
        )
        .put(
            &one,
            policy_settings::put,
            op("PolicySettings_CreateOrUpdate", "Sets all of them.")
                .takes("PolicySettingsInput")
                .is("PolicySettings"),
        )
        .delete(
            &one,
            policy_settings::delete,
            op("PolicySettings_Delete", "Sets all of them back.")
                .nothing(200)
                .nothing(204),
        )
        .model(
            "PolicySettings",
            resource(policy_settings::TYPE, object(properties())),
        )
        .model(
            "PolicySettingsInput",
            input([("properties", input(properties()))]),
        )
}

fn models(routes: Routes) -> Routes {
    let details = input([
        ("azureBackupRGNamePrefix", text()),
        ("azureBackupRGNameSuffix", text()),
    ]);
    let tier = |whole: Value| {
        input([
            ("!tieringMode", only("DoNotTier")),
            ("duration", whole),
            ("durationType", only("Invalid")),
        ])
    };
    let properties = object([
        ("backupManagementType", only("AzureIaasVM")),
        ("policyType", choices(&SUB_TYPES)),
        ("timeZone", text()),
        ("instantRpRetentionRangeInDays", whole()),
        ("instantRPDetails", details.clone()),
        ("schedulePolicy", model("SchedulePolicy")),
        ("retentionPolicy", model("RetentionPolicy")),
        ("?snapshotConsistencyType", only("OnlyCrashConsistent")),
        ("?tieringPolicy", input([("ArchivedRP", tier(whole()))])),
        ("protectedItemsCount", read_only(whole())),
    ]);
    let zone = "A Windows name, whose offset stays as on the day of the PUT, or an IANA name, \
                which follows daylight saving.";
    let asked = input([
        ("!backupManagementType", only("AzureIaasVM")),
        ("policyType", choices(&SUB_TYPES)),
        ("timeZone", about(text(), zone)),
        ("instantRpRetentionRangeInDays", whole_or_text()),
        ("instantRPDetails", details),
        ("!schedulePolicy", model("SchedulePolicy")),
        ("!retentionPolicy", model("RetentionPolicy")),
        ("snapshotConsistencyType", only("OnlyCrashConsistent")),
        (
            "tieringPolicy",
            input([("ArchivedRP", tier(whole_or_text()))]),
        ),
    ]);
    let kind = "Microsoft.RecoveryServices/vaults/backupPolicies";
    routes
        .model("ProtectionPolicy", resource(kind, properties))
        .model("ProtectionPolicyInput", input([("!properties", asked)]))
        .model("SchedulePolicy", schedule())
        .model("RetentionPolicy", retention())
}

/// Of both sub-types: V1 has days and times at its top, V2 in the schedule of its frequency.
fn schedule() -> Value {
    let times = || {
        list(text_about(
            "ISO 8601, with an offset or without; only the time of day counts.",
        ))
    };
    let days = || list(choices(&WEEKDAYS));
    input([
        ("!schedulePolicyType", choices(&SCHEDULE_TYPES)),
        (
            "!scheduleRunFrequency",
            one_of(["Daily", "Weekly", "Hourly"]),
        ),
        ("scheduleRunDays", days()),
        ("scheduleRunTimes", times()),
        ("scheduleWeeklyFrequency", whole_or_text()),
        ("dailySchedule", input([("scheduleRunTimes", times())])),
        (
            "weeklySchedule",
            input([("scheduleRunDays", days()), ("scheduleRunTimes", times())]),
        ),
        (
            "hourlySchedule",
            input([
                ("interval", whole_or_text()),
                ("scheduleWindowStartTime", time()),
                ("scheduleWindowDuration", whole_or_text()),
            ]),
        ),
    ])
}

fn retention() -> Value {
    let range = |unit: &'static str| {
        input([
            ("retentionTimes", list(time())),
            (
                "!retentionDuration",
                input([("!count", whole_or_text()), ("durationType", only(unit))]),
            ),
        ])
    };
    let weekdays = input([("daysOfTheWeek", list(choices(&WEEKDAYS)))]);
    let months = input([("monthsOfYear", list(choices(&MONTHS)))]);
    input([
        ("!retentionPolicyType", only("LongTermRetentionPolicy")),
        ("dailySchedule", range("Days")),
        ("weeklySchedule", and(range("Weeks"), weekdays)),
        ("monthlySchedule", and(range("Months"), month_days())),
        (
            "yearlySchedule",
            and(and(range("Years"), months), month_days()),
        ),
    ])
}

/// Days of a month: by their dates, or by weekdays.
fn month_days() -> Value {
    let day = input([("date", whole_or_text()), ("isLast", flag())]);
    let weekdays = input([
        ("daysOfTheWeek", list(choices(&WEEKDAYS))),
        ("weeksOfTheMonth", list(choices(&WEEKS))),
    ]);
    input([
        ("retentionScheduleFormatType", one_of(["Daily", "Weekly"])),
        (
            "retentionScheduleDaily",
            input([("daysOfTheMonth", list(day))]),
        ),
        ("retentionScheduleWeekly", weekdays),
    ])
}
