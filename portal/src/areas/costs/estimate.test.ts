import { expect, test } from 'vitest';
import { FIRST, bodyOf, equalOf, isGood } from './estimate';

test('fields are bounded, and whole where they must be', () => {
  expect(isGood('data', '47.5')).toBe(true);
  expect(isGood('count', '1.5')).toBe(false);
  expect(isGood('count', '0')).toBe(false);
  expect(isGood('churn', '101')).toBe(false);
  expect(isGood('churn', '')).toBe(false);
  expect(isGood('keepYears', '99')).toBe(true);
  expect(isGood('keepYears', '100')).toBe(false);
});

test('the body and the command say the same', () => {
  const body = bodyOf(FIRST, 'GeoRedundant').properties;
  expect(body.dataBytes).toBe(47 * 2 ** 30);
  expect(body.redundancy).toBe('GeoRedundant');
  const { stillpoint } = equalOf({ ...FIRST, data: '0.5', keepYears: '3' }, 'GeoRedundant', '/x');
  expect(stillpoint).toBe(
    'stillpoint cost estimate --size 512MiB --churn 2 --machines 1 --days 30 --years 3 --snapshot-days 2 --redundancy geo',
  );
});
