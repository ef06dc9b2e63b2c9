/** Policies between the editor and the API. */
import type { Policy, PolicyBody, PolicySettings } from '../../api/policies';
import { LAST } from './calendar';
import { FIRST_TIME, NO_SETTINGS, blank, isOn } from './draft';
import type { Draft, MonthRange, Range } from './draft';

type Retention = PolicyBody['properties']['retentionPolicy'];
/** What a monthly and a yearly range say alike. */
type MonthSchedule = Omit<NonNullable<Retention['monthlySchedule']>, 'retentionDuration'> & {
  retentionDuration: { count: number | string };
};

/** `19:30` of `2026-01-01T19:30:00Z`: only the time of day counts. */
const clock = (time: string | undefined) => /T(\d\d:\d\d)/.exec(time ?? '')?.[1] ?? FIRST_TIME;

function monthRange(found: MonthSchedule | undefined, without: MonthRange): MonthRange {
  if (!found) return { ...without, isOn: false };
  const dates = found.retentionScheduleDaily?.daysOfTheMonth ?? [];
  return {
    isOn: true,
    count: String(found.retentionDuration.count),
    by: found.retentionScheduleFormatType ?? 'Weekly',
    weeks: found.retentionScheduleWeekly?.weeksOfTheMonth ?? without.weeks,
    days: found.retentionScheduleWeekly?.daysOfTheWeek ?? without.days,
    dates: dates.length ? dates.map((d) => (d.isLast ? LAST : Number(d.date))) : without.dates,
  };
}

/** A policy as the editor has it. */
export const draftOf = (policy: Policy, settings?: PolicySettings) =>
  draftOfBody(policy.name, policy, settings);

/** The same of a body that was not sent yet. */
export function draftOfBody(
  name: string,
  { properties: p }: PolicyBody,
  settings: PolicySettings = NO_SETTINGS,
): Draft {
  const { schedulePolicy: s, retentionPolicy: r } = p;
  const place = s.dailySchedule ?? s.weeklySchedule ?? s;
  const without = blank();
  const hourly = s.hourlySchedule;
  const { dailySchedule, weeklySchedule, monthlySchedule, yearlySchedule } = r;
  return {
    name,
    kind: p.policyType ?? without.kind,
    frequency: s.scheduleRunFrequency,
    time: clock(hourly ? hourly.scheduleWindowStartTime : place.scheduleRunTimes?.[0]),
    days: s.weeklySchedule?.scheduleRunDays ?? s.scheduleRunDays ?? without.days,
    interval: Number(hourly?.interval ?? without.interval),
    window: Number(hourly?.scheduleWindowDuration ?? without.window),
    zone: p.timeZone ?? without.zone,
    snapshotDays: String(p.instantRpRetentionRangeInDays ?? without.snapshotDays),
    prefix: p.instantRPDetails?.azureBackupRGNamePrefix ?? '',
    suffix: p.instantRPDetails?.azureBackupRGNameSuffix ?? '',
    daily: dailySchedule
      ? { isOn: true, count: String(dailySchedule.retentionDuration.count) }
      : { ...without.daily, isOn: false },
    weekly: weeklySchedule
      ? {
          isOn: true,
          count: String(weeklySchedule.retentionDuration.count),
          days: weeklySchedule.daysOfTheWeek ?? [],
        }
      : { ...without.weekly, isOn: false },
    monthly: monthRange(monthlySchedule, without.monthly),
    yearly: {
      ...monthRange(yearlySchedule, without.yearly),
      months: yearlySchedule?.monthsOfYear ?? without.yearly.months,
    },
    onlyCrash: p.snapshotConsistencyType === 'OnlyCrashConsistent',
    settings,
  };
}

function scheduleOf(draft: Draft, at: string): PolicyBody['properties']['schedulePolicy'] {
  const { frequency, days } = draft;
  if (draft.kind === 'V1') {
    return {
      schedulePolicyType: 'SimpleSchedulePolicy',
      scheduleRunFrequency: frequency,
      scheduleRunTimes: [at],
      ...(frequency === 'Weekly' ? { scheduleRunDays: days } : {}),
    };
  }
  const v2 = { schedulePolicyType: 'SimpleSchedulePolicyV2' } as const;
  const asked = { ...v2, scheduleRunFrequency: frequency };
  switch (frequency) {
    case 'Hourly': {
      const hours = { interval: draft.interval, scheduleWindowDuration: draft.window };
      return { ...asked, hourlySchedule: { ...hours, scheduleWindowStartTime: at } };
    }
    case 'Daily':
      return { ...asked, dailySchedule: { scheduleRunTimes: [at] } };
    case 'Weekly':
      return { ...asked, weeklySchedule: { scheduleRunDays: days, scheduleRunTimes: [at] } };
  }
}

const monthDays = (range: MonthRange) =>
  range.by === 'Weekly'
    ? {
        retentionScheduleFormatType: 'Weekly' as const,
        retentionScheduleWeekly: { daysOfTheWeek: range.days, weeksOfTheMonth: range.weeks },
      }
    : {
        retentionScheduleFormatType: 'Daily' as const,
        retentionScheduleDaily: {
          daysOfTheMonth: range.dates.map((d) =>
            d === LAST ? { date: 0, isLast: true } : { date: d, isLast: false },
          ),
        },
      };

function retentionOf(draft: Draft, at: string): Retention {
  const { daily, weekly, monthly, yearly } = draft;
  const times = { retentionTimes: [at] };
  const kept = <U extends string>(range: Range, durationType: U) => ({
    ...times,
    retentionDuration: { count: Number(range.count), durationType },
  });
  return {
    retentionPolicyType: 'LongTermRetentionPolicy',
    ...(isOn(draft, 'daily') && { dailySchedule: kept(daily, 'Days') }),
    ...(weekly.isOn && {
      weeklySchedule: { ...kept(weekly, 'Weeks'), daysOfTheWeek: weekly.days },
    }),
    ...(monthly.isOn && { monthlySchedule: { ...kept(monthly, 'Months'), ...monthDays(monthly) } }),
    ...(yearly.isOn && {
      yearlySchedule: {
        ...kept(yearly, 'Years'),
        ...monthDays(yearly),
        monthsOfYear: yearly.months,
      },
    }),
  };
}

/** What is sent: full dates and times, all of one time of day (POLICY-13, 20). */
export function bodyOf(draft: Draft): PolicyBody {
  const at = `2026-01-01T${draft.time}:00Z`;
  const { prefix, suffix } = draft;
  return {
    properties: {
      backupManagementType: 'AzureIaasVM',
      policyType: draft.kind,
      schedulePolicy: scheduleOf(draft, at),
      instantRpRetentionRangeInDays: Number(draft.snapshotDays),
      instantRPDetails: {
        ...(prefix && { azureBackupRGNamePrefix: prefix }),
        ...(suffix && { azureBackupRGNameSuffix: suffix }),
      },
      retentionPolicy: retentionOf(draft, at),
      timeZone: draft.zone,
      ...(draft.onlyCrash && { snapshotConsistencyType: 'OnlyCrashConsistent' as const }),
    },
  };
}
