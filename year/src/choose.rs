//! Policies by chance, and what the server is given for them.

use std::collections::BTreeSet;

use jiff::civil::Time;
use policy::{
    DayOfMonth, MonthDays, Monthly, Policy, PolicyType, Retention, Schedule, Week, Weekday,
    WeekdayOfMonth, Weekly, Yearly, Zone,
};

use crate::dice::Dice;
use crate::rules::{Days, Kept, Rhythm, Rules, ZONES, at};

/// A policy that breaks no rule, of a sub-type.
pub(crate) fn rules(dice: &mut Dice, enhanced: bool) -> Rules {
    loop {
        let rules = any(dice, enhanced);
        if given(&rules, 0).faults().is_empty() {
            return rules;
        }
    }
}

fn any(dice: &mut Dice, enhanced: bool) -> Rules {
    // Every so often where clocks are changed.
    let minute = match dice.range(0, 3) {
        0 => dice.range(0, 7) * 30,
        _ => dice.range(0, 95) * 15,
    };
    let rhythm = match dice.range(0, 9) {
        0 if enhanced => {
            let every = *dice.pick(&[4, 6, 8, 12, 24]);
            let window = dice.range(every, (2 * every + 4).min(24));
            Rhythm::Hourly(minute, every, window)
        }
        0..4 => Rhythm::Daily(minute),
        _ => Rhythm::Weekly(some(dice, 3, |dice| dice.range(0, 6) as i8), minute),
    };
    let runs = match &rhythm {
        Rhythm::Weekly(days, _) => days.clone(),
        _ => (0..7).collect(),
    };
    let weekly = matches!(rhythm, Rhythm::Weekly(..));
    let days = |dice: &mut Dice| {
        if weekly || dice.range(0, 1) == 0 {
            Days::Weekdays(some(dice, 3, |dice| (dice.place(5), *dice.pick(&runs))))
        } else {
            Days::Numbers(some(dice, 3, |dice| dice.range(0, 28) as i8))
        }
    };
    let kept = Kept {
        days: (!weekly && dice.range(0, 9) > 0).then(|| dice.range(7, 45) as u32),
        months: (dice.range(0, 2) == 0).then(|| (days(dice), dice.range(1, 6) as u32)),
        years: (dice.range(0, 3) == 0).then(|| {
            let months = some(dice, 4, |dice| dice.range(1, 12) as i8);
            (months, days(dice), 1)
        }),
        weeks: (dice.range(0, 1) == 0).then(|| {
            (
                some(dice, 2, |dice| *dice.pick(&runs)),
                dice.range(1, 12) as u32,
            )
        }),
    };
    Rules {
        enhanced,
        rhythm,
        kept,
        snapshot_days: dice.range(1, if enhanced { 9 } else { 5 }) as u32,
        zone: dice.pick(&ZONES).0,
    }
}

/// From one to `most` of something.
fn some<T: Ord>(dice: &mut Dice, most: i64, mut one: impl FnMut(&mut Dice) -> T) -> Vec<T> {
    let count = dice.range(1, most);
    let all: BTreeSet<T> = (0..count).map(|_| one(dice)).collect();
    all.into_iter().collect()
}

/// A policy as the server takes it, saved at a time.
pub(crate) fn given(rules: &Rules, saved: i64) -> Policy {
    let schedule = match &rules.rhythm {
        Rhythm::Daily(minute) => Schedule::Daily {
            time: time(*minute),
        },
        Rhythm::Weekly(days, minute) => Schedule::Weekly {
            days: weekdays(days),
            time: time(*minute),
        },
        Rhythm::Hourly(start, every, window) => Schedule::Hourly {
            start: time(*start),
            interval: *every as u32,
            window: *window as u32,
        },
    };
    let kept = &rules.kept;
    let retention = Retention {
        daily: kept.days,
        weekly: kept.weeks.as_ref().map(|(days, weeks)| Weekly {
            days: weekdays(days),
            weeks: *weeks,
        }),
        monthly: kept.months.as_ref().map(|(days, months)| Monthly {
            days: month_days(days),
            months: *months,
        }),
        yearly: kept.years.as_ref().map(|(months, days, years)| Yearly {
            months: months.iter().copied().collect(),
            days: month_days(days),
            years: *years,
        }),
    };
    Policy {
        kind: if rules.enhanced {
            PolicyType::Enhanced
        } else {
            PolicyType::Standard
        },
        schedule,
        retention,
        snapshot_days: rules.snapshot_days,
        zone: Zone::named(rules.zone, at(saved)).expect("a zone of the list"),
        ..Policy::standard_default()
    }
}

fn time(minute: i64) -> Time {
    Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).expect("a minute of the day")
}

const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];
const WEEKS: [Week; 5] = [
    Week::First,
    Week::Second,
    Week::Third,
    Week::Fourth,
    Week::Last,
];

fn weekdays(days: &[i8]) -> BTreeSet<Weekday> {
    days.iter().map(|day| WEEKDAYS[*day as usize]).collect()
}

fn month_days(days: &Days) -> MonthDays {
    match days {
        Days::Numbers(all) => {
            let day = |day: &i8| match day {
                0 => DayOfMonth::Last,
                day => DayOfMonth::Day(*day),
            };
            MonthDays::Days(all.iter().map(day).collect())
        }
        Days::Weekdays(all) => {
            let day = |(which, day): &(usize, i8)| WeekdayOfMonth {
                week: WEEKS[*which],
                weekday: WEEKDAYS[*day as usize],
            };
            MonthDays::Weekdays(all.iter().map(day).collect())
        }
    }
}
