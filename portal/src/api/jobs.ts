/** Backup jobs. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { ended } from './operations';
import { vaultId } from './vaults';

export type Job = Schemas['Job'];
export type JobDetails = Schemas['JobDetails'];
export type JobTask = JobDetails['properties']['extendedInfo']['tasksList'][number];
export type JobStatus = Job['properties']['status'];
export type JobOperation = Job['properties']['operation'];

/** All that is asked of jobs begins with this key. */
export const JOBS = 'jobs';

export const JOB_CANCEL = 'Microsoft.RecoveryServices/vaults/backupJobs/cancel/action';

export const STATUSES: readonly JobStatus[] = [
  'InProgress',
  'Cancelling',
  'Completed',
  'CompletedWithWarnings',
  'Failed',
  'Cancelled',
];

export const OPERATIONS: readonly JobOperation[] = [
  'Backup',
  'Restore',
  'ConfigureBackup',
  'DisableBackup',
  'DeleteBackupData',
  'Undelete',
];

/** Whether a job still works. */
export const isRunning = (job: Job | JobDetails) =>
  job.properties.status === 'InProgress' || job.properties.status === 'Cancelling';

/** Which jobs a list is asked for. */
export interface JobFilter {
  status?: JobStatus;
  operation?: JobOperation;
  /** The id of an item: only lists over all vaults know it. */
  item?: string;
  from?: Date;
  to?: Date;
}

/** The query that asks for these jobs; empty for all. */
export function jobsQueryText({ status, operation, item, from, to }: JobFilter): string {
  const said: [string, string | undefined][] = [
    ['status', status],
    ['operation', operation],
    ['itemId', item],
    ['startTime', from?.toISOString()],
    ['endTime', to?.toISOString()],
  ];
  const filter = said
    .filter((one): one is [string, string] => Boolean(one[1]))
    .map(([name, value]) => `${name} eq '${value.replaceAll("'", "''")}'`)
    .join(' and ');
  return filter && `?$filter=${encodeURIComponent(filter)}`;
}

export const jobsPath = (vault: string, filter: JobFilter) =>
  `${vault}/backupJobs${jobsQueryText(filter)}`;

export const allJobsPath = (subscription: string, filter: JobFilter) =>
  `${subscription}/providers/Stillpoint.Fabric/backupJobs${jobsQueryText(filter)}`;

export const jobId = async (group: string, vault: string, job: string) =>
  `${await vaultId(group, vault)}/backupJobs/${job}`;

/** A job with its tasks. While it runs it is looked at again and again. */
export const jobQuery = (group: string, vault: string, job: string) =>
  queryOptions({
    queryKey: [JOBS, group.toLowerCase(), vault.toLowerCase(), job],
    queryFn: async () => (await link<JobDetails>(await jobId(group, vault, job))).data,
    refetchInterval: (query) => (query.state.data && !isRunning(query.state.data) ? false : 2_000),
  });

/** The jobs of a vault that go on, as far as one page tells of them. */
export const runningJobsQuery = (group: string, vault: string) =>
  queryOptions({
    queryKey: [JOBS, group.toLowerCase(), vault.toLowerCase(), 'running'],
    queryFn: async () => {
      const at = jobsPath(await vaultId(group, vault), { status: 'InProgress' });
      return (await link<{ value: Job[] }>(at)).data.value;
    },
    refetchInterval: 5_000,
  });

/** Asks a job to end. */
export async function cancelJob(id: string) {
  await ended((await link(`${id}/cancel`, { method: 'POST' })).response);
}

/** The newest backup that made a recovery point, of those that one page tells of. */
export const latestBackupQuery = (group: string, vault: string) =>
  queryOptions({
    queryKey: [JOBS, group.toLowerCase(), vault.toLowerCase(), 'latest'],
    queryFn: async () => {
      const at = jobsPath(await vaultId(group, vault), { operation: 'Backup' });
      const { data } = await link<{ value: Job[] }>(at);
      const hasPoint = ({ properties }: Job) => properties.status.startsWith('Completed');
      return data.value.find(hasPoint) ?? null;
    },
    refetchInterval: 30_000,
  });
