import { useState } from 'react';
import { useTold } from '../../frame/notifications';
import { useRefreshed } from './useRefreshed';

/**
 * Does something and tells of it. `done` comes once the server has accepted it; a refusal is kept
 * for the form to show, which stays to be corrected.
 */
export function useAct(done?: () => void) {
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
    if (isDone) done?.();
  };
  return { act: (...of: Parameters<typeof told>) => void act(...of), isBusy, error };
}
