/** Hosts, and where their snapshots are. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';

export type Host = Schemas['Host'];
export type SnapshotStore = Schemas['SnapshotStore'];

export const hostsPath = async () => `${await subscriptionId()}/providers/Stillpoint.Fabric/hosts`;

export const hostsQuery = queryOptions({
  queryKey: ['hosts'],
  queryFn: async () => (await link<{ value: Host[] }>(await hostsPath())).data.value,
  refetchInterval: 15_000,
});

export const hostQuery = (name: string) =>
  queryOptions({
    queryKey: ['hosts', name.toLowerCase()],
    queryFn: async () =>
      (await link<Host>(`${await hostsPath()}/${encodeURIComponent(name)}`)).data,
    refetchInterval: 15_000,
  });

export const snapshotStoreQuery = (name: string) =>
  queryOptions({
    queryKey: ['hosts', name.toLowerCase(), 'snapshotStore'],
    queryFn: async () => {
      const at = `${await hostsPath()}/${encodeURIComponent(name)}/snapshotStores/default`;
      return (await link<SnapshotStore>(at)).data;
    },
  });

/** For how long a host may be silent before it counts as one that does not answer. */
const SILENT = 5 * 60_000;

/** Whether a host has answered lately. */
export const answers = (host: Host, now = Date.now()) =>
  host.properties.seen !== null &&
  host.properties.seen !== undefined &&
  now - new Date(host.properties.seen).valueOf() < SILENT;
