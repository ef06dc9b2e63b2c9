/**
 * A job while it goes on: server-sent events, `job` when something has changed and `end` once it
 * has ended. Where they can't be had the job is asked for again and again instead.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { VERSION } from './client';
import type { JobDetails } from './jobs';
import { JOBS, isRunning as runs } from './jobs';

/** What is to be read of a disk, and by what it is known. */
export interface DiskPlan {
  name: string;
  tracker: 'Bitmap' | 'FullRead';
  /** Why all of it is looked at. */
  reason: string | null;
  bytes: number;
}

/** What is done for a job just now. */
export interface Progress {
  phase: string | null;
  step: string | null;
  bytesDone: number;
  /** 0 while it isn't known. */
  bytesTotal: number;
  bytesRead: number | null;
  bytesChanged: number | null;
  bytesSent: number | null;
  ratePerSecond: number;
  secondsLeft: number | null;
  sourceWaitPercent?: number;
  bottleneck?: string;
  disks: DiskPlan[];
}

type Followed = JobDetails & { progress: Progress | null };

/**
 * Follows a running job of this id. News of it go to the query `key`; what comes back is what is
 * done just now, if that is told, and once the job has ended what was told last.
 */
export function useProgress(
  id: string | undefined,
  isRunning: boolean,
  key: readonly unknown[],
): Progress | null {
  const client = useQueryClient();
  const [told, setTold] = useState<{ of: string; progress: Progress } | null>(null);
  const keyText = JSON.stringify(key);
  useEffect(() => {
    if (!id || !isRunning) return;
    const at = `${id}/providers/Stillpoint.Fabric/progress?api-version=${VERSION}`;
    const stream = new EventSource(at);
    stream.addEventListener('job', ({ data }) => {
      const { progress, ...job } = JSON.parse(String(data)) as Followed;
      if (progress) setTold({ of: id, progress });
      else if (runs(job)) setTold(null);
      client.setQueryData(JSON.parse(keyText) as unknown[], job);
    });
    stream.addEventListener('end', () => {
      stream.close();
      void client.invalidateQueries({ queryKey: [JOBS] });
    });
    // The browser asks anew by itself; where it was refused, looking again and again goes on.
    stream.onerror = () => setTold(null);
    return () => stream.close();
  }, [client, id, isRunning, keyText]);
  return told && told.of === id ? told.progress : null;
}
