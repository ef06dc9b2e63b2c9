/** How many of what a vault has, and how many it may have. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { vaultId } from './vaults';

/** Counts of a vault: live items, soft-deleted ones, policies. */
export interface VaultCounts {
  items: number;
  softDeleted: number;
  policies: number;
}

export const vaultCountsQuery = (group: string, vault: string) =>
  queryOptions({
    // What changes items has overviews read anew, and so this.
    queryKey: ['overview', group.toLowerCase(), vault.toLowerCase(), 'counts'],
    queryFn: async (): Promise<VaultCounts> => {
      const at = `${await vaultId(group, vault)}/usages`;
      const { data } = await link<{ value: Schemas['Usage'][] }>(at);
      const of = (name: string) =>
        data.value.find((usage) => usage.name.value === name)?.currentValue ?? 0;
      return {
        items: of('ProtectedItems'),
        softDeleted: of('SoftDeletedItems'),
        policies: of('BackupPolicies'),
      };
    },
    refetchInterval: 15_000,
  });
