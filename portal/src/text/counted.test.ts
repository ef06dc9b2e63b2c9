import { expect, it } from 'vitest';
import { counted, plural } from './counted';

it('has the form of a noun that its number asks for', () => {
  expect(counted(1, 'day')).toBe('1 day');
  expect(counted(0, 'day')).toBe('0 days');
  expect(counted(1200, 'day')).toBe('1,200 days');
  expect(counted('1', 'point')).toBe('1 point');
  expect(counted('1,200', 'point')).toBe('1,200 points');
  expect(plural(2, 'policy', 'policies')).toBe('policies');
});
