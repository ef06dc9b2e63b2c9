import { renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { useNumbers } from './numbers';
import { useTime } from './time';

it('knows what servers say for never', () => {
  const { moment } = renderHook(useTime).result.current;
  for (const never of ['2001-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '', null, undefined]) {
    expect(moment(never), String(never)).toBe('–');
  }
  expect(moment('2026-11-23T18:00:00Z')).toContain('2026');
});

it('shows rates as they were set', () => {
  const { rate, count } = renderHook(useNumbers).result.current;
  expect(rate(0.000_125)).toBe('0.000125');
  expect(count(0.000_125)).toBe('0');
});

it('names the zone of days and times', () => {
  const { day, moment, zone } = renderHook(useTime).result.current;
  const date = new Date('2026-11-23T12:00:00Z');
  expect(zone(date)).not.toBe('');
  for (const said of [day(date), moment(date)]) expect(said).toContain(zone(date));
});
