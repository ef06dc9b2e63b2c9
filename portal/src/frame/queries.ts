/** What keeps the server's answers. */
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError, isSignedOut } from '../api/client';
import { sessionQuery } from '../api/session';

export function makeClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    // A session that can't be renewed any more has ended: signing in comes next.
    queryCache: new QueryCache({ onError: (error) => isSignedOut(error) && forget(client) }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // What the server has answered it would answer again; only no answer is worth another try.
        retry: (times, error) =>
          times < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 502),
      },
    },
  });
  return client;
}

/** Nobody is signed in any more; what somebody was shown is nobody else's. */
export function forget(client: QueryClient) {
  const { queryKey } = sessionQuery;
  client.setQueryData(queryKey, null);
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== queryKey[0] });
}
