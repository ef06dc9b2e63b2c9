import { expect, test } from 'vitest';
import { ApiError } from '../api/client';
import type { Session } from '../api/session';
import { sessionQuery } from '../api/session';
import { makeClient } from './queries';

/** Somebody is signed in and was shown items; then a list is answered like this. */
async function asked(status: number) {
  const client = makeClient();
  const session = { expiresOn: '2026-11-23T18:00:00Z' } as Session;
  client.setQueryData(sessionQuery.queryKey, session);
  client.setQueryData(['items'], ['web']);
  const queryFn = () => Promise.reject(new ApiError(status, 'Refused', ''));
  await client.fetchQuery({ queryKey: ['jobs'], queryFn }).catch(() => undefined);
  return {
    session: client.getQueryData(sessionQuery.queryKey),
    items: client.getQueryData(['items']),
  };
}

test('a session that ended leads back to signing in, and nothing of it is kept', async () => {
  expect(await asked(401)).toEqual({ session: null, items: undefined });
});

test('other refusals end no session', async () => {
  expect(await asked(403)).toMatchObject({ session: {}, items: ['web'] });
});
