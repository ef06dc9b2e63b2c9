/** What a vault and its items take in stores, and the copies that there really are. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { ended } from './operations';
import { groupId } from './groups';

export type VaultUsage = Schemas['VaultUsage'];

export const COUNT_ACTION = 'Stillpoint.Fabric/vaultUsages/count/action';

/** The store of this name is the vault's own; others are hosts' snapshots. */
const VAULT_STORE = 'vault';

export const vaultUsagePath = async (group: string, vault: string) =>
  `${await groupId(group)}/providers/Stillpoint.Fabric/vaultUsages/${vault}`;

export const vaultUsageQuery = (group: string, vault: string) =>
  queryOptions({
    queryKey: ['vaults', group.toLowerCase(), vault.toLowerCase(), 'usage'],
    queryFn: async () => (await link<VaultUsage>(await vaultUsagePath(group, vault))).data,
    refetchInterval: 30_000,
  });

/** Counts all that a vault's stores hold. */
export async function countUsage(group: string, vault: string) {
  const at = `${await vaultUsagePath(group, vault)}/count`;
  await ended((await link(at, { method: 'POST' })).response);
}

/** What stores take, in bytes. */
export interface Taken {
  stored: number;
  unique: number;
  shared: number;
  /** Stored since it was counted. */
  added: number;
  countedAt?: string;
}

export interface Sums {
  vault: Taken;
  /** In the snapshot stores of hosts. */
  snapshots: Taken;
  /** The data that points show, each by itself. */
  logical: number;
  /** What dedup and compression save in the vault. */
  saved: number;
  points: number;
}

/** What a usage comes to. Before the first count only what was added is known. */
export function sums({ properties: { stores, items, logicalBytes, points } }: VaultUsage): Sums {
  const of = (isOne: (name: string) => boolean): Taken => {
    const counted = stores.filter((s) => isOne(s.name));
    const added = counted.length
      ? counted.reduce((sum, s) => sum + s.addedBytes, 0)
      : items.flatMap((i) => i.stores).reduce((s, t) => s + (isOne(t.name) ? t.addedBytes : 0), 0);
    const sum = (name: 'storedBytes' | 'uniqueBytes' | 'sharedBytes') =>
      counted.reduce((s, t) => s + t[name], 0);
    return {
      stored: sum('storedBytes') + added,
      unique: sum('uniqueBytes'),
      shared: sum('sharedBytes'),
      added,
      countedAt: counted.map((s) => s.countedAt).sort()[0],
    };
  };
  const vault = of((name) => name === VAULT_STORE);
  return {
    vault,
    snapshots: of((name) => name !== VAULT_STORE),
    logical: logicalBytes,
    saved: Math.max(0, logicalBytes - vault.stored),
    points,
  };
}
