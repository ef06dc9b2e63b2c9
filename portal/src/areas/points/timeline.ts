/** Where points stand on a timeline: the newest days wide, the years before narrow. */
import { tierOf } from '../../api/points';
import type { Consistency, Point, Tier } from '../../api/points';
import { CONSISTENCIES } from './signs';

export const DAY = 86_400_000;

/** Points of a tier that are so near to each other that they are one mark. */
export interface Mark {
  tier: Tier;
  /** From 0, the oldest point, to 1, now. */
  at: number;
  /** The least of them. */
  consistency: Consistency;
  points: Point[];
}

/** Where an age stands, in milliseconds, if the line goes back for `span` of them. */
export const placeOf = (age: number, span: number) =>
  span <= 0 ? 1 : 1 - Math.log1p(Math.max(0, age) / DAY) / Math.log1p(span / DAY);

const timeOf = (point: Point) => Date.parse(point.properties.recoveryPointTime);

/** For how long the line goes back. */
export const spanOf = (points: readonly Point[], now: number) =>
  points.reduce((span, point) => Math.max(span, now - timeOf(point)), 0);

/** The marks of points, of which there is room for so many beside each other. */
export function marksOf(points: readonly Point[], now: number, room: number): Mark[] {
  const span = spanOf(points, now);
  const marks = new Map<string, Mark>();
  for (const point of points) {
    const tier = tierOf(point);
    const at = Math.round(placeOf(now - timeOf(point), span) * room) / room;
    const consistency = point.properties.recoveryPointType;
    const key = `${tier} ${at}`;
    const mark = marks.get(key) ?? { tier, at, consistency, points: [] };
    mark.points.push(point);
    if (rank(consistency) > rank(mark.consistency)) mark.consistency = consistency;
    marks.set(key, mark);
  }
  return [...marks.values()];
}

const rank = (of: Consistency) => CONSISTENCIES.indexOf(of);
