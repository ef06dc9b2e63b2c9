//! A policy as it is on the wire.

use std::collections::BTreeSet;

use control::CountedPolicy;
use jiff::civil::Time;
use policy::{Consistency, DayOfMonth, MonthDays, Policy, PolicyType, Schedule, Week, Weekday};
use serde_json::{Value, json};

use crate::body::{merge, word_for};

pub(crate) const SUB_TYPES: [(&str, PolicyType); 2] =
    [("V1", PolicyType::Standard), ("V2", PolicyType::Enhanced)];

pub(crate) const SCHEDULE_TYPES: [(&str, PolicyType); 2] = [
    ("SimpleSchedulePolicy", PolicyType::Standard),
    ("SimpleSchedulePolicyV2", PolicyType::Enhanced),
];

pub(crate) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("Monday", Weekday::Monday),
    ("Tuesday", Weekday::Tuesday),
    ("Wednesday", Weekday::Wednesday),
    ("Thursday", Weekday::Thursday),
    ("Friday", Weekday::Friday),
    ("Saturday", Weekday::Saturday),
    ("Sunday", Weekday::Sunday),
];

pub(crate) const WEEKS: [(&str, Week); 5] = [
    ("First", Week::First),
    ("Second", Week::Second),
    ("Third", Week::Third),
    ("Fourth", Week::Fourth),
    ("Last", Week::Last),
];

pub(crate) const MONTHS: [(&str, i8); 12] = [
    ("January", 1),
    ("February", 2),
    ("March", 3),
    ("April", 4),
    ("May", 5),
    ("June", 6),
    ("July", 7),
    ("August", 8),
    ("September", 9),
    ("October", 10),
    ("November", 11),
    ("December", 12),
];

/// The policy with its envelope.
pub(super) fn shape(policy: &CountedPolicy) -> Value {
    let record = &policy.record;
    let mut properties = write(&record.body.policy);
    merge(&mut properties, &record.body.properties);
    // Always a number: clients fail without it.
    properties["protectedItemsCount"] = policy.items.into();
    json!({
        "id": record.id,
        "name": record.name,
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "properties": properties,
    })
}

/// The `properties` that say this policy. [`super::body::read`] reads the same policy from them
/// if its weekdays of a month are all pairs of some weeks and some weekdays, which is all that the
/// wire can say.
pub(super) fn write(policy: &Policy) -> Value {
    let group = policy.snapshot_group.as_ref();
    let mut properties = json!({
        "backupManagementType": "AzureIaasVM",
        "policyType": word_for(&SUB_TYPES, &policy.kind),
        "timeZone": policy.zone.name(),
        "instantRpRetentionRangeInDays": policy.snapshot_days,
        "instantRPDetails": group.map_or(json!({}), |group| json!({
            "azureBackupRGNamePrefix": group.prefix,
            "azureBackupRGNameSuffix": group.suffix,
        })),
        "schedulePolicy": schedule(policy),
        "retentionPolicy": retention(policy),
    });
    if policy.consistency == Consistency::OnlyCrash {
        properties["snapshotConsistencyType"] = "OnlyCrashConsistent".into();
    }
    properties
}

fn schedule(policy: &Policy) -> Value {
    let mut when = match &policy.schedule {
        Schedule::Daily { time } => json!({"scheduleRunTimes": [date_time(*time)]}),
        Schedule::Weekly { days, time } => json!({
            "scheduleRunDays": names(&WEEKDAYS, days),
            "scheduleRunTimes": [date_time(*time)],
        }),
        Schedule::Hourly {
            start,
            interval,
            window,
        } => json!({
            "interval": interval,
            "scheduleWindowStartTime": date_time(*start),
            "scheduleWindowDuration": window,
        }),
    };
    let (frequency, place) = match &policy.schedule {
        Schedule::Daily { .. } => ("Daily", "dailySchedule"),
        Schedule::Weekly { .. } => ("Weekly", "weeklySchedule"),
        Schedule::Hourly { .. } => ("Hourly", "hourlySchedule"),
    };
    match policy.kind {
        PolicyType::Standard => when["scheduleWeeklyFrequency"] = 0.into(),
        PolicyType::Enhanced => when = json!({place: when}),
    }
    when["schedulePolicyType"] = word_for(&SCHEDULE_TYPES, &policy.kind).into();
    when["scheduleRunFrequency"] = frequency.into();
    when
}

fn retention(policy: &Policy) -> Value {
    let times = json!([date_time(policy.schedule.time())]);
    let kept = |count: u32, unit: &str| {
        json!({
            "retentionTimes": times,
            "retentionDuration": {"count": count, "durationType": unit},
        })
    };
    let mut all = json!({"retentionPolicyType": "LongTermRetentionPolicy"});
    let retention = &policy.retention;
    if let Some(days) = retention.daily {
        all["dailySchedule"] = kept(days, "Days");
    }
    if let Some(weekly) = &retention.weekly {
        let mut range = kept(weekly.weeks, "Weeks");
        range["daysOfTheWeek"] = names(&WEEKDAYS, &weekly.days);
        all["weeklySchedule"] = range;
    }
    if let Some(monthly) = &retention.monthly {
        let mut range = kept(monthly.months, "Months");
        merge(&mut range, &month_days(&monthly.days));
        all["monthlySchedule"] = range;
    }
    if let Some(yearly) = &retention.yearly {
        let mut range = kept(yearly.years, "Years");
        range["monthsOfYear"] = names(&MONTHS, &yearly.months);
        merge(&mut range, &month_days(&yearly.days));
        all["yearlySchedule"] = range;
    }
    all
}

fn month_days(days: &MonthDays) -> Value {
    match days {
        MonthDays::Days(days) => {
            let day = |day: &DayOfMonth| match day {
                DayOfMonth::Day(date) => json!({"date": date, "isLast": false}),
                DayOfMonth::Last => json!({"date": 0, "isLast": true}),
            };
            let days: Vec<Value> = days.iter().map(day).collect();
            json!({
                "retentionScheduleFormatType": "Daily",
                "retentionScheduleDaily": {"daysOfTheMonth": days},
            })
        }
        MonthDays::Weekdays(days) => {
            let weekdays = days.iter().map(|d| d.weekday).collect();
            let weeks = days.iter().map(|d| d.week).collect();
            json!({
                "retentionScheduleFormatType": "Weekly",
                "retentionScheduleWeekly": {
                    "daysOfTheWeek": names(&WEEKDAYS, &weekdays),
                    "weeksOfTheMonth": names(&WEEKS, &weeks),
                },
            })
        }
    }
}

/// A full date and time, of which only the time counts (POLICY-20).
fn date_time(time: Time) -> Value {
    format!("2026-01-01T{time}Z").into()
}

fn names<T: PartialEq>(choices: &[(&'static str, T)], all: &BTreeSet<T>) -> Value {
    all.iter().map(|one| word_for(choices, one)).collect()
}
