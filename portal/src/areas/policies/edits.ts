/** What an edit of a policy means for the points that its items have (POLICY-17, 21 to 23). */
import { RANGES, isOn } from './draft';
import type { Draft, RangeName } from './draft';

export type Consequence =
  | { kind: 'longer' | 'shorter'; range: RangeName; from: number; to: number }
  | { kind: 'added' | 'removed' | 'days'; range: RangeName }
  | { kind: 'dailyToWeekly' | 'weeklyToDaily' | 'time' };

/** Points go earlier than they would have. */
export const isLoss = ({ kind }: Consequence) =>
  kind === 'shorter' || kind === 'removed' || kind === 'dailyToWeekly';

/** Which points a range chooses, whatever it does with them. */
const chosen = (draft: Draft, name: RangeName) =>
  JSON.stringify({ ...draft[name], count: '', isOn: true });

function ofRange(old: Draft, next: Draft, range: RangeName): Consequence[] {
  const was = isOn(old, range);
  const is = isOn(next, range);
  if (was !== is) return [{ kind: is ? 'added' : 'removed', range }];
  if (!is) return [];
  const from = Number(old[range].count);
  const to = Number(next[range].count);
  const all: Consequence[] = [];
  if (from !== to) all.push({ kind: to > from ? 'longer' : 'shorter', range, from, to });
  if (chosen(old, range) !== chosen(next, range)) {
    all.push({ kind: 'days', range });
  }
  return all;
}

const schedule = ({ frequency, time, days, interval, window, zone }: Draft) =>
  JSON.stringify([
    frequency,
    time,
    zone,
    frequency === 'Weekly' && days,
    frequency === 'Hourly' && [interval, window],
  ]);

export function consequencesOf(old: Draft, next: Draft): Consequence[] {
  const all: Consequence[] = [];
  const wasWeekly = old.frequency === 'Weekly';
  const isWeekly = next.frequency === 'Weekly';
  if (schedule(old) !== schedule(next)) all.push({ kind: 'time' });
  if (!wasWeekly && isWeekly) all.push({ kind: 'dailyToWeekly' });
  if (wasWeekly && !isWeekly) all.push({ kind: 'weeklyToDaily' });
  for (const range of RANGES) {
    // What becomes of these is said already.
    if (range === 'daily' && wasWeekly !== isWeekly) continue;
    const found = ofRange(old, next, range);
    const isSaid = range === 'weekly' && wasWeekly && !isWeekly;
    all.push(...found.filter((c) => !(isSaid && c.kind === 'removed')));
  }
  return all;
}
