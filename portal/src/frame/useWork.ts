/** How a form or a pane does what it is for: told by a notification, its refusal kept to be shown. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTold } from './notifications';

type Told = ReturnType<typeof useTold>;

/** `touched` are the first words of the queries that are out of date afterwards. */
export function useWork(touched: readonly string[]) {
  const told = useTold();
  const client = useQueryClient();
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
    await Promise.all(touched.map((key) => client.invalidateQueries({ queryKey: [key] })));
    setIsBusy(false);
    return isDone;
  };
  return { work, isBusy, error };
}
