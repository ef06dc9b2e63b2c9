/** All error codes with cause and remedy, in the language that is spoken. */
import { useContext } from 'react';
import documentation from '../../../../docs/errors.md?raw';
import { KnownErrors } from '../../text/errors';

export interface ErrorCode {
  code: string;
  cause: string;
  remedy: string;
}

/** Reads the table of docs/errors.md: code, exit code, cause, remedy. */
export function read(page: string): ErrorCode[] {
  const rows = page.matchAll(/^\| `(\w+)` \| \d+ \| (.+?) \| (.+) \|$/gm);
  return [...rows].map(([, code = '', cause = '', remedy = '']) => ({ code, cause, remedy }));
}

const ENGLISH = read(documentation);

/** Every code; what has no translation stays in English. */
export function useCodes(): ErrorCode[] {
  const known = useContext(KnownErrors);
  return ENGLISH.map((one) => {
    const [cause, remedy] = known[one.code] ?? [one.cause, one.remedy];
    return { code: one.code, cause, remedy };
  });
}

/** Whether a code is meant by what was typed: all of its words are in it. */
export function isMeant({ code, cause, remedy }: ErrorCode, typed: string): boolean {
  const all = `${code}\n${cause}\n${remedy}`.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
