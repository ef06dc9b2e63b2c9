/** When a policy's next backups are due. */
import { WEEKDAYS } from './calendar';
import type { Draft } from './draft';
import { ahead, kindOf } from './zones';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The minutes of the day at which backups are due. */
function minutes({ frequency, time, interval, window }: Draft): number[] {
  const [h = 0, m = 0] = time.split(':').map(Number);
  if (frequency !== 'Hourly') return [h * 60 + m];
  const count = Math.ceil(window / interval);
  const all = Array.from({ length: count }, (_, at) => (h * 60 + m + at * interval * 60) % 1440);
  return all.sort((a, b) => a - b);
}

/**
 * Whether the zone's offset is known: a Windows name keeps that of the day on which the policy was
 * saved, and only the server knows which that was if the zone has two.
 */
export function isKnown({ zone }: Draft, now = new Date()): boolean {
  if (ahead(zone) === undefined) return false;
  if (kindOf(zone) === 'followed') return true;
  const year = now.getUTCFullYear();
  const offsets = [0, 6].map((month) => ahead(zone, new Date(Date.UTC(year, month, 1))));
  return offsets[0] === offsets[1];
}

/**
 * The instant of a local time, as the server counts: of a time that comes twice the first, of one
 * that the clock skips that much later. `here` tells how far ahead of UTC the zone is.
 */
function instantOf(local: number, here: (at: Date) => number): Date {
  const before = here(new Date(local - DAY));
  const after = here(new Date(local + DAY));
  const first = new Date(local - before);
  const second = new Date(local - after);
  return here(first) !== before && here(second) === after ? second : first;
}

/** The first `count` due times after now. */
export function nextRuns(draft: Draft, count: number, now = new Date()): Date[] {
  const here = (at: Date) => (ahead(draft.zone, at) ?? 0) * MINUTE;
  // A date in the zone is counted as if it were one of UTC.
  const today = Math.floor((now.valueOf() + here(now)) / DAY);
  const found: Date[] = [];
  for (let day = today - 1; day < today + 9 && found.length < count; day++) {
    // Day 0, 1 January 1970, was a Thursday.
    const weekday = WEEKDAYS[(day + 3) % 7];
    if (draft.frequency === 'Weekly' && !draft.days.some((d) => d === weekday)) continue;
    for (const minute of minutes(draft)) {
      const local = day * DAY + minute * MINUTE;
      const due = instantOf(local, here);
      if (due > now && found.length < count) found.push(due);
    }
  }
  return found;
}
