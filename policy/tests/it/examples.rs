//! The worked examples of the requirements.

use jiff::Timestamp;
use jiff::civil::time;
use policy::{
    DayOfMonth, Keep, Kept, Marks, MonthDays, Monthly, Point, Policy, Protection, Range, Removal,
    Retention, Schedule, Tier, Transfer, Week, Weekday, WeekdayOfMonth, Weekly, Yearly, Zone,
    cleanup, on_demand_until, transfer,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn daily_at(hour: i8, minute: i8) -> Policy {
    Policy {
        schedule: Schedule::Daily {
            time: time(hour, minute, 0, 0),
        },
        ..Policy::standard_default()
    }
}

fn ranges(marks: &Marks) -> Vec<Range> {
    marks.0.keys().copied().collect()
}

fn in_both(taken: &str, keep: Keep) -> Point {
    Point {
        taken: at(taken),
        keep,
        in_snapshot: true,
        in_vault: true,
    }
}

/// POLICY-14: due 23:30, its snapshot done at 00:01; it carries the next date.
#[test]
fn a_point_is_dated_by_its_snapshot_and_not_by_its_schedule() {
    let policy = daily_at(23, 30);
    let marks = policy.marks(at("2026-05-04T23:30:00Z"), at("2026-05-03T23:30:00Z"));
    let point = in_both("2026-05-05T00:01:00Z", Keep::Marks(marks));
    let until = point.vault_until(&policy.zone);
    assert_eq!(until, at("2026-06-04T00:01:00Z"));
    let until = point.snapshot_until(policy.snapshot_days, &policy.zone);
    assert_eq!(until, at("2026-05-07T00:01:00Z"));
}

/// POLICY-15: a monthly point due on the 1st and done on the 2nd is still the month's.
#[test]
fn a_monthly_point_that_is_done_a_day_late_is_still_the_months_point() {
    let mut policy = daily_at(23, 30);
    policy.retention.monthly = Some(Monthly {
        days: MonthDays::Days([DayOfMonth::Day(1)].into()),
        months: 2,
    });
    let marks = policy.marks(at("2026-05-01T23:30:00Z"), at("2026-04-30T23:30:00Z"));
    assert_eq!(ranges(&marks), [Range::Daily, Range::Monthly]);
    let until = marks.until(at("2026-05-02T00:40:00Z"), &policy.zone);
    assert_eq!(until, at("2026-07-02T00:40:00Z"));
    // That of the 2nd is not.
    let next = policy.marks(at("2026-05-02T23:30:00Z"), at("2026-05-01T23:30:00Z"));
    assert_eq!(ranges(&next), [Range::Daily]);
}

/// POLICY-16, word for word.
#[test]
fn a_point_of_several_ranges_is_kept_for_the_longest() {
    use Weekday::{Monday, Thursday, Wednesday};
    let of = |week, weekday| WeekdayOfMonth { week, weekday };
    let policy = Policy {
        schedule: Schedule::Weekly {
            days: [Monday, Wednesday, Thursday].into(),
            time: time(2, 0, 0, 0),
        },
        retention: Retention {
            daily: None,
            weekly: Some(Weekly {
                days: [Monday, Wednesday, Thursday].into(),
                weeks: 1,
            }),
            monthly: Some(Monthly {
                days: MonthDays::Weekdays(
                    [of(Week::First, Wednesday), of(Week::Third, Thursday)].into(),
                ),
                months: 2,
            }),
            yearly: Some(Yearly {
                months: [2, 11].into(),
                days: MonthDays::Weekdays(
                    [of(Week::Fourth, Monday), of(Week::Fourth, Thursday)].into(),
                ),
                years: 4,
            }),
        },
        snapshot_days: 5,
        ..Policy::standard_default()
    };
    assert!(policy.faults().is_empty());
    let until = |day: &str| {
        let due = at(&format!("{day}T02:00:00Z"));
        let before = policy.schedule.latest_due(
            Timestamp::UNIX_EPOCH,
            due - jiff::SignedDuration::from_secs(1),
            &policy.zone,
        );
        let marks = policy.marks(due, before.unwrap());
        marks.until(due, &policy.zone).to_string()
    };
    // February 2027 begins on a Monday.
    for (day, end) in [
        ("2027-02-01", "2027-02-08"), // first Monday: a week
        ("2027-02-03", "2027-04-03"), // first Wednesday: two months
        ("2027-02-04", "2027-02-11"), // first Thursday: a week
        ("2027-02-17", "2027-02-24"), // third Wednesday: a week
        ("2027-02-18", "2027-04-18"), // third Thursday: two months
        ("2027-02-22", "2031-02-22"), // fourth Monday of February: four years
        ("2027-02-24", "2027-03-03"), // fourth Wednesday: a week
        ("2027-02-25", "2031-02-25"), // fourth Thursday of February: four years
        ("2027-03-22", "2027-03-29"), // fourth Monday of March: a week
        ("2027-11-22", "2031-11-22"), // fourth Monday of November: four years
    ] {
        assert_eq!(until(day), format!("{end}T02:00:00Z"), "{day}");
    }
}

/// JOB-7: the mark of a point whose transfer was skipped goes to the next that gets there.
#[test]
fn the_mark_of_a_skipped_transfer_goes_to_the_next_point_in_the_vault() {
    let mut policy = daily_at(2, 0);
    policy.retention.daily = None;
    policy.retention.monthly = Some(Monthly {
        days: MonthDays::Days([DayOfMonth::Last].into()),
        months: 12,
    });
    let marks = |due, since| ranges(&policy.marks(at(due), at(since)));
    let since = "2026-04-29T02:00:00Z";
    assert_eq!(marks("2026-04-30T02:00:00Z", since), [Range::Monthly]);
    // Those of 30 April and 1 May were skipped: 2 May stands in; the next is of no range.
    assert_eq!(marks("2026-05-02T02:00:00Z", since), [Range::Monthly]);
    assert_eq!(marks("2026-05-03T02:00:00Z", "2026-05-02T02:00:00Z"), []);
    // Protection that began on 1 May owes nothing of April.
    assert_eq!(marks("2026-05-02T02:00:00Z", "2026-05-01T00:00:00Z"), []);
}

/// POLICY-29.
#[test]
fn of_an_hourly_schedule_the_days_last_run_goes_to_the_vault_or_the_next_days_first() {
    let policy = Policy::enhanced_default();
    let goes = |due: &str, since: &str| policy.goes_to_vault(at(due), at(since));
    let since = "2026-05-03T20:00:00Z";
    for hour in ["00", "04", "08", "12", "16"] {
        assert!(!goes(&format!("2026-05-04T{hour}:00:00Z"), since), "{hour}");
    }
    assert!(goes("2026-05-04T20:00:00Z", since));
    // It failed.
    assert!(goes("2026-05-05T00:00:00Z", since));
    assert!(!goes("2026-05-05T04:00:00Z", "2026-05-05T00:00:00Z"));
    assert!(goes("2026-05-05T20:00:00Z", "2026-05-05T00:00:00Z"));
    // 3 May is a Sunday, the first of its month; the stand-in carries its marks.
    let of_sunday = [Range::Daily, Range::Weekly, Range::Monthly];
    for due in ["2026-05-03T20:00:00Z", "2026-05-04T00:00:00Z"] {
        let marks = policy.marks(at(due), at("2026-05-02T20:00:00Z"));
        assert_eq!(ranges(&marks), of_sunday);
    }
}

/// JOB-7, POLICY-29.
#[test]
fn a_scheduled_transfer_is_skipped_while_another_runs_and_one_on_demand_waits() {
    assert_eq!(transfer(false, true, false), Transfer::Start);
    assert_eq!(transfer(false, true, true), Transfer::Skip);
    assert_eq!(transfer(false, false, false), Transfer::Skip);
    assert_eq!(transfer(true, false, false), Transfer::Start);
    assert_eq!(transfer(true, false, true), Transfer::Wait);
}

/// POLICY-21, 22.
#[test]
fn an_edit_counts_for_points_that_exist_and_only_within_its_range() {
    let old = Policy::enhanced_default();
    let mut new = old.clone();
    new.retention.daily = Some(30);
    new.retention.yearly = None;
    let marks = old.marks(at("2026-05-03T20:00:00Z"), at("2026-05-02T20:00:00Z"));
    let after = marks.under(&old, &new);
    assert_eq!(ranges(&after), ranges(&marks));
    assert_eq!(after.0[&Range::Daily], Kept::ByPolicy(30));
    assert_eq!(after.0[&Range::Monthly], Kept::ByPolicy(60));
    // Taken back before a cleanup, nothing is lost.
    new.retention.monthly = None;
    let without = after.under(&old, &new);
    assert_eq!(without.0[&Range::Monthly], Kept::ByPolicy(0));
    assert_eq!(without.under(&new, &old), marks);
}

/// POLICY-23.
#[test]
fn daily_points_go_when_a_policy_becomes_weekly_and_weekly_ones_stay_their_days() {
    let daily = daily_at(2, 0);
    let mut weekly = daily.clone();
    weekly.schedule = Schedule::Weekly {
        days: [Weekday::Sunday].into(),
        time: time(2, 0, 0, 0),
    };
    weekly.retention = Retention {
        weekly: Some(Weekly {
            days: [Weekday::Sunday].into(),
            weeks: 8,
        }),
        ..Retention::default()
    };
    let (due, since) = (at("2026-05-03T02:00:00Z"), at("2026-04-30T00:00:00Z"));
    let until = |marks: Marks| marks.until(due, &Zone::utc());

    let daily_marks = daily.marks(due, since);
    assert_eq!(until(daily_marks.under(&daily, &weekly)), due);

    let eight_weeks = at("2026-06-28T02:00:00Z");
    let weekly_marks = weekly.marks(due, since);
    let now_daily = weekly_marks.under(&weekly, &daily);
    assert_eq!(until(now_daily.clone()), eight_weeks);
    // A further edit doesn't take them.
    assert_eq!(until(now_daily.under(&daily, &daily_at(3, 0))), eight_weeks);
    // Weekly retention taken out of a daily policy is plain lowering.
    let mut both = daily.clone();
    both.retention.weekly = weekly.retention.weekly.clone();
    assert_eq!(until(weekly_marks.under(&both, &daily)), due);
}

/// SNAP-2, 8, 9, PROT-15.
#[test]
fn the_last_point_stays_and_none_leaves_the_vault_before_its_snapshot() {
    let zone = Zone::utc();
    let until = |text: &str| Keep::Until(at(text));
    let mut points = vec![
        in_both("2026-05-01T02:00:00Z", until("2026-05-02T00:00:00Z")),
        in_both("2026-05-02T02:00:00Z", until("2026-05-03T00:00:00Z")),
    ];
    let gone = |points: &[Point], now: &str| cleanup(points, 2, &zone, at(now));
    // Past its date, but its snapshot isn't.
    assert_eq!(gone(&points, "2026-05-03T01:59:59Z"), []);
    let both = |point| Removal {
        point,
        snapshot: true,
        vault: true,
    };
    assert_eq!(gone(&points, "2026-05-03T02:00:00Z"), [both(0)]);
    // In the vault alone it ends on its date, to the second.
    points[0].in_snapshot = false;
    let vault_only = Removal {
        snapshot: false,
        ..both(0)
    };
    assert_eq!(gone(&points, "2026-05-01T23:59:59Z"), []);
    assert_eq!(gone(&points, "2026-05-02T00:00:00Z"), [vault_only]);
    points[0].in_snapshot = true;
    // No newer point comes: the last one stays, years on.
    assert_eq!(gone(&points, "2036-01-01T00:00:00Z"), [both(0)]);
    assert_eq!(points[1].tier(), Some(Tier::SnapshotAndVault));
    // A newer one, whose transfer failed, frees the snapshot, and not the vault's last.
    points.push(Point {
        in_vault: false,
        ..in_both("2026-05-06T02:00:00Z", Keep::Marks(Marks::default()))
    });
    assert_eq!(points[2].tier(), Some(Tier::Snapshot));
    let snapshot_only = Removal {
        point: 1,
        snapshot: true,
        vault: false,
    };
    let now = "2026-05-06T03:00:00Z";
    assert_eq!(gone(&points, now), [both(0), snapshot_only]);
    points[1].in_snapshot = false;
    assert_eq!(points[1].tier(), Some(Tier::Vault));
    assert_eq!(gone(&points, now), [both(0)]);
}

/// PROT-6, 7, LIMIT-2.
#[test]
fn a_point_on_demand_is_kept_30_days_or_until_its_date() {
    let now = at("2026-05-01T10:00:00Z");
    assert_eq!(on_demand_until(None, now), Ok(at("2026-05-31T10:00:00Z")));
    let date = at("2027-01-01T00:00:00Z");
    assert_eq!(on_demand_until(Some(date), now), Ok(date));
    for wrong in [now, at("2026-04-30T00:00:00Z"), at("2125-05-02T00:00:00Z")] {
        let refusal = on_demand_until(Some(wrong), now).unwrap_err();
        assert_eq!(refusal.field, "recoveryPointExpiryTimeInUTC");
    }
}

/// PROT-8, 11, SOFT-3, IMMU-3.
#[test]
fn points_expire_while_active_or_suspended_only() {
    let table = [
        (Protection::Active, true, true, true),
        (Protection::Stopped, false, false, false),
        (Protection::Suspended, false, true, false),
        (Protection::SoftDeleted, false, false, false),
    ];
    for (protection, runs, prunes, follows) in table {
        assert_eq!(protection.runs(), runs);
        assert_eq!(protection.prunes(), prunes);
        assert_eq!(protection.follows_edits(), follows);
    }
}
