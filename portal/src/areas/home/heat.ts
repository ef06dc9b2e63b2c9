/** What a cell of the heat map says, and what a row comes to. */
import type { HeatDay, HeatMap, HeatRow } from '../../api/heatMap';
import type { Consistency } from '../../api/points';

export type Tier = 'snapshot' | 'vault' | 'both';

/** A mark for each consistency, so that color is not needed to tell them apart. */
export const MARKS: Record<Consistency, string> = {
  AppConsistent: '◆',
  FileSystemConsistent: '●',
  CrashConsistent: '○',
};

/** A day of UTC in milliseconds. */
const DAY = 86_400_000;

/** The mark of a day whose backups all failed. */
export const FAILED = '✕';

const TIERS: Record<NonNullable<HeatDay['tier']>, Tier> = {
  Snapshot: 'snapshot',
  Vault: 'vault',
  SnapshotAndVault: 'both',
};

/** The best point of a day; undefined where there is none. */
export function bestOf({ consistency, tier }: HeatDay) {
  return consistency && tier && { consistency, tier: TIERS[tier] };
}

/** A row with all days of the map: the server leaves out those without anything. */
export function filled(row: HeatRow, { from, days }: Pick<HeatMap, 'from' | 'days'>): HeatRow {
  const there = new Map(row.days.map((day) => [day.date, day]));
  const start = Date.parse(from);
  const all = Array.from({ length: days }, (_, at): HeatDay => {
    const date = new Date(start + at * DAY).toISOString().slice(0, 10);
    return there.get(date) ?? { date, points: 0, status: 'None' };
  });
  return { ...row, days: all };
}

/** A row of all days in figures. */
export function sum({ days }: HeatRow) {
  const there = days.flatMap((day, at) => (day.points > 0 ? [at] : []));
  const first = there[0];
  const last = there[there.length - 1];
  return {
    newest: last === undefined ? undefined : days[last],
    with: there.length,
    without: first === undefined ? 0 : days.length - first - there.length,
    failed: days.filter((day) => day.status === 'Failed').length,
  };
}
