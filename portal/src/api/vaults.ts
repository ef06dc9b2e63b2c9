/** Vaults. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { ended } from './operations';
import { every } from './paged';
import { subscriptionId } from './subscription';

export type Vault = Schemas['Vault'];

/** The id of a vault. */
export const vaultId = async (group: string, vault: string) =>
  `${await subscriptionId()}/resourceGroups/${group}/providers/Microsoft.RecoveryServices/vaults/${vault}`;

export const vaultQuery = (group: string, vault: string) =>
  queryOptions({
    queryKey: ['vaults', group.toLowerCase(), vault.toLowerCase()],
    queryFn: async () => (await link<Vault>(await vaultId(group, vault))).data,
  });

export const vaultsQuery = queryOptions({
  queryKey: ['vaults'],
  queryFn: async () => {
    const at = `${await subscriptionId()}/providers/Microsoft.RecoveryServices/vaults`;
    return every<Vault>(at);
  },
});

/** The action names by which roles allow what is done to a vault. */
export const VAULT_ACTION = {
  write: 'Microsoft.RecoveryServices/vaults/write',
  delete: 'Microsoft.RecoveryServices/vaults/delete',
} as const;

export const vaultBody = (location: string) => ({
  location,
  sku: { name: 'Standard' },
  properties: {},
});

/** Makes a vault. */
export async function createVault(id: string, location: string) {
  const { data, response } = await link<Vault>(id, { method: 'PUT', body: vaultBody(location) });
  await ended(response);
  return data;
}

/** Changes a vault's tags: those that are given are all it has then. */
export const setTags = async (id: string, tags: Record<string, string>) =>
  (await link<Vault>(id, { method: 'PATCH', body: { tags } })).data;

/** Deletes a vault that holds nothing. */
export const deleteVault = async (id: string) =>
  void (await ended((await link(id, { method: 'DELETE' })).response));
