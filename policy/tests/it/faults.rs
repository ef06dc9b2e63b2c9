//! What is refused of a policy.

use jiff::civil::time;
use policy::{
    Consistency, DayOfMonth, EXCEEDS_VAULTED, GroupPattern, INVALID_POLICY, MonthDays, Monthly,
    Policy, PolicyType, Retention, Schedule, Weekday, Weekly, Yearly,
};

fn fields(policy: &Policy) -> Vec<String> {
    policy.faults().into_iter().map(|f| f.field).collect()
}

/// The fields that are refused after a change of `policy`.
fn changed(mut policy: Policy, change: impl FnOnce(&mut Policy)) -> Vec<String> {
    change(&mut policy);
    for fault in policy.faults() {
        assert_eq!(fault.code, INVALID_POLICY);
        assert!(!fault.message.is_empty() && !fault.remedy.is_empty());
    }
    fields(&policy)
}

fn weekly() -> Policy {
    Policy {
        schedule: Schedule::Weekly {
            days: [Weekday::Monday, Weekday::Friday].into(),
            time: time(2, 0, 0, 0),
        },
        retention: Retention {
            weekly: kept(Weekday::Friday, 4),
            ..Retention::default()
        },
        snapshot_days: 5,
        ..Policy::standard_default()
    }
}

fn kept(day: Weekday, weeks: u32) -> Option<Weekly> {
    let days = [day].into();
    Some(Weekly { days, weeks })
}

fn monthly(day: DayOfMonth, months: u32) -> Option<Monthly> {
    let days = MonthDays::Days([day].into());
    Some(Monthly { days, months })
}

fn yearly(month: i8, years: u32) -> Option<Yearly> {
    Some(Yearly {
        months: [month].into(),
        days: MonthDays::Days([DayOfMonth::Day(28)].into()),
        years,
    })
}

fn hourly(interval: u32, window: u32) -> Schedule {
    Schedule::Hourly {
        start: time(8, 0, 0, 0),
        interval,
        window,
    }
}

/// POLICY-2, 27, 28.
#[test]
fn the_default_policies_are_those_of_the_model_and_break_no_rule() {
    let standard = Policy::standard_default();
    assert_eq!(
        (standard.retention.daily, standard.snapshot_days),
        (Some(30), 2)
    );
    for policy in [standard, Policy::enhanced_default(), weekly()] {
        assert_eq!(fields(&policy), [""; 0]);
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    }
}

/// POLICY-7, 8, 28.
#[test]
fn snapshots_are_kept_within_bounds_that_depend_on_the_schedule() {
    let allowed = |mut policy: Policy| {
        policy.retention.daily = policy.retention.daily.map(|_| 9999);
        if policy.retention.weekly.is_some() {
            policy.retention.weekly = kept(Weekday::Friday, 99);
        }
        let mut good = Vec::new();
        for days in 0..=99 {
            policy.snapshot_days = days;
            match fields(&policy).as_slice() {
                [] => good.push(days),
                faults => assert_eq!(faults, ["instantRpRetentionRangeInDays"]),
            }
        }
        assert!(good.windows(2).all(|w| w[0] + 1 == w[1]));
        (good[0], good[good.len() - 1])
    };
    assert_eq!(allowed(Policy::standard_default()), (1, 5));
    assert_eq!(allowed(weekly()), (5, 5));
    let enhanced = |schedule| {
        allowed(Policy {
            schedule,
            ..Policy::enhanced_default()
        })
    };
    assert_eq!(enhanced(hourly(4, 24)), (1, 10));
    assert_eq!(enhanced(hourly(4, 12)), (1, 20));
    assert_eq!(enhanced(hourly(6, 24)), (1, 15));
    assert_eq!(enhanced(hourly(12, 24)), (1, 30));
    assert_eq!(enhanced(Policy::standard_default().schedule), (1, 30));
}

/// SNAP-8.
#[test]
fn snapshots_may_not_outlast_the_vaults_points() {
    let mut policy = Policy::enhanced_default();
    policy.retention.daily = Some(7);
    assert_eq!(fields(&policy), [""; 0]);
    policy.snapshot_days = 8;
    let faults = policy.faults();
    assert_eq!(faults[0].code, EXCEEDS_VAULTED);
    assert!(faults[0].remedy.contains("at most 7 days"));
    // Without daily points the shortest range counts.
    policy.retention.daily = None;
    assert_eq!(fields(&policy), [""; 0]);
    policy.retention.weekly = kept(Weekday::Sunday, 1);
    assert_eq!(policy.faults()[0].code, EXCEEDS_VAULTED);
}

/// POLICY-12.
#[test]
fn each_range_has_its_bounds() {
    let first = DayOfMonth::Day(1);
    type Set = fn(&mut Retention, u32);
    let ranges: [(Set, u32, u32); 4] = [
        (|r, n| r.daily = Some(n), 7, 9999),
        (|r, n| r.weekly = kept(Weekday::Sunday, n), 1, 5163),
        (|r, n| r.monthly = monthly(DayOfMonth::Last, n), 1, 1188),
        (|r, n| r.yearly = yearly(12, n), 1, 99),
    ];
    for (set, least, most) in ranges {
        let with = |n| {
            changed(Policy::standard_default(), |p| {
                p.snapshot_days = 1;
                p.retention.monthly = monthly(first, 1);
                set(&mut p.retention, n);
            })
        };
        for good in [least, most] {
            assert_eq!(with(good), [""; 0]);
        }
        for bad in [least - 1, most + 1] {
            let fields = with(bad);
            assert!(fields[0].ends_with("Schedule.retentionDuration.count"));
        }
    }
}

/// POLICY-5, 27, 31.
#[test]
fn a_schedule_names_the_field_that_breaks_a_rule() {
    let standard = |change: fn(&mut Policy)| changed(Policy::standard_default(), change);
    let enhanced = |change: fn(&mut Policy)| changed(Policy::enhanced_default(), change);
    assert_eq!(
        standard(|p| p.schedule = hourly(4, 24)),
        ["schedulePolicy.scheduleRunFrequency"]
    );
    assert_eq!(
        standard(|p| p.consistency = Consistency::OnlyCrash),
        ["snapshotConsistencyType"]
    );
    assert_eq!(
        enhanced(|p| p.consistency = Consistency::OnlyCrash),
        [""; 0]
    );
    let time = time(8, 0, 1, 0);
    assert_eq!(
        changed(Policy::standard_default(), |p| p.schedule =
            Schedule::Daily { time }),
        ["schedulePolicy.scheduleRunTimes"]
    );
    for hours in [0, 1, 5, 48] {
        let mut policy = Policy::enhanced_default();
        policy.schedule = hourly(hours, 24);
        let first = "schedulePolicy.hourlySchedule.interval";
        assert_eq!(fields(&policy)[0], first, "{hours}");
    }
    for (interval, window) in [(6, 4), (6, 25), (4, 0)] {
        let mut policy = Policy::enhanced_default();
        policy.schedule = hourly(interval, window);
        let field = "schedulePolicy.hourlySchedule.scheduleWindowDuration";
        assert_eq!(fields(&policy), [field], "{window}");
    }
    assert_eq!(
        changed(weekly(), |p| {
            let (days, time) = ([].into(), p.schedule.time());
            p.schedule = Schedule::Weekly { days, time };
        }),
        [
            "schedulePolicy.scheduleRunDays",
            "retentionPolicy.weeklySchedule.daysOfTheWeek"
        ]
    );
    assert_eq!(
        enhanced(|p| p.kind = PolicyType::Standard),
        [
            "schedulePolicy.scheduleRunFrequency",
            "instantRpRetentionRangeInDays"
        ]
    );
}

/// POLICY-10, 11, 13.
#[test]
fn retention_names_the_field_that_breaks_a_rule() {
    let daily = |change: fn(&mut Retention)| {
        changed(Policy::standard_default(), |p| change(&mut p.retention))
    };
    let by_week = |change: fn(&mut Retention)| changed(weekly(), |p| change(&mut p.retention));
    assert_eq!(daily(|r| r.daily = None), ["retentionPolicy"]);
    assert_eq!(
        daily(|r| r.monthly = monthly(DayOfMonth::Day(29), 1)),
        ["retentionPolicy.monthlySchedule.retentionScheduleDaily.daysOfTheMonth"]
    );
    assert_eq!(
        daily(|r| r.yearly = yearly(13, 1)),
        ["retentionPolicy.yearlySchedule.monthsOfYear"]
    );
    assert_eq!(
        by_week(|r| r.daily = Some(30)),
        ["retentionPolicy.dailySchedule"]
    );
    assert_eq!(
        by_week(|r| r.weekly = kept(Weekday::Tuesday, 4)),
        ["retentionPolicy.weeklySchedule.daysOfTheWeek"]
    );
    assert_eq!(
        by_week(|r| r.monthly = monthly(DayOfMonth::Last, 1)),
        ["retentionPolicy.monthlySchedule.retentionScheduleFormatType"]
    );
    assert_eq!(
        by_week(|r| {
            let days = MonthDays::Weekdays([].into());
            r.monthly = Some(Monthly { days, months: 1 });
        }),
        ["retentionPolicy.monthlySchedule.retentionScheduleWeekly"]
    );
}

/// SRG-8.
#[test]
fn a_snapshot_groups_pattern_is_checked_with_its_policy() {
    let pattern = GroupPattern {
        prefix: "a/b".into(),
        suffix: String::new(),
    };
    assert_eq!(
        changed(Policy::standard_default(), |p| p.snapshot_group =
            Some(pattern)),
        ["instantRPDetails.azureBackupRGNamePrefix"]
    );
}
