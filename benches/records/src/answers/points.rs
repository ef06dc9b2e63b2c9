//! Recovery points of an item.

use anyhow::Result;
use base::Clock;
use jiff::{SignedDuration, Timestamp};

use super::{Answers, PAGE, count};

/// Days of a month that is asked for that have a point, at least.
const HELD: usize = 10;

impl Answers<'_> {
    pub(super) async fn points(&mut self) -> Result<()> {
        let all = self.size.points.min(PAGE);
        self.ask(
            "all points of an item",
            |answers| format!("{}/recoveryPoints", answers.item(answers.machine())),
            |page| count(page).is_ok_and(|count| count == all),
        )
        .await?;
        let some = self.size.points.min(HELD);
        self.ask(
            "points of a month of an item",
            |answers| {
                format!(
                    "{}/recoveryPoints?{}",
                    answers.item(answers.machine()),
                    answers.month()
                )
            },
            |page| count(page).is_ok_and(|count| count >= some),
        )
        .await
    }

    /// A filter for some month that has points.
    fn month(&self) -> String {
        let said = |at: Timestamp| at.strftime("%Y-%m-%d%%20%I:%M:%S%%20%p").to_string();
        let days = |days: usize| SignedDuration::from_hours(24 * days as i64);
        let last = self.size.points.saturating_sub(HELD);
        let to = self.server.clock.now() - days(self.dice.below(last));
        let (from, to) = (said(to - days(30)), said(to));
        format!("$filter=startDate%20eq%20'{from}'%20and%20endDate%20eq%20'{to}'")
    }
}
