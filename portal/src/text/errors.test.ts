import { readFileSync } from 'node:fs';
import { renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import { ApiError } from '../api/client';
import { useErrorText } from './errors';
import { errors as simplified } from './errors.zh-Hans';
import { errors as traditional } from './errors.zh-Hant';

/** The codes that docs/errors.md lists. */
const codes = readFileSync('../docs/errors.md', 'utf8')
  .split('\n')
  .flatMap((line) => /^\| `(\w+)` \| \d+ \|/.exec(line)?.[1] ?? []);

test('every code of the documentation has cause and remedy in both Chinese scripts', () => {
  expect(codes.length).toBeGreaterThan(100);
  for (const known of [traditional, simplified]) {
    expect(codes.filter((code) => !(code in known))).toEqual([]);
    for (const texts of Object.values(known)) {
      expect(texts).toHaveLength(2);
      for (const text of texts) expect(text).toMatch(/\p{Script=Han}.*。$/su);
    }
  }
});

test('one script has no words of the other', () => {
  expect(JSON.stringify(traditional)).not.toMatch(/[虚备还复]/);
  expect(JSON.stringify(simplified)).not.toMatch(/[虛備還復庫]/);
});

test('a server that does not answer is told from an answer that says nothing', () => {
  const of = renderHook(useErrorText).result.current;
  expect(of(new ApiError(0, 'ServerUnreachable', '')).message).toMatch(/does not answer/);
  expect(of(new ApiError(0, 'EmptyAnswer', '')).message).not.toMatch(/does not answer/);
});
