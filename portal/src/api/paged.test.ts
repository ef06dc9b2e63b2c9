import { expect, test } from 'vitest';
import { interval } from './paged';

const page = (...value: string[]) => ({ value });

test('a list that was scrolled asks for no more pages a minute than one that was not', () => {
  expect(interval(3_000, [])).toBe(3_000);
  expect(interval(3_000, [page('a')])).toBe(3_000);
  expect(interval(3_000, [page('a'), page('b'), page('c')])).toBe(9_000);
  expect(interval(undefined, [page('a')])).toBe(false);
});

test('how often may go by the rows of all pages', () => {
  const every = (rows: string[]) => (rows.includes('runs') ? 3_000 : 30_000);
  expect(interval(every, [page('ended'), page('runs')])).toBe(6_000);
  expect(interval(every, [page('ended')])).toBe(30_000);
});
