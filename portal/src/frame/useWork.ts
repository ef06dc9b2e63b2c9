/** How a form or a pane does what it is for: told by a notification, its refusal kept to be shown. */
import { useState } from 'react';
import { useTold } from './notifications';
import { useRefreshed } from './touched';

type Told = ReturnType<typeof useTold>;

/** `touched` is what is out of date afterwards, one of `TOUCHED`. */
export function useWork(touched: readonly string[]) {
  const told = useTold();
  const refreshed = useRefreshed();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const work = async (...[said, doing]: Parameters<Told>): Promise<boolean> => {
    setIsBusy(true);
    setError(undefined);
    const isDone = await told(said, async () => {
      try {
        return await doing();
      } catch (error) {
        setError(error);
        throw error;
      }
    });
    await refreshed(touched);
    setIsBusy(false);
    return isDone;
  };
  return { work, isBusy, error };
}
