/** Resource groups. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { every } from './paged';
import { subscriptionId } from './subscription';

export type Group = Schemas['ResourceGroup'];

/** All that is asked of groups begins with this key. */
export const GROUPS = 'groups';

export const GROUP_ACTION = {
  write: 'Microsoft.Resources/subscriptions/resourceGroups/write',
  delete: 'Microsoft.Resources/subscriptions/resourceGroups/delete',
} as const;

export const groupId = async (name: string) => `${await subscriptionId()}/resourceGroups/${name}`;

export const groupsQuery = queryOptions({
  queryKey: [GROUPS],
  queryFn: async () => every<Group>(`${await subscriptionId()}/resourceGroups`),
});

/** Makes a group. */
export const createGroup = async (name: string, location: string) =>
  (await link<Group>(await groupId(name), { method: 'PUT', body: { location } })).data;
