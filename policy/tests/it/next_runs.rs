//! Due times against a walk over each minute.

use proptest::prelude::*;

use crate::model::{at, dues, instants, schedules, zones};

const DAY: i64 = 86_400;

proptest! {
    /// POLICY-5, 6, 19, 27: half of the instants lie near a change of the clock.
    #[test]
    fn runs_are_due_when_the_clock_on_the_wall_shows_their_time(
        schedule in schedules(),
        both in zones(),
        instant in instants(),
        from_change in prop::option::of(-2 * DAY..2 * DAY),
        back in 0..8 * DAY,
    ) {
        let instant = from_change
            .and_then(|d| Some(both.rules.following(at(instant)).next()?.timestamp().as_second() + d))
            .unwrap_or(instant);
        let all = dues(&schedule, &both.rules, instant - 8 * DAY, instant + 16 * DAY);

        let mut now = at(instant);
        let ahead: Vec<i64> = all.iter().copied().filter(|d| *d > instant).collect();
        prop_assert!(ahead.len() >= 2);
        for due in ahead {
            let next = schedule.next_after(now, &both.zone);
            prop_assert_eq!(next, Some(at(due)));
            now = at(due);
        }

        let owed = all.iter().rfind(|d| (instant - back + 1..=instant).contains(*d));
        prop_assert_eq!(
            schedule.latest_due(at(instant - back), at(instant), &both.zone),
            owed.map(|d| at(*d))
        );
    }
}
