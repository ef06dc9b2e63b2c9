/** Vaults. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
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
    return (await link<{ value: Vault[] }>(at)).data.value;
  },
});
