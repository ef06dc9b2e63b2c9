/** Machines, as their hosts tell of them, and how each is protected. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';

export type VirtualMachine = Schemas['VirtualMachine'];

/** A machine as lists show it. */
export type MachineRow = Schemas['MachineRow'];

/** What keeps a machine from being protected. */
export type Refusal = NonNullable<MachineRow['properties']['refusal']>;

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
    enabled: name !== '',
    refetchInterval: 30_000,
  });
