import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { ITEMS } from '../../api/items';
import { JOBS } from '../../api/jobs';
import { POINTS } from '../../api/points';

/** What shows items, jobs and points is out of date after any change of an item. */
const TOUCHED: ReadonlySet<unknown> = new Set([ITEMS, JOBS, POINTS, 'overview', 'machines']);

/** Has everything read anew that a change of an item touches. */
export function useRefreshed() {
  const client = useQueryClient();
  return useCallback(
    () => client.invalidateQueries({ predicate: ({ queryKey }) => TOUCHED.has(queryKey[0]) }),
    [client],
  );
}
