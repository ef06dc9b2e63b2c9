/** What a vault and its items take in stores, and the copies that there really are. */
import { queryOptions } from '@tanstack/react-query';
import type { Schemas } from './client';
import { link } from './client';
import { ended } from './operations';
import { groupId } from './groups';

type VaultUsage = Schemas['VaultUsage'];

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

/** What one store holds of a vault, in bytes. */
export interface Taken {
  name: string;
  /** The vault's own store; others are hosts' snapshots. */
  isVault: boolean;
  stored: number;
  unique: number;
  shared: number;
  /** Stored since it was counted. */
  added: number;
  countedAt?: string;
}

/** The stores of a vault, its own first. Before the first count only what was added is known. */
export function storesOf({ properties: { stores, items } }: VaultUsage): Taken[] {
  const all = new Map<string, Taken>();
  const taken = (name: string): Taken => {
    const isVault = name === VAULT_STORE;
    const made: Taken = { name, isVault, stored: 0, unique: 0, shared: 0, added: 0 };
    const found = all.get(name) ?? made;
    all.set(name, found);
    return found;
  };
  for (const store of stores) {
    const one = taken(store.name);
    one.stored = store.storedBytes + store.addedBytes;
    one.unique = store.uniqueBytes;
    one.shared = store.sharedBytes;
    one.added = store.addedBytes;
    one.countedAt = store.countedAt;
  }
  for (const of of items.flatMap((item) => item.stores)) {
    const one = taken(of.name);
    if (one.countedAt !== undefined) continue;
    one.stored += of.addedBytes;
    one.added += of.addedBytes;
  }
  return [...all.values()].sort((a, b) => Number(b.isVault) - Number(a.isVault));
}

export interface Sums {
  vault: Omit<Taken, 'name'>;
  /** In the snapshot stores of hosts. */
  snapshots: number;
  /** The data that points show, each by itself. */
  logical: number;
  /** What dedup and compression save in the vault. */
  saved: number;
  points: number;
}

/** What a usage comes to. */
export function sums(usage: VaultUsage): Sums {
  const stores = storesOf(usage);
  const { logicalBytes: logical, points } = usage.properties;
  const none = { isVault: true, stored: 0, unique: 0, shared: 0, added: 0 };
  const vault = stores.find((s) => s.isVault) ?? none;
  const snapshots = stores.reduce((sum, s) => sum + (s.isVault ? 0 : s.stored), 0);
  return { vault, snapshots, logical, saved: Math.max(0, logical - vault.stored), points };
}
