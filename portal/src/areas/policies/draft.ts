/** A policy as it is being written in the editor: numbers as typed, ranges that are off remembered. */
import type { PolicySettings } from '../../api/policies';
import { WEEKDAYS } from './calendar';
import type { Month, MonthDay, Week, Weekday } from './calendar';
import { ahead } from './zones';

export type Kind = 'V1' | 'V2';
export type Frequency = 'Hourly' | 'Daily' | 'Weekly';
export type RangeName = 'daily' | 'weekly' | 'monthly' | 'yearly';

export const RANGES: readonly RangeName[] = ['daily', 'weekly', 'monthly', 'yearly'];
export const INTERVALS = [4, 6, 8, 12, 24];

/** A retention range. */
export interface Range {
  isOn: boolean;
  /** How many days, weeks, months or years, as typed. */
  count: string;
}

/** Which points of a month, or of some months, a range keeps. */
export interface MonthRange extends Range {
  /** By week and weekday, or by day of the month. */
  by: 'Weekly' | 'Daily';
  weeks: Week[];
  days: Weekday[];
  dates: MonthDay[];
}

export interface Draft {
  name: string;
  kind: Kind;
  frequency: Frequency;
  /** Hours and minutes; of an hourly schedule its start. */
  time: string;
  days: Weekday[];
  interval: number;
  window: number;
  zone: string;
  snapshotDays: string;
  /** What stands before and after the number in the names of snapshot groups. */
  prefix: string;
  suffix: string;
  daily: Range;
  weekly: Range & { days: Weekday[] };
  monthly: MonthRange;
  yearly: MonthRange & { months: Month[] };
  onlyCrash: boolean;
  settings: PolicySettings;
}

export const NO_SETTINGS: PolicySettings = { refuseDowngrades: false, refuseStandardItems: false };

/** The settings to save of a policy; undefined where they stay what they were. */
export function settingsToSave(
  before: PolicySettings = NO_SETTINGS,
  after: PolicySettings,
): PolicySettings | undefined {
  const isSame =
    before.refuseDowngrades === after.refuseDowngrades &&
    before.refuseStandardItems === after.refuseStandardItems;
  return isSame ? undefined : after;
}

/** The time that a new policy begins with; as that of the default policy. */
export const FIRST_TIME = '19:30';

const FIRST_SUNDAY = { by: 'Weekly', weeks: ['First'], days: ['Sunday'], dates: [1] } as const;
const firstSunday = (): Omit<MonthRange, keyof Range> => ({
  by: FIRST_SUNDAY.by,
  weeks: [...FIRST_SUNDAY.weeks],
  days: [...FIRST_SUNDAY.days],
  dates: [...FIRST_SUNDAY.dates],
});

/** A new policy: all ranges are on (POLICY-10), with the durations of POLICY-28. */
export const blank = (): Draft => ({
  name: '',
  kind: 'V1',
  frequency: 'Daily',
  time: FIRST_TIME,
  days: ['Sunday'],
  interval: 4,
  window: 24,
  zone: 'UTC',
  snapshotDays: '2',
  prefix: '',
  suffix: '',
  daily: { isOn: true, count: '180' },
  weekly: { isOn: true, count: '12', days: ['Sunday'] },
  monthly: { isOn: true, count: '60', ...firstSunday() },
  yearly: { isOn: true, count: '10', ...firstSunday(), months: ['January'] },
  onlyCrash: false,
  settings: NO_SETTINGS,
});

/** Days that snapshots are kept at first (POLICY-7, 8, 28). */
export const firstSnapshotDays = (kind: Kind, frequency: Frequency) =>
  kind === 'V2' ? '7' : frequency === 'Weekly' ? '5' : '2';

/**
 * A draft whose schedule or type was changed, so that its parts fit again: a standard policy
 * has no hourly runs, and weekly runs make points on their own days only (POLICY-5, 13).
 */
export function fitted(draft: Draft, change: Partial<Draft>): Draft {
  const next = { ...draft, ...change };
  if (next.kind === 'V1' && next.frequency === 'Hourly') next.frequency = 'Daily';
  if (next.kind === 'V1') next.onlyCrash = false;
  if (next.kind !== draft.kind || next.frequency !== draft.frequency) {
    next.snapshotDays = firstSnapshotDays(next.kind, next.frequency);
  }
  if (next.interval > next.window) next.window = next.interval;
  if (next.frequency !== 'Weekly') return next;
  const runs = (days: Weekday[]) => {
    const kept = WEEKDAYS.filter((d) => days.includes(d) && next.days.includes(d));
    return kept.length ? kept : [...next.days];
  };
  next.weekly = { ...next.weekly, days: runs(next.weekly.days) };
  next.monthly = { ...next.monthly, by: 'Weekly', days: runs(next.monthly.days) };
  next.yearly = { ...next.yearly, by: 'Weekly', days: runs(next.yearly.days) };
  return next;
}

/** Whether a range counts: a weekly schedule makes no daily points (POLICY-13). */
export const isOn = (draft: Draft, name: RangeName) =>
  draft[name].isOn && !(name === 'daily' && draft.frequency === 'Weekly');

/** Minutes of the day in UTC at which backups begin. */
function startOf({ time, zone }: Draft): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes - (ahead(zone) ?? 0);
}

/** Whether two policies start within the hour (POLICY-32). */
export function isNear(a: Draft, b: Draft): boolean {
  const day = 24 * 60;
  const between = (((startOf(a) - startOf(b)) % day) + day) % day;
  return Math.min(between, day - between) < 60;
}
