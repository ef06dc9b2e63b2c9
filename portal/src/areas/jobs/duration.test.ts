import { expect, test } from 'vitest';
import { secondsOf } from './duration';

test('G13: durations of jobs are ISO 8601', () => {
  expect(secondsOf('PT0.44S')).toBe(0.44);
  expect(secondsOf('PT1M52.29S')).toBeCloseTo(112.29);
  expect(secondsOf('PT2H1M1.00S')).toBe(7261);
  expect(secondsOf(undefined)).toBeUndefined();
  expect(secondsOf('1.02:03:04')).toBeUndefined();
});
