import { expect, test } from 'vitest';
import type { HeatDay } from '../../api/heatMap';
import { bestOf, sum } from './heat';

const none = (date: string): HeatDay => ({ date, points: 0, status: 'None' });
const point = (date: string): HeatDay => ({
  date,
  points: 2,
  status: 'Completed',
  consistency: 'FileSystemConsistent',
  tier: 'SnapshotAndVault',
});

test('days without a point count from the first one on', () => {
  const failed: HeatDay = { date: '2026-11-04', points: 0, status: 'Failed' };
  const days = [none('2026-11-01'), point('2026-11-02'), none('2026-11-03'), failed];
  const row = { id: 'i', name: 'n', vaultId: 'v', vaultName: 'v', days };
  expect(sum(row)).toEqual({ newest: days[1], with: 1, without: 2, failed: 1 });
  expect(sum({ ...row, days: [none('2026-11-01')] })).toMatchObject({ with: 0, without: 0 });
});

test('the best point has its tier', () => {
  expect(bestOf(point('2026-11-02'))).toEqual({
    consistency: 'FileSystemConsistent',
    tier: 'both',
  });
  expect(bestOf(none('2026-11-02'))).toBeUndefined();
});
