/** Where restores go: storage accounts, which are folders, and virtual networks. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { every } from './paged';
import { subscriptionId } from './subscription';

export type Account = Schemas['StorageAccount'];
export type Network = Schemas['VirtualNetwork'];

/** What a restore needs rights for besides that on the item (RBAC-5, RESTORE-18). */
export const RESTORE_ACTION = {
  machine: 'Microsoft.Compute/virtualMachines/write',
  account: 'Microsoft.Storage/storageAccounts/write',
  network: 'Microsoft.Network/virtualNetworks/read',
  group: 'Microsoft.Resources/subscriptions/resourceGroups/write',
} as const;

export const accountsQuery = queryOptions({
  queryKey: ['accounts'],
  queryFn: async () =>
    every<Account>(`${await subscriptionId()}/providers/Microsoft.Storage/storageAccounts`),
});

export const networksQuery = queryOptions({
  queryKey: ['networks'],
  queryFn: async () =>
    every<Network>(`${await subscriptionId()}/providers/Microsoft.Network/virtualNetworks`),
});
