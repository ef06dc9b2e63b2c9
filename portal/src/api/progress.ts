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
  const progress = useProgress(running ? job.id : undefined, query.queryKey, setIsFollowed);
  return { found, job, running, progress };
}

/** Follows the job of this id. News of it go to the query `key`. */
function useProgress(
  id: string | undefined,
  key: readonly unknown[],
  setIsFollowed: (isFollowed: boolean) => void,
): Progress | null {
  const client = useQueryClient();
  const [progress, setProgress] = useState<Progress | null>(null);
  const keyText = JSON.stringify(key);
  useEffect(() => {
    if (!id) return;
    const at = `${id}/providers/Stillpoint.Fabric/progress?api-version=${VERSION}`;
    const stream = new EventSource(at);
    stream.onopen = () => setIsFollowed(true);
    const lost = () => {
      setIsFollowed(false);
      setProgress(null);
    };
    stream.addEventListener('job', ({ data }) => {
      const { progress, ...job } = JSON.parse(String(data)) as Followed;
      setProgress(progress);
      client.setQueryData(JSON.parse(keyText) as unknown[], job);
    });
    stream.addEventListener('end', () => {
      stream.close();
      lost();
      void client.invalidateQueries({ queryKey: [JOBS] });
    });
    // The browser asks anew by itself; where it was refused, looking again and again goes on.
    stream.onerror = lost;
    return () => {
      stream.close();
      lost();
    };
  }, [client, id, keyText, setIsFollowed]);
  return progress;
}
