/** Machines, as their hosts tell of them, and how each is protected. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';

export type VirtualMachine = Schemas['VirtualMachine'];

export type ProtectionState =
  | 'Unprotected'
  | 'IRPending'
  | 'Protected'
  | 'ProtectionError'
  | 'ProtectionStopped'
  | 'ProtectionPaused'
  | 'BackupsSuspended';

/** How a live item protects a machine; what follows the state is there if it may be seen. */
export interface Protection {
  state: ProtectionState;
  itemId?: string;
  vaultId?: string;
  vaultName?: string;
  policyName?: string;
  lastBackupStatus?: string | null;
  lastBackupTime?: string | null;
  /** What it failed with, or got less by. */
  lastBackupCode?: string | null;
  nextRun?: string | null;
  newestPoint?: string | null;
}

/** What keeps a machine from being protected. */
export interface Refusal {
  code: string;
  message: string;
  recommendation: string;
}

/** A machine as lists show it. */
export interface MachineRow {
  id: string;
  name: string;
  location: string;
  tags: Record<string, string>;
  properties: {
    vmId: string;
    resourceGroup: string;
    host: string | null;
    hostId: string | null;
    standing: 'Listed' | 'Gone' | 'Conflict';
    goneSince: string | null;
    powerState: 'Running' | 'Stopped';
    guestAgent: 'Responding' | 'NotResponding' | 'NotConfigured' | null;
    osType: string | null;
    disks: number;
    diskBytes: number;
    seen: string;
    refusal: Refusal | null;
    protection: Protection;
  };
}

/** All that is asked of machines begins with this key. */
export const MACHINES = 'machines';

/** What a list of machines may be filtered by. */
export interface MachineFilter {
  nameContains?: string;
  protection?: string;
  standing?: string;
  host?: string;
  location?: string;
}

/** The path of the machines that a filter lets through. */
export function machinesPath(subscription: string, filter: MachineFilter = {}): string {
  const terms = Object.entries(filter)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name} eq '${String(value).replaceAll("'", "''")}'`);
  const at = `${subscription}/providers/Stillpoint.Fabric/machines`;
  return terms.length ? `${at}?$filter=${encodeURIComponent(terms.join(' and '))}` : at;
}

export const machineId = async (group: string, name: string) =>
  `${await subscriptionId()}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${encodeURIComponent(name)}`;

export const machineQuery = (group: string, name: string) =>
  queryOptions({
    queryKey: [MACHINES, group.toLowerCase(), name.toLowerCase()],
    queryFn: async () => (await link<VirtualMachine>(await machineId(group, name))).data,
  });

/** The row of one machine; null where there is none. */
export const machineRowQuery = (group: string, name: string) =>
  queryOptions({
    queryKey: [MACHINES, 'row', group.toLowerCase(), name.toLowerCase()],
    queryFn: async () => {
      const id = decodeURIComponent(await machineId(group, name)).toLowerCase();
      const first = machinesPath(await subscriptionId(), { nameContains: name });
      // Others may have its name in theirs.
      for (let next: string | null | undefined = first; next;) {
        const { data }: { data: { value: MachineRow[]; nextLink?: string | null } } =
          await link(next);
        const found = data.value.find((row) => row.id.toLowerCase() === id);
        if (found) return found;
        next = data.nextLink;
      }
      return null;
    },
    refetchInterval: 30_000,
  });
