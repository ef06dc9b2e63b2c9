/** A policy in words: when, and how long. */
import { useText } from '../../text/text';
import { MONTHS, MONTH_DAYS, WEEKDAYS, WEEKS, inOrder, useCalendar } from './calendar';
import type { Calendar } from './calendar';
import { RANGES, isOn } from './draft';
import type { Draft, MonthRange, RangeName } from './draft';
import { text } from './text';

type Text = (typeof text)['en'];

function schedule(draft: Draft, t: Text, calendar: Calendar): string {
  const { time, interval, window } = draft;
  const days = inOrder(WEEKDAYS, draft.days).map(calendar.weekday);
  switch (draft.frequency) {
    case 'Hourly':
      return t.hourly(interval, time, window);
    case 'Daily':
      return t.daily(time);
    case 'Weekly':
      return t.weekly(calendar.list(days), time);
  }
}

function monthDays(range: MonthRange, t: Text, calendar: Calendar): string {
  if (range.by === 'Daily') {
    return t.datesOf(calendar.list(inOrder(MONTH_DAYS, range.dates).map(calendar.monthDay)));
  }
  const weeks = inOrder(WEEKS, range.weeks).map(calendar.week);
  const days = inOrder(WEEKDAYS, range.days).map(calendar.weekday);
  return t.weekdaysOf(calendar.list(weeks), calendar.list(days));
}

/** Which points a range keeps; undefined where it is all. */
function daysOf(draft: Draft, name: RangeName, t: Text, calendar: Calendar): string | undefined {
  switch (name) {
    case 'daily':
      return undefined;
    case 'weekly':
      return calendar.list(inOrder(WEEKDAYS, draft.weekly.days).map(calendar.weekday));
    case 'monthly':
      return monthDays(draft.monthly, t, calendar);
    case 'yearly': {
      const months = inOrder(MONTHS, draft.yearly.months).map(calendar.month);
      return t.monthsOf(calendar.list(months), monthDays(draft.yearly, t, calendar));
    }
  }
}

/** Ways of saying what a policy does, in the language that is spoken. */
export function usePolicyWords() {
  const t = useText(text);
  const calendar = useCalendar();
  return {
    /** `Daily at 19:30, UTC`. */
    schedule: (draft: Draft) => t.inZone(schedule(draft, t, calendar), draft.zone),
    /** `30 days · 12 weeks`. */
    retention: (draft: Draft) =>
      RANGES.filter((name) => isOn(draft, name))
        .map((name) => t.units[name](Number(draft[name].count)))
        .join(' · '),
    /** The ranges that are on, each with what it keeps and how long. */
    ranges: (draft: Draft): [name: RangeName, words: string][] =>
      RANGES.filter((name) => isOn(draft, name)).map((name) => {
        const long = t.units[name](Number(draft[name].count));
        const days = daysOf(draft, name, t, calendar);
        return [name, days ? t.kept(days, long) : t.keptAll(long)];
      }),
  };
}
