/**
 * A job while it goes on: server-sent events, `job` when something has changed and `end` once it
 * has ended. Where they can't be had the job is asked for again and again instead.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { VERSION } from './client';
import type { JobDetails } from './jobs';
import { JOBS } from './jobs';

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
 * done just now, if that is told. `onOpen` hears whether the stream tells of the job.
 */
export function useProgress(
  id: string | undefined,
  isRunning: boolean,
  key: readonly unknown[],
  onOpen: (isOpen: boolean) => void,
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
    stream.onopen = () => onOpen(true);
    stream.onerror = () => {
      setProgress(null);
      onOpen(false);
    };
    return () => {
      stream.close();
      setProgress(null);
      onOpen(false);
    };
  }, [client, id, isRunning, keyText, onOpen]);
  return progress;
}
