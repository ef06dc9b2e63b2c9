/**
 * A job while it goes on: server-sent events, `job` when something has changed and `end` once it
 * has ended. Where they can't be had the job is asked for again and again instead.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Schemas } from './client';
import { VERSION } from './client';
import { JOBS, isRunning, jobQuery } from './jobs';

type Followed = Schemas['JobProgress'];

/** What is done for a job just now. */
export type Progress = NonNullable<Followed['progress']>;

/** What is to be read of a disk, and by what it is known. */
export type DiskPlan = Progress['disks'][number];

/** A job with what is done for it just now, if that is told. */
export function useJob(group: string, vault: string, name: string) {
  const [isFollowed, setIsFollowed] = useState(false);
  const query = jobQuery(group, vault, name);
  const found = useQuery({ ...query, ...(isFollowed && { refetchInterval: false }) });
  const job = found.data;
  const running = job !== undefined && isRunning(job);
  const progress = useProgress(job?.id, running, query.queryKey, setIsFollowed);
  return { found, job, running, progress };
}

/**
 * Follows a running job of this id. News of it go to the query `key`; what comes back is what is
 * done just now, if that is told, and once the job has ended what was told last.
 */
function useProgress(
  id: string | undefined,
  runs: boolean,
  key: readonly unknown[],
  setIsFollowed: (isFollowed: boolean) => void,
): Progress | null {
  const client = useQueryClient();
  const [told, setTold] = useState<{ of: string; progress: Progress } | null>(null);
  const keyText = JSON.stringify(key);
  useEffect(() => {
    if (!id || !runs) return;
    const at = `${id}/providers/Stillpoint.Fabric/progress?api-version=${VERSION}`;
    const stream = new EventSource(at);
    stream.onopen = () => setIsFollowed(true);
    stream.addEventListener('job', ({ data }) => {
      const { progress, ...job } = JSON.parse(String(data)) as Followed;
      if (progress) setTold({ of: id, progress });
      else if (isRunning(job)) setTold(null);
      client.setQueryData(JSON.parse(keyText) as unknown[], job);
    });
    stream.addEventListener('end', () => {
      stream.close();
      setIsFollowed(false);
      void client.invalidateQueries({ queryKey: [JOBS] });
    });
    // The browser asks anew by itself; where it was refused, looking again and again goes on.
    stream.onerror = () => {
      setIsFollowed(false);
      setTold(null);
    };
    return () => {
      stream.close();
      setIsFollowed(false);
    };
  }, [client, id, runs, keyText, setIsFollowed]);
  return told && told.of === id ? told.progress : null;
}
