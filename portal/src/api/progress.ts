/**
 * A job while it goes on: server-sent events, `job` when something has changed and `end` once it
 * has ended. Where they can't be had the job is asked for again and again instead.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Schemas } from './client';
import { VERSION } from './client';
import { JOBS } from './jobs';

type Followed = Schemas['JobProgress'];

/** What is done for a job just now. */
export type Progress = NonNullable<Followed['progress']>;

/** What is to be read of a disk, and by what it is known. */
export type DiskPlan = Progress['disks'][number];

/**
 * Follows a running job of this id. News of it go to the query `key`; what comes back is what is
 * done just now, if that is told.
 */
export function useProgress(
  id: string | undefined,
  isRunning: boolean,
  key: readonly unknown[],
): Progress | null {
  const client = useQueryClient();
  const [progress, setProgress] = useState<Progress | null>(null);
  const keyText = JSON.stringify(key);
  useEffect(() => {
    if (!id || !isRunning) return;
    const at = `${id}/providers/Stillpoint.Fabric/progress?api-version=${VERSION}`;
    const stream = new EventSource(at);
    stream.addEventListener('job', ({ data }) => {
      const { progress, ...job } = JSON.parse(String(data)) as Followed;
      setProgress(progress);
      client.setQueryData(JSON.parse(keyText) as unknown[], job);
    });
    stream.addEventListener('end', () => {
      stream.close();
      setProgress(null);
      void client.invalidateQueries({ queryKey: [JOBS] });
    });
    // The browser asks anew by itself; where it was refused, looking again and again goes on.
    stream.onerror = () => setProgress(null);
    return () => {
      stream.close();
      setProgress(null);
    };
  }, [client, id, isRunning, keyText]);
  return progress;
}
