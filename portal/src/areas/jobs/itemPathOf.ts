import { groupOf, machineOf, vaultOf } from '../../api/ids';
import type { Machine } from '../../api/ids';
import type { Job, JobDetails } from '../../api/jobs';
import { path } from '../../frame/paths';

/** The machine that a job is about; its container's name lacks the first part of an item's. */
export function machineOfJob(job: Job | JobDetails): Machine | undefined {
  const { containerName } = job.properties;
  return containerName ? machineOf(`VM;${containerName}`) : undefined;
}

/** The page of the item that a job is about. */
export function itemPathOf(job: Job | JobDetails, section = ''): string | undefined {
  const machine = machineOfJob(job);
  if (!machine) return undefined;
  const at = [machine.group, machine.machine].map(encodeURIComponent).join('/');
  const item = `items/vm/${at}${section && `/${section}`}`;
  return path.vault(groupOf(job.id), vaultOf(job.id), item);
}
