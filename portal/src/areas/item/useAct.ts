/** How a pane does what it is for. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { ITEMS } from '../../api/items';
import { JOBS } from '../../api/jobs';
import { POINTS } from '../../api/points';
import { useTold } from '../../frame/notifications';

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

/**
 * Does something and tells of it. `done` comes once the server has accepted it; a refusal is kept
 * for the pane to show, which stays open to be corrected.
 */
export function useAct(done: () => void) {
  const told = useTold();
  const refreshed = useRefreshed();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const act = async (...[said, work]: Parameters<typeof told>) => {
    setIsBusy(true);
    setError(undefined);
    const isDone = await told(said, async () => {
      try {
        return await work();
      } catch (error) {
        setError(error);
        throw error;
      }
    });
    await refreshed();
    setIsBusy(false);
    if (isDone) done();
  };
  return { act: (...of: Parameters<typeof told>) => void act(...of), isBusy, error };
}
