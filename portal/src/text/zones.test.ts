import { expect, test } from 'vitest';
import { dayOf, endOfDay, isoDay } from './zones';

const day = (year: number, month: number, day: number) => ({ year, month, day });

test('PROT-6: a day ends by the clock of its zone, also where the clock changes', () => {
  const ends = [
    [day(2026, 12, 31), 'UTC', '2026-12-31T23:59:59.000Z'],
    [day(2026, 12, 31), 'Europe/Berlin', '2026-12-31T22:59:59.000Z'],
    [day(2026, 7, 1), 'Europe/Berlin', '2026-07-01T21:59:59.000Z'],
    [day(2026, 10, 25), 'Europe/Berlin', '2026-10-25T22:59:59.000Z'],
    [day(2026, 3, 29), 'Europe/Berlin', '2026-03-29T21:59:59.000Z'],
    [day(2026, 11, 23), 'Asia/Taipei', '2026-11-23T15:59:59.000Z'],
    [day(2026, 11, 23), 'America/Los_Angeles', '2026-11-24T07:59:59.000Z'],
    [day(2026, 11, 23), 'No Such Zone', '2026-11-23T23:59:59.000Z'],
  ] as const;
  for (const [of, zone, end] of ends) expect(endOfDay(of, zone).toISOString(), zone).toBe(end);
});

test('a day of the calendar is written as it was chosen', () => {
  expect(isoDay(dayOf(new Date(2026, 0, 5)))).toBe('2026-01-05');
});
