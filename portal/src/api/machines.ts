/** Machines, as their hosts tell of them. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';

export type VirtualMachine = Schemas['VirtualMachine'];

/** All that is asked of machines begins with this key. */
export const MACHINES = 'machines';

export const machineId = async (group: string, name: string) =>
  `${await subscriptionId()}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${encodeURIComponent(name)}`;

export const machineQuery = (group: string, name: string) =>
  queryOptions({
    queryKey: [MACHINES, group.toLowerCase(), name.toLowerCase()],
    queryFn: async () => (await link<VirtualMachine>(await machineId(group, name))).data,
  });
