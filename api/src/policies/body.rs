//! A policy read from the wire (`docs/wire.md`, G6 to G8, and the section on policies).

use base::{Code, Result};
use jiff::Timestamp;
use jiff::civil::Time;
use policy::{
    Consistency, DayOfMonth, GroupPattern, MonthDays, Monthly, Policy, PolicyType, Refusal,
    Retention, Schedule, WeekdayOfMonth, Weekly, Yearly, Zone, time_of_day,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shape::{MONTHS, SCHEDULE_TYPES, SUB_TYPES, WEEKDAYS, WEEKS, write};
use crate::body;
use crate::property::Property;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    properties: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Hourly,
}

const FREQUENCIES: [(&str, Frequency); 3] = [
    ("Daily", Frequency::Daily),
    ("Weekly", Frequency::Weekly),
    ("Hourly", Frequency::Hourly),
];

/// The policy of a PUT at `saved`, and what of its properties is given back as it came although
/// the policy doesn't say it.
///
/// # Errors
/// `InvalidRequestContent` if it is no JSON object; `PolicyInvalid` naming the first property that
/// can't be read. Rules between properties are not checked here.
pub(crate) fn read(bytes: &[u8], saved: Timestamp) -> Result<(Policy, Value)> {
    let asked: Asked = body::read(bytes)?;
    let all = Property::root(Code::PolicyInvalid, "properties", &asked.properties)?;
    needed(&all.get("backupManagementType")?, "AzureIaasVM")?;
    let (kind, schedule) = schedule(&all.get("schedulePolicy")?)?;
    let sub_type = all.get("policyType")?;
    if sub_type.choose(&SUB_TYPES)?.is_some_and(|t| t != kind) {
        let what = "it isn't that of schedulePolicy.schedulePolicyType; \
                    V1 goes with SimpleSchedulePolicy, V2 with SimpleSchedulePolicyV2";
        return Err(sub_type.wrong(what));
    }
    let zone = all.get("timeZone")?.text()?;
    let consistency = all.get("snapshotConsistencyType")?;
    let policy = Policy {
        kind,
        retention: retention(&all.get("retentionPolicy")?, &schedule)?,
        snapshot_days: all
            .get("instantRpRetentionRangeInDays")?
            .whole()?
            .unwrap_or(snapshot_days(kind, &schedule)),
        zone: zone.map_or(Ok(Zone::utc()), |zone| allowed(Zone::named(zone, saved)))?,
        consistency: consistency
            .choose(&[("OnlyCrashConsistent", Consistency::OnlyCrash)])?
            .unwrap_or_default(),
        snapshot_group: snapshot_group(&all.get("instantRPDetails")?)?,
        schedule,
    };
    let given = given(&all, &policy)?;
    Ok((policy, given))
}

/// A rule's answer as a result of ours.
fn allowed<T>(answer: Result<T, Refusal>) -> Result<T> {
    answer.map_err(|refusal| control::broken(&[refusal]))
}

/// Refuses a property that is anything but this.
fn needed(at: &Property<'_>, only: &str) -> Result<()> {
    at.needed(at.choose(&[(only, ())])?)
}

/// Days that snapshots are kept if nothing is said (POLICY-7, 8, 28).
fn snapshot_days(kind: PolicyType, schedule: &Schedule) -> u32 {
    match kind {
        PolicyType::Enhanced => 7,
        PolicyType::Standard if schedule.is_weekly() => 5,
        PolicyType::Standard => 2,
    }
}

fn snapshot_group(at: &Property<'_>) -> Result<Option<GroupPattern>> {
    let part =
        |name| -> Result<String> { Ok(at.get(name)?.text()?.unwrap_or_default().to_owned()) };
    let group = GroupPattern {
        prefix: part("azureBackupRGNamePrefix")?,
        suffix: part("azureBackupRGNameSuffix")?,
    };
    let none = group.prefix.is_empty() && group.suffix.is_empty();
    Ok((!none).then_some(group))
}

fn schedule(at: &Property<'_>) -> Result<(PolicyType, Schedule)> {
    let kind = at.get("schedulePolicyType")?;
    let kind = kind.needed(kind.choose(&SCHEDULE_TYPES)?)?;
    let frequency = at.get("scheduleRunFrequency")?;
    let frequency = frequency.needed(frequency.choose(&FREQUENCIES)?)?;
    let place = match (kind, frequency) {
        (_, Frequency::Hourly) => "hourlySchedule",
        (PolicyType::Standard, _) => "",
        (_, Frequency::Daily) => "dailySchedule",
        (_, Frequency::Weekly) => "weeklySchedule",
    };
    for other in ["hourlySchedule", "dailySchedule", "weeklySchedule"] {
        let other = at.get(other)?;
        if other.value().is_some() && !other.path().ends_with(&format!(".{place}")) {
            let what = "it doesn't go with schedulePolicy.scheduleRunFrequency; leave it out";
            return Err(other.wrong(what));
        }
    }
    let weeks = at.get("scheduleWeeklyFrequency")?;
    if weeks.whole()?.is_some_and(|n| n > 1) {
        return Err(weeks.wrong("runs are due every week; leave it out, or give 0"));
    }
    let at = match place {
        "" => at.clone(),
        place => at.get(place)?,
    };
    let days = at.get("scheduleRunDays")?;
    if frequency != Frequency::Weekly && !days.list()?.is_empty() {
        return Err(days.wrong("only a weekly schedule has weekdays; leave it out"));
    }
    let schedule = match frequency {
        Frequency::Daily => Schedule::Daily { time: one(&at)? },
        Frequency::Weekly => Schedule::Weekly {
            days: days.choose_each(&WEEKDAYS)?.into_iter().collect(),
            time: one(&at)?,
        },
        Frequency::Hourly => {
            let start = at.get("scheduleWindowStartTime")?;
            let interval = at.get("interval")?;
            let window = at.get("scheduleWindowDuration")?;
            Schedule::Hourly {
                start: time(&start)?,
                interval: interval.needed(interval.whole()?)?,
                window: window.needed(window.whole()?)?,
            }
        }
    };
    Ok((kind, schedule))
}

/// The one time of day of a schedule (POLICY-6).
fn one(at: &Property<'_>) -> Result<Time> {
    let times = at.get("scheduleRunTimes")?;
    match &times.list()?[..] {
        [one] => time(one),
        _ => Err(times.wrong("it must hold one time: there is one run on a day")),
    }
}

fn time(at: &Property<'_>) -> Result<Time> {
    allowed(time_of_day(at.path(), at.needed(at.text()?)?))
}

fn retention(at: &Property<'_>, schedule: &Schedule) -> Result<Retention> {
    let kind = at.get("retentionPolicyType")?;
    needed(&kind, "LongTermRetentionPolicy")?;
    let range = |name: &str, unit: &str| -> Result<Option<_>> {
        let at = at.get(name)?;
        at.value()
            .map(|_| kept(&at, unit, schedule).map(|count| (count, at.clone())))
            .transpose()
    };
    let weekly = |(weeks, at): (u32, Property<'_>)| -> Result<Weekly> {
        let days = at.get("daysOfTheWeek")?.choose_each(&WEEKDAYS)?;
        let days = days.into_iter().collect();
        Ok(Weekly { days, weeks })
    };
    let monthly = |(months, at): (u32, Property<'_>)| -> Result<Monthly> {
        let days = month_days(&at)?;
        Ok(Monthly { days, months })
    };
    let yearly = |(years, at): (u32, Property<'_>)| -> Result<Yearly> {
        let months = at.get("monthsOfYear")?.choose_each(&MONTHS)?;
        Ok(Yearly {
            months: months.into_iter().collect(),
            days: month_days(&at)?,
            years,
        })
    };
    Ok(Retention {
        daily: range("dailySchedule", "Days")?.map(|(days, _)| days),
        weekly: range("weeklySchedule", "Weeks")?.map(weekly).transpose()?,
        monthly: range("monthlySchedule", "Months")?
            .map(monthly)
            .transpose()?,
        yearly: range("yearlySchedule", "Years")?.map(yearly).transpose()?,
    })
}

/// For how many units a range keeps points. Its times must be the schedule's (POLICY-13).
fn kept(at: &Property<'_>, unit: &str, schedule: &Schedule) -> Result<u32> {
    for one in at.get("retentionTimes")?.list()? {
        allowed(schedule.check_retention_time(one.path(), time(&one)?))?;
    }
    let duration = at.get("retentionDuration")?;
    let count = duration.get("count")?;
    duration.get("durationType")?.choose(&[(unit, ())])?;
    count.needed(count.whole()?)
}

fn month_days(at: &Property<'_>) -> Result<MonthDays> {
    let format = at.get("retentionScheduleFormatType")?;
    let by_weekday = format.needed(format.choose(&[("Daily", false), ("Weekly", true)])?)?;
    if by_weekday {
        let at = at.get("retentionScheduleWeekly")?;
        let weeks = at.get("weeksOfTheMonth")?.choose_each(&WEEKS)?;
        let weekdays = at.get("daysOfTheWeek")?.choose_each(&WEEKDAYS)?;
        let pairs = weeks.into_iter().flat_map(|week| {
            let day = move |&weekday: &_| WeekdayOfMonth { week, weekday };
            weekdays.iter().map(day).collect::<Vec<_>>()
        });
        return Ok(MonthDays::Weekdays(pairs.collect()));
    }
    let days = at.get("retentionScheduleDaily")?.get("daysOfTheMonth")?;
    let day = |at: &Property<'_>| -> Result<DayOfMonth> {
        if at.get("isLast")?.flag()? == Some(true) {
            return Ok(DayOfMonth::Last);
        }
        let date = at.get("date")?;
        let number = date.needed(date.whole()?)?;
        let day = i8::try_from(number).map(DayOfMonth::Day);
        day.map_err(|_| date.wrong("no month has that day; give 1 to 28, or isLast"))
    };
    let days: Result<_> = days.list()?.iter().map(day).collect();
    Ok(MonthDays::Days(days?))
}

/// What is given back as it came: times with their dates, and that points stay in the vault's one
/// tier.
fn given(all: &Property<'_>, policy: &Policy) -> Result<Value> {
    let mut given = json!({});
    let written = write(policy);
    for path in [
        &["schedulePolicy", "scheduleRunTimes"][..],
        &["schedulePolicy", "dailySchedule", "scheduleRunTimes"],
        &["schedulePolicy", "weeklySchedule", "scheduleRunTimes"],
        &[
            "schedulePolicy",
            "hourlySchedule",
            "scheduleWindowStartTime",
        ],
        &["retentionPolicy", "dailySchedule", "retentionTimes"],
        &["retentionPolicy", "weeklySchedule", "retentionTimes"],
        &["retentionPolicy", "monthlySchedule", "retentionTimes"],
        &["retentionPolicy", "yearlySchedule", "retentionTimes"],
    ] {
        // Only what the policy was read from.
        if written.pointer(&format!("/{}", path.join("/"))).is_none() {
            continue;
        }
        let at = path.iter().try_fold(all.clone(), |at, name| at.get(name))?;
        if let Some(value) = at.value().filter(|v| **v != json!([])) {
            let put = |value, name: &&str| json!({*name: value});
            let value = path.iter().rev().fold(value.clone(), put);
            body::merge(&mut given, &value);
        }
    }
    let tier = all.get("tieringPolicy")?.get("ArchivedRP")?;
    if tier.value().is_some() {
        needed(&tier.get("tieringMode")?, "DoNotTier")?;
        given["tieringPolicy"] = json!({
            "ArchivedRP": {"tieringMode": "DoNotTier", "duration": 0, "durationType": "Invalid"},
        });
    }
    Ok(given)
}
