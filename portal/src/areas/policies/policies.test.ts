import { expect, test } from 'vitest';
import { formText } from './formText';
import { blank, fitted, isNear } from './draft';
import type { Draft } from './draft';
import { consequencesOf, isLoss } from './edits';
import { enhancedDefault, standardDefault } from './first';
import { faultsOf, snapshotBounds } from './rules';
import type { Calendar } from './calendar';
import { isKnown, nextRuns } from './runs';
import { bodyOf, draftOfBody } from './wire';
import { WINDOWS_ZONES } from './windowsZones';
import { ahead, counterpart, kindOf, offsetText } from './zones';

const calendar = { list: (w: string[]) => w.join(', '), weekday: (d: string) => d } as Calendar;
const faults = (draft: Draft, taken: string[] = []) =>
  faultsOf(draft, taken, formText.en.faults, calendar);
const named = (some: Partial<Draft>): Draft => ({ ...blank(), name: 'nightly', ...some });

test('POLICY-10, 28: a new policy has all ranges, and only lacks a name', () => {
  expect(Object.keys(faults(blank()))).toEqual(['name']);
  expect(faults(named({}))).toEqual({});
  expect(faults(named({}), ['Nightly']).name).toBe(formText.en.faults.nameTaken);
});

test('POLICY-12: bounds of each range', () => {
  for (const [name, good, bad] of [
    ['daily', ['7', '9999'], ['6', '10000', '', '7.5', '-7']],
    ['weekly', ['1', '5163'], ['0', '5164']],
    ['monthly', ['1', '1188'], ['0', '1189']],
    ['yearly', ['1', '99'], ['0', '100']],
  ] as const) {
    const of = (count: string) => {
      const draft = named({});
      return faults({ ...draft, [name]: { ...draft[name], count } })[name];
    };
    for (const count of good) expect(of(count), `${name} ${count}`).toBeUndefined();
    for (const count of bad) expect(of(count), `${name} ${count}`).toBeDefined();
  }
});

test('POLICY-7, 8, 28: how long snapshots may be kept', () => {
  const hourly = fitted(named({}), { kind: 'V2', frequency: 'Hourly' });
  expect(snapshotBounds(named({}))).toEqual([1, 5]);
  expect(snapshotBounds(fitted(named({}), { frequency: 'Weekly' }))).toEqual([5, 5]);
  expect(hourly.snapshotDays).toBe('7');
  expect(snapshotBounds(hourly)).toEqual([1, 10]);
  expect(snapshotBounds(fitted(hourly, { interval: 12 }))).toEqual([1, 30]);
});

test('POLICY-5, 13: a weekly schedule keeps points of its own days only', () => {
  const weekly = fitted(named({ days: ['Monday', 'Thursday'] }), { frequency: 'Weekly' });
  expect(weekly.weekly.days).toEqual(['Monday', 'Thursday']);
  expect(weekly.monthly.by).toBe('Weekly');
  expect(faults(weekly)).toEqual({});
  expect(bodyOf(weekly).properties.retentionPolicy.dailySchedule).toBeUndefined();
  const off = { ...weekly, weekly: { ...weekly.weekly, days: ['Sunday' as const] } };
  expect(faults(off).weeklyDays).toContain('Sunday');
  expect(fitted(weekly, { kind: 'V1', frequency: 'Hourly' }).frequency).toBe('Daily');
});

test('what is sent is read back as it was written', () => {
  for (const draft of [
    standardDefault(),
    enhancedDefault(),
    fitted(named({ zone: 'Europe/Berlin', prefix: 'rg', suffix: 'x' }), { frequency: 'Weekly' }),
    fitted(named({}), { kind: 'V2', frequency: 'Daily', onlyCrash: true }),
  ]) {
    const body = bodyOf(draft);
    expect(bodyOf(draftOfBody(draft.name, body))).toEqual(body);
  }
  const last = { ...blank().monthly, by: 'Daily' as const, dates: [0, 28] };
  const { monthlySchedule } = bodyOf(named({ monthly: last })).properties.retentionPolicy;
  expect(monthlySchedule?.retentionScheduleDaily?.daysOfTheMonth).toEqual([
    { date: 0, isLast: true },
    { date: 28, isLast: false },
  ]);
});

test('POLICY-21 to 23: what an edit means for points', () => {
  const old = named({});
  const daily = (count: string) => ({ ...old, daily: { isOn: true, count } });
  expect(consequencesOf(old, old)).toEqual([]);
  expect(consequencesOf(old, daily('90'))).toEqual([
    { kind: 'shorter', range: 'daily', from: 180, to: 90 },
  ]);
  expect(consequencesOf(old, daily('200')).some(isLoss)).toBe(false);
  const weekly = fitted(old, { frequency: 'Weekly' });
  expect(consequencesOf(old, weekly).map((c) => c.kind)).toContain('dailyToWeekly');
  const off = { ...old, weekly: { ...old.weekly, isOn: false } };
  expect(consequencesOf(weekly, off).map((c) => c.kind)).toEqual(['time', 'weeklyToDaily']);
});

test('POLICY-19, 20: zones that keep their offset and zones that follow the clock', () => {
  expect(kindOf('W. Europe Standard Time')).toBe('kept');
  expect(kindOf('Europe/Berlin')).toBe('followed');
  expect(counterpart('W. Europe Standard Time', 'followed')).toBe('Europe/Berlin');
  expect(counterpart('Europe/Berlin', 'kept')).toBe('W. Europe Standard Time');
  expect(ahead('Europe/Berlin', new Date('2026-07-01T00:00Z'))).toBe(120);
  expect(offsetText(-570)).toBe('UTC−09:30');
  for (const zone of Object.keys(WINDOWS_ZONES)) expect(ahead(zone), zone).toBeDefined();
});

test('next runs, past a change of the clock', () => {
  const now = new Date('2026-10-24T12:00Z');
  const said = (draft: Draft, count = 3) => nextRuns(draft, count, now).map((d) => d.toISOString());
  const berlin = named({ zone: 'Europe/Berlin', time: '02:00' });
  expect(said(berlin, 2)).toEqual(['2026-10-25T00:00:00.000Z', '2026-10-26T01:00:00.000Z']);
  const weekly = named({ frequency: 'Weekly', days: ['Monday'], time: '19:30' });
  expect(said(weekly, 1)).toEqual(['2026-10-26T19:30:00.000Z']);
  expect(said({ ...enhancedDefault(), window: 12 }, 2)).toEqual([
    '2026-10-24T16:00:00.000Z',
    '2026-10-25T08:00:00.000Z',
  ]);
  expect(isKnown(berlin)).toBe(true);
  expect(isKnown(named({ zone: 'W. Europe Standard Time' }))).toBe(false);
  expect(isKnown(named({ zone: 'China Standard Time' }))).toBe(true);
});

test('POLICY-32: policies that start within the hour, over midnight too', () => {
  const at = (time: string, zone = 'UTC') => named({ time, zone });
  expect(isNear(at('23:30'), at('00:15'))).toBe(true);
  expect(isNear(at('19:30'), at('20:30'))).toBe(false);
  expect(isNear(at('19:30'), at('03:30', 'China Standard Time'))).toBe(true);
});
