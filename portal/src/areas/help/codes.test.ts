import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isMeant, read } from './codes';

const codes = read(readFileSync('../docs/errors.md', 'utf8'));

test('every code of the documentation is there with cause and remedy', () => {
  expect(codes.length).toBeGreaterThan(100);
  const frozen = codes.find(({ code }) => code === 'UserErrorFsFreezeFailed');
  expect(frozen?.cause).toMatch(/freeze/);
  expect(frozen?.remedy).toMatch(/crash-consistent/);
});

test('codes are found by parts of them and by words of their texts', () => {
  const found = (typed: string) => codes.filter((one) => isMeant(one, typed)).map((o) => o.code);
  expect(found('fsfreeze')).toEqual(['UserErrorFsFreezeFailed']);
  expect(found('scratch full')).toContain('SnapshotScratchFull');
  expect(found('')).toHaveLength(codes.length);
  expect(found('xyzzy')).toEqual([]);
});
