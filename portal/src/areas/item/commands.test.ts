import { expect, it } from 'vitest';
import { azDay } from './commands';

it('names the day of UTC at whose beginning a point has been kept long enough', () => {
  expect(azDay(new Date('2026-12-31T23:59:59Z'))).toBe('01-01-2027');
  expect(azDay(new Date('2026-12-31T22:59:59Z'))).toBe('01-01-2027');
  expect(azDay(new Date('2026-12-31T00:00:00Z'))).toBe('31-12-2026');
});
