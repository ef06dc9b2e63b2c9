import { expect, test } from 'vitest';
import type { HeatDay, HeatRow } from '../../api/heatMap';
import { bestOf, filled, sum } from './heat';

const none = (date: string): HeatDay => ({ date, points: 0, status: 'None' });
const point = (date: string): HeatDay => ({
  date,
  points: 2,
  status: 'Completed',
  consistency: 'FileSystemConsistent',
  tier: 'SnapshotAndVault',
});

/** As the server sends it: days without anything are left out. */
const sent = (...days: HeatDay[]): HeatRow => ({
  id: 'i',
  name: 'n',
  vaultId: 'v',
  vaultName: 'v',
  days,
});

test('each day of the map is at its place, also where the server leaves days out', () => {
  const failed: HeatDay = { date: '2026-12-01', points: 0, status: 'Failed' };
  const row = sent(point('2026-11-29'), failed);
  expect(filled(row, { from: '2026-11-28', days: 5 }).days).toEqual([
    none('2026-11-28'),
    point('2026-11-29'),
    none('2026-11-30'),
    failed,
    none('2026-12-02'),
  ]);
});

test('days without a point count from the first one on', () => {
  const failed: HeatDay = { date: '2026-11-04', points: 0, status: 'Failed' };
  const map = { from: '2026-11-01', days: 4 };
  const row = filled(sent(point('2026-11-02'), failed), map);
  expect(sum(row)).toEqual({ newest: point('2026-11-02'), with: 1, without: 2, failed: 1 });
  expect(sum(filled(sent(), map))).toMatchObject({ with: 0, without: 0 });
});

test('the best point has its tier', () => {
  expect(bestOf(point('2026-11-02'))).toEqual({
    consistency: 'FileSystemConsistent',
    tier: 'both',
  });
  expect(bestOf(none('2026-11-02'))).toBeUndefined();
});
