import { expect, test } from 'vitest';
import type { Item } from '../../api/items';
import { fits } from './shows';

const item = (lastBackupStatus: string, stillpoint?: Partial<Item['stillpoint']>) =>
  ({ properties: { lastBackupStatus, healthDetails: [] }, stillpoint }) as unknown as Item;

test('an item is downgraded if its last point is less consistent than was asked', () => {
  const less = { downgrade: 'UserErrorGuestAgentStatusUnavailable' };
  expect(fits(item('Completed', less), 'Downgraded')).toBe(true);
  expect(fits(item('CompletedWithWarnings', less), 'Downgraded')).toBe(true);
  const other = { downgrade: null, lastBackupCode: 'UserErrorDiskNotFound' };
  expect(fits(item('CompletedWithWarnings', other), 'Downgraded')).toBe(false);
  expect(fits(item('Completed'), 'Downgraded')).toBe(false);
});
