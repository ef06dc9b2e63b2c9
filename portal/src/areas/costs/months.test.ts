import { expect, test } from 'vitest';
import { months } from './months';

test('months are whole, the newest first, over the turn of a year', () => {
  const all = months(new Date('2027-01-31T23:59:59Z'));
  expect(all).toHaveLength(13);
  expect(all[0]).toEqual({ from: '2027-01-01', to: '2027-01-31' });
  expect(all[1]).toEqual({ from: '2026-12-01', to: '2026-12-31' });
  expect(all[11]).toEqual({ from: '2026-02-01', to: '2026-02-28' });
});
