/** Days in a time zone that is not the browser's. */

/** A day of the calendar, in no zone. */
export interface Day {
  year: number;
  /** From 1. */
  month: number;
  day: number;
}

/** The day that a date has in the browser's zone: what a calendar gives when a day is chosen. */
export const dayOf = (date: Date): Day => ({
  year: date.getFullYear(),
  month: date.getMonth() + 1,
  day: date.getDate(),
});

const two = (n: number) => String(n).padStart(2, '0');

/** `2026-12-31`. */
export const isoDay = ({ year, month, day }: Day) => `${year}-${two(month)}-${two(day)}`;

/** Whether the browser knows a zone by that name: it does not know those of Windows. */
export function knowsZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** How far a zone is ahead of UTC at an instant, in milliseconds. */
function ahead(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-u-ca-iso8601-hc-h23', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const of = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  const there = Date.UTC(
    of('year'),
    of('month') - 1,
    of('day'),
    of('hour'),
    of('minute'),
    of('second'),
  );
  return there - Math.floor(instant / 1000) * 1000;
}

/** The last second of a day in a zone; in UTC where the browser does not know the zone. */
export function endOfDay({ year, month, day }: Day, zone: string): Date {
  const asUtc = Date.UTC(year, month - 1, day, 23, 59, 59);
  if (!knowsZone(zone)) return new Date(asUtc);
  // The first guess may lie on the other side of a change of the clock; the second does not.
  const guess = asUtc - ahead(asUtc, zone);
  return new Date(asUtc - ahead(guess, zone));
}
