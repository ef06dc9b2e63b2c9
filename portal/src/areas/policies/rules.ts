/** What is wrong with a draft, said beside the field as one types (POLICY-5 to 13, 20, 27, 28). */
import { WEEKDAYS, inOrder } from './calendar';
import type { Calendar } from './calendar';
import { RANGES, isOn } from './draft';
import type { Draft, MonthRange, RangeName } from './draft';
import type { formText } from './formText';

export type Field =
  | 'name'
  | 'time'
  | 'days'
  | 'window'
  | 'zone'
  | 'snapshotDays'
  | 'prefix'
  | 'suffix'
  | 'retention'
  | RangeName
  | 'weeklyDays'
  | 'monthlyDays'
  | 'yearlyDays'
  | 'months';

export type Faults = Partial<Record<Field, string>>;

type Text = (typeof formText)['en']['faults'];

/** Fewest and most units that a range may keep points for (POLICY-12). */
export const BOUNDS: Record<RangeName, readonly [least: number, most: number]> = {
  daily: [7, 9999],
  weekly: [1, 5163],
  monthly: [1, 1188],
  yearly: [1, 99],
};

/** The least number of days in a range's unit. */
const DAYS: Record<RangeName, number> = { daily: 1, weekly: 7, monthly: 28, yearly: 365 };

/** Scheduled snapshots that an enhanced policy may have of a machine at once (POLICY-28). */
const ENHANCED_SNAPSHOTS = 60;

const whole = (text: string) => (/^\d{1,6}$/.test(text.trim()) ? Number(text) : undefined);
const isWithin = (n: number | undefined, least: number, most: number) =>
  n !== undefined && n >= least && n <= most;

export const runsADay = (draft: Draft) =>
  draft.frequency === 'Hourly' ? Math.ceil(draft.window / draft.interval) : 1;

/** Fewest and most days that snapshots may be kept. */
export function snapshotBounds(draft: Draft): readonly [least: number, most: number] {
  if (draft.kind === 'V1') return draft.frequency === 'Weekly' ? [5, 5] : [1, 5];
  return [1, Math.min(30, Math.floor(ENHANCED_SNAPSHOTS / runsADay(draft)))];
}

/** Days that every point is kept in the vault at least; undefined if that can't be told. */
function leastDays(draft: Draft): number | undefined {
  const days = (name: RangeName) => {
    const count = whole(draft[name].count);
    return count === undefined ? undefined : count * DAYS[name];
  };
  if (isOn(draft, 'daily')) return days('daily');
  const all = RANGES.filter((name) => isOn(draft, name)).map(days);
  return all.some((d) => d === undefined) || all.length === 0
    ? undefined
    : Math.min(...all.map((d) => d ?? 0));
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,149}$/;
const GROUP = /^[A-Za-z0-9._()-]*$/;

function nameFault(name: string, taken: readonly string[], t: Text): string | undefined {
  if (!name) return t.nameNeeded;
  if (!NAME.test(name)) return t.nameRule;
  const low = name.toLowerCase();
  return taken.some((other) => other.toLowerCase() === low) ? t.nameTaken : undefined;
}

function snapshotFault(draft: Draft, t: Text): string | undefined {
  const days = whole(draft.snapshotDays);
  const [least, most] = snapshotBounds(draft);
  if (days === undefined || !isWithin(days, least, most)) {
    return least === most ? t.snapshotsFixed : t.bounds(least, most);
  }
  const vaulted = leastDays(draft);
  return vaulted !== undefined && vaulted > 0 && days > vaulted ? t.outlive(vaulted) : undefined;
}

function groupFaults({ prefix, suffix }: Draft, t: Text): Faults {
  const faults: Faults = {};
  if (!GROUP.test(prefix)) faults.prefix = t.groupRule;
  else if (!prefix && suffix) faults.prefix = t.prefixNeeded;
  else if (prefix.length + suffix.length > 74) faults.prefix = t.groupLong;
  if (!GROUP.test(suffix)) faults.suffix = t.groupRule;
  else if (suffix.endsWith('.')) faults.suffix = t.groupPeriod;
  return faults;
}

/** Weekdays of a range on which no backup runs. */
function daysFault(draft: Draft, days: Draft['days'], t: Text, calendar: Calendar) {
  if (!days.length) return t.daysNeeded;
  if (draft.frequency !== 'Weekly') return undefined;
  const off = inOrder(WEEKDAYS, days).filter((d) => !draft.days.includes(d));
  return off.length ? t.noRun(calendar.list(off.map(calendar.weekday))) : undefined;
}

function monthFault(draft: Draft, range: MonthRange, t: Text, calendar: Calendar) {
  if (range.by === 'Daily') return range.dates.length ? undefined : t.datesNeeded;
  return range.weeks.length ? daysFault(draft, range.days, t, calendar) : t.weeksNeeded;
}

function retentionFaults(draft: Draft, t: Text, calendar: Calendar): Faults {
  const faults: Faults = {};
  const on = RANGES.filter((name) => isOn(draft, name));
  if (!on.length) faults.retention = t.noRange;
  for (const name of on) {
    const [least, most] = BOUNDS[name];
    if (!isWithin(whole(draft[name].count), least, most)) faults[name] = t.bounds(least, most);
  }
  if (draft.weekly.isOn) faults.weeklyDays = daysFault(draft, draft.weekly.days, t, calendar);
  if (draft.monthly.isOn) faults.monthlyDays = monthFault(draft, draft.monthly, t, calendar);
  if (draft.yearly.isOn) {
    faults.yearlyDays = monthFault(draft, draft.yearly, t, calendar);
    if (!draft.yearly.months.length) faults.months = t.monthsNeeded;
  }
  return faults;
}

/** `taken` are names that a new policy can't have; of an old one the name is not looked at. */
export function faultsOf(
  draft: Draft,
  taken: readonly string[] | undefined,
  t: Text,
  calendar: Calendar,
): Faults {
  const { frequency, window, interval } = draft;
  const all: Faults = {
    name: taken && nameFault(draft.name, taken, t),
    time: /^\d\d:\d\d$/.test(draft.time) ? undefined : t.timeNeeded,
    days: frequency === 'Weekly' && !draft.days.length ? t.daysNeeded : undefined,
    window:
      frequency === 'Hourly' && !isWithin(window, interval, 24)
        ? t.bounds(interval, 24)
        : undefined,
    zone: draft.zone ? undefined : t.zoneNeeded,
    snapshotDays: snapshotFault(draft, t),
    ...groupFaults(draft, t),
    ...retentionFaults(draft, t, calendar),
  };
  return Object.fromEntries(Object.entries(all).filter(([, fault]) => fault)) as Faults;
}
