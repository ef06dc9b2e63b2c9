/** Hosts, and where their snapshots are. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { subscriptionId } from './subscription';

export type Host = Schemas['Host'];
export type SnapshotStore = Schemas['SnapshotStore'];

export const hostsOf = (subscription: string) =>
  `${subscription}/providers/Stillpoint.Fabric/hosts`;

export const hostsPath = async () => hostsOf(await subscriptionId());

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

export const HOST_ACTION = {
  write: 'Stillpoint.Fabric/hosts/write',
  delete: 'Stillpoint.Fabric/hosts/delete',
  store: 'Stillpoint.Fabric/hosts/snapshotStores/write',
  storeReset: 'Stillpoint.Fabric/hosts/snapshotStores/delete',
} as const;

/** All that is asked of hosts begins with this key. */
export const HOSTS = 'hosts';

export const hostId = async (name: string) => `${await hostsPath()}/${encodeURIComponent(name)}`;

export type HostBody = Schemas['HostInput'];

export const hostBody = (location: string, connection: string, group: string): HostBody => ({
  location,
  properties: { connection, group },
});

/** Adds a host, or changes it. */
export const putHost = async (name: string, body: HostBody) =>
  (await link<Host>(await hostId(name), { method: 'PUT', body })).data;

export const removeHost = async (host: Host) => void (await link(host.id, { method: 'DELETE' }));

export const storePath = (host: string) => `${host}/snapshotStores/default`;

export type StoreBody = Schemas['SnapshotStoreInput'];

/** Changes where a host's snapshots are, and how much scratch they may take. */
export const putStore = async (host: Host, body: StoreBody) =>
  void (await link(storePath(host.id), { method: 'PUT', body }));

/** Sets an empty snapshot store back to what it was at first. */
export const resetStore = async (host: Host) =>
  void (await link(storePath(host.id), { method: 'DELETE' }));
