import { expect, test } from 'vitest';
import type { Consistency, Point } from '../../api/points';
import { DAY, marksOf, placeOf, spanOf } from './timeline';

const NOW = Date.parse('2026-11-23T18:00:00Z');

const point = (daysAgo: number, tiers: string[], of: Consistency = 'AppConsistent') =>
  ({
    name: `${daysAgo}`,
    properties: {
      recoveryPointTime: new Date(NOW - daysAgo * DAY).toISOString(),
      recoveryPointType: of,
      recoveryPointTierDetails: tiers.map((type) => ({ type, status: 'Valid' })),
    },
  }) as unknown as Point;

test('the oldest point stands at the beginning, now at the end, and a day takes less room with age', () => {
  const span = spanOf([point(1, ['HardenedRP']), point(365, ['HardenedRP'])], NOW);
  expect(span).toBe(365 * DAY);
  expect(placeOf(span, span)).toBe(0);
  expect(placeOf(0, span)).toBe(1);
  const room = (age: number) => placeOf(age * DAY, span) - placeOf((age + 1) * DAY, span);
  expect(room(1)).toBeGreaterThan(room(30));
  expect(placeOf(0, 0)).toBe(1);
});

test('points of a tier that are near are one mark, with the least of their consistencies', () => {
  const old = point(400, ['HardenedRP']);
  const near = [
    point(300.1, ['HardenedRP'], 'CrashConsistent'),
    point(300, ['HardenedRP'], 'FileSystemConsistent'),
  ];
  const both = point(300, ['InstantRP', 'HardenedRP']);
  const marks = marksOf([both, ...near, old], NOW, 40);
  expect(marks.map(({ tier, consistency, points }) => [tier, consistency, points])).toEqual([
    ['both', 'AppConsistent', [both]],
    ['vault', 'CrashConsistent', near],
    ['vault', 'AppConsistent', [old]],
  ]);
});
