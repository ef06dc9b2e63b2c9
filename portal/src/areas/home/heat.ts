/** What a cell of the heat map says, and what a row comes to. */
import type { Consistency, HeatDay, HeatRow } from '../../api/heatMap';

export type Tier = 'snapshot' | 'vault' | 'both';

/** A mark for each consistency, so that color is not needed to tell them apart. */
export const MARKS: Record<Consistency, string> = {
  AppConsistent: '◆',
  FileSystemConsistent: '●',
  CrashConsistent: '○',
};

export const tierOf = (day: HeatDay): Tier =>
  day.isInVault ? (day.isInSnapshot ? 'both' : 'vault') : 'snapshot';

const DAY = 86_400_000;

/** Which day a cell is of, where the last of `length` is today: a time of that day of UTC. */
export function dayAt(at: number, length: number, now = Date.now()): Date {
  return new Date(now - (length - 1 - at) * DAY);
}

/** A row in figures. */
export function sum({ days }: HeatRow) {
  const there = days.flatMap((day, at) => (day ? [at] : []));
  const first = there[0];
  return {
    newest: there[there.length - 1],
    with: there.length,
    without: first === undefined ? 0 : days.length - first - there.length,
  };
}
